"""User actions by name, the dearest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Integer, Select, func, literal, select, union_all

from .database import Opened, reading
from .schema import span_actions
from .spans import Kept, Span, kept_of
from .sums import actions, grouped_actions

# (simulated, action, how often, calls, nano-dollars, unpriced)
Named = tuple[bool, str, int, int, int, int]

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
        if all(piece.id in kept or not piece.whole for piece in every):
            return _from_kept(ledger, split, limit)
        return _from_calls(ledger, split)[:limit]

    return ledger.reading(read)


def _from_kept(ledger: Opened, split: Sequence[tuple[list[Span], Kept]], limit: int | None) -> list[Named]:
    whole = [pieces[0].id for pieces, _ in split if len(pieces) == 1 and pieces[0].whole]
    parts = [piece for pieces, _ in split if not (len(pieces) == 1 and pieces[0].whole) for piece in pieces]
    a = span_actions.c
    keys, sums = (a.simulated, a.feature, a.action), [a[name] for name in _MEASURES]
    once = literal(1, Integer).label("times")
    found: list[Select[tuple[object, ...]]] = [select(*keys, once, *sums).where(a.span.in_(whole))]
    if parts:
        today = [select(*keys, *sums).where(a.span.in_([piece.id for piece in parts if piece.whole]))]
        loose = {"start": parts[-1].start, "end": parts[-1].end}
        raw = grouped_actions().params(loose).subquery()
        today.append(select(*(raw.c[name] for name in ("key_0", "key_1", "key_2", *_MEASURES))))
        one = union_all(*today).subquery()
        names = [one.c[name] for name in ("simulated", "feature", "action")]
        found.append(select(*names, once, *(func.sum(one.c[name]) for name in _MEASURES)).group_by(*names))
    every = union_all(*found).subquery()
    totals = [func.sum(every.c.times), *(func.sum(every.c[name]) for name in _MEASURES)]
    statement = (
        select(every.c.simulated, every.c.action, *totals)
        .group_by(every.c.simulated, every.c.action)
        .order_by(totals[2].desc(), every.c.action)
        .limit(limit)
    )
    with reading(ledger.engine()) as connection:
        return [(bool(row[0]), row[1], *map(int, row[2:])) for row in connection.execute(statement)]


def _from_calls(ledger: Opened, split: Sequence[tuple[list[Span], Kept]]) -> list[Named]:
    """The same where nothing can be kept."""
    totals: dict[tuple[bool, str], list[int]] = {}
    with reading(ledger.engine()) as connection:
        for pieces, _ in split:
            for one in actions(connection, pieces[0].start, pieces[-1].end):
                total = totals.setdefault((one.simulated, one.action), [0, 0, 0, 0])
                for i, value in enumerate((1, one.calls, one.cost_nusd, one.unpriced)):
                    total[i] += value
    found = [(*key, *total) for key, total in totals.items()]
    return sorted(found, key=lambda row: (-row[4], row[1]))  # type: ignore[arg-type]
