"""The plan as a whole: its sums, its edges, and what it looks like."""

from __future__ import annotations

import ast
import random
import re
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
from made_ledger import HAIKU, call, filled

import costmagic
from costmagic import Session, UsageError
from costmagic.accounting import LedgerError
from costmagic.notebook.commands import run
from costmagic.savings import plan, planning

NAMES = [name for name, _, _ in planning.TECHNIQUES]
SIM = "sim:claude-haiku-4-5"


def micro(n: float) -> Decimal:
    return Decimal(str(n)) / 10**6


def wild(seed: int, n: int = 150) -> list[Any]:
    """Calls of every kind: duplicates, loops, long replies, prefixes, dear tiers, odd bills."""
    dice = random.Random(seed)
    calls = []
    for k in range(n):
        tokens = (dice.randint(1, 20_000), dice.randint(0, 3_000))
        text = dice.choice(["Answer yes or no: is it?", f"Classify this: {k} {dice.random()}", "the same", None])
        changes: dict[str, Any] = {"feature": dice.choice([None, "a", "b"]), "tier": dice.choice(["heavy", "medium"])}
        changes["task"] = dice.choice([None, "classification", "chat"])
        if dice.random() < 0.5:
            changes |= {"prefix_hash": dice.choice("xyz") * 64, "prefix_tokens": dice.randint(0, tokens[0])}
        ref = dice.choice([HAIKU, "anthropic:claude-opus-5-5", "openai:gpt-6.1-terra", "groq:llama-3.3-70b-versatile"])
        changes["nusd"] = dice.choice([0, dice.randint(1, 10**8), dice.randint(1, 10**7), None])
        calls.append(call(text, ref=ref, tokens=tokens, seconds_ago=60_000 - k * dice.choice([1, 2]), **changes))
    return calls + [call(f"Which of all is {k}?", tokens=(900, 9), seconds_ago=90 - k, feature="a") for k in range(12)]


@pytest.mark.parametrize("seed", range(8))
def test_the_steps_sum_exactly_to_the_difference(seed: int) -> None:
    tiers = {"heavy": "anthropic:claude-opus-5-5", "medium": HAIKU}
    downgrade = [{"feature": "a", "from": "heavy", "to": "medium"}]
    calls = wild(seed)
    made = plan(session=filled(*calls, tiers=tiers, downgrade=downgrade))
    nano = Decimal(1_000_000_000)
    assert made.bill * nano == sum(row["cost_nusd"] or 0 for row, _ in calls)
    assert made.bill - sum(step.saving for step in made.steps) == made.projected >= 0
    assert all(step.saving * nano % 1 == 0 for step in made.steps)
    assert list(made.left())[-1][1] == made.projected
    assert [bar.high - bar.low for bar in made.bars()[1:-1]] == [s.saving for s in made.steps if s.saving]
    assert sum(step.saving > 0 for step in made.steps) >= 4, "the workload tries too little"
    assert made.unpriced == sum(row["cost_nusd"] is None for row, _ in calls)


def test_the_techniques_stand_in_their_order_of_effort() -> None:
    assert [step.name for step in plan(session=Session()).steps] == NAMES == [
        "prompt caching", "tiering", "tiering assumed", "exact cache", "semantic cache",
        "output limits", "packing", "batch", "student",
    ]  # fmt: skip


def test_a_saved_call_is_not_saved_again() -> None:
    # Twelve times the same long answer in a loop: eleven are duplicates, so one is left for all that follows.
    made = plan(session=filled(*(call("Answer yes or no: is it?", seconds_ago=900 - 2 * n) for n in range(12))))
    assert made["exact cache"].saving == micro(11 * 1_500)
    assert made["output limits"].saving == micro(5 * 76)
    assert made["packing"].saving == made["batch"].saving == 0
    assert made.projected == micro(1_500 - 5 * 76)


def test_an_empty_ledger_has_nothing_to_plan() -> None:
    made = costmagic.plan()
    assert (made.bill, made.saving, made.projected, made.calls) == (0, 0, 0, 0)
    assert repr(made) == "No priced call in the last 30 days: there is nothing to plan yet."
    assert "<table" not in made._repr_html_()
    assert len(made.to_frame()) == len(NAMES)
    with pytest.raises(UsageError, match="nothing to plot"):
        made.plot()


