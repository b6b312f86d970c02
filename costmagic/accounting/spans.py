"""Sums of whole days, kept: what is past is summed up once, and again only when one of its calls has changed.

Triggers write down which hours have changed (``touched``), whoever changed them. What is kept over such an hour is
forgotten before anything is read, and summed up anew. So keeping is never more than a saving of time: where nothing can
be written, the answers are the same and take longer.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, func, select, tuple_
from sqlalchemy.exc import SQLAlchemyError

from .database import Opened, locked, reading
from .schema import span_actions, spans, touched
from .sums import ActionSum, Sum, actions, merged, sums

T = TypeVar("T")

# Parameters of one statement.
CHUNK = 400

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The time from ``start`` to before ``end`` (naive UTC); ``whole``: a local day, which is worth keeping."""

    start: datetime
    end: datetime
    whole: bool = True

    @property
    def id(self) -> str:
        """What it is kept under."""
        return f"{self.start:%Y-%m-%d %H:%M:%S}/{self.end:%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True, slots=True)
class ActionCount:
    """How many user actions of a feature there were, how many calls served them, and what these came to."""

    simulated: bool
    feature: str | None
    actions: int
    calls: int
    cost_nusd: int
    unpriced: int


@dataclass(frozen=True, slots=True)
class Summed:
    """What happened on one day."""

    sums: Sequence[Sum]
    actions: Sequence[ActionCount]


def read(ledger: Opened, days: Sequence[Span], now: datetime) -> list[Summed]:
    """What happened on each of ``days`` up to ``now`` (naive UTC).

    Raises LedgerError when the ledger can't be read.
    """
    return ledger.reading(lambda _: [_day(ledger, of, kept) for of, kept in kept_of(ledger, days, now)])


def pieces(day: Span, now: datetime) -> list[Span]:
    """``day`` itself when it is over ``now``, else its hours that are over and the rest."""
    if day.end <= now or not day.whole:
        return [day]
    found, start = [], day.start
    while start + HOUR <= now and start + HOUR < day.end:
        found.append(Span(start, start + HOUR))
        start += HOUR
    return [*found, Span(start, day.end, whole=False)]


Kept = dict[str, Summed]


def kept_of(ledger: Opened, days: Sequence[Span], now: datetime) -> list[tuple[list[Span], Kept]]:
    """The pieces of each day, and what is kept, once all that is over has been summed up that can be kept."""
    split = [pieces(day, now) for day in days]
    every = [piece for of in split for piece in of]
    writable = _forget_touched(ledger, now)
    kept = _kept(ledger, every) if writable else {}
    for piece in every:
        if writable and piece.whole and piece.id not in kept:
            found = _keep(ledger, piece)
            writable = found is not None
            if found is not None:
                kept[piece.id] = found
    return [(of, kept) for of in split]


def _day(ledger: Opened, of: Sequence[Span], kept: Kept) -> Summed:
    if len(of) == 1 and (found := kept.get(of[0].id)):
        return found
    parts: list[Sum] = []
    acted: list[ActionSum] = []
    loose, ids = [piece for piece in of if piece.id not in kept], [piece.id for piece in of if piece.id in kept]
    with reading(ledger.engine()) as connection:
        if not still_kept(connection, ids):
            loose, ids = list(of), []
        for piece in loose:
            parts += sums(connection, piece.start, piece.end)
            acted += actions(connection, piece.start, piece.end)
        for id in ids:
            parts += kept[id].sums
        # An action may go on for hours: it counts once.
        columns = [span_actions.c[name] for name in ActionSum._fields]
        for some in chunks(ids):
            acted += [ActionSum(*r) for r in connection.execute(select(*columns).where(span_actions.c.span.in_(some)))]
    return Summed(merged(parts), counted(acted))


def still_kept(connection: Connection, ids: Sequence[str]) -> bool:
    """Whether nobody has forgotten any of these since they were read: their actions would be gone."""
    return all(
        connection.execute(select(func.count()).select_from(spans).where(spans.c.id.in_(some))).scalar_one()
        == len(some)
        for some in chunks(ids)
    )


def counted(acted: Iterable[ActionSum]) -> list[ActionCount]:
    """The actions of one day by feature; those of the same name are one."""
    names: dict[tuple[bool, str | None], set[str]] = {}
    totals: dict[tuple[bool, str | None], list[int]] = {}
    for one in acted:
        key = (bool(one.simulated), one.feature)
        names.setdefault(key, set()).add(one.action)
        total = totals.setdefault(key, [0, 0, 0])
        for i, value in enumerate((one.calls, one.cost_nusd, one.unpriced)):
            total[i] += value
    return [ActionCount(*key, len(names[key]), *total) for key, total in totals.items()]


