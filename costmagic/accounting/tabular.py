"""Calls as tables in files: CSV, and Parquet by pyarrow (the extra ``parquet``), which is imported on use."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Boolean, DateTime, Float, Integer

from ..types import UsageError
from .schema import calls

Row = Mapping[str, Any]

# Rows that are written to Parquet at a time.
CHUNK = 5_000

COLUMNS = [column.name for column in calls.columns]


def _moment(row: Row) -> str:
    return f"{row['started_at'].isoformat(timespec='microseconds')}+00:00"


def write_csv(path: Path, rows: Iterable[Row]) -> None:
    """A header, and a line for each call; what is not known is empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, COLUMNS)
        out.writeheader()
        out.writerows({**row, "started_at": _moment(row)} for row in rows)


def read_csv(path: Path) -> Iterator[Row]:
    """What ``write_csv`` wrote; all values are texts."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def write_parquet(path: Path, rows: Iterable[Row]) -> None:
    """Typed columns. Raises UsageError without pyarrow."""
    arrow, parquet = _arrow()
    kinds = {DateTime: arrow.timestamp("us", tz="UTC"), Boolean: arrow.bool_(), Float: arrow.float64()}
    kinds |= {Integer: arrow.int64(), BigInteger: arrow.int64()}
    schema = arrow.schema([(c.name, kinds.get(type(c.type), arrow.string())) for c in calls.columns])
    chunk: list[Row] = []
    with parquet.ParquetWriter(path, schema) as out:
        for row in rows:
            chunk.append({**row, "started_at": row["started_at"].replace(tzinfo=UTC)})
            if len(chunk) == CHUNK:
                out.write_table(arrow.Table.from_pylist(chunk, schema))
                chunk = []
        out.write_table(arrow.Table.from_pylist(chunk, schema))


def read_parquet(path: Path) -> Iterator[Row]:
    """What ``write_parquet`` wrote. Raises UsageError without pyarrow."""
    _, parquet = _arrow()
    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(CHUNK):
            yield from batch.to_pylist()


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise UsageError(f"Parquet needs the extra: pip install 'costmagic[parquet]' ({error})") from None
    return pyarrow, pyarrow.parquet
