"""The six measures, on ledgers whose answers are computed by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from made_calls import in_zone, put, usd

import costmagic as cm
from costmagic import Session, UsageError
from costmagic.monitoring import days, six
from costmagic.monitoring.measured import Metric, Metrics

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def measure(session: Session, n: int = 7, by: str = "feature", now: datetime = NOW, **design: str) -> Metrics:
    both = days.load(session, 2 * n, now)
    shares = {tier: Decimal(share) for tier, share in design.items()}
    return six.metrics(both.last(n), both.last(n, before=n), by, shares, None, ())


def rows(metric: Metric) -> dict[Any, dict[str, Any]]:
    """(group, simulated) → column → value."""
    return {(row[0], row[1]): dict(zip(metric.columns, row, strict=True)) for row in metric.rows}


def test_a_call_costs_what_was_called_for_it_and_failed_too(session: Session) -> None:
    main = put(session, NOW - HOUR, feature="tickets", tier="heavy", cost_nusd=usd("0.60"), retries=2)
    put(session, NOW - HOUR, purpose="route", parent_id=main["id"], tier="routing", cost_nusd=usd("0.05"))
    judge = put(session, NOW - HOUR, purpose="judge", parent_id=main["id"], cost_nusd=usd("0.10"))
    put(session, NOW - HOUR, purpose="summary", parent_id=judge["id"], cost_nusd=usd("0.04"))
    put(session, NOW - HOUR, feature="tickets", tier="heavy", status="error", cost_nusd=usd("0.01"))
    put(session, NOW - HOUR, feature="tickets", tier="heavy", cache="exact", cache_of=main["id"], cost_nusd=0)
    found = measure(session).cost_per_call
    assert list(rows(found)) == [("tickets", False)]  # the helpers named no feature: they are counted to their call's
    only = rows(found)["tickets", False]
    assert only["cost"] == Decimal("0.80")
    assert only["answered"] == 2
    assert only["per_call"] == Decimal("0.40")
    assert only["tokens_alone"] == Decimal("0.30")
    assert only["overhead"] == Decimal("0.20")
    assert (only["retries"], only["failed"]) == (2, 1)
    by_tier = rows(measure(session, by="tier").cost_per_call)
    assert {tier: row["cost"] for (tier, _), row in by_tier.items()} == {"heavy": Decimal("0.80")}
    # The ledger's own sums still say where each dollar went.
    assert session.costs("tier").loc["routing", "cost"] == Decimal("0.05")


def test_a_helper_of_a_call_on_the_next_day_is_counted_to_it_even_after_its_day_was_summed_up(session: Session) -> None:
    midnight = datetime(2026, 11, 16, tzinfo=UTC)
    put(session, midnight - timedelta(seconds=1), purpose="route", parent_id="later", cost_nusd=usd("0.5"))
    assert list(rows(measure(session).cost_per_call)) == [(None, False)]
    put(session, midnight, id="later", feature="tickets", cost_nusd=usd(1))
    found = rows(measure(session).cost_per_call)
    assert {name: row["cost"] for (name, _), row in found.items()} == {"tickets": Decimal("1.5")}


def test_cost_per_user_action(session: Session) -> None:
    first = put(session, NOW - HOUR, feature="tickets", action="answer 1", cost_nusd=usd(1))
    put(session, NOW - HOUR, purpose="judge", parent_id=first["id"], cost_nusd=usd(2))  # names no action itself
    put(session, NOW - 2 * HOUR, feature="tickets", action="answer 1", cost_nusd=usd(3))
    put(session, NOW - HOUR, feature="tickets", action="answer 2", cost_nusd=usd(6))
    put(session, NOW - DAY, feature="tickets", action="answer 2", cost_nusd=usd(8))  # another day: another action
    put(session, NOW - HOUR, feature="reports", action="answer 2", cost_nusd=usd(10))  # another feature: likewise
    put(session, NOW - HOUR, feature="reports", cost_nusd=usd(99))  # serves no action
    found = measure(session).cost_per_action
    tickets, reports = rows(found)["tickets", False], rows(found)["reports", False]
    assert (tickets["actions"], tickets["calls"], tickets["cost"]) == (3, 4, 20)
    assert tickets["per_action"] == Decimal(20) / 3
    assert (reports["actions"], reports["per_action"]) == (1, 10)
    assert "1 of 6 calls name no action" in repr(found)
    by_day = rows(measure(session, by="day").cost_per_action)
    assert [(day, row["actions"]) for (day, _), row in by_day.items()] == [
        (date(2026, 11, 17), 1),
        (date(2026, 11, 18), 3),
    ]


def test_user_actions_by_name_agree_with_the_sums_and_with_the_calls(session: Session) -> None:
    now = datetime.now(UTC)
    put(session, now, action="a", feature="f", cost_nusd=usd(1))
    put(session, now, action="a", feature="g", cost_nusd=usd(2))
    put(session, now - DAY, action="a", feature="f", cost_nusd=usd(4))
    put(session, now - DAY, action="b", feature="f", n=3, cost_nusd=usd(3))
    put(session, now - DAY, action="c", provider="sim", usage_source="simulated", cost_nusd=usd(50))
    frame = cm.metrics(7, by="action", session=session).cost_per_action.to_frame()
    assert frame[["simulated", "actions", "calls", "cost"]].values.tolist() == [
        [True, 1, 1, 50],
        [False, 1, 3, 9],
        [False, 3, 3, 7],
    ]
    assert list(frame.index) == ["c", "b", "a"]
    limited = cm.metrics(7, by="action", session=session, limit=2).cost_per_action
    assert [row[0] for row in limited.rows] == ["c", "b"]
    whole = cm.metrics(7, session=session).cost_per_action
    assert sum(row["actions"] for row in rows(whole).values()) == 5


def test_token_efficiency_and_its_change(session: Session) -> None:
    before = NOW - 8 * DAY
    put(session, before, feature="tickets", quality=1.0, input_tokens=300, output_tokens=100)
    put(session, before, feature="tickets", quality=0.6, input_tokens=300, output_tokens=100)
    put(session, NOW - HOUR, feature="tickets", quality=0.8, input_tokens=360, output_tokens=120)
    put(session, NOW - HOUR, feature="tickets")  # nobody judged it: its tokens don't count
    served = put(
        session, NOW - HOUR, feature="tickets", purpose="eval", quality=0.8, input_tokens=360, output_tokens=120
    )
    put(session, NOW - HOUR, feature="tickets", cache="exact", cache_of=served["id"], cost_nusd=0, quality=0.1)
    found = measure(session).token_efficiency
    only = rows(found)["tickets", False]
    assert (only["judged"], only["quality"], only["tokens_per_call"]) == (2, pytest.approx(0.8), 480)
    assert only["per_1000_tokens"] == pytest.approx(1.6 / 0.96)
    assert only["before"] == pytest.approx(2.0)
    assert only["change"] == pytest.approx(1.6 / 0.96 / 2 - 1)
    assert only["token_change"] == pytest.approx(0.2)
    assert "tickets: 20% more tokens per call for no better quality" in repr(found)


def test_more_tokens_for_better_quality_are_no_regression(session: Session) -> None:
    put(session, NOW - 8 * DAY, feature="tickets", quality=0.7)
    put(session, NOW - HOUR, feature="tickets", quality=0.9, input_tokens=200)
    assert "more tokens" not in repr(measure(session).token_efficiency)


@pytest.mark.parametrize(("hits", "low"), [(14, True), (15, False)])
def test_a_hit_rate_below_15_percent_is_flagged(session: Session, hits: int, low: bool) -> None:
    paid = put(session, NOW - HOUR, 100 - hits, feature="tickets", cost_nusd=usd("0.25"))
    put(session, NOW - HOUR, hits, feature="tickets", cache="exact", cache_of=paid["id"], cost_nusd=0)
    found = measure(session).hit_rate
    only = rows(found)["tickets", False]
    assert (only["calls"], only["hits"], only["hit_rate"], only["low"]) == (100, hits, hits / 100, low)
    assert only["avoided"] == hits * Decimal("0.25")
    assert ("Below 15%: tickets." in found.notes) == low
    # What a hit avoided is no refund: the money that was spent stays spent.
    assert measure(session).cost_per_feature.rows[0][2] == (100 - hits) * Decimal("0.25")


def test_the_cause_of_a_low_hit_rate_is_told(minilm_home: Path) -> None:
    session = Session(minilm_home, settings={"preset": "sim"})
    for question in ("Who wrote Dune?", "How do I boil an egg?", "What is a monad?", "Where is Peru?"):
        session.ask(question, model="sim:claude-haiku-5-5")
    # Simulated calls are kept apart: the rate that is judged is that of real ones.
    put(session, datetime.now(UTC))
    assert "Likely cause of a low hit rate: diversity" in repr(cm.metrics(7, session=session).hit_rate)


def test_tiers_against_the_design(session: Session) -> None:
    put(session, NOW - HOUR, 35, tier="heavy")
    put(session, NOW - HOUR, 65, tier="medium")
    put(session, NOW - HOUR, 7, tier=None)  # named its model
    put(session, NOW - HOUR, 50, tier="heavy", purpose="eval")  # nobody routed it
    found = measure(session, heavy="0.1", routing="0.2").tier_share
    assert rows(found)["heavy", False] == {
        **{"tier": "heavy", "simulated": False, "calls": 35, "share": 0.35, "design": 0.1},
        "off": pytest.approx(0.25),
    }
    assert rows(found)["medium", False]["design"] is None
    assert rows(found)["routing", False]["off"] == -0.2
    assert "Calls that named their model have no tier and are left out: 7." in repr(found)


def test_cost_per_feature_with_evaluations_apart(session: Session) -> None:
    put(session, NOW - 8 * DAY, feature="tickets", cost_nusd=usd(2))
    put(session, NOW - HOUR, feature="tickets", cost_nusd=usd(3))
    put(session, NOW - HOUR, feature="tickets", purpose="eval", cost_nusd=usd(5))
    put(session, NOW - HOUR, feature="reports", cost_nusd=usd(2))
    found = measure(session).cost_per_feature
    tickets = rows(found)["tickets", False]
    assert [row[0] for row in found.rows] == ["tickets", "reports"]
    assert (tickets["cost"], tickets["share"], tickets["evaluation"]) == (8, 0.8, 5)
    assert (tickets["calls"], tickets["per_call"], tickets["change"]) == (1, 3, 3.0)


def test_unpriced_and_estimated_calls_are_counted_and_never_zero(session: Session) -> None:
    put(session, NOW - HOUR, feature="tickets", cost_nusd=usd(1))
    put(session, NOW - HOUR, feature="tickets", cost_nusd=None)
    put(session, NOW - HOUR, feature="tickets", status="interrupted", usage_source="estimated", cost_nusd=usd(1))
    for metric in measure(session).all:
        assert "1 of 3 calls have no known price: USD are at least that." in metric.notes
        assert "1 of 3 calls are priced from estimated tokens." in metric.notes
    assert "≥ $2.00" in repr(measure(session).cost_per_call)
    assert "≥ $2.00" in repr(measure(session).cost_per_feature)


def test_simulated_calls_have_rows_of_their_own(session: Session) -> None:
    put(session, NOW - HOUR, feature="tickets", cost_nusd=usd(1))
    put(session, NOW - HOUR, 2, feature="tickets", provider="sim", usage_source="simulated", cost_nusd=usd(7))
    put(session, NOW - HOUR, feature="tickets", provider="sim", usage_source="estimated", cost_nusd=usd(7))  # died
    found = rows(measure(session).cost_per_call)
    assert (found["tickets", False]["answered"], found["tickets", False]["per_call"]) == (1, 1)
    assert (found["tickets", True]["answered"], found["tickets", True]["cost"]) == (3, 21)
    assert "tickets SIMULATED" in repr(measure(session).cost_per_call)
    assert session.costs("feature").loc["tickets", "simulated_cost"] == 21


def test_empty_days_are_days_and_an_empty_ledger_says_so(session: Session) -> None:
    assert "no calls" in repr(measure(session))
    put(session, NOW - 3 * DAY)
    found = measure(session, by="day").cost_per_call
    assert [row[0] for row in found.rows] == [date(2026, 11, 12) + i * DAY for i in range(7)]
    assert [row[3] for row in found.rows] == [0, 0, 0, 1, 0, 0, 0]
    assert found.rows[0][4] is None  # no call: no cost per call


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Asia/Kolkata", date(2026, 3, 29), 24),
    ],
)
def test_days_are_the_users_own_when_clocks_change_too(session: Session, zone: str, day: date, hours: int) -> None:
    with in_zone(zone):
        start = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        end = start + hours * HOUR
        for moment in (start - timedelta(seconds=1), start, end - timedelta(seconds=1), end):
            put(session, moment)
        for now in (end + HOUR, end + 40 * HOUR):  # while the next day runs, and when both are over
            by_day = {row[0]: row[3] for row in measure(session, by="day", now=now).cost_per_call.rows}
            assert [by_day.get(day + i * DAY) for i in (-1, 0, 1)] == [1, 2, 1]
        frame = session.costs("day")
        assert [int(frame.loc[day + i * DAY, "calls"]) for i in (-1, 0, 1)] == [1, 2, 1]


def test_every_change_of_a_past_day_shows(session: Session) -> None:
    from costmagic.accounting.labels import judge
    from costmagic.accounting.schema import calls

    old = put(session, NOW - 3 * DAY, feature="tickets", cost_nusd=usd(1))
    assert rows(measure(session).cost_per_feature)["tickets", False]["cost"] == 1
    ledger = session.engine.ledger
    with ledger.transaction() as connection:
        connection.execute(calls.update().where(calls.c.id == old["id"]).values(cost_nusd=usd(2), feature="reports"))
    assert list(rows(measure(session).cost_per_feature)) == [("reports", False)]
    judge(ledger, str(old["id"]), 0.5)
    assert rows(measure(session).token_efficiency)["reports", False]["quality"] == 0.5
    with ledger.transaction() as connection:
        connection.execute(calls.delete())
    assert "no calls" in repr(measure(session).cost_per_feature)


def test_nothing_is_summed_up_twice(session: Session) -> None:
    from sqlalchemy import event

    put(session, NOW - 3 * DAY)
    put(session, NOW - HOUR)
    measure(session)
    said: list[str] = []
    event.listen(session.engine.ledger.engine(), "before_cursor_execute", lambda *given: said.append(given[2]))
    measure(session)
    # What is over was kept: only the running hour is read from the calls.
    assert len([one for one in said if "FROM calls LEFT" in one]) == 2
    assert not [one for one in said if one.startswith(("INSERT", "DELETE"))]


def test_a_ledger_that_can_only_be_read_gives_the_same_answers(home: Path) -> None:
    session = Session(home, settings={"preset": "sim"})
    put(session, NOW - 3 * DAY, 3, action="a")
    kept = measure(session)
    put(session, NOW - 3 * DAY, action="b")  # what is kept is no longer true
    url = f"sqlite:///file:{home / 'ledger.db'}?mode=ro&uri=true"
    found = measure(Session(home, settings={"preset": "sim", "ledger_url": url}))
    assert (kept.cost_per_feature.rows[0][2], found.cost_per_feature.rows[0][2]) == (3, 4)
    assert found == measure(session)


def test_frames_figures_and_tables(session: Session) -> None:
    put(session, NOW - HOUR, feature="$x$", tier="heavy", action="a", quality=0.5)
    found = measure(session, heavy="0.5")
    for metric in found.all:
        frame = metric.to_frame()
        assert frame.index.name == metric.columns[0]
        assert len(frame) == 1
        axes = metric.plot().axes[0]
        assert len(axes.patches) == 1
        assert "<table" in metric._repr_html_()
    assert found.tier_share.plot().axes[0].lines  # what was designed
    assert len(found.plot().axes) == 6
    whole = found.to_frame()
    assert whole.index.names == ["feature", "simulated"]
    assert whole.loc[("$x$", False), "per_call"] == 1


@pytest.mark.parametrize("given", [0, -1, 1.5, "7", True, 10**9])
def test_days_must_be_whole_and_above_0(session: Session, given: Any) -> None:
    with pytest.raises(UsageError, match="days must be a whole number from 1"):
        cm.metrics(given, session=session)


def test_another_grouping_is_refused(session: Session) -> None:
    with pytest.raises(UsageError, match="did you mean 'feature'"):
        cm.metrics(by="featur", session=session)
