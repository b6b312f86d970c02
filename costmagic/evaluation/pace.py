"""How many calls may be under way: fewer when a provider says that it is too much, more again when it goes well."""

from __future__ import annotations

import time
from dataclasses import dataclass

# Too many requests, overloaded; 503 as some servers say it.
RATE_LIMITED = (429, 503, 529)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0

# An item that is refused so often is lost.
MAX_REFUSALS = 8


@dataclass
class Pace:
    """Additive increase, multiplicative decrease, like a network's congestion control (Jacobson 1988).

    Attributes:
        most: calls in flight when all is well.
    """

    most: int
    _window: float = 0.0
    _until: float = 0.0
    _pause: float = FIRST_PAUSE_S
    _cut_at: float = float("-inf")

    def __post_init__(self) -> None:
        self._window = float(self.most)

    @property
    def limit(self) -> int:
        """Calls that may be in flight now; 0 while the provider is left in peace."""
        return 0 if time.monotonic() < self._until else max(1, int(self._window))

    @property
    def handed_out(self) -> int:
        """Jobs that may be handed out: some more than are sent, so that nobody who carries them waits for work."""
        limit = self.limit
        return limit if self.slowed or not limit else limit + max(1, self.most // 4)

    @property
    def slowed(self) -> bool:
        """Whether it goes slower than it might."""
        return self._window < self.most

    def wait_s(self) -> float:
        """Seconds until something may be sent again."""
        return max(0.0, self._until - time.monotonic())

    def refused(self, sent_at: float) -> None:
        """A call that was sent at ``sent_at`` (monotonic) met a rate limit. All that were in flight then count once."""
        if sent_at <= self._cut_at:
            return
        now = time.monotonic()
        self._window = max(1.0, self._window / 2)
        self._cut_at, self._until = now, now + self._pause
        self._pause = min(LONGEST_PAUSE_S, self._pause * 2)

    def went_well(self) -> None:
        """A call was answered."""
        if self._window < self.most:
            self._window = min(float(self.most), self._window + 1 / self._window)
        else:
            self._pause = FIRST_PAUSE_S
