"""Differences so small that a pair which is very much alike may share an answer all the same.

Each takes a cosine from which on it doesn't count. How alike pairs are that differ so and may not share an answer was
measured on the pairs that the judge is trained and tested with. ``asked`` and ``wording`` find them.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace

from .reading import Reading, read

# Below that nothing is forgiven.
FORGIVEN_FROM = 0.85

# From which on the pair model may outweigh what differs. Each neighbour that it reads costs MiniLM once more.
WEIGHED_FROM = 0.83

# The embedders whose cosines that was measured with; others are forgiven nothing.
MEASURED_WITH = frozenset({"minilm"})

# What takes this is about as sure as the plain rule.
SURE = 0.945


@dataclass(frozen=True, slots=True)
class Small:
    """Two prompts and their readings without a small difference, and the cosine from which on it doesn't count."""

    a: str
    b: str
    one: Reading
    two: Reading
    takes: float = 0.0


def read_again(a: str, b: str, takes: float) -> Small:
    """A pair whose texts were changed."""
    return Small(a, b, read(a), read(b), takes)


def uncounted(reading: Reading, names: Container[str]) -> Reading:
    """A reading that asks for one or several alike, and has the words of these names in no number."""
    return replace(
        reading,
        frame=replace(reading.frame, count=""),
        words=tuple(replace(w, plural=w.plural and w.name not in names) for w in reading.words),
    )
