"""What a session has done so far."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .reply import Reply


@dataclass(frozen=True)
class Totals:
    """What a session has done so far. Simulated money is kept apart."""

    calls: int = 0
    hits: int = 0
    cost: Decimal = Decimal(0)
    avoided: Decimal = Decimal(0)
    simulated_cost: Decimal = Decimal(0)
    unpriced: int = 0

    def plus(self, reply: Reply) -> Totals:
        """With one reply more."""
        cost, simulated = reply.cost or Decimal(0), reply.simulated
        avoided = reply.avoided if reply.avoided is not None and not simulated else Decimal(0)
        return Totals(
            calls=self.calls + 1,
            hits=self.hits + (reply.cache is not None),
            cost=self.cost + (Decimal(0) if simulated else cost),
            avoided=self.avoided + avoided,
            simulated_cost=self.simulated_cost + (cost if simulated else Decimal(0)),
            unpriced=self.unpriced + (reply.cost is None and not simulated),
        )