def test_one_call_has_nothing_to_save() -> None:
    made = plan(session=filled(call()))
    assert (made.bill, made.saving, made.calls) == (micro(1_500), 0, 1)
    assert "1 paid call of the last 30 days" in repr(made)


def test_where_caches_answered_everything_the_bill_is_nothing() -> None:
    session = filled(*(call(cache="exact", nusd=0, cache_of="x") for _ in range(3)))
    made = plan(session=session)
    assert (made.calls, made.bill, made.hits) == (0, 0, 3)
    assert "Caches answered 3 calls already" in repr(made)


def test_hits_are_told_with_what_they_avoided() -> None:
    paid = call()
    made = plan(session=filled(paid, call(cache="exact", nusd=0, cache_of=paid[0]["id"])))
    assert (made.calls, made.hits, made.avoided) == (1, 1, micro(1_500))


def test_unpriced_calls_are_named_apart_and_make_the_bill_a_lower_bound() -> None:
    made = plan(session=filled(call(), call(nusd=None, ref="vllm:mine"), call(nusd=None, ref="vllm:mine")))
    assert (made.calls, made.unpriced, made.bill) == (1, 2, micro(1_500))
    assert "≥ $0.0015" in repr(made)
    assert "2 calls without a known price not in it" in repr(made)


def test_a_ledger_of_unpriced_calls_alone_says_so() -> None:
    made = plan(session=filled(call(nusd=None, ref="vllm:mine")))
    assert (made.calls, made.unpriced, made.saving) == (0, 1, 0)
    assert "1 call without a known price" in repr(made)


def test_simulated_calls_are_planned_apart_and_say_so() -> None:
    simulated = [call("a", ref=SIM, seconds_ago=900 - n) for n in range(3)]
    made = plan(session=filled(*simulated))
    assert (made.simulated, made.calls, made["exact cache"].saving) == (True, 3, micro(3_000))
    assert "SIMULATED, not real money" in repr(made)
    assert "SIMULATED" in made._repr_html_()
    assert "SIMULATED" in made._repr_markdown_()


def test_a_real_bill_leaves_simulated_calls_out() -> None:
    made = plan(session=filled(call(), *(call("a", ref=SIM) for _ in range(3))))
    assert (made.simulated, made.calls, made.bill) == (False, 1, micro(1_500))
    assert made.others == (3, micro(4_500))
    assert "3 SIMULATED calls ($0.0045) not in this plan" in repr(made)


def test_free_real_calls_do_not_hide_the_simulated_bill() -> None:
    made = plan(session=filled(call(nusd=0, ref="local:smollm2-135m"), call(ref=SIM)))
    assert (made.simulated, made.others) == (True, (1, 0))


def test_only_the_days_asked_for_count() -> None:
    session = filled(*(call(f"{n}", seconds_ago=n * 86_400) for n in (0.1, 5, 40)))
    assert [plan(days, session=session).calls for days in (1, 30, 41)] == [1, 2, 3]
    assert plan(1, session=session).span == 1
    assert plan(41, session=session).span == pytest.approx(40, abs=0.01)
    assert plan(1, session=session).monthly(Decimal(2)) == 60


def test_a_young_ledger_is_taken_for_a_week() -> None:
    made = plan(session=filled(call(seconds_ago=60)))
    assert made.span == 7
    assert "If that is what 7 days bring, $0.00643 in 30 days" in repr(made)


def test_of_a_large_ledger_the_newest_calls_are_read_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MAX_CALLS", 4)
    made = plan(session=filled(*(call(f"{n}", seconds_ago=900 - n, nusd=10**6 * (n + 1)) for n in range(9))))
    assert (made.calls, made.bill) == (4, Decimal("0.030"))
    assert made.whole == (9, Decimal("0.045"))
    assert "Only the newest 4 calls were read, of 9 that cost $0.045" in repr(made)


@pytest.mark.parametrize("days", [0, -1, True, "30", float("nan"), 10**6, None])
def test_days_that_make_no_sense_are_refused(days: Any) -> None:
    with pytest.raises(UsageError, match="days must be a number above 0"):
        plan(days, session=Session())


