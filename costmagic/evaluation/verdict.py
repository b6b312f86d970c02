"""Whether a candidate is good enough: a sequential test of paired scores, valid however often it is looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

State = Literal["pass", "fail", "undecided"]

_BETS = tuple(share / 20 for share in range(1, 20))


@dataclass(frozen=True)
class PlainRule:
    """The article's rule: ``passes`` when the observed drop is below the margin, and how often that errs."""

    passes: bool
    chance_of_error: float


class PairedTest:
    """Tests "the drop is at least the margin" by betting against it, pair by pair."""

    def __init__(self, margin: float, alpha: float) -> None:
        self.margin, self.alpha = margin, alpha
        self.n = 0
        self.state: State = "undecided"
        self._sum = self._squares = 0.0
        self._pass = [0.0] * len(_BETS)
        self._fail = [0.0] * len(_BETS)
        self.e_pass = self.e_fail = 1.0

    def add(self, baseline: float, candidate: float) -> None:
        """Add a pair of scores in [0, 1]."""
        drop = baseline - candidate
        self.n += 1
        self._sum += drop
        self._squares += drop * drop
        for i, bet in enumerate(_BETS):
            self._pass[i] += math.log1p(bet / (1 - self.margin) * (self.margin - drop) * 0.999)
            self._fail[i] += math.log1p(bet / (1 + self.margin) * (drop - self.margin) * 0.999)
        self.e_pass = max(self.e_pass, sum(map(math.exp, self._pass)) / len(_BETS))
        self.e_fail = max(self.e_fail, sum(map(math.exp, self._fail)) / len(_BETS))
        if self.state == "undecided":
            self.state = (
                "pass" if self.e_pass >= 1 / self.alpha else "fail" if self.e_fail >= 1 / self.alpha else self.state
            )

    @property
    def drop(self) -> float:
        """Mean baseline score minus mean candidate score."""
        return self._sum / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """A confidence interval of the drop."""
        if not self.n:
            return -1.0, 1.0
        half = math.sqrt(2 * math.log(2 * (self.n + 1) ** 2 / self.alpha) / self.n)
        return max(-1.0, self.drop - half), min(1.0, self.drop + half)

    def forecast(self) -> int | None:
        """Pairs still needed to decide if things go on as they did."""
        growth = max(math.log(self.e_pass), math.log(self.e_fail)) / self.n if self.n else 0.0
        return math.ceil((math.log(1 / self.alpha) / growth) - self.n) if growth > 0 else None

    def plain(self) -> PlainRule:
        """The observed-drop rule."""
        if not self.n:
            return PlainRule(False, 0.5)
        sd = math.sqrt(max(self._squares / self.n - self.drop**2, 1e-9) / self.n)
        return PlainRule(self.drop < self.margin, 0.5 * math.erfc(self.margin / sd / math.sqrt(2)))


def shared_alpha(alpha: float, candidates: int) -> float:
    """How alpha is shared among candidates."""
    return alpha / candidates
