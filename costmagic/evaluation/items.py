"""The items of an evaluation: rows of the data as prompts, in the seeded order in which they are asked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..tables import encodable
from ..templates import Template
from ..types import UsageError
from .definition import MAX_ITEMS, Definition


@dataclass(frozen=True, slots=True)
class Item:
    """One question. ``label`` is the index of its row; ``expected`` None where agreement with the baseline counts."""

    position: int
    label: str
    prompt: str
    system: str | None
    expected: str | None


@dataclass(frozen=True)
class Drawn:
    """The order of an evaluation.

    Attributes:
        rows: the places of the rows in the data, in the order in which they are asked.
        without_answer: rows that were left out because their expected column is empty.
    """

    rows: Any
    without_answer: int


def draw(definition: Definition) -> Drawn:
    """The seeded random order, at most ``limit`` and 20,000 rows long.

    Raises UsageError when no row has an expected answer.
    """
    import numpy as np

    data = definition.data
    assert data.frame is not None
    places = np.arange(data.rows)
    if definition.expected is not None:
        column = data.frame[definition.expected]
        empty = column.isna().to_numpy() | (column == "").to_numpy()
        places = places[~empty]
    if not len(places):
        raise UsageError(f"column '{definition.expected}' is empty: there is nothing to compare answers with")
    order = np.random.default_rng(definition.seed).permutation(places)
    return Drawn(order[: min(definition.limit or MAX_ITEMS, MAX_ITEMS)], data.rows - len(places))


def items_of(definition: Definition, drawn: Drawn, n: int | None = None) -> Iterator[Item]:
    """The first ``n`` items (default: all). Raises UsageError when a row can't be made a prompt; names the row."""
    frame = definition.data.frame
    assert frame is not None
    part = frame[definition.columns].iloc[drawn.rows[:n]]
    labels = [str(label) for label in part.index]
    columns = {name: part[name].tolist() for name in definition.columns}
    prompt, system = Template(definition.prompt), Template(definition.system) if definition.system else None
    for position, label in enumerate(labels):
        row = {name: values[position] for name, values in columns.items()}
        names: Mapping[str, Any] = {"row": row, **row}
        try:
            asked = encodable(prompt.fill(names))
            told = encodable(system.fill(names)).strip() if system else None
        except UsageError as error:
            raise UsageError(f"row {label} of {definition.data}: {error}") from None
        if not asked.strip():
            raise UsageError(f"row {label} of {definition.data}: the prompt is empty")
        expected = None if definition.expected is None else _text(row[definition.expected])
        yield Item(position, label, asked, told or None, expected)


def _text(value: Any) -> str:
    """An expected answer as text; a whole number that a gap in its column made a fraction is whole again."""
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return encodable(str(value))
