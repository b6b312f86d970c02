"""Calls that are older than they are to be kept go, a few at a time: nobody waits long for it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, tuple_
from sqlalchemy.exc import SQLAlchemyError

from .database import Opened, reading
from .frame import naive_utc
from .schema import calls, fired, texts, told

CHUNK = 500


def prune(ledger: Opened, keep_days: float, now: datetime | None = None) -> int:
    """Remove the calls of more than ``keep_days`` ago with their texts, and alerts as old; returns how many calls.

    A call stays as long as a later one was answered with its reply or was made for it: what that saved and whom it
    was for would be lost. Raises SQLAlchemyError or OSError when the ledger can't be written.
    """
    edge = naive_utc((now or datetime.now(UTC)) - timedelta(days=keep_days))
    with reading(ledger.engine()) as connection:
        later = calls.c.started_at >= edge
        needed = {
            id
            for column in (calls.c.cache_of, calls.c.parent_id)
            for id in connection.execute(select(column).where(later, column.is_not(None)).distinct()).scalars()
        }
    removed = 0
    after = (datetime.min, "")
    while True:
        with ledger.transaction() as connection:
            old = connection.execute(
                select(calls.c.started_at, calls.c.id)
                .where(calls.c.started_at < edge, tuple_(calls.c.started_at, calls.c.id) > after)
                .order_by(calls.c.started_at, calls.c.id)
                .limit(CHUNK)
            ).all()
            if not old:
                break
            gone = [id for _, id in old if id not in needed]
            connection.execute(texts.delete().where(texts.c.call_id.in_(gone)))
            connection.execute(calls.delete().where(calls.c.id.in_(gone)))
            removed += len(gone)
            after = (old[-1].started_at, old[-1].id)
    with ledger.transaction() as connection:
        past = connection.execute(select(fired.c.name, fired.c.occurrence).where(fired.c.fired_at < edge)).all()
        for name, occurrence in past:
            for table in (fired, told):
                connection.execute(table.delete().where(table.c.name == name, table.c.occurrence == occurrence))
    return removed


def prune_beside(ledger: Opened, keep_days: float) -> None:
    """``prune`` in a thread of its own; what can't be removed now goes another time."""

    def run() -> None:
        try:
            prune(ledger, keep_days)
        except (SQLAlchemyError, OSError):
            pass

    threading.Thread(target=run, name="costmagic-prune", daemon=True).start()
