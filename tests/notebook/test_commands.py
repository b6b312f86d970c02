"""``%llm`` and its subcommands, on a session whose calls are known."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from costmagic import sim, weights
from costmagic.money import dollars
from costmagic.notebook import commands
from costmagic.notebook.commands import EXCERPT, MAX_HISTORY, MAX_MODELS, Shown
from costmagic.notebook.dry_run import DryRun
from costmagic.session import Session
from costmagic.types import UsageError

ODD = "$x$ <b>&"


@pytest.fixture
def used(session: Session) -> Session:
    """A session with five calls: two features, two tiers, a hit, a refusal, one nobody named."""
    session.ask("Something short", feature="tickets", action="ticket 17")
    session.ask("Something short", feature="tickets", action="ticket 18")
    session.ask("Sum this up: " + "word " * 200, feature="reports", tier="heavy")
    sim.script("sim:claude-sonnet-5-5", fail="refusal")
    session.ask("Something bad", tier="standard", feature=ODD)
    session.ask("Hello")
    return session


def cells(shown: Any, key: str) -> dict[str, str]:
    """The row that begins with ``key``, as header → cell."""
    header, *rows = shown.table
    return dict(zip(header, next(row for row in rows if row[0] == key), strict=True))


def test_status_shows_tiers_keys_spend_and_cache(used: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-to-be-shown")
    shown = commands.run("", used)
    assert [row[0] for row in shown.table[1:]] == ["heavy", "standard", "medium", "coding", "routing"]
    assert shown.table[1] == ["heavy", "sim:claude-opus-5-5", "$4.00", "$20.00", "SIMULATED"]
    spent = used.totals.simulated_cost
    assert spent > 0
    text = repr(shown)
    assert "preset sim" in text
    assert "Keys found: OPENAI_API_KEY" in text
    assert f"Today: $0 in 5 calls; SIMULATED spend, not real: {dollars(spent)}" in text
    assert "Exact cache: 3 replies, 0.0 of 512 MB, kept 30 days" in text
    assert "sk-not-to-be-shown" not in text + shown._repr_html_()


def test_status_without_keys_says_that_nothing_leaves_the_machine(home: Any) -> None:
    text = repr(commands.run("", Session()))
    assert "preset auto → local" in text
    assert "No API key found: every tier is the small built-in model. Nothing leaves this machine." in text
    assert "run: costmagic pull smollm2-135m" in text
    assert "Today: $0 in 0 calls" in text


def test_yesterdays_calls_are_not_todays(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    session.ask("Hello")

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime(2199, 1, 1, 0, 0, 1, tzinfo=tz)

    monkeypatch.setattr(commands, "datetime", Tomorrow)
    assert "Today: $0 in 0 calls" in repr(commands.status(session))


@pytest.mark.parametrize(
    ("group", "labels"),
    [
        ("feature", {"tickets", "reports", ODD, "(none)", "total"}),
        ("model", {"sim:claude-haiku-5-5", "sim:claude-opus-5-5", "sim:claude-sonnet-5-5", "total"}),
        ("tier", {"heavy", "standard", "medium", "total"}),
        ("action", {"ticket 17", "ticket 18", "(none)", "total"}),
        ("day", {datetime.now().astimezone().date().isoformat()}),
    ],
)
@pytest.mark.parametrize("form", ["--by {}", "--by={}"])
def test_costs_are_grouped_and_summed(used: Session, group: str, labels: set[str], form: str) -> None:
    shown = commands.run(f"costs {form.format(group)}", used)
    assert shown.table[0][0] == group
    assert {row[0] for row in shown.table[1:]} == labels
    last = cells(shown, shown.table[-1][0])
    assert (last["calls"], last["hits"], last["cost"], last["unpriced"]) == ("5", "1", "$0", "")
    assert last["simulated"] == dollars(used.totals.simulated_cost)
    calls = [int(row[1]) for row in shown.table[1:] if row[0] != "total"]
    assert sum(calls) == 5


def test_costs_are_by_feature_unless_told_otherwise(used: Session) -> None:
    assert commands.run("costs", used).table[0][0] == "feature"
    tickets = cells(commands.run("costs", used), "tickets")
    assert (tickets["calls"], tickets["hits"], tickets["avoided"]) == ("2", "1", "$0")
    paid = [row for _, row in used.ledger().iterrows() if row["feature"] == "tickets" and row["cache"] == "none"]
    assert tickets["tok in"] == f"{paid[0]['input_tokens']:,}"
    assert tickets["simulated"] == dollars(Decimal(int(paid[0]["cost_nusd"])) / 10**9)


def test_one_group_needs_no_total(session: Session) -> None:
    session.ask("Hello", feature="only")
    assert [row[0] for row in commands.run("costs", session).table[1:]] == ["only"]


@pytest.mark.model
@pytest.mark.usefixtures("real_server")
def test_a_sum_with_an_unpriced_call_is_at_least_that() -> None:
    session = Session(settings={"preset": "sim", "prices": {"openai:priced": {"input": 1, "output": 1}}})
    paid = session.ask("Hello", model="openai:priced", max_tokens=3, feature="a").cost
    assert session.ask("Hello", model="openai:mystery", max_tokens=3, feature="b").cost is None
    shown = commands.run("costs", session)
    assert paid
    assert cells(shown, "a")["cost"] == dollars(paid)
    assert cells(shown, "b")["cost"] == "≥ $0"
    assert (cells(shown, "total")["cost"], cells(shown, "total")["unpriced"]) == (f"≥ {dollars(paid)}", "1")
    assert f"Today: ≥ {dollars(paid)} in 2 calls" in repr(commands.run("", session))
    assert commands.run("history -n 1", session).table[1][6] == "unpriced"


@pytest.mark.parametrize("line", ["costs", "costs --by day", "history"])
def test_a_new_ledger_has_no_calls_yet(session: Session, line: str) -> None:
    assert repr(commands.run(line, session)) == "No calls yet."


def test_cache_tells_what_it_saved_and_can_be_emptied(used: Session) -> None:
    text = repr(commands.run("cache", used))
    assert text == repr(commands.run("cache stats", used))
    assert "exact     1     20.0%" in text
    assert "Last 7 days: 5 calls: 20.0% answered from the cache." in text
    assert repr(commands.run("cache clear", used)) == "3 cached replies removed."
    assert repr(commands.run("cache clear", used)) == "0 cached replies removed."
    assert used.ask("Something short").cache is None


def test_history_shows_the_last_calls_newest_first(used: Session) -> None:
    table = commands.run("history", used).table
    assert [row[1] for row in table[1:]] == ["ok", "refused", "ok", "ok", "ok"]
    hello, refused, report, hit, first = (dict(zip(table[0], row, strict=True)) for row in table[1:])
    assert (hello["prompt"], hello["model"], hello["tier"]) == ("Hello", "sim:claude-haiku-5-5", "medium")
    assert (refused["feature"], refused["reply"]) == (ODD, "I can't help with that.")
    assert report["prompt"].startswith("Sum this up: word ")
    assert (len(report["prompt"]), report["prompt"][-1]) == (EXCERPT, "…")
    assert hit["cost"].startswith("HIT SIMULATED $0")
    assert first["cost"].startswith("SIMULATED $0.000")
    assert hit["prompt"] == first["prompt"] == "Something short"
    assert all(row[0].endswith(" ago") for row in table[1:])


@pytest.mark.parametrize(("n", "rows"), [("1", 1), ("4", 4), ("5", 5), ("6", 5), (str(MAX_HISTORY), 5)])
def test_history_shows_as_many_as_asked(used: Session, n: str, rows: int) -> None:
    assert len(commands.run(f"history -n {n}", used).table) == rows + 1


def test_history_without_texts_says_that_they_were_not_kept() -> None:
    session = Session(settings={"preset": "sim", "store_text": False})
    session.ask("A secret")
    assert commands.run("history", session).table[1][-2:] == ["(not kept)", "(not kept)"]


def test_models_lists_the_tiers_and_this_machines(session: Session) -> None:
    refs = [row[0] for row in commands.run("models", session).table[1:]]
    assert refs == ["sim:claude-opus-5-5", "sim:claude-sonnet-5-5", "sim:claude-haiku-5-5", f"local:{weights.DEFAULT}"]


def test_models_searches_the_price_list_for_all_the_words(session: Session) -> None:
    shown = commands.run("models HAIKU 4-5", session)
    assert ["anthropic:claude-haiku-4-5", "$1.00", "$5.00", "200,000", "no key: ANTHROPIC_API_KEY"] in shown.table
    assert all("haiku" in row[0] and "4-5" in row[0] for row in shown.table[1:])
    assert repr(commands.run("models xyzzy", session)) == "No model matches 'xyzzy'."
    many = commands.run("models openrouter", session)
    assert len(many.table) == MAX_MODELS + 1
    assert re.fullmatch(r"… and \d+ more: narrow the search", many.below[0])


def test_help_names_every_subcommand_and_option(session: Session) -> None:
    text = repr(commands.run("help", session))
    for name in [*commands.COMMANDS, "--tier", "--model", "--feature", "--dry-run", "--max-cost", "{{ expression }}"]:
        assert name in text


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("cots", "unknown subcommand 'cots'; did you mean 'costs'"),
        ("What is a hash?", "unknown subcommand 'What'"),
        ("xyzzy", "(a prompt goes into a %%llm cell)"),
        ("costs --by modle", "costs can't be grouped by 'modle'; did you mean 'model'"),
        ("costs --by", "--by needs a value"),
        ("costs --bi model", "unknown option '--bi'; did you mean '--by'"),
        ("costs model", "unknown option 'model'"),
        ("history -n 0", f"-n takes a whole number from 1 to {MAX_HISTORY:,}, not '0'"),
        ("history -n 1001", "not '1001'"),
        ("history -n -1", "not '-1'"),
        ("history -n 1.5", "not '1.5'"),
        ("history -n ²", "not '²'"),
        ("history -n", "-n needs a value"),
        ("history 5", "unknown option '5'"),
        ("cache wipe", "cache takes stats, clear, explain, wrong, right, prefix, not 'wipe'"),
        ("cache clear all", "cache clear takes nothing more, not 'all'"),
        ("cache explain", "cache explain needs a text"),
        ("cache wrong", "no cache hit in this session yet"),
        ("cache right nonsense", "call nonsense is no cache hit"),
        ("cache prefix all", "cache prefix takes nothing more, not 'all'"),
        ("models 'x", "No closing quotation"),
    ],
)
def test_a_mistake_in_a_subcommand_is_told(session: Session, line: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        commands.run(line, session)
    assert told in str(caught.value)


@pytest.mark.parametrize("line", ["", "models claude", "costs", "costs --by action", "cache", "history", "help"])
def test_every_table_is_text_without_markup_or_formulas(used: Session, line: str) -> None:
    shown = commands.run(line, used)
    assert isinstance(shown, Shown)
    html = shown._repr_html_()
    assert "<b>" not in html
    assert not re.search(r"\$(?!</span>)|(?<!<span>)\$", html)
    for row in shown.table[1:]:
        assert all(cell in repr(shown) for cell in row)


def test_a_dry_run_shows_everything_and_sends_nothing(session: Session) -> None:
    run = DryRun.of(session, f"Hello {ODD}", {"system": "Be brief.", "max_tokens": 9})
    text, html = repr(run), run._repr_html_()
    assert text.startswith("Nothing was sent. It would go to sim:claude-haiku-5-5 (tier medium, learned: ")
    assert '"system": "Be brief."' in text
    assert f"Hello {ODD}" in text
    assert '"max_tokens": 9' in text
    assert [name for name, _ in run.estimates.rows] == list(session.tiers())
    assert "SIMULATED" in text
    assert "<b>" not in html
    assert not re.search(r"\$(?!</span>)|(?<!<span>)\$", html)
    assert len(session.ledger()) == session.totals.calls == 0


def test_a_dry_run_needs_neither_key_nor_weights_and_shows_the_model_that_was_asked_for(session: Session) -> None:
    run = DryRun.of(session, "Hello", {"model": "openai:gpt-6.1-sol"})
    assert [e.ref for _, e in run.estimates.rows][-1] == "openai:gpt-6.1-sol"
    assert len(run.estimates) == 6
    with pytest.raises(UsageError, match="unknown tier 'hevy'"):
        DryRun.of(session, "Hello", {"tier": "hevy"})
