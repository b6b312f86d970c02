"""What routing by a score gains: quality and cost for each share of calls that goes to the strong model.

Definitions after Ong et al., "RouteLLM: Learning to Route LLMs with Preference Data" (arXiv 2406.18665, section 2):

- PGR, performance gap recovered: (quality of the routed − quality of the weak) / (quality of the strong − of the weak);
- APGR: the area under PGR over the share of strong calls; routing at random has 0.5;
- CPT(x), call-performance threshold: the smallest share of strong calls whose PGR reaches x.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..types import UsageError
from .views import Floats

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# Sums of thousands of floats are exact to about this.
_EPSILON = 1e-9


@dataclass(frozen=True, repr=False)
class Curve:
    """n + 1 points, from all calls on the cheap model to all on the strong one.

    Attributes:
        share: of calls to the strong model, 0 to 1.
        cost: mean cost of a call at that share, USD.
        quality: mean quality at that share.
        note: why there is no PGR, None when there is one.
    """

    share: Floats
    cost: Floats
    quality: Floats
    note: str | None = None

    @property
    def pgr(self) -> Floats:
        """Performance gap recovered at each share; NaN where there is no gap."""
        if self.note:
            return np.full(len(self.share), np.nan)
        recovered: Floats = (self.quality - self.quality[0]) / (self.quality[-1] - self.quality[0])
        return recovered

    @property
    def apgr(self) -> float:
        """Average performance gap recovered; NaN where there is no gap (``note`` says why)."""
        pgr = self.pgr
        return float(np.sum((pgr[1:] + pgr[:-1]) / 2 * np.diff(self.share)))

    def cpt(self, x: float) -> float:
        """The smallest share of strong calls that recovers ``x`` (0 to 1) of the gap; NaN where there is none.

        Between two points of the curve it is interpolated.
        """
        if not 0 <= x <= 1:
            raise UsageError(f"cpt takes a part of the gap from 0 to 1, like 0.5, not {x!r}")
        if self.note:
            return float("nan")
        pgr = self.pgr
        i = int(np.argmax(pgr >= x - _EPSILON))  # the last point always reaches it
        if i == 0:
            return 0.0
        part = (x - pgr[i - 1]) / (pgr[i] - pgr[i - 1])
        return float(self.share[i - 1] + min(part, 1.0) * (self.share[i] - self.share[i - 1]))

    def to_frame(self) -> pd.DataFrame:
        """A row per point: share of strong calls, cost, quality, PGR."""
        import pandas as pd

        return pd.DataFrame({"share": self.share, "cost": self.cost, "quality": self.quality, "pgr": self.pgr})

    def plot(self) -> Figure:
        """Quality over cost, beside routing at random, with CPT(50 %) and CPT(80 %)."""
        try:
            from matplotlib.figure import Figure
        except ImportError as error:
            raise UsageError(f"plots need the extra: pip install 'costmagic[plot]' ({error})") from None
        figure = Figure(figsize=(6, 4), layout="constrained")
        axes = figure.add_subplot()
        ends_cost, ends_quality = self.cost[[0, -1]], self.quality[[0, -1]]
        axes.plot(ends_cost, ends_quality, "--", color="0.6", label="at random")
        axes.plot(self.cost, self.quality, label="routed" if self.note else f"routed, APGR {self.apgr:.2f}")
        for x in () if self.note else (0.5, 0.8):
            share = self.cpt(x)
            at = [np.interp(share, self.share, values) for values in (self.cost, self.quality)]
            axes.plot(*at, "o", label=f"CPT({x:.0%}): {share:.0%} strong calls")
        axes.annotate("all cheap", (ends_cost[0], ends_quality[0]))
        axes.annotate("all strong", (ends_cost[1], ends_quality[1]), ha="right")
        axes.set_xlabel("cost of a call (USD)")
        axes.set_ylabel("quality")
        axes.legend(loc="lower right", fontsize="small")
        return figure

    def __repr__(self) -> str:
        what = self.note or f"APGR {self.apgr:.3f}, CPT(50 %) {self.cpt(0.5):.1%}, CPT(80 %) {self.cpt(0.8):.1%}"
        return f"<Curve of {len(self.share) - 1:,} calls: {what}>"


def curve(
    quality_cheap: Sequence[float] | Floats,
    quality_strong: Sequence[float] | Floats,
    cost_cheap: Any,
    cost_strong: Any,
    scores: Sequence[float] | Floats,
) -> Curve:
    """The curve of routing n prompts by ``scores``, lowest scores to the strong model first.

    Args:
        quality_cheap: quality of the cheap model's answer to each prompt, higher is better.
        quality_strong: likewise for the strong model.
        cost_cheap: USD of the cheap model's calls: one number each, or one for all.
        cost_strong: likewise for the strong model.
        scores: how safe the cheap model is on each prompt, like ``LearnedRouter.probability``. Among equal
            scores the curve is what a random order gives on average, so that the order of the prompts never counts.

    Raises:
        UsageError: lengths differ, there are no prompts, or a value is not a finite number.
    """
    ranks = _numbers("scores", scores, None)
    n = len(ranks)
    weak, strong = (_numbers(f"quality_{k}", v, n) for k, v in (("cheap", quality_cheap), ("strong", quality_strong)))
    low, high = (_numbers(f"cost_{k}", v, n) for k, v in (("cheap", cost_cheap), ("strong", cost_strong)))
    quality = weak.mean() + _gained(strong - weak, ranks)
    cost = low.mean() + _gained(high - low, ranks)
    gap = float((strong - weak).mean())
    note = None
    if abs(gap) <= _EPSILON * max(1.0, float(np.abs(strong).max())):
        note = "both models have the same quality: there is no gap to recover, always take the cheaper one"
    elif gap < 0:
        note = "the cheap model is the better one: there is no gap to recover, always take it"
    return Curve(np.arange(n + 1) / n, cost, quality, note)


def _gained(gains: Floats, ranks: Floats) -> Floats:
    """Mean gain per call when the 0, 1, … n prompts of lowest rank have changed sides."""
    _, group, size = np.unique(ranks, return_inverse=True, return_counts=True)
    expected = np.bincount(group, weights=gains) / size  # of any one among equals
    return np.concatenate([[0.0], np.cumsum(np.repeat(expected, size))]) / len(ranks)


def _numbers(name: str, values: Any, n: int | None) -> Floats:
    try:
        numbers = np.asarray(values, dtype=float)  # Decimals too: a curve is statistics, not a bill
    except (TypeError, ValueError):
        raise UsageError(f"{name} takes numbers") from None
    if numbers.ndim == 0 and n is not None and name.startswith("cost"):
        numbers = np.full(n, float(numbers))
    if numbers.ndim != 1 or not len(numbers):
        raise UsageError(f"{name} takes one number for each prompt, and at least one")
    if n is not None and len(numbers) != n:
        raise UsageError(f"{name} has {len(numbers):,} numbers for {n:,} scores")
    if not np.isfinite(numbers).all():
        raise UsageError(f"{name} must be finite numbers")
    return numbers
