"""User actions by name, the dearest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select

from .database import Opened, reading
from .schema import span_actions
from .spans import Kept, Span, chunks, kept_of, still_kept
from .sums import ActionSum, actions

# (simulated, action, how often, calls, nano-dollars, unpriced)
Named = tuple[bool, str, int, int, int, int]

Totals = dict[tuple[bool, str], list[int]]

_MEASURES = ("calls", "cost_nusd", "unpriced")


def named(ledger: Opened, days: Sequence[Span], now: datetime, limit: int | None) -> list[Named]:
    """The user actions of ``days`` (the last one may be under way ``now``, naive UTC) by name, dearest first.

    A name counts once a day and feature. No more than ``limit`` are told, None: all.

    Raises LedgerError when the ledger can't be read.
    """

    def read(_: object) -> list[Named]:
        split = kept_of(ledger, days, now)
        every = [piece for pieces, _ in split for piece in pieces]
        kept = split[0][1] if split else {}
        found = None
        if all(piece.id in kept or not piece.whole for piece in every):
            found = _from_kept(ledger, [pieces for pieces, _ in split], limit)
        return _dearest(_from_calls(ledger, split) if found is None else found, limit)

    return ledger.reading(read)


def _from_kept(ledger: Opened, split: Sequence[list[Span]], limit: int | None) -> Totals | None:
    """The dearest ``limit``, and others; None when some of it is kept no more.

    Most names have one row in all that is kept: the dearest of these rows need not be summed up to be found.
    """
    over = [of[0].id for of in split if len(of) == 1 and of[0].whole]
    under_way = [piece for of in split if not (len(of) == 1 and of[0].whole) for piece in of]
    a = span_actions.c
    name, measures = (a.simulated, a.action), [a[measure] for measure in _MEASURES]
    alone, beside_others = (a.span.in_(over) & a.alone.is_(is_alone) for is_alone in (True, False))
    totals: Totals = {}

    def take(rows: Iterable[Sequence[int | str]]) -> None:
        for simulated, action, *values in rows:
            totals.setdefault((bool(simulated), str(action)), list(map(int, values)))

    hours = [piece.id for piece in under_way if piece.whole]
    with reading(ledger.engine()) as connection:
        if not still_kept(connection, [*over, *hours]):
            return None
        summed = select(*name, func.count(), *map(func.sum, measures)).where(beside_others).group_by(*name)
        take(connection.execute(summed).all())
        columns = [a[field] for field in ActionSum._fields]
        today = [ActionSum(*row) for row in connection.execute(select(*columns).where(a.span.in_(hours))).all()]
        loose = actions(connection, under_way[-1].start, under_way[-1].end) if under_way else []
        # What is under way now is not kept: its names may have a row elsewhere that says it is the only one.
        for some in chunks({one.action for one in loose}):
            # Of which span they are is not asked of the database: it would look through all of these spans.
            same = connection.execute(select(a.span, *name, *measures).where(a.action.in_(some), a.alone.is_(True)))
            take((*row[1:3], 1, *row[3:]) for row in same.all() if row[0] in over)
        _add(totals, [*today, *loose])
        # What is dearer than one of these for what goes on now is among those found above.
        found = select(*name, *measures).where(alone).order_by(a.cost_nusd.desc(), a.action)
        if limit:
            # The cost of the last of them first: the index tells it without a look at the rows.
            last = select(a.cost_nusd).where(alone).order_by(a.cost_nusd.desc()).offset(limit - 1).limit(1)
            cost = connection.execute(last).scalar()
            found = found.limit(limit) if cost is None else found.where(a.cost_nusd >= cost).limit(limit)
        take((*row[:2], 1, *row[2:]) for row in connection.execute(found).all())
    return totals


def _from_calls(ledger: Opened, split: Sequence[tuple[list[Span], Kept]]) -> Totals:
    """The same where nothing can be kept."""
    totals: Totals = {}
    with reading(ledger.engine()) as connection:
        for pieces, _ in split:
            _add(totals, actions(connection, pieces[0].start, pieces[-1].end))
    return totals


def _add(totals: Totals, day: Iterable[ActionSum]) -> None:
    """Add what happened on one day, which may be in several parts."""
    seen: set[tuple[bool, str, str | None]] = set()
    for one in day:
        key = (bool(one.simulated), one.action)
        total = totals.setdefault(key, [0, 0, 0, 0])
        once = (*key, one.feature)
        values = (once not in seen, one.calls, one.cost_nusd, one.unpriced)
        seen.add(once)
        for i, value in enumerate(values):
            total[i] += value


def _dearest(totals: Totals, limit: int | None) -> list[Named]:
    found = [(*name, times, n, cost, unpriced) for name, (times, n, cost, unpriced) in totals.items()]
    return sorted(found, key=lambda row: (-row[4], row[1]))[:limit]
