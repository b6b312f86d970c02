"""Writing and reading the ledger."""

from __future__ import annotations

import atexit
import secrets
import threading
import time
import warnings
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from .. import forks
from ..types import CostmagicError, Request

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Connection, Engine

    from .statements import Entry, Statements

Row = Mapping[str, Any]
T = TypeVar("T")

# Rows kept in memory while the ledger can't be written; they are written when it can be again.
MAX_UNSAVED = 10_000

# While another program holds the ledger, rows are kept in memory for this long before the next try.
RETRY_S = 2.0

# Calls that token estimates are learned from.
LEARNING_CALLS = 5_000


class LedgerError(CostmagicError):
    """The ledger can't be read."""


class LedgerWarning(UserWarning):
    """The ledger could not be written; the answer was still given."""


def new_id() -> str:
    """24 hexadecimal digits that sort by time: milliseconds, then 48 random bits."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(6)}"


class Ledger:
    """The ledger at ``location``: a file path, or an SQLAlchemy URL.

    Opened on first use. Writing never raises: what can't be written is kept in memory, warned of once,
    and tried again with the next call. With ``keep_days``, older calls are removed when it is opened.
    """

    def __init__(self, location: Path | str, store_text: bool = True, keep_days: float | None = None) -> None:
        self.location = location
        self.store_text = store_text
        self.keep_days = keep_days
        self.made_of = (location, store_text, keep_days)
        self._opening = threading.Lock()
        # SQLite has one writer at a time: queueing here is fairer and quicker than its busy loop.
        self._writing = threading.Lock()
        self._retry_at = 0.0
        self._engine: Engine | None = None
        self._unsaved: deque[Entry] = deque(maxlen=MAX_UNSAVED)
        self._warned = False
        forks.renew(self)
        atexit.register(_flush, weakref.ref(self))

    def begin(self, row: Row, request: Request) -> None:
        """Write the row of a call that is about to be sent, as what it is if this process dies now."""
        self._write(row, request, "")

    def checkpoint(self, row: Row, text: str) -> None:
        """Save what a running call has received and cost so far; a finished one is left as it is."""
        kept = text.replace("\0", "\ufffd") if self.store_text else None
        with self._writing:
            if not self._unsaved:
                self._attempt(lambda write, cursor: write.save_running(cursor, _without_nul(row), kept))

    def finish(self, row: Row, request: Request, text: str, reserved: bool = False) -> None:
        """Write the final row of a call that was begun; what was ``reserved`` for it is free with that."""
        self._write(row, request, text, reserved)

    def record(self, row: Row) -> None:
        """Write a row that needs no text of its own: a cache hit."""
        self._write(row, None, None)

    def unsaved(self) -> int:
        """How many calls wait in memory for the ledger to become writable."""
        return len({row["id"] for row, *_ in self._unsaved})

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A write transaction that comes after all rows so far.

        Raises SQLAlchemyError or OSError when the ledger can't be written.
        """
        with self._writing:
            if not self._flush():
                raise OSError("earlier calls could not be written")
            with self.engine().begin() as connection:
                yield connection

    def _write(self, row: Row, request: Request | None, reply: str | None, reserved: bool = False) -> None:
        text = reply and reply.replace("\0", "\ufffd")
        entry = (_without_nul(row), request if self.store_text else None, text, reserved)
        with self._writing:
            waiting = time.monotonic() < self._retry_at or not self._flush()
            if waiting or not self._attempt(lambda write, cursor: write.save(cursor, entry)):
                self._keep(entry)

    def _keep(self, entry: Entry) -> None:
        """Keep a row in memory; the final one of a call takes the place of its first."""
        for place in range(len(self._unsaved) - 1, -1, -1):
            if self._unsaved[place][0]["id"] == entry[0]["id"]:
                self._unsaved[place] = entry
                return
        self._unsaved.append(entry)

    def _flush(self) -> bool:
        """Write what waits in memory; whether nothing is left."""
        while self._unsaved and self._attempt(lambda write, cursor: write.save(cursor, self._unsaved[0])):
            self._unsaved.popleft()
        return not self._unsaved

    def _attempt(self, action: Callable[[Statements, Any], None]) -> bool:
        """Whether there is nothing left to do: written, or never to be written."""
        from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

        from .database import cursor
        from .statements import statements

        try:
            engine = self.engine()
            with cursor(engine) as opened:
                action(statements(engine.dialect), opened)
            return True
        except (DataError, IntegrityError, OverflowError) as error:
            # The row itself is refused: it must not hold up those behind it.
            self._warn(f"a row does not fit into the ledger at {self.name}: {getattr(error, 'orig', None) or error}")
            return True
        except (SQLAlchemyError, OSError) as error:
            if "locked" in str(error):
                # Whoever holds the ledger may hold it for long: the next calls must not wait for it each.
                self._retry_at = time.monotonic() + RETRY_S
            self._warn(
                f"the ledger at {self.name} can't be written: {getattr(error, 'orig', None) or error}; "
                "answers go on, and their costs are kept in memory until it can"
            )
            return False

    def _warn(self, message: str) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(message, LedgerWarning, stacklevel=2)

    @property
    def name(self) -> str:
        """Where the ledger is, without a password."""
        if isinstance(self.location, Path):
            return str(self.location)
        from sqlalchemy.engine import make_url

        return make_url(self.location).render_as_string(hide_password=True)

    def engine(self) -> Engine:
        """The open database. Raises SQLAlchemyError or OSError when it can't be opened."""
        with self._opening:
            if self._engine is None:
                from .database import connect

                self._engine = connect(self.location)
                if self.keep_days is not None:
                    from .retention import prune_beside

                    prune_beside(self, self.keep_days)
            return self._engine

    def flush(self) -> None:
        """Try once more to write the rows that wait in memory."""
        with self._writing:
            self._flush()

    def renew_after_fork(self) -> None:
        """New locks; the parent's connections are forgotten, and its waiting rows are the parent's."""
        self._opening, self._writing = threading.Lock(), threading.Lock()
        self._unsaved.clear()
        if self._engine is not None:
            self._engine.dispose(close=False)

    def close(self) -> None:
        """Write what waits and close the connections; the next use opens them again."""
        self.flush()
        with self._opening:
            if self._engine is not None:
                self._engine.dispose()

    def frame(self, since: datetime | None = None) -> pd.DataFrame:
        """All calls since ``since`` (aware datetime; default: ever), oldest first, as a DataFrame.

        Columns are those of the table. ``started_at`` is UTC; counts and nano-dollars are nullable
        integers, so that an unknown stays ``<NA>``.
        """
        from .frame import read

        return self.reading(lambda engine: read(engine, since))

    def count(self) -> int:
        """How many calls the ledger holds."""
        from .frame import count

        return self.reading(count)

    def costs(self, by: str, since: datetime | None = None) -> pd.DataFrame:
        """Calls, tokens and USD per group, dearest first; raises UsageError for an unknown ``by``."""
        from .costs import costs

        return costs(self, by, since)

    def history(self, n: int) -> list[dict[str, Any]]:
        """The last ``n`` calls, newest first, each with its columns, ``prompt`` and ``reply``."""
        from .frame import history

        return self.reading(lambda engine: history(engine, n))

    def reading(self, read: Callable[[Engine], T]) -> T:
        """What ``read`` returns; raises LedgerError, one line, when the ledger can't be read."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            return read(self.engine())
        except (SQLAlchemyError, OSError) as error:
            reason = getattr(error, "orig", None) or error
        raise LedgerError(f"the ledger at {self.name} can't be read: {reason}")

    def token_sums(self, provider: str, model: str) -> tuple[int, float, float, float, float]:
        """(n, Σx, Σy, Σx², Σxy) of counted and reported input tokens of the model's recent calls."""
        from sqlalchemy.exc import SQLAlchemyError

        from .frame import token_sums

        try:
            return token_sums(self.engine(), provider, model, LEARNING_CALLS)
        except (SQLAlchemyError, OSError):
            return (0, 0.0, 0.0, 0.0, 0.0)  # an estimate without experience is still an estimate


def _without_nul(row: Row) -> Row:
    """PostgreSQL's texts can't hold the character U+0000; it becomes U+FFFD in every ledger."""
    return {k: v.replace("\0", "\ufffd") if isinstance(v, str) else v for k, v in row.items()}


def _flush(reference: weakref.ref[Ledger]) -> None:
    """The last chance for rows in memory, when the interpreter ends."""
    ledger = reference()
    if ledger is not None and ledger.unsaved():
        ledger.flush()
