"""What an evaluation asks about: a DataFrame, a list of dicts, a file, past calls of a feature, or the sample."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..session import Session
from ..types import UsageError

if TYPE_CHECKING:
    import pandas as pd

PAST_CALLS = "calls:"
SAMPLE = "sample"

# What may stand in a prompt for the whole row: {{ row['a column whose name is no word'] }}.
ROW = "row"


@dataclass(frozen=True)
class Data:
    """Rows with named columns. Nothing is copied: whoever changes the frame changes what will be asked.

    Attributes:
        kind: "frame", "list", "csv", "jsonl", "calls", "sample".
        name: how people call it: a variable, a path, a feature.
        frame: the rows; None where only the items of an earlier run are left of them.
    """

    kind: str
    name: str
    rows: int
    columns: tuple[str, ...]
    frame: pd.DataFrame | None = field(repr=False, compare=False, default=None)

    def hash(self, columns: Sequence[str]) -> str:
        """SHA-256 of the values in ``columns``, 16 hexadecimal digits; a tenth of a second for 100,000 rows."""
        import pandas as pd

        assert self.frame is not None
        digest = hashlib.sha256(json.dumps(list(columns)).encode())
        for name in columns:
            column = self.frame[name]
            try:
                values = pd.util.hash_pandas_object(column, index=False)
            except TypeError:  # lists and dicts have no hash
                values = pd.util.hash_pandas_object(column.map(repr), index=False)
            digest.update(values.to_numpy().tobytes())
        return digest.hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """What is kept of it beside the items: where it came from."""
        return {"kind": self.kind, "name": self.name, "rows": self.rows, "columns": list(self.columns)}

    def __str__(self) -> str:
        rows = f"{self.rows:,} {'row' if self.rows == 1 else 'rows'}"
        what = {
            "frame": f"DataFrame {self.name}",
            "list": f"list {self.name}",
            "calls": f"past calls of feature '{self.name}'",
            "sample": "the bundled sample of support tickets",
        }
        return f"{what.get(self.kind, self.name)} ({rows})"


def data_of(source: Any, session: Session, name: str | None = None) -> Data:
    """The rows of ``source``.

    Args:
        source: a DataFrame; a list of dicts; a path that ends in ``.csv``, ``.jsonl`` or ``.ndjson``;
            ``"calls:FEATURE"``, the different prompts that users have sent for it; ``"sample"``; or ``Data``.
        session: whose ledger holds the past calls.
        name: what the variable is called, where the source is one.

    Raises:
        UsageError: it is none of these, can't be read, or has no rows.
    """
    if isinstance(source, Data):
        return source
    if isinstance(source, str) and source == SAMPLE:
        from .sample import sample

        return _framed(SAMPLE, SAMPLE, sample())
    if isinstance(source, str) and source.startswith(PAST_CALLS):
        return _past(source.removeprefix(PAST_CALLS).strip(), session)
    if isinstance(source, (str, os.PathLike)):
        return _read(Path(source).expanduser())
    if type(source).__module__.partition(".")[0] == "pandas" and hasattr(source, "columns"):
        columns = tuple(str(column) for column in source.columns)
        if len(set(columns)) < len(columns):
            raise UsageError("the DataFrame has two columns of one name: rename one of them")
        frame = source if list(source.columns) == list(columns) else source.set_axis(list(columns), axis=1)
        return _checked(Data("frame", name or "df", len(source), columns, frame))
    if isinstance(source, Sequence) and source and all(isinstance(row, Mapping) for row in source):
        return _framed("list", name or "rows", source)
    raise UsageError(
        f"an evaluation takes a DataFrame, a list of dicts, a .csv or .jsonl file, 'calls:FEATURE' or 'sample', "
        f"not {source!r:.60}"
    )


def _framed(kind: str, name: str, rows: Sequence[Mapping[str, Any]]) -> Data:
    import pandas as pd

    columns = dict.fromkeys(str(column) for row in rows for column in row)
    # As they are: a column of whole numbers with a gap would become one of fractions.
    frame = pd.DataFrame({c: pd.Series([row.get(c) for row in rows], dtype=object) for c in columns})
    return _checked(Data(kind, name, len(frame), tuple(str(c) for c in frame.columns), frame))


def _past(feature: str, session: Session) -> Data:
    from ..accounting.evaluations import past

    if not feature:
        raise UsageError("past calls of which feature? 'calls:FEATURE'")
    rows = past(session.engine.ledger, feature)
    if not rows:
        why = "the ledger keeps no texts (store_text = false)" if not session.settings.store_text else "there are none"
        raise UsageError(f"no past calls of feature '{feature}' that could be asked again: {why}")
    return _framed("calls", feature, rows)


def _read(path: Path) -> Data:
    import pandas as pd

    kind = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}.get(path.suffix.lower())
    if kind is None:
        raise UsageError(f"an evaluation reads .csv and .jsonl files, not '{path}'")
    try:
        if kind == "csv":
            # As text: 007 is no number, and NA may be an answer.
            frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
            return _checked(Data(kind, str(path), len(frame), tuple(str(c) for c in frame.columns), frame))
        rows = []
        for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), 1):
            if not line.strip():
                continue
            row = json.loads(line)
            if not isinstance(row, dict):
                raise UsageError(f"{path}, line {number}: each line must be a JSON object")
            rows.append(row)
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None
    except (ValueError, pd.errors.ParserError) as error:
        raise UsageError(f"{path} can't be read: {' '.join(str(error).split())}") from None
    return _framed(kind, str(path), rows)


def _checked(data: Data) -> Data:
    if not data.rows:
        raise UsageError(f"{data} has no rows: there is nothing to evaluate on")
    return data
