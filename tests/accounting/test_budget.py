"""Budgets: exact limits, in the user's calendar, on what has been spent and what calls under way may cost."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costmagic.accounting import Ledger
from costmagic.accounting import budget as budget_module
from costmagic.accounting.budget import EXPIRES_AFTER, Budgets
from costmagic.accounting.schema import calls, reservations
from costmagic.accounting.spent import bounds
from costmagic.accounting.store import new_id
from costmagic.limits import BudgetConfig, Limit
from costmagic.types import BudgetError, Message, Request, UsageError

NANO = Decimal(1) / 10**9
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
REQUEST = Request("p", "m", (Message("user", "hello"),))


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The user lives in UTC unless ``live_in`` says otherwise."""
    live_in(monkeypatch, "UTC")
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()


def live_in(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.db")


def row(**changes: Any) -> dict[str, Any]:
    """A whole row of a finished call that cost $1."""
    base = dict.fromkeys(column.name for column in calls.columns)
    base |= {"id": new_id(), "started_at": NOON.replace(tzinfo=None), "status": "ok", "purpose": "user"}
    base |= {"model_requested": "m", "provider": "p", "route_source": "rule", "cache": "none", "latency_ms": 1.0}
    base |= {"usage_source": "reported", "cost_nusd": 10**9, "retries": 0, "batched": False, "prompt_hash": "h"}
    return {**base, **changes}


def budgets(ledger: Ledger, *limits: Limit, allow: tuple[str, ...] = ()) -> Budgets:
    return Budgets(BudgetConfig(limits, allow_unpriced=allow), ledger)


def fits(budget: Budgets, cost: Decimal | str, feature: str | None = None, at: datetime = NOON) -> bool:
    """Whether a call may cost this much; what it reserves is given back."""
    key = new_id()
    try:
        budget.reserve(key, "p:m", Decimal(cost), feature, at)
    except BudgetError:
        return False
    budget.release(key)
    return True


def daily(amount: str, feature: str | None = None) -> Limit:
    return Limit("daily", Decimal(amount), feature)


def test_a_limit_may_be_reached_and_not_exceeded_by_a_nano_dollar(ledger: Ledger) -> None:
    budget = budgets(ledger, daily("5"))
    ledger.record(row())
    budget.reserve(new_id(), "p:m", Decimal("1.5"), None, NOON)
    assert fits(budget, "2.5")
    assert not fits(budget, Decimal("2.5") + NANO)
    budget.reserve(new_id(), "p:m", Decimal("2.5"), None, NOON)
    assert not fits(budget, NANO)


def test_the_refusal_names_the_limit_and_all_figures(ledger: Ledger) -> None:
    budget = budgets(ledger, daily("5", "tickets"))
    ledger.record(row(feature="tickets"))
    budget.reserve(new_id(), "p:m", Decimal("1.5"), "tickets", NOON)
    with pytest.raises(BudgetError) as caught:
        budget.reserve(new_id(), "p:m", Decimal("2.500000001"), "tickets", NOON)
    assert str(caught.value) == (
        "the daily budget of feature 'tickets' of $5 would be exceeded: $1 spent, $1.5 reserved by calls under way, "
        "and this call could cost up to $2.500000001"
    )
    error = caught.value
    assert (error.period, error.feature, error.limit) == ("daily", "tickets", Decimal(5))
    assert (error.spent, error.reserved, error.worst_cost) == (1, Decimal("1.5"), Decimal("2.500000001"))


def test_a_refused_call_reserves_nothing(ledger: Ledger) -> None:
    budget = budgets(ledger, daily("1"))
    assert not fits(budget, "2")
    assert fits(budget, "1")


@pytest.mark.parametrize(
    ("zone", "period", "at", "start", "end"),
    [
        ("UTC", "daily", "2026-11-18T12:00", "2026-11-18T00:00", "2026-11-19T00:00"),
        ("UTC", "daily", "2026-11-18T00:00", "2026-11-18T00:00", "2026-11-19T00:00"),
        ("America/New_York", "daily", "2026-11-18T03:00", "2026-11-17T05:00", "2026-11-18T05:00"),
        ("Asia/Kathmandu", "daily", "2026-11-18T18:15", "2026-11-18T18:15", "2026-11-19T18:15"),
        # The clock goes back: a day of 25 hours. It goes forward: 23.
        ("Europe/Berlin", "daily", "2026-10-25T12:00", "2026-10-24T22:00", "2026-10-25T23:00"),
        ("Europe/Berlin", "daily", "2026-03-29T12:00", "2026-03-28T23:00", "2026-03-29T22:00"),
        # A day that begins at one o'clock, since midnight does not exist.
        ("America/Havana", "daily", "2026-03-08T12:00", "2026-03-08T05:00", "2026-03-09T04:00"),
        ("Europe/Berlin", "weekly", "2026-10-25T12:00", "2026-10-18T22:00", "2026-10-25T23:00"),
        ("UTC", "weekly", "2026-11-16T00:00", "2026-11-16T00:00", "2026-11-23T00:00"),
        ("UTC", "weekly", "2027-01-01T00:00", "2026-12-28T00:00", "2027-01-04T00:00"),
        ("Europe/Berlin", "monthly", "2026-10-31T22:59", "2026-09-30T22:00", "2026-10-31T23:00"),
        ("UTC", "monthly", "2026-12-31T23:59", "2026-12-01T00:00", "2027-01-01T00:00"),
        ("UTC", "monthly", "2028-02-29T00:00", "2028-02-01T00:00", "2028-03-01T00:00"),
    ],
)
def test_periods_are_those_of_the_users_calendar(
    ledger: Ledger, clock: pytest.MonkeyPatch, zone: str, period: str, at: str, start: str, end: str
) -> None:
    live_in(clock, zone)
    moments = [datetime.fromisoformat(moment) for moment in (at, start, end)]
    now, first, after = (moment.replace(tzinfo=UTC) for moment in moments)
    assert bounds(period, now) == (first, after)
    budget = budgets(ledger, Limit(period, Decimal(2)))
    tick = timedelta(microseconds=1)
    for moment in (first - tick, after):  # the periods before and after have spent all
        ledger.record(row(started_at=moment.replace(tzinfo=None), cost_nusd=2 * 10**9))
    assert fits(budget, "2", at=now)
    for moment in (first, after - tick):
        ledger.record(row(started_at=moment.replace(tzinfo=None)))
    assert not fits(budget, NANO, at=now)


def test_a_session_counts_its_own_calls_only(ledger: Ledger) -> None:
    limit = Limit("session", Decimal(2))
    mine, other = budgets(ledger, limit), budgets(ledger, limit)
    now = datetime.now(UTC)
    ledger.record(row(session_id=mine.session_id, started_at=now.replace(tzinfo=None)))
    mine.reserve(new_id(), "p:m", Decimal("0.5"), None, now)
    assert fits(mine, "0.5", at=now)
    assert not fits(mine, Decimal("0.5") + NANO, at=now)
    assert fits(other, "2", at=now)


def test_a_feature_keeps_its_own_limit_and_that_of_all(ledger: Ledger) -> None:
    budget = budgets(ledger, daily("3"), daily("2", "a"), Limit("monthly", Decimal("0.5"), "b"))
    ledger.record(row(feature="a"))
    assert fits(budget, "1", "a")
    assert not fits(budget, Decimal(1) + NANO, "a")
    assert fits(budget, "0.5", "b")
    assert not fits(budget, Decimal("0.5") + NANO, "b")
    assert fits(budget, "2")
    assert not fits(budget, Decimal(2) + NANO)
    assert not budgets(ledger, daily("1", "a")).applying(None)


@pytest.mark.parametrize(
    "free",
    [{"cache": "exact", "cost_nusd": 0}, {"provider": "sim", "usage_source": "simulated"}, {"provider": "sim"}],
)
def test_hits_and_simulated_calls_are_free(ledger: Ledger, free: dict[str, Any]) -> None:
    ledger.record(row(**free))
    assert fits(budgets(ledger, daily("1")), "1")


def test_what_costs_nothing_needs_no_reservation(ledger: Ledger) -> None:
    budget = budgets(ledger, daily("1"))
    ledger.record(row())
    assert budget.reserve(new_id(), "local:m", Decimal(0), None, NOON) is False
    assert fits(budget, 0)


def test_a_running_call_counts_once_by_its_reservation_then_by_its_row(ledger: Ledger) -> None:
    budget = budgets(ledger, daily("5"))
    key = new_id()
    assert budget.reserve(key, "p:m", Decimal(4), None, NOON) is True
    running = row(id=key, latency_ms=None, status="interrupted", cost_nusd=3 * 10**9)
    ledger.begin(running, REQUEST)
    assert fits(budget, "1")
    assert not fits(budget, Decimal(1) + NANO)
    ledger.finish({**running, "latency_ms": 1.0, "status": "ok", "cost_nusd": 2 * 10**9}, REQUEST, "", reserved=True)
    assert fits(budget, "3")
    assert not fits(budget, Decimal(3) + NANO)


def test_a_killed_calls_reservation_expires_and_then_its_row_counts(ledger: Ledger, clock: pytest.MonkeyPatch) -> None:
    budget = budgets(ledger, daily("5"))
    key = new_id()
    budget.reserve(key, "p:m", Decimal(4), None, NOON)
    ledger.begin(row(id=key, latency_ms=None), REQUEST)
    began = datetime.now(UTC)

    class Later(datetime):
        shift = EXPIRES_AFTER - timedelta(minutes=1)

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return began + cls.shift

    clock.setattr(budget_module, "datetime", Later)
    assert not fits(budget, "2")
    Later.shift = EXPIRES_AFTER + timedelta(minutes=1)
    assert fits(budget, "4")  # the row's dollar is spent
    assert not fits(budget, Decimal(4) + NANO)
    with ledger.engine().connect() as connection:
        assert connection.execute(reservations.select()).all() == []


def test_an_unpriced_model_is_refused_unless_allowed_by_name(ledger: Ledger) -> None:
    with pytest.raises(UsageError, match=r'price of p:new is not known.*allow_unpriced = \["p:new"\]') as caught:
        budgets(ledger, daily("5"), allow=("p:other",)).reserve(new_id(), "p:new", None, None, NOON)
    assert not isinstance(caught.value, BudgetError)  # no cheaper tier could help
    assert budgets(ledger, daily("5"), allow=("p:new",)).reserve(new_id(), "p:new", None, None, NOON) is False
    assert budgets(ledger, daily("5", "a")).reserve(new_id(), "p:new", None, "b", NOON) is False


def test_spend_that_nobody_knows_is_said(ledger: Ledger) -> None:
    ledger.record(row())
    ledger.record(row(cost_nusd=None))
    with pytest.raises(BudgetError, match=r"≥ \$1 spent"):
        budgets(ledger, daily("1")).reserve(new_id(), "p:m", Decimal(1), None, NOON)


def test_a_limit_of_the_session_overrules_the_configuration_until_it_is_taken_back(ledger: Ledger) -> None:
    budget = budgets(ledger, daily("5"), daily("1", "a"))
    budget.change(daily("7"))
    budget.change(Limit("weekly", Decimal(9)))
    assert budget.limits() == [daily("7"), daily("1", "a"), Limit("weekly", Decimal(9))]
    budget.reset()
    assert budget.limits() == [daily("5"), daily("1", "a")]


def test_without_limits_the_ledger_is_not_even_opened(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    assert budgets(ledger).reserve(new_id(), "p:m", Decimal(10**6), None, NOON) is False
    assert len(budgets(ledger).report()) == 0
    assert not (tmp_path / "ledger.db").exists()


def test_a_ledger_that_can_not_be_written_keeps_no_budget(ledger: Ledger) -> None:
    ledger.record(row())
    ledger.close()
    frozen = Ledger(f"sqlite:///file:{ledger.location}?mode=ro&uri=true")
    with pytest.raises(UsageError, match=r"ledger at .* can't be read and written \(.*readonly.*nothing is sent"):
        budgets(frozen, daily("5")).reserve(new_id(), "p:m", Decimal(1), None, NOON)
    with sqlite3.connect(ledger.location) as connection:
        assert connection.execute("SELECT count(*) FROM reservations").fetchone() == (0,)
