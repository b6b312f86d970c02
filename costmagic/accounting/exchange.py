"""Calls into and out of the ledger: CSV, Parquet, and OpenTelemetry's traces with its names for what models do."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Boolean, DateTime, Float, Integer, select

from ..types import UsageError
from .database import Opened, reading
from .frame import naive_utc
from .schema import calls
from .tabular import read_csv, read_parquet, write_csv, write_parquet
from .traces import read_otel, write_otel

Row = Mapping[str, Any]

CHUNK = 5_000

# Ending of a file → its format.
ENDINGS = {".jsonl": "otel", ".json": "otel", ".otel": "otel", ".csv": "csv", ".parquet": "parquet"}

COLUMNS = [column.name for column in calls.columns]
_REQUIRED = [column.name for column in calls.columns if not column.nullable or column.primary_key]


def format_of(path: Path, given: str | None) -> str:
    """``given``, or what the ending of ``path`` says; raises UsageError when that says nothing."""
    found = given or ENDINGS.get(path.suffix.lower())
    if found is None:
        raise UsageError(f"what {path.name} is to be is not clear: --format otel, csv or parquet")
    return found


def export(ledger: Opened, path: Path, format: str, since: datetime | None) -> int:
    """Write the calls since ``since`` to ``path``, oldest first; returns how many.

    The file is for the owner alone, and appears under its name when it is whole.
    Raises UsageError when it can't be written, LedgerError when the ledger can't be read.
    """
    part = path.with_name(f".{path.name}.part")
    count = 0

    def counted(rows: Iterable[Row]) -> Iterator[Row]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    def read(_: object) -> None:
        _WRITERS[format](part, counted(_rows(ledger, since)))

    try:
        os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        ledger.reading(read)
        os.replace(part, path)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)
    return count


def bring(ledger: Opened, path: Path, format: str) -> tuple[int, int]:
    """Read calls from ``path`` into the ledger; returns (how many came in, how many were there already).

    Raises UsageError for a file that can't be read or holds no calls; what came before the mistake is in.
    SQLAlchemyError or OSError when the ledger can't be written.
    """
    new = old = 0
    chunk: list[dict[str, Any]] = []
    rows = _READERS[format](path)
    while True:
        try:
            row = next(rows, None)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
            raise UsageError(f"{path} can't be read as {format}: {str(error) or type(error).__name__}") from None
        if row is not None:
            chunk.append(_checked(row, path))
        if chunk and (row is None or len(chunk) == CHUNK):
            added = _add(ledger, chunk)
            new, old, chunk = new + added, old + len(chunk) - added, []
        if row is None:
            return new, old


def _add(ledger: Opened, rows: list[dict[str, Any]]) -> int:
    unique = {row["id"]: row for row in rows}
    ids = list(unique)
    with ledger.transaction() as connection:
        for i in range(0, len(ids), 500):
            for known in connection.execute(select(calls.c.id).where(calls.c.id.in_(ids[i : i + 500]))).scalars():
                del unique[known]
        if unique:
            connection.execute(calls.insert(), list(unique.values()))
    return len(unique)


def _checked(row: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """``row`` with all columns, as the ledger keeps them."""
    try:
        found = {name: _value(name, row.get(name)) for name in COLUMNS}
    except (ValueError, TypeError, ArithmeticError, UsageError) as error:
        raise UsageError(f"{path}: call {row.get('id')}: {error}") from None
    if missing := [name for name in _REQUIRED if found[name] is None]:
        raise UsageError(f"{path}: call {row.get('id')}: {', '.join(missing)} missing")
    return found


def _value(name: str, value: Any) -> Any:
    kind = calls.c[name].type
    if value is None or value == "" or value != value:
        return None
    if isinstance(kind, DateTime):
        return naive_utc(value)
    if isinstance(kind, Boolean):
        return value if isinstance(value, bool) else str(value).lower() in ("1", "true")
    if isinstance(kind, (Integer, BigInteger)):
        whole = Decimal(str(value))
        if whole != whole.to_integral_value():
            raise ValueError(f"{name} must be a whole number, not {value}")
        return int(whole)
    return float(value) if isinstance(kind, Float) else str(value)


def _rows(ledger: Opened, since: datetime | None) -> Iterator[Row]:
    statement = select(calls).order_by(calls.c.started_at, calls.c.id)
    if since is not None:
        statement = statement.where(calls.c.started_at >= naive_utc(since))
    with reading(ledger.engine()).execution_options(yield_per=CHUNK) as connection:
        for row in connection.execute(statement).mappings():
            yield dict(row)


_WRITERS: dict[str, Callable[[Path, Iterable[Row]], None]] = {
    "csv": write_csv,
    "parquet": write_parquet,
    "otel": write_otel,
}
_READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "csv": read_csv,
    "parquet": read_parquet,
    "otel": read_otel,
}
