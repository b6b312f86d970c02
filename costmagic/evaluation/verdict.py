"""Whether a candidate is good enough: a test of paired scores that is valid however often one looks at it.

Two games are played (see ``betting``): one pays if the drop is below the margin, the other if it is above. A candidate
passes once the first has multiplied its stake by 1/α, and fails once the second has. So a candidate that is worse by
the margin or more passes with a chance of at most α, whenever one stops: an e-process in the sense of Ramdas,
Grünwald, Vovk & Shafer, "Game-theoretic statistics and safe anytime-valid inference" (Statistical Science 38, 2023).
It asks that the pairs are drawn in random order, and speaks of the population that they stand for.

Equal models pass, and much worse ones fail, with about as many pairs as a test that fixes their number beforehand
(Tango's, Statistics in Medicine 17, 1998) needs at a power of 80 %: in the median, and without having to know it.
"""

from __future__ import annotations

import math
from typing import Literal

from ..types import UsageError
from .betting import Game, View, grid_points, log_sum
from .plain_rule import PlainRule, chance_by_normal, chance_of_approval

State = Literal["pass", "fail", "undecided"]

# Before a forecast: fewer pairs tell little; more than this are no forecast but a no.
LEAST_PAIRS = 20
HORIZON = 100_000

MAX_LOG = 700.0  # of a float


def _for_pass(margin: float) -> tuple[View, ...]:
    # Equal models are what it is built for: the first bettor expects hardly any drop (to expect a trifle less than
    # none makes the median shorter). The other one keeps the game going if the truth is half the margin. At first
    # both expect very few differences, for a run of ties is what can decide soonest: 160 at a margin of 2 %.
    return tuple(View(share, of * margin, 0.12, 1.0, 0.25, False) for share, of in ((0.85, -0.15), (0.15, 0.5)))


def _for_fail(margin: float) -> tuple[View, ...]:
    # Clearly worse models should go soon: most of the stake expects five times the margin, which is good for all that
    # is more than three times worse; the rest is for those nearer to the margin.
    top = margin + 0.9 * (1 - margin)
    return tuple(
        View(share, min(times * margin, top), 3.0, 20.0, 0.95, True)
        for share, times in ((0.8, 5.0), (0.13, 2.5), (0.07, 1.5))
    )


