"""Which alerts have come up, who was told of which, and which are silenced: for all that share the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, or_, select, tuple_

from .database import Opened, locked, reading
from .frame import naive_utc
from .schema import channels, fired, silences, told

Key = tuple[str, str]

# Who was to tell an alert and has not said by then that it did is taken for dead.
LEASE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Fired:
    """An alert as it was when it came up; ``body`` is what it was written down as."""

    name: str
    occurrence: str
    fired_at: datetime
    severity: str
    body: str


def note(ledger: Opened, alerts: Iterable[Fired]) -> None:
    """Write down those that have not come up before. Raises SQLAlchemyError or OSError, like all that write here."""
    rows = {(one.name, one.occurrence): one for one in alerts}
    if not rows:
        return
    wanted = select(fired.c.name, fired.c.occurrence).where(tuple_(fired.c.name, fired.c.occurrence).in_(list(rows)))
    with reading(ledger.engine()) as connection:
        if len(connection.execute(wanted).all()) == len(rows):
            return  # the usual case writes nothing
    with ledger.transaction() as connection:
        locked(connection, "alerts")
        for name, occurrence in connection.execute(wanted):
            rows.pop((name, occurrence))
        for one in rows.values():
            row = {"name": one.name, "occurrence": one.occurrence, "fired_at": naive_utc(one.fired_at)}
            connection.execute(fired.insert(), {**row, "severity": one.severity, "body": one.body})


def claim(
    ledger: Opened, channel: str, standing: Iterable[Key], now: datetime, quiet: Callable[[str], bool]
) -> list[Fired]:
    """What ``channel`` has to tell, for this caller alone to tell and then to ``settle``.

    That is what came up since the channel was first used, and what is ``standing``, if it has not been told there.
    Those whose names are ``quiet`` are left for later.
    """
    keys = list(standing)
    with reading(ledger.engine()) as connection:
        known, waiting = _waiting(connection, channel, keys, naive_utc(now), quiet)
    if known and not waiting:
        return []  # the usual case writes nothing
    with ledger.transaction() as connection:
        locked(connection, "alerts")
        known, waiting = _waiting(connection, channel, keys, naive_utc(now), quiet)
        if not known:
            connection.execute(channels.insert(), {"channel": channel, "since": naive_utc(now)})
        for one in waiting:
            key = {"channel": channel, "name": one.name, "occurrence": one.occurrence}
            _untell(connection, key)
            connection.execute(told.insert(), {**key, "until": naive_utc(now + LEASE)})
    return waiting


def _waiting(
    connection: Connection, channel: str, standing: list[Key], moment: datetime, quiet: Callable[[str], bool]
) -> tuple[bool, list[Fired]]:
    """(whether the channel was used before, what it has to tell)."""
    mine = (told.c.channel == channel, told.c.name == fired.c.name, told.c.occurrence == fired.c.occurrence)
    since = connection.execute(select(channels.c.since).where(channels.c.channel == channel)).scalar()
    statement = (
        select(fired)
        .select_from(fired.outerjoin(told, and_(*mine)))
        .where(or_(told.c.channel.is_(None), told.c.until <= moment))
        .where(or_(fired.c.fired_at >= (since or moment), tuple_(fired.c.name, fired.c.occurrence).in_(standing)))
        .order_by(fired.c.fired_at, fired.c.name)
    )
    return since is not None, [_fired(row) for row in connection.execute(statement) if not quiet(row.name)]


def _fired(row: Any) -> Fired:
    return Fired(row.name, row.occurrence, row.fired_at.replace(tzinfo=UTC), row.severity, row.body)


def settle(ledger: Opened, channel: str, key: Key, done: bool) -> None:
    """What was claimed has been told, or else is to be told another time."""
    row = {"channel": channel, "name": key[0], "occurrence": key[1]}
    with ledger.transaction() as connection:
        _untell(connection, row)
        if done:
            connection.execute(told.insert(), {**row, "until": None})


def _untell(connection: Connection, key: Mapping[str, str]) -> None:
    connection.execute(told.delete().where(*(told.c[name] == value for name, value in key.items())))


def silence(ledger: Opened, name: str, until: datetime | None) -> None:
    """Silence the alert ``name`` (or all of that kind) until then; None ends it."""
    with ledger.transaction() as connection:
        locked(connection, "alerts")
        connection.execute(silences.delete().where(silences.c.name == name))
        if until is not None:
            connection.execute(silences.insert(), {"name": name, "until": naive_utc(until)})


def silenced(ledger: Opened, now: datetime) -> dict[str, datetime]:
    """Name → until when (UTC). Raises LedgerError when the ledger can't be read."""

    def read(engine: object) -> dict[str, datetime]:
        with reading(ledger.engine()) as connection:
            rows = connection.execute(select(silences).where(silences.c.until > naive_utc(now)))
            return {row.name: row.until.replace(tzinfo=UTC) for row in rows}

    return ledger.reading(read)


def since(ledger: Opened, moment: datetime) -> list[Fired]:
    """What came up since ``moment``, oldest first. Raises LedgerError when the ledger can't be read."""

    def read(engine: object) -> list[Fired]:
        with reading(ledger.engine()) as connection:
            rows = connection.execute(
                select(fired).where(fired.c.fired_at >= naive_utc(moment)).order_by(fired.c.fired_at)
            )
            return [_fired(row) for row in rows]

    return ledger.reading(read)
