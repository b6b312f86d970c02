"""What writes the rows of calls: statements that are compiled once, and go straight to the database's driver.

Every call writes two rows and waits for both. SQLAlchemy takes several times as long over each statement as the
database does, so here it says what the statement is in this database's words, and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.sql.dml import UpdateBase

from ..types import Request
from .schema import CHANGING, calls, delete_reservation, texts, update_call, update_running, update_text
from .sent import request_json

Row = Mapping[str, Any]

# A row, its request and reply, and whether writing it settles a reservation.
Entry = tuple[Row, Request | None, str | None, bool]


class Statement:
    """A statement in the words of one kind of database."""

    def __init__(self, statement: UpdateBase, dialect: Dialect, columns: tuple[str, ...] | None = None) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=None if columns is None else list(columns))
        self._text = str(compiled)
        self._names = tuple(compiled.positiontup or () if compiled.positional else compiled.binds)
        self._positional = compiled.positional
        self._converted: list[tuple[int, Callable[[Any], Any]]] = []
        for place, name in enumerate(self._names):
            convert = compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
            if convert is not None:
                self._converted.append((place, convert))

    def run(self, cursor: Any, values: Row) -> int:
        """Execute it; returns how many rows it met. What is missing in ``values`` is NULL."""
        given = [values.get(name) for name in self._names]
        for place, convert in self._converted:
            given[place] = convert(given[place])
        cursor.execute(self._text, given if self._positional else dict(zip(self._names, given, strict=True)))
        return int(cursor.rowcount)


class Statements:
    """Writes calls through a cursor of the driver's."""

    def __init__(self, dialect: Dialect) -> None:
        self._insert_call = Statement(calls.insert(), dialect)
        self._insert_text = Statement(texts.insert(), dialect)
        self._update_call = Statement(update_call, dialect, CHANGING)
        self._update_running = Statement(update_running, dialect, CHANGING)
        self._update_text = Statement(update_text, dialect, ("reply",))
        self._delete_reservation = Statement(delete_reservation, dialect)

    def save(self, cursor: Any, entry: Entry) -> None:
        """Write a row as it is now: the final one of a call takes the place of its first."""
        row, request, reply, reserved = entry
        finished = row["latency_ms"] is not None and row["cache"] == "none"
        if finished and reserved:
            self._delete_reservation.run(cursor, {"of": row["id"]})
        if finished and self._update_call.run(cursor, {**row, "of": row["id"]}):
            if request is not None:
                self._update_text.run(cursor, {"of": row["id"], "reply": reply})
            return
        self._insert_call.run(cursor, row)
        if request is not None:
            told = {"call_id": row["id"], "request": request_json(request), "reply": reply}
            self._insert_text.run(cursor, told)

    def save_running(self, cursor: Any, row: Row, text: str | None) -> None:
        """Write how far a running call has come; a finished one is left as it is. None: texts are not kept."""
        if self._update_running.run(cursor, {**row, "of": row["id"]}) and text is not None:
            self._update_text.run(cursor, {"of": row["id"], "reply": text})


@lru_cache(maxsize=8)
def statements(dialect: Dialect) -> Statements:
    """Those for ``dialect``, compiled once."""
    return Statements(dialect)