def _forget_touched(ledger: Opened, now: datetime) -> bool:
    """Forget what is kept over hours that have changed; False when that can't be written, so that nothing kept counts.

    Marks go with it. Those of the running hour, over which nothing is kept, may stay.
    """
    with reading(ledger.engine()) as connection:
        marks = _marks(connection)
        if all(_hour(hour) + HOUR > now for hour, _ in marks) and not _over(connection, marks):
            return True
    return _written(ledger, _settle) is not None


def _settle(connection: Connection) -> bool:
    # Read again: what another reader has settled in the meantime need not be settled twice.
    marks = _marks(connection)
    _forget(connection, _over(connection, marks))
    for some in chunks(marks):
        connection.execute(touched.delete().where(tuple_(touched.c.hour, touched.c.writer).in_(some)))
    return True


def _forget(connection: Connection, ids: Iterable[str]) -> None:
    for some in chunks(ids):
        connection.execute(span_actions.delete().where(span_actions.c.span.in_(some)))
        connection.execute(spans.delete().where(spans.c.id.in_(some)))


def _marks(connection: Connection) -> list[tuple[str, int]]:
    return [(hour, writer) for hour, writer in connection.execute(select(touched.c.hour, touched.c.writer))]


def _over(connection: Connection, marks: Sequence[tuple[str, int]]) -> list[str]:
    """What is kept over the hours of ``marks``."""
    if not marks:
        return []
    hours = [_hour(hour) for hour in {hour for hour, _ in marks}]
    kept = connection.execute(select(spans.c.id, spans.c.start_at, spans.c.end_at))
    return [id for id, start, end in kept if any(start < hour + HOUR and hour < end for hour in hours)]


def _hour(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H")


def _keep(ledger: Opened, span: Span) -> Summed | None:
    """What happened in ``span``, summed up and kept; None where nothing can be written."""
    return _written(ledger, lambda connection: _sum_up(connection, span))


def _sum_up(connection: Connection, span: Span) -> Summed:
    found = sums(connection, span.start, span.end)
    acted = actions(connection, span.start, span.end)
    counts = counted(acted)
    id = span.id
    if connection.execute(select(spans.c.id).where(spans.c.id == id)).first() is None:
        told = {"sums": json.dumps(found), "actions": json.dumps([astuple(count) for count in counts])}
        _forget_hours(connection, span)
        connection.execute(spans.insert(), {"id": id, "start_at": span.start, "end_at": span.end, **told})
        if acted:
            known = _known(connection, acted)
            names = Counter((one.simulated, one.action) for one in acted)
            several = known | {name for name, n in names.items() if n > 1}
            rows = [{"span": id, **one._asdict(), "alone": (one.simulated, one.action) not in several} for one in acted]
            connection.execute(span_actions.insert(), rows)
    return Summed(found, counts)


def _forget_hours(connection: Connection, day: Span) -> None:
    """Those of a day that is over are no longer asked for."""
    inside = (spans.c.start_at >= day.start, spans.c.end_at <= day.end, spans.c.id != day.id)
    _forget(connection, connection.execute(select(spans.c.id).where(*inside)).scalars())


def _known(connection: Connection, acted: Iterable[ActionSum]) -> set[tuple[bool, str]]:
    """The names of ``acted`` that are kept elsewhere; what is kept there is alone no more."""
    a, found = span_actions.c, set()
    for some in chunks({one.action for one in acted}):
        same = a.action.in_(some)
        known = connection.execute(select(a.simulated, a.action).where(same).distinct()).all()
        if known:
            connection.execute(span_actions.update().where(same, a.alone.is_(True)).values(alone=False))
        found |= {(bool(simulated), action) for simulated, action in known}
    return found


def _kept(ledger: Opened, wanted: Sequence[Span]) -> Kept:
    """What is kept of ``wanted``."""
    ids = {span.id for span in wanted if span.whole}
    if not ids:
        return {}
    statement = select(spans.c.id, spans.c.sums, spans.c.actions).where(spans.c.id >= min(ids), spans.c.id <= max(ids))
    with reading(ledger.engine()) as connection:
        rows = connection.execute(statement).all()
    return {
        id: Summed([Sum(*one) for one in json.loads(parts)], [ActionCount(*one) for one in json.loads(counts)])
        for id, parts, counts in rows
        if id in ids  # others are of another time zone
    }


def _written(ledger: Opened, write: Callable[[Connection], T]) -> T | None:
    """What ``write`` returns, in a transaction that comes after that of any other reader; None if it can't be."""
    try:
        with ledger.transaction() as connection:
            locked(connection, "spans")  # of two at a time, the slower would keep what it read earlier
            return write(connection)
    except (SQLAlchemyError, OSError):
        return None


def chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    """``items`` in lists that are short enough for one statement."""
    every = list(items)
    return (every[i : i + CHUNK] for i in range(0, len(every), CHUNK))
