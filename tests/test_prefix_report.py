"""``%llm cache prefix``: the prefixes seen, how they came back, and what caching them would save."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import costmagic
from costmagic import Session, UsageError
from costmagic.accounting import LedgerError
from costmagic.accounting.schema import metadata
from costmagic.accounting.store import new_id
from costmagic.notebook.commands import run

NOW = datetime.now(UTC).replace(tzinfo=None)
HAIKU = ("anthropic", "claude-haiku-4-5")  # $1 in, $0.10 read, $1.25 and $2 written, per million; from 4,096 tokens


def row(minutes_ago: float, model: tuple[str, str] = HAIKU, **changes: Any) -> dict[str, Any]:
    """The ledger's row of a call that was sent a system prompt of 10,000 tokens."""
    base = dict.fromkeys(c.name for c in metadata.tables["calls"].columns)
    base |= {"id": new_id(), "started_at": NOW - timedelta(minutes=minutes_ago), "status": "ok", "purpose": "user"}
    base |= {"provider": model[0], "model_requested": model[1], "route_source": "rule", "cache": "none"}
    base |= {"usage_source": "reported", "latency_ms": 2.0, "first_token_ms": 1_000.0, "retries": 0, "batched": False}
    base |= {"prompt_hash": "p", "prefix_hash": "a" * 64, "prefix_tokens": 10_000, "cost_nusd": 1}
    return {**base, **changes}


def filled(*rows: dict[str, Any]) -> Session:
    session = Session()
    for each in rows:
        session.engine.ledger.record(each)
    return session


def test_what_caching_would_have_saved_is_computed_call_by_call() -> None:
    # Plain at first sight; written: 10,000 × $0.25 more; read three times: 10,000 × $0.90 less, per million.
    session = filled(*(row(60 - n) for n in range(5)))
    report = session.cache_prefixes()
    (prefix,) = report.prefixes
    assert prefix.monthly == report.monthly == Decimal("0.0245")
    assert (prefix.ref, prefix.kind, prefix.tokens, prefix.calls) == (
        "anthropic:claude-haiku-4-5",
        "system prompt",
        10_000,
        5,
    )
    assert (prefix.reuse.calls, prefix.reuse.within_5m, prefix.reuse.within_1h) == (4, 4, 4)
    assert prefix.remark == ""
    assert session.cache_prefixes(days=60).monthly == Decimal("0.01225")
    assert session.cache_prefixes(days=15).monthly == Decimal("0.049")


def test_a_prefix_that_never_comes_back_saves_nothing() -> None:
    (prefix,) = filled(*(row(n * 1_440) for n in range(5))).cache_prefixes().prefixes
    assert (prefix.calls, prefix.reuse.within_1h, prefix.monthly) == (5, 0, 0)


def test_only_the_days_asked_for_count() -> None:
    session = filled(row(1), row(3 * 1_440), row(40 * 1_440))
    assert session.cache_prefixes(days=1).prefixes[0].calls == 1
    assert session.cache_prefixes().prefixes[0].calls == 2
    assert session.cache_prefixes(41).prefixes[0].calls == 3


def test_a_conversation_and_its_system_prompt_share_no_token() -> None:
    turns = [row(60 - n, turns_hash="b" * 64, turns_tokens=10_000 + 2_000 * n) for n in range(1, 5)]
    first, second = filled(*turns).cache_prefixes().prefixes
    assert (first.kind, second.kind) == ("system prompt", "conversation")
    # System: written, read twice: −2,500 + 2 × 9,000. Turns of 2, 4, 6 and 8 thousand: 4,000 written, 4,000 read and
    # 2,000 written, 6,000 read and 2,000 written; in millionths of a dollar.
    assert first.monthly == Decimal("0.0155")
    assert second.monthly == (-1_000 + 3_600 - 500 + 5_400 - 500) / Decimal(10**6)
    assert second.tokens == 18_000


@pytest.mark.parametrize(
    ("model", "changes", "monthly", "remark"),
    [
        (HAIKU, {"prefix_tokens": 4_000}, 0, "too short: 4,096 tokens are needed"),
        (("anthropic", "claude-99"), {}, None, "no price is known"),
        (("anthropic", "claude-opus-5-5"), {}, 1, "how many tokens the model needs is not known"),
        (("anthropic", "claude-opus-5-5"), {"prefix_tokens": 500}, 0, "too short: 512 tokens are needed at least"),
        (("groq", "llama-3.3-70b-versatile"), {}, 0, "this provider is not asked to cache"),
        (("openai", "gpt-6.1-terra"), {}, 1, ""),
        (("sim", "claude-haiku-4-5"), {"usage_source": "simulated"}, 1, ""),
        (("local", "smollm2-135m"), {}, 0, "this provider is not asked to cache"),
    ],
)
def test_what_stands_in_the_way_is_said(
    model: tuple[str, str], changes: dict[str, Any], monthly: int | None, remark: str
) -> None:
    report = filled(*(row(60 - n, model, **changes) for n in range(5))).cache_prefixes()
    (prefix,) = report.prefixes
    assert prefix.remark == remark
    assert (prefix.monthly is None) is (monthly is None)
    assert bool(prefix.monthly) is bool(monthly)
    simulated = model[0] == "sim"
    assert prefix.simulated is simulated
    assert report.monthly == (0 if simulated or prefix.monthly is None else prefix.monthly)
    assert ("SIMULATED" in repr(report)) is simulated


