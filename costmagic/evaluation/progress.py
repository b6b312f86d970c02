"""How a run stands: frozen snapshots that any thread may read."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from .plain_rule import PlainRule
from .verdict import State

Phase = Literal["estimating", "running", "paused", "out of budget", "provider error", "cancelled", "done"]

# Phases in which nothing is sent any more, unless somebody says so.
RESTING = ("paused", "out of budget", "provider error", "cancelled", "done")


@dataclass(frozen=True)
class BaselineState:
    """The baseline of a run.

    Attributes:
        accuracy: its mean score so far; None where agreement with itself is what counts.
        ceiling: how much it agrees with itself when asked again, on ``ceiling_n`` items; None where that is not asked.
        cost_per_1000: USD that 1,000 such calls cost when no cache answers; None while unknown or unpriced.
        lost: items without an answer, left out of every pair.
    """

    tier: str | None
    ref: str
    simulated: bool
    n: int
    accuracy: float | None
    ceiling: float | None
    ceiling_n: int
    cost_per_1000: Decimal | None
    calls: int
    errors: int

    @property
    def name(self) -> str:
        """As it was asked for."""
        return self.tier or self.ref


@dataclass(frozen=True)
class CandidateState:
    """A candidate of a run, and what is known of it.

    Attributes:
        n: pairs that count so far.
        accuracy: mean score over them; for a judge, the share of comparisons won, ties counting half.
        drop, low, high: how much worse than the baseline, and the interval of that at the run's confidence.
        state: "pass", "fail" or "undecided"; once decided it stays.
        forecast: pairs still needed if things go on as they did; None when that can't be told.
        plain: the observed-drop rule, with the chance that it approves a model that is worse by the margin.
        cost_per_1000: USD that 1,000 such calls cost when no cache answers; None while unknown or unpriced.
        errors: items that are lost to it, because a call failed or a scorer raised; the last such message.
        judge_cost: USD spent on judges for it.
    """

    tier: str | None
    ref: str
    simulated: bool
    n: int
    accuracy: float | None
    baseline_accuracy: float | None
    drop: float | None
    low: float | None
    high: float | None
    cost_per_1000: Decimal | None
    state: State
    forecast: int | None
    plain: PlainRule | None
    calls: int
    errors: int
    last_error: str | None
    judge_cost: Decimal

    @property
    def name(self) -> str:
        """As it was asked for."""
        return self.tier or self.ref


@dataclass(frozen=True)
class RunState:
    """How a run stands.

    Attributes:
        id: finds the run again, also after a restart of the kernel.
        message: what the phase means, and what to do, with the remarks.
        remarks: what went wrong, and what to know before a verdict is believed, in sentences.
        spent: USD, simulated dollars (``simulated`` of them) included; never above ``cap``.
        unpriced: calls whose price nobody knows: ``spent`` is then at least that much.
        eta_s: seconds until it is done if things go on as they did; None when that can't be told.
        items: in the order of the run; verdicts usually need fewer.
        calls: answers so far, those from the cache included; ``in_flight`` are under way.
        candidates: in the order asked for.
    """

    id: str
    phase: Phase
    message: str
    spent: Decimal
    simulated: Decimal
    unpriced: int
    cap: Decimal | None
    eta_s: float | None
    items: int
    calls: int
    in_flight: int
    slowed: bool
    baseline: BaselineState
    candidates: tuple[CandidateState, ...]
    remarks: tuple[str, ...] = ()

    @property
    def resting(self) -> bool:
        """Whether nothing will happen by itself any more."""
        return self.phase in RESTING
