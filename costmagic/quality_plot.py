"""The figure of an evaluation: quality against cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .plots import LOG_FROM, literal, pyplot
from .types import UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLORS = {"pass": "C2", "fail": "C3", "undecided": "C1", None: "C0"}


@dataclass(frozen=True)
class Mark:
    """One model: USD for 1,000 calls (None: unknown), quality (0 to 1) and its interval, verdict (None: baseline)."""

    name: str
    usd_per_1000: float | None
    quality: float
    low: float
    high: float
    state: str | None
    simulated: bool = False


def frontier(marks: Sequence[Mark]) -> list[Mark]:
    """The models that no other one beats: none is both at most as dear and at least as good. Cheapest first."""
    best: list[Mark] = []
    for mark in sorted((m for m in marks if m.usd_per_1000 is not None), key=lambda m: (m.usd_per_1000, -m.quality)):
        if not best or mark.quality > best[-1].quality:
            best.append(mark)
    return best


def quality_against_cost(marks: Sequence[Mark], margin: float) -> Figure:
    """A dot per model with the interval of its quality; a line joins the frontier, another marks what is good enough.

    Raises:
        UsageError: matplotlib is missing, or no model has a price and an answer.
    """
    places = [(m, m.usd_per_1000) for m in marks if m.usd_per_1000 is not None]
    if not places:
        raise UsageError("nothing to plot: no model has a price and an answer yet")
    plt = pyplot()
    figure: Figure
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    plt.close(figure)  # it shows once, as the value of the cell
    costs = [x for _, x in places]
    for mark, x in places:
        color = _COLORS.get(mark.state, "C0")
        below, above = max(0.0, mark.quality - mark.low), max(0.0, mark.high - mark.quality)
        axes.errorbar(
            [x], [mark.quality * 100], yerr=[[below * 100], [above * 100]], color=color, capsize=3, fmt="none"
        )
        face = "none" if mark.simulated else color
        axes.scatter([x], [mark.quality * 100], s=60, facecolors=face, edgecolors=color, linewidths=1.5, zorder=3)
        label = f"{mark.name} SIMULATED" if mark.simulated else mark.name
        note = f"{label}: {mark.state}" if mark.state else f"{label}: baseline"
        side, dx = ("left", 6) if x <= min(costs) else ("right", -6)  # inside, and apart at either end
        dy = -12 if mark.state is None else 6
        place = (x, mark.quality * 100)
        axes.annotate(literal(note), place, xytext=(dx, dy), textcoords="offset points", fontsize=9, ha=side)
    best = frontier(marks)
    if len(best) > 1:
        axes.plot(
            [m.usd_per_1000 for m in best], [m.quality * 100 for m in best], color="0.6", zorder=1, label="frontier"
        )
    baseline = next((m for m in marks if m.state is None), None)
    if baseline is not None:
        enough = (baseline.quality - margin) * 100
        axes.axhline(enough, color="0.6", linestyle=":", zorder=1, label=f"baseline − {margin:.2%}")
    if min(costs) > 0 and max(costs) / min(costs) >= LOG_FROM:
        axes.set_xscale("log")
    else:
        axes.set_xlim(left=0, right=max(costs) * 1.3 or 1)
    axes.set_ylabel("quality, %")
    left_out = [m.name for m in marks if m.usd_per_1000 is None]
    axes.set_xlabel(
        "USD for 1,000 calls" + (f"\nnot shown (no price): {literal(', '.join(left_out))}" if left_out else "")
    )
    axes.legend(fontsize=8, loc="lower right")
    return figure
