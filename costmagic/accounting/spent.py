"""What has been spent and reserved under each limit, in the periods of the user's own calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import reduce

from sqlalchemy import ColumnElement, Connection, FromClause, Table, func, literal_column, select, true

from ..limits import Limit
from .frame import naive_utc
from .money import NANO, from_nusd
from .schema import calls, reservations


@dataclass(frozen=True)
class Scope:
    """Whose spend is asked for: the period around ``at`` (UTC), and the session that began at ``began`` (UTC)."""

    at: datetime
    session_id: str
    began: datetime


@dataclass(frozen=True)
class Standing:
    """How a limit stands.

    Attributes:
        spent: USD of calls that have ended, or whose process died; at least that if ``unpriced`` is above 0.
        reserved: USD that calls under way could still cost.
        until: when the period ends (UTC), None for a session.
    """

    limit: Limit
    spent: Decimal
    reserved: Decimal
    unpriced: int
    until: datetime | None

    @property
    def left(self) -> Decimal:
        """USD that may still be spent, never below 0."""
        return max(Decimal(0), self.limit.amount - self.spent - self.reserved)

    def admits(self, cost: Decimal) -> bool:
        """Whether ``cost`` USD more stay within the limit; reaching it exactly does."""
        return self.spent + self.reserved + cost <= self.limit.amount


def bounds(period: str, at: datetime) -> tuple[datetime, datetime]:
    """Beginning and end (UTC) of the local day, week (from Monday) or month around ``at``."""
    day = at.astimezone().date()
    if period == "daily":
        return midnight(day), midnight(day + timedelta(days=1))
    if period == "weekly":
        monday = day - timedelta(days=day.weekday())
        return midnight(monday), midnight(monday + timedelta(days=7))
    first = day.replace(day=1)
    return midnight(first), midnight((first + timedelta(days=31)).replace(day=1))


def midnight(day: date) -> datetime:
    """The first moment of a local day, in UTC."""
    # Not astimezone(): where the clock skips midnight, that would begin the day an hour before the one before ends.
    return datetime.fromtimestamp(datetime(day.year, day.month, day.day).timestamp(), UTC)


def standings(connection: Connection, limits: Sequence[Limit], scope: Scope, now: datetime) -> list[Standing]:
    """How each of ``limits`` stands, read in one statement: no call is counted twice, none is missed between two.

    A call with a reservation that has not expired by ``now`` (UTC) counts by it, every other call by its row.
    """
    if not limits:
        return []
    alive = reservations.c.expires_at > naive_utc(now)
    running = calls.c.id.in_(select(reservations.c.id).where(alive))
    real = calls.c.provider != literal_column("'sim'")  # no parameter: word for word what the index says
    parts: list[FromClause] = []
    for i, limit in enumerate(limits):
        mine = [real, *_within(calls, limit, scope)]
        cost, unpriced = func.coalesce(func.sum(calls.c.cost_nusd), 0), func.count() - func.count(calls.c.cost_nusd)
        every = select(cost.label(f"spent{i}"), unpriced.label(f"unpriced{i}")).where(*mine)
        # Their rows are few: taking them off is quicker than asking of each call whether it is one of them.
        twice = select(cost.label(f"twice{i}"), unpriced.label(f"unknown{i}")).where(*mine, running)
        held = func.coalesce(func.sum(reservations.c.amount_nusd), 0).label(f"held{i}")
        parts += [every.subquery(), twice.subquery()]
        parts += [select(held).where(alive, *_within(reservations, limit, scope)).subquery()]
    together = reduce(_beside, parts)
    row = connection.execute(select(*parts).select_from(together)).mappings().one()
    return [
        Standing(
            limit,
            spent=from_nusd(int(row[f"spent{i}"]) - int(row[f"twice{i}"])),
            reserved=from_nusd(int(row[f"held{i}"])),
            unpriced=int(row[f"unpriced{i}"]) - int(row[f"unknown{i}"]),
            until=None if limit.period == "session" else bounds(limit.period, scope.at)[1],
        )
        for i, limit in enumerate(limits)
    ]


def _beside(left: FromClause, right: FromClause) -> FromClause:
    return left.join(right, true())


def _span(limit: Limit, scope: Scope) -> tuple[datetime, datetime]:
    """The period of ``limit`` as the ledger stores moments."""
    if limit.period == "session":
        # A clock that was set back must not hide the session's calls; they are told by its id.
        return naive_utc(scope.began) - timedelta(days=1), datetime.max
    start, end = bounds(limit.period, scope.at)
    return naive_utc(start), naive_utc(end)


def _within(table: Table, limit: Limit, scope: Scope) -> list[ColumnElement[bool]]:
    start, end = _span(limit, scope)
    conditions = [table.c.started_at >= start, table.c.started_at < end]
    if limit.period == "session":
        conditions.append(table.c.session_id == scope.session_id)
    if limit.feature is not None:
        conditions.append(table.c.feature == limit.feature)
    return conditions


def over(standing: Standing, cost: Decimal) -> str:
    """Why a call that could cost ``cost`` USD is refused, in one line."""
    spent = f"{'≥ ' if standing.unpriced else ''}${_exact(standing.spent)}"
    return (
        f"the {standing.limit} would be exceeded: {spent} spent, ${_exact(standing.reserved)} reserved by calls "
        f"under way, and this call could cost up to ${_exact(cost)}"
    )


def _exact(amount: Decimal) -> str:
    """All digits, down to the nano-dollar that limits are kept to."""
    return f"{amount.quantize(1 / NANO).normalize():f}"
