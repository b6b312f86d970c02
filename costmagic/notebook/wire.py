"""What kernel and widgets say to each other: the twin of ``labextension/src/shared/wire.ts``.

Money is USD as a decimal string, exact; None is unknown. The files in ``tests/wire`` hold examples that the tests of
both sides read.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypedDict

VERSION: Literal[1] = 1

Phase = Literal["waiting", "streaming", "stopping", "done"]


class MeterState(TypedDict):
    """The running state of one call; ``label`` says in a word or two what ``reason`` says in a sentence."""

    version: Literal[1]
    phase: Phase
    tier: str | None
    model: str
    label: str
    reason: str
    simulated: bool
    input_tokens: int | None
    output_tokens: int
    usage: Literal["reported", "estimated", "simulated"]
    cost: str | None
    tokens_per_s: float | None
    elapsed_s: float
    cache: Literal["hit", "miss", "refreshed", "off"] | None
    retries: int


class BudgetState(TypedDict):
    """How one limit stands; ``unpriced``: more may have been spent."""

    name: str
    limit: str
    spent: str
    reserved: str
    left: str
    unpriced: bool


class TotalsState(TypedDict):
    """The running total of a notebook; ``budget_error`` says why the budgets can't be told."""

    version: Literal[1]
    calls: int
    hits: int
    cost: str
    unpriced: int
    avoided: str
    simulated_cost: str
    budgets: list[BudgetState]
    budget_error: str | None


class ToKernel(TypedDict):
    """From the meter: stop the call."""

    type: Literal["stop"]


class Answer(TypedDict):
    """To the meter: the wish to stop has arrived."""

    type: Literal["stopping"]


def exact(cost: Decimal | None) -> str | None:
    """Money as it travels."""
    return None if cost is None else f"{cost:f}"
