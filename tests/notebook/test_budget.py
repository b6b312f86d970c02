"""``%llm budget`` and ``Session.budget``."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import costmagic as cm
from costmagic import Session, UsageError
from costmagic import session as sessions
from costmagic.accounting.store import new_id
from costmagic.limits import Limit
from costmagic.notebook import commands

ODD = "$x$ <b>&"


@pytest.fixture
def capped(home: Path) -> Session:
    """A session with limits of its configuration, one of them partly spent."""
    budget = {"daily": 5, "features": {ODD: {"monthly": Decimal("0.5")}}}
    session = Session(settings={"preset": "sim", "budget": budget})
    call = sessions.Call(session.prepare("hello", feature=ODD), session_id=session.engine.budgets.session_id)
    paid = {"id": new_id(), "provider": "p", "cost_nusd": 250_000_000, "latency_ms": 1.0, "status": "ok"}
    session.engine.ledger.record({**call.row(), **paid})
    return session


def cells(shown: Any, key: str) -> dict[str, str]:
    """The row that begins with ``key``, as header → cell."""
    header, *rows = shown.table()
    return dict(zip(header, next(row for row in rows if row[0] == key), strict=True))


def test_without_limits_it_says_how_to_set_one(session: Session) -> None:
    text = repr(commands.run("budget", session))
    assert text.startswith("No budget is set: %llm budget 5/day")
    assert "Budget" not in repr(commands.run("", session))


def test_all_limits_are_shown_with_what_is_left_of_them(capped: Session) -> None:
    shown = commands.run("budget", capped)
    daily = cells(shown, "daily")
    assert (daily["limit"], daily["spent"], daily["reserved"], daily["left"]) == ("$5.00", "$0.25", "$0", "$4.75")
    assert daily["set in"] == "costmagic.toml"
    assert daily["until"].endswith("00:00")
    monthly = cells(shown, f"monthly {ODD}")
    assert (monthly["limit"], monthly["left"]) == ("$0.50", "$0.25")
    frame = shown.to_frame()
    assert list(frame["left"]) == [Decimal("4.75"), Decimal("0.25")]
    assert (frame["feature"].isna().tolist(), frame["feature"].iloc[1]) == ([True, False], ODD)


def test_reserved_money_is_shown_apart(capped: Session) -> None:
    budgets = capped.engine.budgets
    budgets.reserve(new_id(), "p:m", Decimal(1), None, capped.engine.budgets._began)
    daily = cells(commands.run("budget", capped), "daily")
    assert (daily["reserved"], daily["left"]) == ("$1.00", "$3.75")


def test_the_status_shows_what_is_left(capped: Session) -> None:
    expected = f"Budget left: $4.75 of $5.00 today; {ODD}: $0.25 of $0.50 this month"
    assert expected in repr(commands.run("", capped))


@pytest.mark.parametrize(
    ("line", "limit"),
    [
        ("budget 7/day", Limit("daily", Decimal(7))),
        ("budget $0.5/session", Limit("session", Decimal("0.5"))),
        ("budget 7/week --feature tickets", Limit("weekly", Decimal(7), "tickets")),
        ("budget 7/month --feature='a b'", Limit("monthly", Decimal(7), "a b")),
    ],
)
def test_a_limit_is_set_for_this_session_only_and_taken_back(capped: Session, line: str, limit: Limit) -> None:
    before = capped.engine.budgets.limits()
    shown = commands.run(line, capped)
    assert limit in [standing.limit for standing in shown.standings]
    row = next(row for row in shown.table() if row[-1] == "this session")
    assert row[0] == " ".join(part for part in (limit.period, limit.feature) if part)
    assert f"[{limit.table}] {limit.period} = {limit.amount:f}" in repr(shown)
    assert limit not in Session(settings={"preset": "sim"}).engine.budgets.limits()
    assert [standing.limit for standing in commands.run("budget off", capped).standings] == before


def test_several_limits_can_be_set_at_once(session: Session) -> None:
    commands.run("budget 5/day 20/month", session)
    assert [limit.period for limit in session.engine.budgets.limits()] == ["daily", "monthly"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("budget 5", "like 5/day, not '5'"),
        ("budget 5/dya", "did you mean 'day'"),
        ("budget 5/day off", "off takes back all"),
        ("budget of", "like 5/day, not 'of'"),
        ("budget --featur x", "unknown option '--featur'; did you mean '--feature'"),
        ("budget 5/day --feature", "--feature needs a value"),
        ("budget 1/day 5/dya", "did you mean 'day'"),
    ],
)
def test_a_mistake_is_told_and_sets_nothing(session: Session, line: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        commands.run(line, session)
    assert told in str(caught.value)
    assert session.engine.budgets.limits() == []


def test_the_page_is_text_without_markup_or_formulas(capped: Session) -> None:
    html = commands.run("budget 7/week", capped)._repr_html_()
    assert "<b>" not in html
    assert not re.search(r"\$(?!</span>)|(?<!<span>)\$", html)


def test_the_default_session_has_it_too(session: Session) -> None:
    sessions.use(session)
    assert cm.budget("5/day").standings[0].limit == Limit("daily", Decimal(5))
