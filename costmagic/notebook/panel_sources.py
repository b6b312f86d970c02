"""What the notebook has to evaluate on: names, shapes and a few clipped rows; the data itself stays in the kernel."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython

from ..evaluation.data import PAST_CALLS, SAMPLE, data_of
from ..session import Session
from ..tickets import DEPARTMENTS, tickets
from ..types import CostmagicError, UsageError
from .panel_fields import Fields, Malformed
from .panel_wire import Source, Sources

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = 3
MAX_EXAMPLE_COLUMNS = 8
MAX_CELL = 120
MAX_COLUMNS = 200
MAX_SOURCES = 100


def sources(session: Session, asked: Fields) -> Sources:
    """DataFrames among the variables, features with past calls, and the bundled sample."""
    found = [_glance("frame", name, frame) for name, frame in sorted(frames().items())]
    return {"sources": [*found, *_features(session), *_sample()][:MAX_SOURCES]}


def file(session: Session, asked: Fields) -> Source:
    """A look at a CSV or JSONL file. Raises UsageError when it can't be read."""
    path = asked.text("path").strip()
    if not path:
        raise UsageError("which file? A path ends in .csv or .jsonl")
    data = data_of(path, session)
    assert data.frame is not None
    return _glance("file", path, data.frame)


def data_behind(session: Session, chosen: Fields) -> tuple[Any, str]:
    """What ``evaluation.define`` takes as data, and what it is called. Raises UsageError when it has gone."""
    kind, name = chosen.text("kind"), chosen.text("name")
    if kind == "frame":
        frame = frames().get(name)
        if frame is None:
            raise UsageError(f"there is no DataFrame '{name}' in the notebook any more: run the cell that makes it")
        return frame, name
    known = {"file": name, "feature": f"{PAST_CALLS}{name}", "sample": SAMPLE}
    if kind not in known:
        raise Malformed(f"unknown kind of data {kind!r:.40}")
    return known[kind], name


def frames() -> Mapping[str, pd.DataFrame]:
    """The DataFrames among the notebook's variables, by name."""
    # A running cell may be importing pandas just now: it is there, and has no DataFrame yet.
    shell, kind = get_ipython(), getattr(sys.modules.get("pandas"), "DataFrame", None)
    if shell is None or kind is None:
        return {}
    # A copy at once: a running cell may change the namespace.
    variables = list(shell.user_ns.items())
    return {n: value for n, value in variables if not n.startswith("_") and isinstance(value, kind)}


def _glance(kind: Any, name: str, frame: pd.DataFrame) -> Source:
    columns = [str(column) for column in frame.columns[:MAX_COLUMNS]]
    head = frame.iloc[:EXAMPLES, :MAX_EXAMPLE_COLUMNS]
    examples = [[_cell(value) for value in row] for row in head.itertuples(index=False, name=None)]
    return {
        "kind": kind,
        "name": name,
        "rows": len(frame),
        "columns": columns,
        "examples": examples,
        "prompt": None,
        "feature": None,
        "scorer": None,
    }


def _cell(value: Any) -> str:
    try:
        text = " ".join(str(value)[: 4 * MAX_CELL].split())
    except Exception:  # what a user's object says of itself may fail
        text = "…"
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def _features(session: Session) -> Iterator[Source]:
    from ..accounting.frame import asked_features

    try:
        features = session.engine.ledger.reading(asked_features) if session.settings.store_text else []
    except CostmagicError:
        return  # other data can be evaluated on without a ledger to read
    for feature in features:
        yield {
            "kind": "feature",
            "name": feature,
            "rows": None,
            "columns": ["prompt", "system", "reply"],
            "examples": [],
            "prompt": "{{ prompt }}",
            "feature": feature,
            "scorer": None,
        }


def _sample() -> Iterator[Source]:
    found, choices = tickets(), ", ".join(DEPARTMENTS)
    yield {
        "kind": "sample",
        "name": SAMPLE,
        "rows": len(found),
        "columns": ["text", "department"],
        "examples": [[_cell(ticket.text), ticket.department] for ticket in found[:EXAMPLES]],
        "prompt": f"Which department handles this ticket? Answer with one of: {choices}.\n\n{{{{ text }}}}",
        "feature": "sample-tickets",
        "scorer": "choice",
    }
