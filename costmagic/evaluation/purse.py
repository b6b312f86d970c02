"""A run's own cap: what a call could cost is set aside before it is sent, simulated dollars like real ones."""

from __future__ import annotations

import threading
from decimal import Decimal


class Purse:
    """Money of one run, in USD.

    ``spent`` is what calls that have ended cost (``simulated`` of it is not real), ``reserved`` what those under way
    could still cost; together never above ``cap``. ``unpriced`` calls cost nobody knows what. Safe for any thread.
    """

    def __init__(
        self, cap: Decimal | None, spent: Decimal = Decimal(0), simulated: Decimal = Decimal(0), unpriced: int = 0
    ) -> None:
        self.cap = cap
        self.spent, self.simulated, self.reserved = spent, simulated, Decimal(0)
        self.unpriced = unpriced
        self._lock = threading.Lock()

    def reserve(self, worst: Decimal | None) -> bool:
        """Set ``worst`` aside; False when the cap does not allow it. What is unpriced can't be set aside."""
        with self._lock:
            amount = worst or Decimal(0)
            if self.cap is not None and self.spent + self.reserved + amount > self.cap:
                return False
            self.reserved += amount
            return True

    def settle(self, worst: Decimal | None, cost: Decimal | None, simulated: bool) -> None:
        """A call has ended: ``cost`` was spent instead of ``worst``."""
        with self._lock:
            self.reserved -= worst or Decimal(0)
            self.spent += cost or Decimal(0)
            self.simulated += (cost or Decimal(0)) if simulated else Decimal(0)
            self.unpriced += cost is None
