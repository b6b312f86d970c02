"""Which prefix is stable, how it came back, and whether caching it pays: every figure by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from costmagic import Message, Request, Usage
from costmagic.caching.plan import Plan, Segment, breakpoints
from costmagic.caching.prefix import (
    MIN_TOKENS,
    Rates,
    Reuse,
    Use,
    boundaries,
    choose,
    hashes,
    min_tokens,
    replay,
    reuses,
)
from costmagic.types import Breakpoint

NOON = datetime(2026, 11, 20, 12)

# Anthropic's multiples of plain input.
CLAUDE = Rates(Decimal(1), Decimal("0.1"), Decimal("1.25"), Decimal(2))


def request(*texts: str, system: str | None = None) -> Request:
    roles = ("user", "assistant")
    return Request("anthropic", "m", tuple(Message(roles[n % 2], text) for n, text in enumerate(texts)), system)


def use(second: float, ready_after: float | None = 1, tokens: int = 1_000, **more: Any) -> Use:
    started = NOON + timedelta(seconds=second)
    ready = None if ready_after is None else started + timedelta(seconds=ready_after)
    return Use(started, ready, tokens=tokens, **more)


# Identity


@pytest.mark.parametrize(
    ("asked", "ends"),
    [
        (request("q"), ()),
        (request("q", system="s"), (0,)),
        (request("q", system=" \n"), ()),  # a blank text can't carry a breakpoint
        (request("q", "q2"), (1,)),
        (request("q", "a", "q2"), (2,)),
        (request("q", "a", "q2", system="s"), (0, 2)),
        (request("q", " ", "q2", system="s"), (0,)),
        (request(*"abcdefghijklmno", system="s"), (0, 14)),
    ],
)
def test_a_prefix_ends_with_the_system_prompt_and_with_the_last_older_turn(
    asked: Request, ends: tuple[int, ...]
) -> None:
    assert boundaries(asked) == ends
    assert len(ends) <= 4


def test_a_longer_conversation_keeps_the_hashes_of_its_beginning() -> None:
    short, long = hashes(request("q", "a", "q2", system="s")), hashes(request("q", "a", "q2", "a2", "q3", system="s"))
    assert len(short) == 3
    assert long[:3] == short
    assert len(set(long)) == 5


def test_the_last_message_is_no_part_of_a_prefix() -> None:
    assert hashes(request("one", system="s")) == hashes(request("two", system="s"))


@pytest.mark.parametrize(
    "other",
    [
        request("q", "a", "x", system="S"),
        request("q", "A", "x", system="s"),
        request("q\n", "a", "x", system="s"),
        request("q", "a", "x"),
        request("q", "a", "x", system='s"\n["user", "q"]'),
    ],
)
def test_different_prefixes_have_different_hashes(other: Request) -> None:
    assert hashes(other)[-1] != hashes(request("q", "a", "x", system="s"))[-1]


@pytest.mark.parametrize(
    ("ref", "tokens", "known"),
    [
        ("anthropic:claude-opus-5", 512, True),
        ("anthropic:claude-opus-5-20260301", 512, True),
        ("anthropic:claude-opus-5-5", 512, False),  # another family: its minimum is not known
        ("anthropic:claude-opus-4-8", 1_024, True),
        ("anthropic:claude-opus-4-0", 1_024, True),
        ("anthropic:claude-opus-4-7", 2_048, True),
        ("anthropic:claude-haiku-4-5-20251001", 4_096, True),
        ("anthropic:claude-sonnet-4-5-latest", 1_024, True),
        ("anthropic:claude-haiku-5-5", 512, False),
        ("openai:gpt-6.1-terra", 1_024, True),
        ("groq:llama", 512, False),
        ("sim:claude-haiku-4-5", 4_096, True),
        ("sim:gpt-6-luna", 1_024, True),
    ],
)
def test_the_smallest_prefix_is_the_models_own(ref: str, tokens: int, known: bool) -> None:
    assert min_tokens(ref, {}) == (tokens, known)
    assert min_tokens(ref, {"other:*": 1}) == (tokens, known)
    assert min_tokens(ref, {f"{ref[:12]}*": 7, "*:*": 8}) == ((8, True) if ref.startswith("sim:") else (7, True))


def test_an_unknown_model_is_asked_as_early_as_any_known_one() -> None:
    assert min(MIN_TOKENS.values()) == min_tokens("anthropic:claude-99", {})[0] == 512


# Reuse


def gaps(*uses: Use) -> list[tuple[int, int, int]]:
    return [(reuse.calls, reuse.within_5m, reuse.within_1h) for _, reuse in reuses(uses)]


def test_a_use_counts_from_the_first_token_of_the_one_before_it() -> None:
    # Ready after 1 s: 300 s later is in time, 300.1 s is not, and 3,600.1 s is late for the hour as well.
    assert gaps(use(0), use(301)) == [(0, 0, 0), (1, 1, 1)]
    assert gaps(use(0), use(301.1)) == [(0, 0, 0), (1, 0, 1)]
    assert gaps(use(0), use(3_601.1)) == [(0, 0, 0), (1, 0, 0)]


def test_calls_at_the_same_time_can_not_read_each_other() -> None:
    assert gaps(use(0, 10), use(1, 10), use(2, 10)) == [(0, 0, 0), (1, 0, 0), (2, 0, 0)]
    assert gaps(use(0, 10), use(1, 10), use(10.5, 10)) == [(0, 0, 0), (1, 0, 0), (2, 1, 1)]


def test_a_call_that_never_answered_left_nothing_to_read() -> None:
    assert gaps(use(0, None), use(60)) == [(0, 0, 0), (1, 0, 0)]
    *_, (_, reuse) = reuses([use(60), use(0), use(100, None)])  # in any order
    assert reuse == Reuse(2, 2, 2, 39.0)


# The decision


@pytest.mark.parametrize(
    ("calls", "within_5m", "within_1h", "life"),
    [
        # First sight: 1/6 of 0.1 + 5/6 of 1.25 = 1.058 times plain input.
        (0, 0, 0, None),
        (1, 1, 1, "5m"),  # 1.2/2.2 come back: 0.623
        (1, 0, 1, "1h"),  # 0.1 × 1.2/2.2 + 2 × 1/2.2 = 0.964
        (1, 0, 0, None),
        (4, 1, 1, "5m"),  # 1.2/5.2: 0.985
        (5, 1, 1, None),  # 1.2/6.2: 1.027
        (10, 0, 10, "1h"),  # 0.270
        (10, 0, 5, None),  # 5.2/11.2: 1.118
        (10, 9, 10, "1h"),  # 0.305 against 0.270
        (10, 10, 10, "5m"),  # 0.203
        (1_000, 0, 0, None),
    ],
)
def test_what_is_cheapest_on_average_is_chosen(calls: int, within_5m: int, within_1h: int, life: str | None) -> None:
    assert choose(Reuse(calls, within_5m, within_1h), CLAUDE) == life


def test_the_expected_cost_is_that_of_reads_in_time_and_writes_else() -> None:
    # 0.2 + 3 of 1.2 + 4 come back in 5 minutes, 0.2 + 4 of 5.2 within the hour.
    reuse = Reuse(4, 3, 4)
    assert CLAUDE.expected("5m", reuse) == Decimal("3.2") / Decimal("5.2") * Decimal("0.1") + (
        1 - Decimal("3.2") / Decimal("5.2")
    ) * Decimal("1.25")
    assert round(CLAUDE.expected("1h", reuse), 6) == Decimal("0.465385")


def test_free_writes_begin_at_first_sight_and_no_discount_never_begins() -> None:
    assert choose(Reuse(), Rates(Decimal(1), Decimal("0.5"), Decimal(1), Decimal(1))) == "5m"
    assert choose(Reuse(9, 9, 9), Rates(Decimal(1), Decimal(1), Decimal(1), Decimal(1))) is None


@pytest.mark.parametrize(
    ("uses", "saved"),
    [
        ([], 0),
        ([use(0)], 0),
        # Plain, then written (250 more), then read (900 less).
        ([use(0), use(60)], -250),
        ([use(0), use(60), use(120)], 650),
        ([use(0), use(60), use(120), use(180)], 1_550),
        # Ten minutes later it is gone, and an hour is bought: 1,000 more.
        ([use(0), use(60), use(120), use(720)], -350),
        ([use(0), use(60), use(120), use(720), use(2_000)], 550),
        # A day apart: never written.
        ([use(n * 86_400) for n in range(9)], 0),
        # A conversation grows: 1,000 written, then 1,000 read and 500 written (125 more).
        ([use(0, tokens=500), use(60), use(120, tokens=1_500)], -250 + 900 - 125),
    ],
)
def test_a_replay_knows_at_each_call_only_those_before_it(uses: list[Use], saved: int) -> None:
    assert replay(uses, CLAUDE) == saved
    assert replay(uses, CLAUDE.per(1_000)) == Decimal(saved) / 1_000


# Breakpoints and silence


def segment(after: int = 0, tokens: int = 5_000, **more: Any) -> Segment:
    return Segment(after, f"hash {after}", tokens, **{"minimum": 4_096, "known": True, **more})


@pytest.mark.parametrize(
    ("lives", "expected"),
    [
        ((None, None), ()),
        (("5m", None), (Breakpoint(0, "5m"),)),
        ((None, "1h"), (Breakpoint(2, "1h"),)),
        (("1h", "5m"), (Breakpoint(0, "1h"), Breakpoint(2, "5m"))),
        # The provider refuses a longer life behind a shorter one.
        (("5m", "1h"), (Breakpoint(0, "1h"), Breakpoint(2, "1h"))),
    ],
)
def test_longer_lives_come_before_shorter_ones(lives: tuple[Any, Any], expected: tuple[Breakpoint, ...]) -> None:
    assert breakpoints([segment(0, life=lives[0]), segment(2, life=lives[1])]) == expected


def test_what_is_still_held_is_read_even_where_writing_would_not_pay() -> None:
    rare = {"reuse": Reuse(9, 1, 1, 200.0), "last": use(0, cached=5_000, life="5m")}
    assert choose(Reuse(9, 1, 1), CLAUDE) is None
    assert segment(**rare).decided(CLAUDE).life == "5m"
    assert segment(**{**rare, "reuse": Reuse(9, 1, 1, 301.0)}).decided(CLAUDE).life is None
    assert segment(**{**rare, "last": use(0, cached=0, life="5m")}).decided(CLAUDE).life is None
    assert segment(**{**rare, "reuse": Reuse(9, 9, 9, 1.0), "last": None, "in_vain": 2}).decided(CLAUDE).life is None


CACHED = use(0, cached=5_000, life="5m")
REUSED = Reuse(3, 3, 3, 12.0)


@pytest.mark.parametrize(
    ("more", "usage", "cause", "words"),
    [
        ({}, Usage(5_000, 1, cache_read_tokens=10), None, ""),
        ({}, Usage(5_000, 1, source="estimated"), None, ""),
        ({"life": None}, Usage(5_000, 1), None, ""),
        ({}, Usage(5_000, 1, cache_write_tokens=4_900), None, ""),  # the first write
        ({}, Usage(5_000, 1), "short", "needs 4,096 tokens, and the system prompt, estimated at 5,000"),
        ({"known": False}, Usage(5_000, 1), "unknown", '[cache.min_tokens] "anthropic:m"'),
        ({"last": CACHED, "reuse": REUSED}, Usage(5_000, 1), "dropped", "used 12 s ago"),
        ({"last": CACHED, "reuse": REUSED}, Usage(5_000, 1, cache_write_tokens=9), "dropped", "no longer had"),
        (
            {"last": CACHED, "reuse": Reuse(3, 2, 3, 420.0)},
            Usage(5_000, 1, cache_write_tokens=4_900),
            "expired",
            "last used 7 min ago and is kept for 5 minutes",
        ),
        (
            {"last": use(0, cached=5, life="1h"), "reuse": Reuse(3, 2, 3, 7_300.0)},
            Usage(5_000, 1, cache_write_tokens=4_900),
            "expired",
            "last used 2 h ago and is kept for an hour",
        ),
    ],
)
def test_silence_of_the_cache_is_explained(more: dict[str, Any], usage: Usage, cause: str | None, words: str) -> None:
    chosen = segment(**{"life": "5m", **more})
    asked = Request("anthropic", "m", (), cache_after=breakpoints([chosen]))
    unread = Plan(asked, (chosen,)).unread(usage)
    assert (unread.cause if unread else None) == cause
    assert unread is None or words in unread.text


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ({}, None),  # first sight
        ({"last": use(0), "reuse": Reuse(1, 0, 1, 400.0)}, None),  # nobody promised that it lives so long
        ({"last": use(0), "reuse": REUSED}, "short"),
        ({"last": use(0), "reuse": REUSED, "tokens": 6_000}, "dropped"),
        ({"last": use(0, cached=9), "reuse": REUSED}, "dropped"),
    ],
)
def test_a_provider_that_caches_unasked_owes_a_read_only_soon_after(more: dict[str, Any], cause: str | None) -> None:
    asked = Request("openai", "m", (), prompt_cache_key="k")
    unread = Plan(asked, (segment(**{"life": "5m", **more}),)).unread(Usage(5_000, 1))
    assert (unread.cause if unread else None) == cause


def test_a_prefix_that_changed_is_told_before_anything_else() -> None:
    plan = Plan(request("q"), (segment(),), changed=True)
    unread = plan.unread(Usage(5_000, 1))
    assert unread is not None
    assert unread.cause == "changed"
    assert plan.unread(Usage(5_000, 1, cache_read_tokens=1)) is None
    assert Plan(request("q"), (segment(tokens=100),), changed=True).unread(Usage(5_000, 1)) is None
