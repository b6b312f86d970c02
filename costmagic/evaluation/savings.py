"""What a candidate would save."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ..session import Session
from ..types import CostmagicError
from .progress import RunState

DAYS, MONTH_DAYS, PER = 30, 30, 1_000


@dataclass(frozen=True)
class Saving:
    """What a candidate saves against the baseline, in USD; negative when it is dearer, None where a price is unknown.

    Attributes:
        calls_per_month: of users for the feature, as the ledger saw them in the last 30 days; None without a feature
            or without calls.
    """

    per_1000: Decimal | None
    calls_per_month: int | None

    @property
    def per_month(self) -> Decimal | None:
        """At the feature's observed volume."""
        if self.per_1000 is None or self.calls_per_month is None:
            return None
        return self.per_1000 * self.calls_per_month / PER


def calls_per_month(session: Session, feature: str | None) -> int | None:
    """How many calls of users a month go to a model for ``feature``; less than a day's worth is not multiplied up."""
    from ..accounting.evaluations import volume

    if feature is None:
        return None
    try:
        calls, days = volume(session.engine.ledger, feature, DAYS)
    except CostmagicError:
        return None
    return round(calls / max(days, 1.0) * MONTH_DAYS) if calls else None


def savings(state: RunState, monthly: int | None) -> dict[str, Saving]:
    """Candidate → what it saves."""
    dear = state.baseline.cost_per_1000
    return {
        c.name: Saving(None if dear is None or c.cost_per_1000 is None else dear - c.cost_per_1000, monthly)
        for c in state.candidates
    }
