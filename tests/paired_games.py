"""Thousands of paired tests at once: the bets of ``costmagic.evaluation.betting`` once more, on numpy arrays.

For simulations only; ``tests/evaluation/test_verdict.py`` holds them against the class itself.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from costmagic.evaluation import verdict
from costmagic.evaluation.betting import ALMOST_ONE, STEPS, View

Draw = Callable[[np.random.Generator, int], np.ndarray]


def coins(drop: float, discordance: float) -> Draw:
    """Differences of scores of 0 and 1, as whole numbers."""
    lost, won = (discordance + drop) / 2, (discordance - drop) / 2

    def draw(rng: np.random.Generator, size: int) -> np.ndarray:
        u = rng.random(size)
        return (u < lost).astype(int) - ((u >= lost) & (u < lost + won))

    return draw


class Games:
    """One of the two games ("pass" or "fail"), of ``runs`` independent tests.

    Attributes:
        wealth: (runs,), now.
    """

    wealth: np.ndarray

    def __init__(self, margin: float, game: str, runs: int) -> None:
        self.margin = margin
        self.side = 1 if game == "pass" else -1
        self.views = verdict._for_pass(margin) if game == "pass" else verdict._for_fail(margin)
        self.logs = np.log([[view.share] for view in self.views]) + np.zeros(runs)
        self.squares = np.zeros(runs)
        self.n = 0

    def add(self, d: np.ndarray) -> None:
        whole = d.dtype == int
        # With scores of 0 and 1 what comes next depends on few numbers: how often scores have differed, and d.
        before = np.arange(int(self.squares.max()) + 1) if whole else self.squares
        for view, logs in zip(self.views, self.logs, strict=True):
            stakes = self._stakes(view, before)
            if whole:
                logs += np.log1p(stakes * (self.margin - np.array([[0], [1], [-1]])))[d, self.squares.astype(int)]
            else:
                logs += np.log1p(stakes * (self.margin - d))
        self.wealth = np.exp(self.logs).sum(axis=0)
        self.squares = self.squares + d * d
        self.n += 1

    def keep(self, those: np.ndarray) -> None:
        """Forget all tests but those."""
        self.logs, self.squares = self.logs[:, those], self.squares[those]

    def _stakes(self, view: View, squares: np.ndarray) -> np.ndarray:
        m, side = self.margin, self.side
        often = (squares + view.discordant) / (self.n + view.pairs)
        if view.firm:
            often, drop = np.clip(often, view.drop / view.lopsided, 1.0), view.drop
        else:
            drop = np.clip(view.drop, -view.lopsided * often, view.lopsided * often)
        a, b, c = side * m * (1 - m * m), often + m * drop - 2 * m * m, -side * (m - drop)
        part = np.minimum(ALMOST_ONE, -2 * c / (b + np.sqrt(b * b - 4 * a * c)) * (1 - side * m))
        level = np.round(STEPS * np.log(part / (1 - part)))
        return side / (1 - side * m) / (1 + np.exp(-level / STEPS))


def stopping(margin: float, alpha: float, draw: Draw, game: str, runs: int, pairs: int, seed: int = 0) -> np.ndarray:
    """(runs,): after how many pairs each test decides, looked at after each; ``pairs`` + 1 where it never does."""
    rng = np.random.default_rng(seed)
    games = Games(margin, game, runs)
    when = np.full(runs, pairs + 1)
    going = np.arange(runs)
    for n in range(1, pairs + 1):
        games.add(draw(rng, len(going)))
        done = games.wealth >= 1 / alpha
        if done.any():
            when[going[done]] = n
            going = going[~done]
            games.keep(~done)
        if not len(going):
            break
    return when
