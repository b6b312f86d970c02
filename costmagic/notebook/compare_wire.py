"""What kernel and browser say of comparisons: the twin of ``labextension/src/compare/wire.ts``.

Money is USD as a decimal string, exact; None is unknown. ``tests/wire/compare.json`` holds examples that the tests of
both sides read.
"""

from __future__ import annotations

from typing import Literal, TypedDict

VERSION: Literal[1] = 1

ColumnPhase = Literal["waiting", "streaming", "stopping", "ok", "refused", "error", "interrupted"]


class Figures(TypedDict):
    """The meter of a column; a cost of None is unpriced once ``input_tokens`` are counted."""

    input_tokens: int | None
    output_tokens: int
    usage: Literal["reported", "estimated", "simulated"]
    cost: str | None
    tokens_per_s: float | None
    elapsed_s: float
    first_token_s: float | None


class Badge(TypedDict):
    """What must not be overlooked."""

    text: str
    kind: Literal["success", "warn", "error"]


class ColumnState(TypedDict):
    """One column; ``model`` and ``figures`` are None while names are hidden. ``html`` is safe to show."""

    label: str
    model: str | None
    phase: ColumnPhase
    badges: list[Badge]
    figures: Figures | None
    html: str
    vote: bool | None
    kept: bool
    can_vote: bool


class CompareState(TypedDict):
    """All columns; ``against`` is the number (from 0) of the one that the others are shown as different from."""

    version: Literal[1]
    hidden: bool
    against: int | None
    columns: list[ColumnState]


class StopColumn(TypedDict):
    """To the kernel: end a column, or (None) all."""

    type: Literal["stop"]
    column: int | None


class VoteOn(TypedDict):
    """To the kernel: a reply is good enough, or not, or (None) has no vote."""

    type: Literal["vote"]
    column: int
    good: bool | None


class Keep(TypedDict):
    """To the kernel: make a reply an evaluation item."""

    type: Literal["keep"]
    column: int


class Reveal(TypedDict):
    """To the kernel: show the names."""

    type: Literal["reveal"]


class Against(TypedDict):
    """To the kernel: show the differences from a column, or (None) the replies."""

    type: Literal["against"]
    column: int | None


class Judging(TypedDict):
    """To the kernel, below a finished comparison: whether it knows it, or what to do with it."""

    comparison: str
    do: VoteOn | Keep | Reveal | None


class Judged(TypedDict):
    """To the browser: whether the kernel knows the comparison, and what kept it from doing as asked."""

    comparison: str
    known: bool
    error: str | None
