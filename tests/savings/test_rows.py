"""Each technique of a plan on small ledgers whose figures can be computed by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from made_ledger import HAIKU, call, filled

from costmagic import Message, Session, Usage, evaluate, sim
from costmagic.savings import plan

OPUS = "anthropic:claude-opus-5-5"  # $4 in, $20 out, per million
TICKET = "Which department should handle this ticket? Answer with its name.\n\n"
DOWNGRADE = {"feature": "tickets", "from": "heavy", "to": "medium", "margin": Decimal("0.02")}
TIERS = {"heavy": OPUS, "standard": OPUS, "medium": HAIKU}


def micro(n: float) -> Decimal:
    """Millionths of a dollar."""
    return Decimal(str(n)) / 10**6


# Prompt caching


def prefixed(n: int, gap: float = 60, **changes: Any) -> Any:
    """Calls with 10,000 tokens of system prompt: 10,100 in, 100 out."""
    return call(
        f"q{n}", seconds_ago=36_000 - gap * n, tokens=(10_100, 100), nusd=10_600_000,
        **{"prefix_hash": "a" * 64, "prefix_tokens": 10_000, **changes},
    )  # fmt: skip


def test_a_prefix_that_comes_again_is_written_once_and_then_read() -> None:
    # Plain at first sight; written: 10,000 × $0.25 more; three reads: 10,000 × $0.90 less, per million.
    made = plan(session=filled(*(prefixed(n) for n in range(5))))
    step = made["prompt caching"]
    assert step.saving == micro(-2_500 + 3 * 9_000)
    assert step.calls == 4
    assert step.basis == "measured"
    assert 'prefix = "auto"' in step.setting
    assert made.bill == micro(5 * 10_600)


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"prefix_tokens": 4_000}, "1 prefix too short"),
        ({"cache_read_tokens": 10_000}, "1 prefix already cached"),
        ({"cache_after": "0:5m"}, "asked for and not cached"),
        ({"prefix_hash": None}, ""),
        ({"provider": "groq", "model_requested": "llama-3.3-70b-versatile", "model": None}, ""),
    ],
)
def test_a_prefix_that_is_short_or_cached_or_refused_saves_nothing(changes: dict[str, Any], note: str) -> None:
    step = plan(session=filled(*(prefixed(n, **changes) for n in range(5))))["prompt caching"]
    assert step.saving == 0
    assert note in step.note
    assert bool(note) == bool(step.note)


def test_a_prefix_that_never_comes_back_in_time_saves_nothing() -> None:
    assert plan(session=filled(*(prefixed(n, gap=3_601) for n in range(5))))["prompt caching"].saving == 0


# Tiering


def dear(n: int = 0, **changes: Any) -> Any:
    """1,000 in, 100 out on Opus: $0.006; on Haiku it would be $0.0015."""
    given = {"ref": OPUS, "nusd": 6_000_000, "tier": "heavy", "feature": "tickets", "seconds_ago": 9_000 - 100 * n}
    return call(f"{n} is another question", **{**given, **changes})


def test_an_adopted_downgrade_moves_the_calls_made_before_it() -> None:
    session = filled(dear(), dear(1, route_source="explicit"), dear(2, feature="other", task="math and reasoning"),
                     tiers=TIERS, downgrade=[DOWNGRADE])  # fmt: skip
    made = plan(session=session)
    step = made["tiering"]
    assert (step.saving, step.calls, step.basis) == (micro(2 * 4_500), 2, "measured")
    assert "1 call named a tier" in step.note
    assert "$0.012 → $0.003" in step.details[0]
    assert made["tiering assumed"].saving == 0


@pytest.fixture
def evaluated() -> Any:
    """A session on simulated models in which an evaluation found the medium tier as good as the heavy one."""
    for ref in ("sim:claude-opus-5-5", "sim:claude-haiku-4-5"):
        sim.script(ref, answers={"a": "yes"})
    session = Session(settings={"preset": "sim", "tiers": {"medium": "sim:claude-haiku-4-5"}})
    rows = [{"text": f"{n} is a question"} for n in range(60)]
    options = {"feature": "tickets", "baseline": "heavy", "budget": None, "session": session, "margin": 0.1}
    found = evaluate(rows, "{{ text }}", candidates=["medium"], **options)
    assert found.cheapest_passing == "medium"
    for n in range(3):
        session.ask(f"what is it, the {n}?", tier="heavy", feature="tickets")
    return session, found


def test_an_evaluation_that_passed_is_evidence_before_it_is_adopted(evaluated: Any) -> None:
    session, found = evaluated
    step = plan(session=session)["tiering"]
    asked = [row for _, row in session.ledger().iterrows() if row["purpose"] == "user"]
    prices = session.engine.prices
    cheap = sum(
        prices.cost("sim:claude-haiku-4-5", Usage(int(row["input_tokens"]), int(row["output_tokens"]))) for row in asked
    )
    assert step.calls == len(asked) == 3
    assert step.saving == sum(Decimal(int(row["cost_nusd"])) for row in asked) / 10**9 - cheap > 0
    assert "margin 10.0%" in step.details[0]
    assert "not adopted yet" in step.details[0]
    assert step.code.startswith(f"cm.evaluate(resume='{found.id}').adopt()")
    assert plan(session=session)["tiering assumed"].saving == 0


def test_evidence_from_simulated_models_says_nothing_of_real_ones(evaluated: Any) -> None:
    session, _ = evaluated
    row, request = dear(ref="anthropic:claude-opus-5-5")
    session.engine.ledger.finish(row, request, "a reply")
    assert plan(session=session)["tiering"].saving == 0


def test_stale_evidence_says_so() -> None:
    then = {OPUS: {"input": Decimal(40), "output": Decimal(200)}}
    session = filled(dear(), tiers=TIERS, downgrade=[{**DOWNGRADE, "prices": then}])
    step = plan(session=session)["tiering"]
    assert step.saving == micro(4_500)
    assert "STALE" in step.details[0]


def test_without_evidence_the_published_range_is_assumed() -> None:
    session = filled(dear(), dear(1, feature=None), dear(2, task="analysis and planning"), tiers=TIERS)
    step = plan(session=session)["tiering assumed"]
    assert (step.saving, step.up_to, step.calls) == (micro(2 * 2_400), micro(2 * 3_600), 2)
    assert step.basis == "assumed"
    assert "40%" in step.how
    assert "60%" in step.how


def test_dear_is_what_was_on_a_dear_tier_or_is_on_one_now() -> None:
    elsewhere = "anthropic:claude-opus-4-8"  # $5 in, $25 out
    now = dear(tier=None)
    then = dear(ref=elsewhere, nusd=7_500_000)
    never = dear(ref=elsewhere, nusd=7_500_000, tier="coding")
    cheap = call("x", tier="heavy")
    step = plan(session=filled(now, then, never, cheap, tiers=TIERS))["tiering assumed"]
    assert step.saving == micro(0.4 * (6_000 + 7_500))


def test_no_more_is_assumed_than_the_cheaper_model_would_save() -> None:
    tiers = {**TIERS, "medium": "anthropic:claude-sonnet-5-5"}  # $2 in, $10 out: half
    prices = {"anthropic:claude-sonnet-5-5": {"input": 3, "output": 15}}  # three quarters
    step = plan(session=filled(dear(), tiers=tiers, prices=prices))["tiering assumed"]
    assert (step.saving, step.up_to) == (micro(1_500), micro(1_500))


def test_a_downgrade_to_what_is_not_cheaper_or_unpriced_moves_nothing() -> None:
    for target in ("anthropic:claude-99", OPUS):
        session = filled(dear(), tiers=TIERS, downgrade=[{**DOWNGRADE, "to": target}])
        assert plan(session=session)["tiering"].saving == 0


# The exact cache


def test_only_the_very_same_request_again_is_a_duplicate() -> None:
    other_settings = {"request": {"temperature": 0.5}}
    calls = [call("a", seconds_ago=900 - n) for n in range(3)]
    calls += [call("a", **other_settings), call("b"), call("a", ref="openai:gpt-6.1-terra")]
    step = plan(session=filled(*calls))["exact cache"]
    assert (step.saving, step.calls) == (micro(2 * 1_500), 2)


def test_a_duplicate_is_none_once_the_reply_is_too_old() -> None:
    calls = [call("a", seconds_ago=86_400 * n) for n in (9, 6, 1, 0.5)]
    # The one of 6 days ago is served by that of 9 days ago; that of 1 day ago is paid, and serves the last.
    assert plan(session=filled(*calls, cache={"ttl_days": 4}))["exact cache"].saving == micro(2 * 1_500)


def test_calls_without_a_kept_text_are_told_apart_and_not_guessed() -> None:
    made = plan(session=filled(*(call(None, seconds_ago=900 - n) for n in range(3))))
    step = made["exact cache"]
    assert step.saving == 0
    assert "2 calls more ($0.003) repeat a prompt by its fingerprint" in step.note
    assert made.untold == 3
    assert any("3 calls without a kept text" in line for line in made.notes())
    assert all(step.saving == 0 for step in made.steps)


def test_only_finished_calls_of_the_users_own_are_duplicates() -> None:
    calls = [call("a", seconds_ago=900), call("a", purpose="eval"), call("a", status="interrupted")]
    made = plan(session=filled(*calls))
    assert made["exact cache"].saving == 0
    assert made.bill == micro(3 * 1_500)
    assert made.aside == (2, micro(2 * 1_500))
    assert any("2 calls ($0.003) left as they are" in line for line in made.notes())


# The semantic cache

TWINS = ("How do I reverse a list in Python?", "How can I reverse a list in Python?", "How do I bake bread?")


def test_a_question_that_means_the_same_is_verified_as_the_cache_would(minilm_home: Path) -> None:
    opposite = ("How do I return something?", "How do I NOT return something?")
    session = filled(*(call(text, seconds_ago=900 - n) for n, text in enumerate((*TWINS, *opposite))))
    step = plan(session=session)["semantic cache"]
    assert (step.saving, step.calls) == (micro(1_500), 1)
    assert step.setting == '[cache]\nsemantic = "verified"'


def test_a_paraphrase_after_the_reply_has_gone_is_none(minilm_home: Path) -> None:
    calls = [call(TWINS[0], seconds_ago=5 * 86_400), call(TWINS[1], seconds_ago=900), call(TWINS[0], seconds_ago=800)]
    made = plan(session=filled(*calls, cache={"ttl_days": 4}))
    # The first is too old for the other two, and the last has no exact twin left: it is like the second.
    assert (made["exact cache"].saving, made["semantic cache"].saving) == (0, micro(1_500))


def test_without_the_embedder_it_says_what_is_missing() -> None:
    step = plan(session=filled(*(call(text) for text in TWINS)))["semantic cache"]
    assert step.saving == 0
    assert "costmagic pull minilm" in step.note
    assert step.code == "!costmagic pull minilm"


def test_a_paid_embedder_is_never_asked() -> None:
    session = filled(*(call(text) for text in TWINS), cache={"embedder": "openai:text-embedding-3-small"})
    assert "a plan spends nothing" in plan(session=session)["semantic cache"].note


# Output limits


def test_a_long_reply_to_a_narrow_task_is_cut_at_its_limit() -> None:
    label = call(TICKET.replace("its name", "one word") + "My card was charged twice.", tokens=(1_000, 300))
    # 128 tokens and one for every three characters of 60.
    task = call("Classify this text: " + "x" * 40, tokens=(1_000, 300), task="classification")
    free = call("Write me a story about a dog.", tokens=(1_000, 300), task="creative writing")
    short = call("Is it spam? Answer yes or no.", tokens=(1_000, 24))
    for row, _ in (label, task, free):
        row["cost_nusd"] = 2_500_000
    short[0]["cost_nusd"] = 1_120_000
    step = plan(session=filled(label, task, free, short))["output limits"]
    assert step.saving == micro(5 * (300 - 24) + 5 * (300 - 148))
    assert step.calls == 2
    assert set(step.details) == {"a label or a single value: 1 reply", "classification: 1 reply"}


def test_output_limits_that_are_switched_off_are_named() -> None:
    step = plan(session=filled(call("Answer yes or no: is it?", tokens=(10, 90)), output_limits=False))["output limits"]
    assert "switched off" in step.note
    assert step.saving > 0


def test_a_model_that_thinks_first_is_left_alone() -> None:
    thinking = call("Answer yes or no: is it?", ref="openai:gpt-6.1-terra", tokens=(1_000, 900), nusd=5_500_000)
    assert plan(session=filled(thinking))["output limits"].saving == 0


# Packing and batch jobs


def loop(n: int, gap: float = 2.0, **changes: Any) -> list[Any]:
    """``n`` tasks with one template, of 1,000 and 5 tokens, half a second each: $0.001025."""
    given = {"tokens": (1_000, 5), "nusd": 1_025_000, "feature": "tickets", "prefix_hash": "a" * 64}
    given |= {"prefix_tokens": 900}
    return [
        call(f"{TICKET}{chr(97 + k % 26)}{k} broke", seconds_ago=9_000 - k * gap, **{**given, **changes})
        for k in range(n)
    ]


def test_the_tasks_of_a_loop_share_their_instructions() -> None:
    session = filled(*loop(25))
    made = plan(session=session)
    step = made["packing"]
    # System prompt, the template's own tokens, and the frame of a request.
    shared = 900 + session.engine.tokens.text(HAIKU, f"{TICKET} broke").tokens + 6
    # Packs of 20 and 5: in each all but the first go without what is shared; 3 and 3 tokens more each, 15 a pack.
    assert step.saving == micro(23 * shared - 25 * 3 - 2 * 15 - 5 * 25 * 3)
    assert "25 calls in 2 packs" in step.note
    assert made["batch"].saving == (micro(25 * 1_025) - step.saving) / 2


@pytest.mark.parametrize(
    ("calls", "saves"),
    [
        (loop(10), True),
        (loop(9), False),
        (loop(12, gap=10.5), True),  # ten seconds from the end of one to the next
        (loop(12, gap=10.6), False),
        ([one for k in range(12) for one in loop(12, request={"max_tokens": 100 + k})[k : k + 1]], True),
        (loop(12, batched=True), False),
        (loop(12, purpose="eval"), False),
        ([(row, None) for row, _ in loop(12)], False),
        (loop(6) + loop(6, feature="other"), False),
        (loop(6) + loop(6, request={"temperature": 0.3}), False),
    ],
    ids=[
        "ten",
        "nine",
        "close",
        "apart",
        "own limits",
        "batched",
        "evaluation",
        "untold",
        "two features",
        "two settings",
    ],
)
def test_what_is_a_loop(calls: list[Any], saves: bool) -> None:
    made = plan(session=filled(*calls))
    assert (made["packing"].saving > 0, made["batch"].saving > 0) == (saves, saves)


def test_different_templates_are_different_loops_and_no_template_is_none() -> None:
    apart = [call(f"{k * 7919} {k} word {k * k}", seconds_ago=9_000 - 2 * k, tokens=(1_000, 5)) for k in range(12)]
    assert plan(session=filled(*apart))["packing"].saving == 0


def test_long_tasks_and_long_replies_go_alone_and_still_wait_for_the_batch() -> None:
    for tokens in ((3_000, 5), (1_000, 201)):
        made = plan(session=filled(*loop(12, tokens=tokens, nusd=4_000_000, prefix_tokens=0)))
        assert made["packing"].saving == 0, tokens
        assert made["batch"].saving == micro(12 * 2_000)


def test_a_conversation_is_no_loop() -> None:
    calls = [
        (row, replace(request, messages=(Message("user", "x"), Message("assistant", "y"), *request.messages)))
        for row, request in loop(12)
    ]
    assert plan(session=filled(*calls))["packing"].saving == 0


def test_only_providers_with_a_batch_price_halve_it() -> None:
    made = plan(session=filled(*loop(12, ref="groq:llama-3.3-70b-versatile", tokens=(1_000, 900), nusd=1_301_000)))
    assert made["batch"].saving == 0
    assert "12 calls on providers without a known batch price" in made["batch"].note


# A student


def frequent(n: int = 334, what: str = "ticket", **changes: Any) -> list[Any]:
    """Calls of a narrow task within a day, far apart from each other: 334 are 10,020 a month."""
    given = {"tokens": (1_000, 5), "nusd": 1_025_000, "feature": "tickets", "task": "classification"}
    return [
        call(f"{TICKET}{what} {k} of today", seconds_ago=80_000 - k * 200, **{**given, **changes}) for k in range(n)
    ]


ADOPTED: dict[str, Any] = {"tiers": TIERS, "downgrade": [DOWNGRADE]}


def test_a_task_that_meets_all_four_conditions_gets_a_student() -> None:
    made = plan(1, session=filled(*frequent(), **ADOPTED))
    step = made["student"]
    assert (step.saving, step.up_to, step.calls) == (made.bill * 8 / 10, made.bill * 95 / 100, 334)
    assert step.basis == "assumed"
    assert [line.split(":")[0].strip() for line in step.details[1:]] == ["yes"] * 4
    assert "about 10,020 a month" in step.details[1]


@pytest.mark.parametrize(
    ("calls", "settings", "told"),
    [
        (frequent(333), ADOPTED, "no: at least 10,000 calls a month (about 9,990 a month)"),
        (frequent(tokens=(1_000, 30), task="chat"), ADOPTED, "no: a narrow task (chat, 0% of replies are short)"),
        (frequent(), {}, "not known: 95 to 98 % of the quality is enough"),
        (frequent(), {"tiers": TIERS, "downgrade": [{**DOWNGRADE, "margin": Decimal("0.01")}]}, "no: 95 to 98 %"),
        (frequent(167) + frequent(167, "mail", prefix_hash="b" * 64), ADOPTED, "no: a stable definition"),
        ([(row, None) for row, _ in frequent()], ADOPTED, "not known: a stable definition (334 texts not kept)"),
    ],
    ids=["rare", "wide", "nobody knows", "strict", "changing", "untold"],
)
def test_each_of_the_four_conditions_can_forbid_a_student(
    calls: list[Any], settings: dict[str, Any], told: str
) -> None:
    step = plan(1, session=filled(*calls, **settings))["student"]
    assert step.saving == 0
    assert any(told in line for line in step.details), step.details
    assert "No task meets all four conditions." in step.note
    assert ("if what is not known holds" in step.note) == told.startswith("not known")
