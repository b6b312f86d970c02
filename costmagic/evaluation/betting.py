"""Bets on paired scores: the wealth of a fair game is the evidence against the hypothesis that makes it fair.

A pair's difference d = baseline − candidate lies in [−1, 1]. Whoever stakes the part λ of his wealth on "the mean of d
is below m" multiplies it by 1 + λ(m − d). While the mean is in truth m or more, that wealth is a supermartingale,
however cleverly λ was chosen from the pairs before, so that it ever reaches 1/α with a chance of at most α (Ville).
No other test of a bounded mean can do better than one of this form (Waudby-Smith & Ramdas, "Estimating means of
bounded random variables by betting", JRSS-B 86, 2024; Clerico, "Optimal e-value testing for properly constrained
hypotheses", 2024). Several bettors who share a stake are one such game again: their wealth is added.

How much to stake is Kelly's question (1956): the λ under which the logarithm of the wealth is expected to grow
fastest, given how often scores differ and by how much one expects the drop to be. The former is learned from the pairs
(in weights d², so that a small difference of graded scores counts for little); for the latter each bettor has a view.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

# Stakes are rounded to steps on the logistic scale, so that few different ones occur and the pairs that each of them
# met can be counted. A twelfth more or less costs half a percent of the growth.
STEPS = 4
ALMOST_ONE = 1 - 1e-12

# Differences are counted on a grid of sixteenths: −1, 0 and 1 are on it; what lies between two points is shared out so
# that the mean stays. The logarithm is concave, so the wealth that the counts imply is never above the true one.
GRID = 16


@dataclass(frozen=True)
class View:
    """What one bettor expects.

    Attributes:
        share: his part of the stake.
        drop: expected.
        discordant, pairs: what he believes before the first pair: that of so many pairs so many differ.
        lopsided: how much of the difference he thinks can be drop, at most. Where few scores differ, either he
            expects less drop (``firm`` is False) or more differences.
    """

    share: float
    drop: float
    discordant: float
    pairs: float
    lopsided: float
    firm: bool

    def expects(self, n: int, squares: float) -> tuple[float, float]:
        """(drop, discordance) for the next pair after ``n`` whose d² sum up to ``squares``."""
        discordance = (squares + self.discordant) / (n + self.pairs)
        if self.firm:
            return self.drop, min(1.0, max(discordance, self.drop / self.lopsided))
        most = self.lopsided * discordance
        return max(-most, min(most, self.drop)), discordance


def kelly(margin: float, side: Literal[1, -1], drop: float, discordance: float) -> float:
    """The stake λ ≥ 0 that grows the log wealth fastest when d is 1, −1 or 0 with mean ``drop``.

    ``side`` 1 bets on a drop below ``margin``, −1 on one above. The derivative of the expected logarithm is 0 where
    ±m(1 − m²)λ² + (q + mδ − 2m²)λ = ±(m − δ).
    """
    gain = side * (margin - drop)
    if gain <= 0:
        return 0.0
    slope = discordance + margin * drop - 2 * margin * margin
    curve = side * margin * (1 - margin * margin)
    return 2 * gain / (slope + math.sqrt(max(0.0, slope * slope + 4 * curve * gain)))


class Game:
    """The wealth of bettors who share a stake of 1, on one side of a margin.

    Attributes:
        best: the log of the largest wealth so far; the e-process is its exponential.
    """

    best: float

    def __init__(self, margin: float, side: Literal[1, -1], views: tuple[View, ...]) -> None:
        self._margin = margin
        self._side: Literal[1, -1] = side
        self._limit = 1 / (1 - side * margin)  # a larger stake could be lost whole, and more
        self._views = views
        self._logs = [math.log(view.share) for view in views]
        self._stakes: dict[int, float] = {}  # by level, signed
        self._met: list[dict[tuple[int, int], float]] = [{} for _ in views]  # (level, grid point): how often
        self.best = 0.0

    def add(self, d: float, points: list[tuple[int, float]], n: int, squares: float) -> None:
        """Play a pair that differs by ``d``, which is ``points`` on the grid.

        ``n`` and ``squares`` are how many pairs there were before it, and the sum of their d².
        """
        for i, (view, met) in enumerate(zip(self._views, self._met, strict=True)):
            level = self._level(view, n, squares)
            self._logs[i] += math.log1p(self._stakes[level] * (self._margin - d))
            for point, weight in points:
                met[level, point] = met.get((level, point), 0.0) + weight
        self.best = max(self.best, log_sum(self._logs))

    def _level(self, view: View, n: int, squares: float) -> int:
        """The stake of the next pair, as a step on the logistic scale."""
        drop, discordance = view.expects(n, squares)
        part = min(ALMOST_ONE, kelly(self._margin, self._side, drop, discordance) / self._limit)
        level = round(STEPS * math.log(part / (1 - part)))
        if level not in self._stakes:
            self._stakes[level] = self._side * self._limit / (1 + math.exp(-level / STEPS))
        return level

    def log_wealth(self, margin: float) -> float:
        """The log of what the same stakes would have made against another margin, farther out on the losing side."""
        logs = []
        for view, met in zip(self._views, self._met, strict=True):
            stakes = self._stakes
            logs.append(
                math.log(view.share)
                + sum(
                    weight * math.log1p(stakes[level] * (margin - point / GRID))
                    for (level, point), weight in met.items()
                )
            )
        return log_sum(logs)

    def bound(self, far: float, log_wanted: float) -> float:
        """The margin nearest to the game's own against which the wealth is e^``log_wanted``, ``far`` at most."""
        near = self._margin
        below, above = self.log_wealth(near) - log_wanted, self.log_wealth(far) - log_wanted
        if below >= 0 or above <= 0:
            return near if below >= 0 else far
        kept = 0
        while abs(far - near) > 1e-6:  # false position; a side that stays twice counts half (Illinois)
            middle = far - above * (far - near) / (above - below)
            value = self.log_wealth(middle) - log_wanted
            if abs(value) < 1e-6:
                return middle
            if value > 0:
                far, above = middle, value
                below, kept = (below / 2, 1) if kept == 1 else (below, 1)
            else:
                near, below = middle, value
                above, kept = (above / 2, -1) if kept == -1 else (above, -1)
        return far

    def ahead(self, logs: list[float], n: int, squares: float, shares: dict[int, float], pairs: int) -> list[float]:
        """The bettors' log wealths after ``pairs`` more whose differences are spread as ``shares`` (by grid point)."""
        result = []
        for log, view in zip(logs, self._views, strict=True):
            stake = self._stakes[self._level(view, n, squares)]
            grows = sum(p * math.log1p(stake * (self._margin - point / GRID)) for point, p in shares.items())
            result.append(log + pairs * grows)
        return result

    @property
    def logs(self) -> list[float]:
        """Each bettor's log wealth."""
        return list(self._logs)


def grid_points(d: float) -> list[tuple[int, float]]:
    """The grid points beside ``d`` with their weights, which sum up to 1 and keep the mean."""
    low = math.floor(d * GRID)
    weight = d * GRID - low
    return [(low, 1 - weight), (low + 1, weight)] if weight else [(low, 1.0)]


def log_sum(logs: list[float]) -> float:
    """log Σ exp, without overflow."""
    top = max(logs)
    return top + math.log(sum(math.exp(log - top) for log in logs))