def test_the_most_worthwhile_comes_first_and_simulated_ones_last() -> None:
    rows = [
        row(60 - n, prefix_hash=name * 64, prefix_tokens=t)
        for n in range(4)
        for name, t in (("c", 5_000), ("d", 9_000))
    ]
    rows += [row(60 - n, ("sim", "claude-haiku-4-5"), prefix_tokens=50_000, usage_source="simulated") for n in range(4)]
    report = filled(*rows).cache_prefixes()
    assert [(p.hash[0], p.simulated) for p in report.prefixes] == [("d", False), ("c", False), ("a", True)]


SIM = ("sim", "claude-haiku-4-5")


def test_simulated_savings_have_a_sum_of_their_own() -> None:
    paper = {"usage_source": "simulated", "cache_read_tokens": 10_000, "prefix_saved_nusd": 9, "prefix_premium_nusd": 8}
    rows = [row(60 - n, SIM, prefix_hash="b" * 64, **paper) for n in range(5)]
    rows.append(row(50, SIM, prefix_hash="c" * 64, usage_source="estimated", latency_ms=None))  # its process died
    report = filled(*rows).cache_prefixes()
    assert (report.monthly, report.simulated_monthly, report.saved, report.premium) == (0, Decimal("0.0245"), 0, 0)
    assert all(prefix.simulated for prefix in report.prefixes)
    assert report.notes()[1:] == [
        "SIMULATED calls count in no other sum: were they real, caching theirs would save about $0.0245."
    ]


def test_each_sum_is_that_of_its_rows_and_at_least_that_where_a_price_is_unknown() -> None:
    rows = [row(60 - n) for n in range(5)] + [row(60 - n, SIM, usage_source="simulated") for n in range(3)]
    told = filled(*rows).cache_prefixes().notes()
    assert told[1] == "Caching whenever that pays would save about $0.0245 in 30 days at today's prices."
    assert told[2].endswith("would save about $0.0065.")
    told = filled(*(row(60 - n, ("anthropic", "claude-99")) for n in range(3))).cache_prefixes().notes()
    assert told[1] == "Caching whenever that pays would save at least $0.0245 in 30 days at today's prices."


def test_failed_calls_and_hits_are_no_uses_and_running_ones_are() -> None:
    session = filled(
        row(50),
        row(49, status="error", first_token_ms=None),
        row(48, cache="exact"),
        row(47, status="interrupted", first_token_ms=None, latency_ms=None),
    )
    assert session.cache_prefixes().prefixes[0].calls == 2


def test_table_frame_and_sums_agree() -> None:
    session = filled(
        *(row(60 - n) for n in range(4)),
        row(50, prefix_hash=None, prefix_tokens=None, cache_read_tokens=900, prefix_saved_nusd=810_000),
        row(
            49, cache_read_tokens=10_000, cache_write_tokens=40, prefix_saved_nusd=9_000_000, prefix_premium_nusd=10_000
        ),
        row(48, ("anthropic", "claude-99"), cache_read_tokens=10_000, cache_write_tokens=0),
    )
    report = session.cache_prefixes()
    assert (report.saved, report.premium, report.unpriced) == (Decimal("0.00981"), Decimal("0.00001"), 1)
    frame = report.to_frame()
    assert len(frame) == len(report) == 2
    assert frame["monthly"].tolist() == [p.monthly for p in report.prefixes]
    assert frame["calls"].sum() == 6
    assert str(frame["last_used"].dt.tz) == "UTC"
    shown, page = repr(report), report._repr_html_()
    for text in ("system prompt aaaaaaaa", "anthropic:claude-haiku-4-5", "10,000", "4 of 4", "unpriced"):
        assert text in shown
        assert text in page
    assert "saved at least $0.00981" in shown
    assert "cost at least $0.00001 more than plain input" in shown


def test_the_command_shows_the_report() -> None:
    session = filled(*(row(60 - n) for n in range(4)))
    assert repr(run("cache prefix", session)) == repr(session.cache_prefixes())
    with pytest.raises(UsageError, match="cache takes stats, clear"):
        run("cache prefixes", session)
    with pytest.raises(UsageError, match="takes nothing more, not '30'"):
        run("cache prefix 30", session)


def test_an_empty_ledger_says_so() -> None:
    report = costmagic.cache_prefixes()
    assert len(report) == 0
    assert report.to_frame().empty
    assert repr(report) == "No call of the last 30 days had a system prompt or older turns."
    assert report._repr_html_().count("<table") == 0


def test_many_prefixes_are_cut_and_counted() -> None:
    session = filled(*(row(n, prefix_hash=f"{n:064}") for n in range(40)))
    report = session.cache_prefixes()
    assert len(report) == len(report.to_frame()) == 40
    assert len(report.table()) == 31
    assert "… and 10 more" in repr(report)


@pytest.mark.parametrize("days", [0, -1, "30", None, True, float("nan"), 10**9])
def test_days_are_a_number_above_zero(days: Any) -> None:
    with pytest.raises(UsageError, match="days must be a number"):
        costmagic.cache_prefixes(days)


def test_a_ledger_that_can_not_be_read_is_one_line(home: Path) -> None:
    (home / "ledger.db").mkdir()
    with pytest.raises(LedgerError, match="can't be read"):
        Session().cache_prefixes()


def test_every_call_leaves_its_prefix_in_the_ledger(session: Session) -> None:
    for prompt in "abc":
        session.ask(prompt, system="Be brief. " * 3_000, tier="medium")
    session.ask("no system prompt", tier="medium")
    (prefix,) = session.cache_prefixes().prefixes
    assert (prefix.calls, prefix.simulated, prefix.kind) == (3, True, "system prompt")
    assert 5_000 < prefix.tokens < 10_000
