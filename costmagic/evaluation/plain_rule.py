"""The plain rule, "the observed drop is below the margin", and how often it is wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class PlainRule:
    """What the plain rule says, and how far that can be trusted.

    Attributes:
        passes: the observed drop is below the margin.
        chance_of_error: that the rule, at this number of pairs, approves a model that is truly worse by the margin (or
            by the drop that was asked about).
    """

    passes: bool
    chance_of_error: float


def chance_of_approval(n: int, margin: float, drop: float, discordance: float) -> float:
    """The chance that the observed drop of ``n`` pairs is below ``margin`` when it is truly ``drop``.

    Exact, for scores of 0 and 1: losses and wins are trinomial. ``discordance`` is the share of pairs whose scores
    differ, taken as ``drop`` where it is less than that.
    """
    discordance = min(1.0, max(discordance, abs(drop)))
    lost, won = (discordance + drop) / 2, (discordance - drop) / 2
    most = math.ceil(margin * n - 1e-9) - 1  # the largest surplus of losses that the rule lets pass
    given = min(1.0, lost / (1 - won)) if won < 1 else 0.0  # of a loss, where it is no win
    spread = 9 * math.sqrt(n * won * (1 - won)) + 9
    first, last = max(0, math.floor(n * won - spread)), min(n, math.ceil(n * won + spread))
    at_most = sum(_binomial(n - first, k, given) for k in range(min(n, first + most) + 1))
    total = 0.0
    for wins in range(first, last + 1):
        total += _binomial(n, wins, won) * at_most
        # From P(losses ≤ k) among N pairs to P(losses ≤ k + 1) among N − 1.
        rest, k = n - wins - 1, wins + most
        at_most += given * _binomial(rest, k, given) + _binomial(rest, k + 1, given)
    return min(1.0, total)


def chance_by_normal(n: int, margin: float, drop: float, mean_square: float) -> float:
    """``chance_of_approval`` for graded scores whose differences have this mean square: by the central limit."""
    spread = math.sqrt(max(mean_square - drop * drop, 0.0) / n)
    if not spread:
        return 1.0 if drop < margin else 0.0
    return 0.5 * math.erfc((drop - margin) / spread / math.sqrt(2))


def _binomial(n: int, k: int, p: float) -> float:
    """P(k of n)."""
    if not 0 <= k <= n:
        return 0.0
    if p in (0.0, 1.0):
        return 1.0 if k == n * p else 0.0
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(ways + k * math.log(p) + (n - k) * math.log1p(-p))
