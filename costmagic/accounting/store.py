"""Writing and reading the ledger."""

from __future__ import annotations

import json
import secrets
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..types import Request

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Connection, Engine

Row = Mapping[str, Any]

# Rows kept in memory while the ledger can't be written; they are written when it can be again.
MAX_UNSAVED = 10_000

# Calls that token estimates are learned from.
LEARNING_CALLS = 5_000


class LedgerWarning(UserWarning):
    """The ledger could not be written; the answer was still given."""


def new_id() -> str:
    """24 hexadecimal digits that sort by time: milliseconds, then 48 random bits."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(6)}"


class Ledger:
    """The ledger at ``location``: a file path, or an SQLAlchemy URL.

    Opened on first use. Writing never raises: what can't be written is kept in memory, warned of once,
    and tried again with the next call.
    """

    def __init__(self, location: Path | str, store_text: bool = True) -> None:
        self.location = location
        self.store_text = store_text
        self._opening = threading.Lock()
        # SQLite has one writer at a time: queueing here is fairer and quicker than its busy loop.
        self._writing = threading.Lock()
        self._engine: Engine | None = None
        self._unsaved: deque[tuple[Row, str | None, str | None]] = deque(maxlen=MAX_UNSAVED)
        self._warned = False

    def begin(self, row: Row, request: Request) -> None:
        """Write the row of a call that is about to be sent, as what it is if this process dies now."""
        self._write(row, request_json(request), "")

    def checkpoint(self, call_id: str, text: str) -> None:
        """Save the text received so far of a running call."""
        if self.store_text:
            from .schema import update_text

            with self._writing:
                self._attempt(lambda c: c.execute(update_text, {"of": call_id, "reply": text}))

    def finish(self, row: Row, request: Request, text: str) -> None:
        """Write the final row of a call that was begun."""
        self._write(row, request_json(request), text)

    def record(self, row: Row) -> None:
        """Write a row that needs no text of its own: a cache hit."""
        self._write(row, None, None)

    def unsaved(self) -> int:
        """How many rows wait in memory for the ledger to become writable."""
        return len(self._unsaved)

    def _write(self, row: Row, request: str | None, reply: str | None) -> None:
        entry = (_without_nul(row), request if self.store_text else None, reply and reply.replace("\0", "\ufffd"))
        with self._writing:
            while self._unsaved and self._attempt(lambda c: _save(c, self._unsaved[0])):
                self._unsaved.popleft()
            if self._unsaved or not self._attempt(lambda c: _save(c, entry)):
                self._unsaved.append(entry)

    def _attempt(self, action: Callable[[Connection], Any]) -> bool:
        """Whether there is nothing left to do: written, or never to be written."""
        from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

        try:
            with self.engine().begin() as connection:
                action(connection)
            return True
        except (DataError, IntegrityError) as error:
            # The row itself is refused: it must not hold up those behind it.
            self._warn(f"a row does not fit into the ledger at {self.name}: {error.orig}")
            return True
        except (SQLAlchemyError, OSError) as error:
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
            return self._engine

    def close(self) -> None:
        """Close the connections; the next use opens them again."""
        with self._opening:
            if self._engine is not None:
                self._engine.dispose()

    def frame(self, since: datetime | None = None) -> pd.DataFrame:
        """All calls since ``since`` (aware datetime; default: ever), oldest first, as a DataFrame.

        Columns are those of the table. ``started_at`` is UTC; counts and nano-dollars are nullable
        integers, so that an unknown stays ``<NA>``.
        """
        from .frame import read

        return read(self.engine(), since)

    def count(self) -> int:
        """How many calls the ledger holds."""
        from .frame import count

        return count(self.engine())

    def costs(self, by: str, since: datetime | None = None) -> pd.DataFrame:
        """Calls, tokens and USD per group, dearest first; raises UsageError for an unknown ``by``."""
        from .frame import costs

        return costs(self.engine(), by, since)

    def history(self, n: int) -> list[dict[str, Any]]:
        """The last ``n`` calls, newest first, each with its columns, ``prompt`` and ``reply``."""
        from .frame import history

        return history(self.engine(), n)

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


def _save(connection: Connection, entry: tuple[Row, str | None, str | None]) -> None:
    from .schema import calls, texts, update_call, update_text

    row, request, reply = entry
    finished = row["latency_ms"] is not None and row["cache"] == "none"
    if finished and connection.execute(update_call, {**row, "of": row["id"]}).rowcount:
        if request is not None:
            connection.execute(update_text, {"of": row["id"], "reply": reply})
        return
    connection.execute(calls.insert(), row)
    if request is not None:
        connection.execute(texts.insert(), {"call_id": row["id"], "request": request, "reply": reply})


def request_json(request: Request, indent: int | None = None) -> str:
    """The request as it was sent, as JSON for people and for replays."""
    body = {
        "model": request.ref,
        "system": request.system,
        "messages": [{"role": m.role, "content": m.content} for m in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "stop": list(request.stop),
        "json": request.json,
    }
    return json.dumps({k: v for k, v in body.items() if v not in (None, [], False)}, ensure_ascii=False, indent=indent)
