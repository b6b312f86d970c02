"""What the caches did, by layer, and the likely cause when that is little."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import costmagic
from costmagic import Session, UsageError
from costmagic.accounting.store import new_id
from costmagic.call import Call

MODEL = "sim:claude-haiku-5-5"


@pytest.fixture
def similar(minilm_home: Path) -> Session:
    return Session(minilm_home, settings={"preset": "sim"})


def test_hits_by_layer_tokens_money_and_age(similar: Session) -> None:
    first = similar.ask("How do I boil an egg?", model=MODEL)
    similar.ask("How do I boil an egg?", model=MODEL)
    similar.ask("How can I boil an egg?", model=MODEL)
    similar.ask("Who wrote Dune?", model=MODEL)
    stats = similar.cache_stats()
    exact, semantic, provider = stats.layers
    assert (stats.calls, stats.hit_rate) == (4, 0.5)
    assert (exact.name, exact.hits, exact.rate, exact.entries) == ("exact", 1, 0.25, 2)
    assert (semantic.name, semantic.hits, semantic.entries) == ("semantic", 1, 2)
    assert exact.tokens == first.usage.input_tokens + first.usage.output_tokens
    assert exact.simulated == semantic.simulated == first.cost
    assert exact.avoided == 0  # simulated money is not real
    assert exact.age_s is not None
    assert 0 <= exact.age_s < 60
    assert (provider.name, provider.hits) == ("provider", 0)
    assert stats.cause is None
    assert stats.verify_ms is not None
    assert list(stats.to_frame().index) == ["exact", "semantic", "provider"]
    assert "semantic  1" in repr(stats)
    assert "50.0% answered from the cache" in repr(stats)
    assert "<table" in stats._repr_html_()


def _paid(session: Session, **usage: int) -> None:
    """A ledger row of a real model, as its call would have left it."""
    prepared = session.rehearse("hello", model="anthropic:claude-haiku-4-5")
    row = Call(prepared).row()
    counts = {"input_tokens": 0, "output_tokens": 0, "cache_read_tokens": 0, "cache_write_tokens": 0, **usage}
    session.engine.ledger.record({**row, **counts, "id": new_id(), "status": "ok", "latency_ms": 1.0})


def test_the_providers_cache_is_counted_from_its_counters(session: Session) -> None:
    _paid(session, input_tokens=10_000, cache_read_tokens=9_000)
    _paid(session, input_tokens=10_000, cache_write_tokens=9_000)
    _paid(session, input_tokens=10_000)
    provider = session.cache_stats().layers[2]
    assert (provider.hits, provider.tokens, provider.rate) == (1, 9_000, pytest.approx(1 / 3))
    # $1 a million in: reading saved 0.9 of that on 9,000 tokens, writing cost 0.25 more on 9,000.
    assert provider.avoided == Decimal("0.00585")


def test_without_calls_nothing_is_claimed(session: Session) -> None:
    stats = session.cache_stats(days=1)
    assert (stats.calls, stats.hit_rate, stats.cause) == (0, None, None)
    assert all(one.rate is None for one in stats.layers)
    assert "costmagic pull minilm" in repr(stats)


def test_older_calls_are_left_out(session: Session) -> None:
    session.ask("hello", model=MODEL)
    assert session.cache_stats(days=1e-9).calls == 0


@pytest.mark.parametrize("days", [0, -1, "7", None, True, float("nan")])
def test_days_must_be_a_number_above_0(session: Session, days: Any) -> None:
    with pytest.raises(UsageError, match="days must be a number above 0"):
        session.cache_stats(days)


def test_diversity_is_named(similar: Session) -> None:
    for question in ("Who wrote Dune?", "How do I boil an egg?", "What is a monad?", "Where is Peru?"):
        similar.ask(question, model=MODEL)
    stats = similar.cache_stats()
    assert (stats.cause, stats.misses.alone, stats.misses.total) == ("diversity", 4, 4)
    assert "Likely cause of the low hit rate: diversity" in repr(stats)


def test_near_twins_under_the_threshold_are_named(similar: Session) -> None:
    for n in (3, 4, 5, 6, 7):
        similar.ask(f"What is the square root of {n} to ten digits?", model=MODEL)
    stats = similar.cache_stats()
    assert (stats.cause, stats.misses.near) == ("threshold", 4)


@pytest.mark.parametrize("cache", [{"semantic": "off"}, {}])
def test_expired_twins_are_named(session: Session, home: Path, cache: dict[str, Any]) -> None:
    brief = Session(home, settings={"preset": "sim", "cache": {**cache, "ttl_days": 1e-7}})
    for _ in range(3):
        assert brief.ask("Who wrote Dune?", model=MODEL).cache is None
        _until(datetime.now(UTC) + timedelta(seconds=0.02))
    stats = brief.cache_stats()
    assert (stats.misses.expired, stats.misses.alone) == (2, 1)
    assert stats.cause == "ttl"
    assert "raise ttl_days" in repr(stats)


def _until(moment: datetime) -> None:
    while datetime.now(UTC) < moment:
        pass


def test_votes_are_counted(similar: Session) -> None:
    similar.ask("How do I boil an egg?", model=MODEL)
    similar.ask("How can I boil an egg?", model=MODEL)
    similar.engine.similar.vote("right")
    similar.ask("How do I boil an egg?", model=MODEL)
    similar.engine.similar.vote("wrong")
    stats = similar.cache_stats()
    assert (stats.wrong, stats.right) == (1, 1)


def test_embeddings_are_no_calls(session: Session) -> None:
    prepared = session.prepare("hello", model=MODEL)
    row = Call(replace(prepared, ask=replace(prepared.ask, purpose="embed"))).row()
    session.engine.ledger.record({**row, "status": "ok", "latency_ms": 1.0})
    assert session.cache_stats().calls == 0


def test_it_is_public(home: Path) -> None:
    assert costmagic.cache_stats(days=7).calls == 0
