"""How long a run will still take."""

from __future__ import annotations

import time

# Before so many seconds nobody can tell.
SETTLED_S = 1.0


class Clock:
    """Measures answers a second since the run was begun or resumed."""

    def __init__(self) -> None:
        self._since, self._answers = time.monotonic(), 0

    def restart(self, answers: int) -> None:
        """Measure from now on, when there are ``answers``."""
        self._since, self._answers = time.monotonic(), answers

    def eta_s(self, answers: int, left: int) -> float | None:
        """Seconds for ``left`` more answers at the pace so far; None while that can't be told."""
        elapsed, bought = time.monotonic() - self._since, answers - self._answers
        if elapsed < SETTLED_S or bought < 1:
            return None
        return left * elapsed / bought