def test_a_ledger_that_cannot_be_read_is_one_line(tmp_path: Any) -> None:
    session = Session(settings={"ledger_url": f"sqlite:///{tmp_path}/no/such/folder/ledger.db"})
    with pytest.raises(LedgerError, match="can't be read"):
        plan(session=session)


# What it looks like


@pytest.fixture
def made() -> Any:
    hostile = "<script>alert(1)</script>|*$x$*\"');x()\n```"
    calls = [call("a", seconds_ago=900 - n) for n in range(3)]
    dear = call(
        "b", ref="anthropic:claude-opus-5-5", tokens=(1_000, 100), nusd=6_000_000, tier="heavy", feature=hostile
    )
    return plan(session=filled(*calls, dear, tiers={"heavy": "anthropic:claude-opus-5-5", "medium": HAIKU}))


def test_the_table_goes_from_the_bill_to_the_projection(made: Any) -> None:
    rows = made.table()
    assert rows[1] == ["today's bill", "", "", "$0.0105", "4", ""]
    assert rows[4] == ["tiering, not evaluated", "$0.0024 (up to $0.0036)", "22.9%", "$0.0081", "1", "assumed"]
    assert rows[5] == ["exact cache", "$0.003", "28.6%", "$0.0051", "2", "measured"]
    assert rows[-1] == ["projected", "$0.0054", "51.4%", "$0.0051", "", ""]


def test_html_and_markdown_hold_no_markup_from_the_ledger(made: Any) -> None:
    html, markdown = made._repr_html_(), made._repr_markdown_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "$" not in re.sub("<span>\\$</span>", "", html)
    text, cells = re.sub("(?ms)^(`{3,})\n.*?\n\\1$", "", markdown), re.findall("(?ms)^(`{3,})\n(.*?)\n\\1$", markdown)
    assert "<script" not in text.replace("\\<script", "")
    assert sum("<script" in cell for _, cell in cells) == 1
    assert "\\$0.003" in markdown
    assert html.count("<details") == len(NAMES)


def test_every_row_names_what_does_it(made: Any) -> None:
    assert all(step.how and (step.setting or step.code) for step in made.steps)
    frame = made.to_frame()
    assert list(frame.index) == NAMES
    assert frame.loc["exact cache", "saving"] == micro(3_000)
    assert frame.loc["tiering assumed", "basis"] == "assumed"
    assert frame["left"].iloc[-1] == made.projected


def test_a_name_from_the_ledger_is_a_literal_in_a_cell(made: Any) -> None:
    (call,) = ast.parse(made["tiering assumed"].code).body
    (feature,) = [k.value for k in call.value.keywords if k.arg == "feature"]  # type: ignore[attr-defined]
    assert "<script>" in ast.literal_eval(feature)


def test_settings_and_cells_that_a_plan_names_are_good_ones(made: Any) -> None:
    import tomllib

    for step in made.steps:
        Session(settings=tomllib.loads(step.setting, parse_float=Decimal))
        for line in step.code.splitlines():
            if line.startswith("%llm "):
                assert run(line.removeprefix("%llm "), Session()) is not None, line


def test_the_figure_has_a_bar_for_each_step_that_saves(made: Any) -> None:
    (axes,) = made.plot().axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "today's bill", "tiering, not evaluated", "exact cache", "projected",
    ]  # fmt: skip
    assert [round(bar.get_width(), 6) for bar in axes.patches] == [0.0105, 0.0024, 0.003, 0.0051]
    assert [bar.get_hatch() for bar in axes.patches] == [None, "///", None, None]
    assert "hatched: assumed" in axes.get_xlabel()


def test_the_command_shows_the_plan() -> None:
    session = filled(call("a", seconds_ago=900), call("a", seconds_ago=800), call("c", seconds_ago=5 * 86_400))
    assert run("plan", session).calls == 3
    assert run("plan --days 2", session).calls == run("plan --days=2", session).calls == 2
    for wrong in ("plan now", "plan --days", "plan --days soon", "plan --day 3", "plan --days 2 3"):
        with pytest.raises(UsageError, match="--days"):
            run(wrong, session)


def test_a_plan_loads_neither_pandas_nor_matplotlib() -> None:
    code = "import sys, costmagic; repr(costmagic.plan()); print(*{'pandas', 'matplotlib', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