class PairedTest:
    """Baseline and candidate on the same items, pair by pair, in the order in which they were drawn.

    Attributes:
        margin: a candidate that is worse by this or more must not pass.
        alpha: the chance that it does all the same, and the chance that one which is worse by less fails.
        n: pairs so far.
        state: "pass", "fail" or "undecided"; once decided it stays.
    """

    margin: float
    alpha: float
    n: int
    state: State

    def __init__(self, margin: float, alpha: float) -> None:
        """Raises ``UsageError`` unless both are between 0 and 1."""
        self.margin = _between("margin", margin)
        self.alpha = _between("alpha", alpha)
        self.n = 0
        self.state = "undecided"
        self._for_pass = Game(self.margin, 1, _for_pass(self.margin))
        self._for_fail = Game(self.margin, -1, _for_fail(self.margin))
        self._sum = self._squares = 0.0
        self._differences: dict[int, float] = {}  # how often, by grid point
        self._graded = False
        self._interval: tuple[int, tuple[float, float]] = (0, (-1.0, 1.0))

    def add(self, baseline: float, candidate: float) -> None:
        """Count the next pair of scores, from 0 to 1. Raises ``UsageError`` for any other, and counts nothing."""
        d = _score(baseline) - _score(candidate)
        points = grid_points(d)
        for game in (self._for_pass, self._for_fail):
            game.add(d, points, self.n, self._squares)
        self.n += 1
        self._sum += d
        self._squares += d * d
        for point, weight in points:
            self._differences[point] = self._differences.get(point, 0.0) + weight
        self._graded = self._graded or d not in (-1, 0, 1)
        if self.state == "undecided":
            if self._for_pass.best >= self._wanted:
                self.state = "pass"
            elif self._for_fail.best >= self._wanted:
                self.state = "fail"

    @property
    def drop(self) -> float:
        """Mean baseline score minus mean candidate score; 0 before the first pair."""
        return self._sum / self.n if self.n else 0.0

    @property
    def e_pass(self) -> float:
        """What 1 has become, at its best so far, by betting on a drop below the margin: ≥ 1/α means "pass"."""
        return math.exp(min(self._for_pass.best, MAX_LOG))

    @property
    def e_fail(self) -> float:
        """What 1 has become, at its best so far, by betting on a drop above the margin: ≥ 1/α means "fail"."""
        return math.exp(min(self._for_fail.best, MAX_LOG))

    @property
    def interval(self) -> tuple[float, float]:
        """A confidence sequence of the drop: at 1 − α the truth is in it, at all times at once.

        It says what the verdict says: it ends at the margin or below it ("pass"), begins there or above it ("fail"),
        or else has the margin inside. Each end is where the verdict's own bets, played against another margin, would
        have made 1/α. No end goes beyond the margin, so only one can miss the truth, and α need not be halved (Hsu,
        Hwang, Liu & Ruberg, "Confidence intervals associated with tests for bioequivalence", Biometrika 81, 1994).
        The observed drop is always inside.
        """
        if self._interval[0] != self.n:
            self._interval = (self.n, self._ends())
        return self._interval[1]

    def _ends(self) -> tuple[float, float]:
        low = self._for_fail.bound(-1.0, self._wanted)
        high = self._for_pass.bound(1.0, self._wanted)
        if self.state == "pass":
            high = self.margin
        elif self.state == "fail":
            low = self.margin
        return min(low, self.drop), max(high, self.drop)

    def forecast(self) -> int | None:
        """Pairs still needed if scores go on differing as often, and as one-sidedly, as they did.

        0 once decided. None when that can't be told: too few pairs so far, or none of 100,000 would be enough.
        """
        if self.state != "undecided":
            return 0
        if self.n < LEAST_PAIRS:
            return None
        shares = {point: weight / self.n for point, weight in self._differences.items()}
        games = (self._for_pass, self._for_fail)
        logs = [game.logs for game in games]
        n, before = self.n, max(map(log_sum, logs))
        while n < HORIZON:
            pairs = n // 16 + 1
            squares = self._squares * n / self.n
            logs = [game.ahead(log, n, squares, shares, pairs) for game, log in zip(games, logs, strict=True)]
            after = max(map(log_sum, logs))
            if after >= self._wanted:
                part = (self._wanted - before) / (after - before)
                return max(1, n - self.n + math.ceil(pairs * min(1.0, part)))
            n, before = n + pairs, after
        return None

    def plain(self, drop: float | None = None) -> PlainRule:
        """The plain rule, and its chance of approving a model that is truly worse by ``drop`` (default: the margin).

        For scores of 0 and 1 the chance is exact, at the discordance that was observed; for graded ones it is by the
        normal distribution. Before the first pair the rule doesn't pass, and knows no more than a coin.
        """
        worse = self.margin if drop is None else drop
        if not self.n:
            return PlainRule(False, 0.5)
        chance = chance_by_normal if self._graded else chance_of_approval
        return PlainRule(self.drop < self.margin, chance(self.n, self.margin, worse, self._squares / self.n))

    @property
    def _wanted(self) -> float:
        return -math.log(self.alpha)


def shared_alpha(alpha: float, candidates: int) -> float:
    """What each of several candidates gets of ``alpha``, so that the chance that any wrong one passes stays below it.

    In equal parts (Bonferroni): that needs no assumption on how their scores hang together, nor on who is tried first.
    """
    if candidates < 1:
        raise UsageError(f"there must be a candidate to share alpha among, not {candidates}")
    return _between("alpha", alpha) / candidates


def _between(name: str, value: float) -> float:
    if not 0 < value < 1:  # nan is not
        raise UsageError(f"{name} must be above 0 and below 1, not {value}")
    return float(value)


def _score(value: float) -> float:
    try:
        if 0 <= value <= 1:  # nan is not
            return float(value)
    except TypeError:
        pass
    raise UsageError(f"a score is a number from 0 to 1, not {value!r}")
