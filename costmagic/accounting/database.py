"""Connections to the ledger's database: SQLite in a file of the owner's, or any other by URL."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from .migrations import is_current, migrate

T = TypeVar("T")

BUSY_TIMEOUT_S = 5

BEGIN_WRITING = "BEGIN IMMEDIATE"


class Opened(Protocol):
    """What ``store.Ledger`` is to those that read and write beside its rows."""

    def engine(self) -> Engine:
        """The open database. Raises SQLAlchemyError or OSError when it can't be opened."""

    def transaction(self) -> AbstractContextManager[Connection]:
        """A write transaction that comes after all rows so far. Raises SQLAlchemyError or OSError."""

    def reading(self, read: Callable[[Engine], T]) -> T:
        """What ``read`` returns; raises LedgerError when the ledger can't be read."""


def reading(engine: Engine) -> Connection:
    """A connection that only reads: it waits for no writer and works on a read-only ledger."""
    return engine.connect().execution_options(reads=True)


@contextmanager
def cursor(engine: Engine) -> Iterator[Any]:
    """A cursor of the database's driver, in a write transaction; what SQLAlchemy adds takes longer than a short one.

    Raises SQLAlchemyError or OSError, like SQLAlchemy's own.
    """
    driver, dialect = engine.dialect.loaded_dbapi, engine.dialect
    connection = engine.raw_connection()
    try:
        opened = connection.cursor()
        if dialect.name == "sqlite":
            opened.execute(BEGIN_WRITING)
        yield opened
        connection.commit()
    except driver.Error as error:
        if dialect.is_disconnect(error, connection.dbapi_connection, None):
            connection.invalidate(error)
            engine.dispose()  # the server has gone: no other connection is any good
        raise DBAPIError.instance(None, None, error, driver.Error, dialect=dialect) from error
    finally:
        connection.close()  # what is not committed is rolled back


def locked(connection: Connection, what: str) -> None:
    """Let no other transaction that locks ``what`` run beside this one."""
    # SQLite has one writer at a time anyway.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:what))"), {"what": f"costmagic {what}"})


def connect(location: Path | str) -> Engine:
    """An engine on the migrated ledger at a file path or SQLAlchemy URL.

    Raises SQLAlchemyError or OSError when it can't be opened or made.
    """
    if isinstance(location, Path):
        location.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = location if isinstance(location, Path) else _file(make_url(location))
    engine = create_engine(make_url(str(location))) if path is None else _sqlite(path)
    with reading(engine) as connection:
        current = is_current(connection)
    if not current:
        migrate(engine)
    return engine


def _file(url: URL) -> Path | None:
    """The SQLite file that a URL names, and nothing more: its writers have to queue like those of the owner's file."""
    plain = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:") and not url.query
    return Path(str(url.database)) if plain else None


def _sqlite(path: Path) -> Engine:
    if not path.exists():
        # SQLite gives its side files the mode of the database: prompts are nobody else's business.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    engine = create_engine(
        f"sqlite:///{path}", connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False}, max_overflow=-1
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not guessed by the driver
    cursor = connection.cursor()
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            # Changing the mode does not wait for other connections; a read-only file stays as it is.
            if "locked" not in str(error) or time.monotonic() > deadline:
                break
            time.sleep(0.01)
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    # Writers queue here. A deferred transaction that turns into a writer would fail instead of waiting.
    options = connection.get_execution_options()
    if options.get("outside", False):
        return
    reads = options.get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else BEGIN_WRITING)
