"""Every alert on both sides of its threshold, told once, silenced, and quiet where there is too little history."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from made_calls import in_zone, put, usd

import costmagic as cm
from costmagic import Session, UsageError
from costmagic.monitoring.alert import Alert, from_json
from costmagic.monitoring.board import Alerts
from costmagic.monitoring.watching import silence, watch

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)  # a Wednesday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

WATCHED = {
    "preset": "sim",
    "tiers": {"share": {"heavy": 0.1}},
    "budget": {"monthly": 300},
}


@pytest.fixture
def watched(home: Path) -> Session:
    return Session(home, settings=WATCHED)


def old(session: Session) -> None:
    """A first call long ago: there is history enough."""
    put(session, NOW - 70 * DAY, cost_nusd=0)


def a_dollar_a_day(session: Session, days: range, **changes: Any) -> None:
    for back in days:
        put(session, NOW - back * DAY, **changes)


def names(board: Alerts) -> list[str]:
    return [alert.name for alert in board]


@pytest.mark.parametrize(("today", "fires"), [("1.49", False), ("1.50", False), ("1.51", True)])
def test_a_day_above_150_percent_of_the_seven_before(session: Session, today: str, fires: bool) -> None:
    old(session)
    a_dollar_a_day(session, range(1, 8))
    put(session, NOW - 8 * DAY, cost_nusd=usd(1_000))  # before the week: not in the average
    put(session, NOW - HOUR, feature="agent", tier="heavy", cost_nusd=usd(today))
    found = watch(session, NOW)
    assert ("daily-spend" in names(found)) == fires
    if fires:
        alert = found["daily-spend"]
        assert (alert.severity, alert.occurrence) == ("critical", "2026-11-18")
        assert alert.figures["today"] == Decimal("1.51")
        assert alert.figures["average"] == 1
        assert "$1.51, is 151% of the average of the seven days before, $1.00 a day" in alert.title
        (driver,) = alert.drivers
        assert (driver.feature, driver.ref, driver.cost) == ("agent", "openai:m", Decimal("1.51"))


def test_empty_days_are_part_of_the_average(session: Session) -> None:
    old(session)
    put(session, NOW - 7 * DAY, cost_nusd=usd(7))  # one dollar a day over seven days
    put(session, NOW - HOUR, cost_nusd=usd("1.50"))
    assert names(watch(session, NOW)) == []
    put(session, NOW - HOUR, cost_nusd=1)
    assert names(watch(session, NOW)) == ["daily-spend"]


def test_the_first_week_is_too_little_history(session: Session) -> None:
    a_dollar_a_day(session, range(1, 7))
    put(session, NOW - HOUR, cost_nusd=usd(100))
    found = watch(session, NOW)
    assert names(found) == []
    assert "daily-spend: needs 7 days before today, and the ledger's first call was 6 days ago" in repr(found)
    put(session, NOW - 7 * DAY, cost_nusd=0)
    assert names(watch(session, NOW)) == ["daily-spend"]


def test_a_week_without_spend_has_no_average(session: Session) -> None:
    old(session)
    put(session, NOW - HOUR)
    found = watch(session, NOW)
    assert names(found) == []
    assert "nothing was spent in the seven days before today" in repr(found)


def test_hits_simulated_and_unpriced_calls_of_today(session: Session) -> None:
    old(session)
    a_dollar_a_day(session, range(1, 8))
    paid = put(session, NOW - HOUR, cost_nusd=usd("1.50"))
    put(session, NOW - HOUR, 9, cache="exact", cache_of=paid["id"], cost_nusd=0)
    put(session, NOW - HOUR, provider="sim", usage_source="simulated", cost_nusd=usd(500))
    assert names(watch(session, NOW)) == []
    put(session, NOW - HOUR, cost_nusd=None)
    put(session, NOW - HOUR, cost_nusd=1)
    found = watch(session, NOW)
    assert names(found) == ["daily-spend", "unpriced:openai:m"]
    assert "Today's spend, ≥ $1.50" in found["daily-spend"].title


def test_today_begins_at_local_midnight(session: Session) -> None:
    with in_zone("America/New_York"):
        now = datetime(2026, 11, 18, 6, 0, tzinfo=UTC)  # one o'clock in the morning
        put(session, now - 70 * DAY, cost_nusd=0)
        a_dollar_a_day(session, range(1, 8))
        put(session, now - 2 * HOUR, cost_nusd=usd("3.49"))  # yesterday evening: 4.49 + 6 in all, 1.50 a day
        put(session, now, cost_nusd=usd("2.24"))
        assert names(watch(session, now)) == []
        put(session, now, cost_nusd=usd("0.02"))
        assert names(watch(session, now)) == ["daily-spend"]


@pytest.mark.parametrize(("daily", "fires"), [("9.99", False), ("9.9999", False), ("10.01", True)])
def test_the_weeks_run_rate_against_the_monthly_budget(watched: Session, daily: str, fires: bool) -> None:
    # On Sunday at midnight seven days are over; November has 30: $10 a day are $300.
    sunday = datetime(2026, 11, 22, 23, 59, 59, 999_999, tzinfo=UTC)
    put(watched, sunday - 70 * DAY, cost_nusd=0)
    for back in range(7):
        share = {"feature": f"f{back % 4}", "tier": "heavy" if back % 2 else "medium"}
        put(watched, sunday - back * DAY - HOUR, **share, cost_nusd=usd(daily))
    found = watch(watched, sunday)
    assert ("budget-projection" in names(found)) == fires
    if fires:
        alert = found["budget-projection"]
        assert (alert.severity, alert.occurrence) == ("warning", "2026-W47")
        assert alert.figures["projected"] == pytest.approx(Decimal("300.3"))
        assert alert.figures["budget"] == 300
        assert [(d.feature, d.cost) for d in alert.drivers] == [(f"f{i}", Decimal("20.02")) for i in range(3)]
        assert all(d.advice for d in alert.drivers)
        assert "It is on the heavy tier without an evaluation" in alert.drivers[1].advice


def test_a_run_rate_counts_the_hours_that_are_over(watched: Session) -> None:
    old(watched)
    a_dollar_a_day(watched, range(7), cost_nusd=usd(10))
    # By noon six and a half days are over: $70 are $10.77 a day.
    found = watch(watched, NOW)
    assert found["budget-projection"].figures["a_day"] == pytest.approx(Decimal(70) / Decimal("6.5"))


def test_budgets_of_features_and_of_alerts_are_projected_too(home: Path) -> None:
    settings = {"preset": "sim", "alerts": {"monthly": 100}, "budget": {"features": {"tickets": {"monthly": 50}}}}
    session = Session(home, settings=settings)
    old(session)
    a_dollar_a_day(session, range(7), feature="tickets", cost_nusd=usd(2))
    a_dollar_a_day(session, range(7), feature="reports", cost_nusd=usd(2))
    found = watch(session, NOW)
    assert names(found) == ["budget-projection:tickets", "budget-projection"]
    assert {d.feature for d in found["budget-projection:tickets"].drivers} == {"tickets"}


def test_a_young_ledger_has_no_run_rate(watched: Session) -> None:
    a_dollar_a_day(watched, range(2), cost_nusd=usd(1_000))
    found = watch(watched, NOW)
    assert names(found) == []
    assert "budget-projection: a run rate needs 2 full days" in repr(found)


@pytest.mark.parametrize(
    ("cost", "calls", "fires"),
    [
        ("1.20", 10, False),  # 20 % is not more than 20 %
        ("1.21", 10, True),
        ("2.00", 20, False),  # twice the use
        ("2.00", 17, True),  # 18 % a call
        ("1.30", 12, False),  # 8 % a call: matched
        ("1.21", 5, True),  # half the use
    ],
)
def test_a_feature_that_grows_without_more_use(session: Session, cost: str, calls: int, fires: bool) -> None:
    old(session)
    for i in range(10):
        put(session, NOW - (31 + i) * DAY, feature="tickets", cost_nusd=usd("0.10"))
    for i in range(calls):
        put(session, NOW - (i + 8) * DAY, feature="tickets", cost_nusd=usd(cost) // calls, input_tokens=300)
    found = watch(session, NOW)
    assert ("feature-growth:tickets" in names(found)) == fires
    if fires:
        alert = found["feature-growth:tickets"]
        assert (alert.severity, alert.occurrence) == ("warning", "2026-11")
        assert alert.figures["growth"] == pytest.approx(float(cost) - 1)
        assert alert.figures["use_growth"] == pytest.approx(calls / 10 - 1)
        assert "tokens sent per call +200%" in alert.advice


def test_new_features_and_evaluations_are_no_growth(session: Session) -> None:
    old(session)
    put(session, NOW - 9 * DAY, 50, feature="new")
    put(session, NOW - 40 * DAY, feature="tickets")
    put(session, NOW - 9 * DAY, feature="tickets")
    put(session, NOW - 9 * DAY, 50, feature="tickets", purpose="eval")
    assert names(watch(session, NOW)) == []


def test_two_months_are_needed_for_growth(session: Session) -> None:
    put(session, NOW - 58 * DAY, feature="tickets")
    put(session, NOW - 9 * DAY, 9, feature="tickets", cost_nusd=usd(9))
    assert "feature-growth: needs 59 days before today" in repr(watch(session, NOW))
    put(session, NOW - 59 * DAY, cost_nusd=0)
    assert "feature-growth:tickets" in names(watch(session, NOW))


@pytest.mark.parametrize(("heavy", "fires"), [(20, False), (21, True), (0, False)])
def test_a_tier_that_drifts_from_its_design(watched: Session, heavy: int, fires: bool) -> None:
    old(watched)
    put(watched, NOW - DAY, heavy, tier="heavy", cost_nusd=0) if heavy else None
    put(watched, NOW - DAY, 100 - heavy, tier="medium", cost_nusd=0)
    put(watched, NOW - 8 * DAY, 500, tier="heavy", cost_nusd=0)
    found = watch(watched, NOW)
    assert names(found) == (["tier-drift:heavy"] if fires else [])
    if fires:
        assert (
            "The heavy tier got 21% of the last seven days' calls, and was designed to get 10%"
            in found["tier-drift:heavy"].title
        )


def test_a_few_calls_are_no_drift(watched: Session) -> None:
    put(watched, NOW - DAY, 49, tier="heavy", cost_nusd=0)
    found = watch(watched, NOW)
    assert names(found) == []
    assert "tier-drift: needs 50 routed calls in seven days, and there were 49" in repr(found)
    put(watched, NOW - DAY, tier="heavy", cost_nusd=0)
    assert names(watch(watched, NOW)) == ["tier-drift:heavy"]


@pytest.mark.parametrize(("hits", "fires"), [(21, False), (20, True), (0, True)])
def test_a_cache_that_collapses(session: Session, hits: int, fires: bool) -> None:
    for at, n in ((NOW - 4 * DAY, 40), (NOW - HOUR, hits)):
        paid = put(session, at, 100 - n, cost_nusd=0)
        if n:
            put(session, at, n, cache="exact", cache_of=paid["id"], cost_nusd=0)
    found = watch(session, NOW)
    assert names(found) == (["cache-collapse"] if fires else [])
    if fires:
        assert f"answered {hits}% of the calls of today and yesterday, and 40%" in found["cache-collapse"].title


def test_a_cache_that_never_helped_does_not_collapse(session: Session) -> None:
    put(session, NOW - 4 * DAY, 86, cost_nusd=0)
    put(session, NOW - 4 * DAY, 14, cache="exact", cost_nusd=0)
    put(session, NOW - HOUR, 100, cost_nusd=0)
    assert names(watch(session, NOW)) == []


def test_unpriced_spend_names_its_models(session: Session) -> None:
    put(session, NOW - 8 * DAY, model_requested="long-ago", cost_nusd=None)
    put(session, NOW - DAY, model_requested="priced")
    put(session, NOW - DAY, 2, model_requested="mine", cost_nusd=None)
    put(session, NOW - DAY, provider="sim", usage_source="simulated", cost_nusd=None)
    found = watch(session, NOW)
    assert names(found) == ["unpriced:openai:mine"]
    assert found["unpriced:openai:mine"].figures["calls"] == 2
    assert '[prices."openai:mine"]' in repr(found)


def test_a_policy_whose_prices_have_changed_is_stale(home: Path) -> None:
    table = {"feature": "tickets", "from": "heavy", "to": "medium", "date": "2026-11-01"}
    price = {"input": 2.0, "output": 8.0}
    prices = {"lab:big": price}
    settings = {"preset": "sim", "prices": prices, "downgrade": [{**table, "prices": prices}]}
    session = Session(home, settings=settings)
    assert names(watch(session, NOW)) == []
    session = Session(home, settings={**settings, "prices": {"lab:big": {**price, "output": 8.5}}})
    found = watch(session, NOW)
    assert names(found) == ["stale-policy:tickets"]
    assert "the price of lab:big is $2.00/$8.50 a million tokens now, it was $2.00/$8.00" in repr(found)


def test_thresholds_come_from_the_configuration(home: Path) -> None:
    session = Session(
        home, settings={"preset": "sim", "alerts": {"daily": 3, "calls": 9}, **{"tiers": {"share": {"heavy": 0}}}}
    )
    old(session)
    a_dollar_a_day(session, range(1, 8), tier="heavy")
    put(session, NOW - HOUR, 3, tier="heavy")
    assert names(watch(session, NOW)) == ["tier-drift:heavy"]
    put(session, NOW - HOUR, cost_nusd=1)
    assert names(watch(session, NOW)) == ["daily-spend", "tier-drift:heavy"]


def loop(session: Session) -> None:
    """What makes one alert: a day out of line."""
    old(session)
    a_dollar_a_day(session, range(1, 8))
    put(session, NOW - HOUR, cost_nusd=usd(2))


def test_an_alert_is_new_once_and_again_on_another_day(session: Session, home: Path) -> None:
    loop(session)
    assert watch(session, NOW).new == {("daily-spend", "2026-11-18")}
    again = watch(session, NOW + HOUR)
    assert (names(again), again.new) == (["daily-spend"], frozenset())
    other = Session(home, settings={"preset": "sim"})  # another notebook
    assert watch(other, NOW + HOUR).new == frozenset()
    put(session, NOW + DAY, cost_nusd=usd(9))
    assert watch(other, NOW + DAY).new == {("daily-spend", "2026-11-19")}


def test_many_that_look_at_once_tell_it_once(session: Session, home: Path) -> None:
    put(session, datetime.now(UTC), cost_nusd=None)
    code = (
        "from costmagic import Session; from costmagic.monitoring import alerts\n"
        "print(len(alerts(session=Session(settings={'preset': 'sim'})).new))"
    )
    several = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert sorted(one.communicate(timeout=60)[0] for one in several) == ["0\n", "0\n", "1\n"]


def test_silence_for_a_time(session: Session) -> None:
    loop(session)
    assert silence(session, "daily-spend", "7d", NOW) == "daily-spend is silenced until 2026-11-25 12:00."
    found = watch(session, NOW)
    assert (names(found), found.new) == ([], frozenset())
    assert "Silenced until 2026-11-25 12:00: daily-spend" in repr(found)
    assert silence(session, "daily-spend", "off", NOW) == "daily-spend is told again."
    assert watch(session, NOW).new == {("daily-spend", "2026-11-18")}


def test_a_silence_ends_by_itself_and_covers_a_whole_kind(session: Session) -> None:
    put(session, NOW - HOUR, model_requested="a", cost_nusd=None)
    put(session, NOW - HOUR, model_requested="b", cost_nusd=None)
    silence(session, "unpriced", "12h", NOW)
    assert names(watch(session, NOW + 11 * HOUR)) == []
    assert len(watch(session, NOW + 13 * HOUR).new) == 2
    silence(session, "unpriced:openai:a", "1w", NOW)
    assert names(watch(session, NOW + 13 * HOUR)) == ["unpriced:openai:b"]


@pytest.mark.parametrize(
    ("name", "time", "message"),
    [
        ("daily-spent", "7d", "did you mean 'daily-spend'"),
        ("daily-spend", "7", "like 12h, 7d or 2w, not '7'"),
        ("daily-spend", "0d", "not '0d'"),
        ("daily-spend", "9999w", "not '9999w'"),
    ],
)
def test_what_can_not_be_silenced(session: Session, name: str, time: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        silence(session, name, time)


def test_a_ledger_that_can_not_be_written_still_tells(session: Session, home: Path) -> None:
    put(session, datetime.now(UTC), cost_nusd=None)
    url = f"sqlite:///file:{home / 'ledger.db'}?mode=ro&uri=true"
    found = cm.alerts(session=Session(home, settings={"preset": "sim", "ledger_url": url}))
    assert len(found.new) == 1
    assert "Not written down" in repr(found)
    assert "readonly" in (found.trouble or "")


def test_an_alert_survives_being_written_down(watched: Session) -> None:
    loop(watched)
    (alert,) = watch(watched, NOW)
    kept = from_json(alert.to_json())
    assert (kept.key, kept.title, kept.drivers, kept.lines()) == (alert.key, alert.title, alert.drivers, alert.lines())
    assert Decimal(kept.figures["today"]) == 2
    assert json.loads(alert.to_json())["severity"] == "critical"


def test_alerts_as_a_frame_and_in_a_notebook(session: Session) -> None:
    put(session, datetime.now(UTC), feature="<b>", cost_nusd=None, model_requested="<i>")
    found = cm.alerts(session=session)
    frame = found.to_frame()
    assert frame.loc[0, ["name", "severity", "new"]].tolist() == ["unpriced:openai:<i>", "warning", True]
    assert "<i>" not in found._repr_html_()
    assert isinstance(found[frame.loc[0, "name"]], Alert)
    assert found.severity == "warning"
    with pytest.raises(KeyError):
        found["none"]
