"""Figures of the measures, drawn by matplotlib, which is imported on use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..plots import literal, new_figure
from ..types import UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# More bars than this can't be read.
MAX_BARS = 20


@dataclass(frozen=True, slots=True)
class Bar:
    """One group: its value, hollow where it is simulated, and a line where it was designed to be."""

    name: str
    simulated: bool
    value: float
    design: float | None = None


@dataclass(frozen=True, slots=True)
class Bars:
    """One measure; of too many bars the first are drawn, or with ``latest`` the last."""

    title: str
    unit: str
    bars: tuple[Bar, ...]
    latest: bool = False


def chart(bars: Bars) -> Figure:
    """One measure. Raises UsageError without matplotlib, or when there are no bars."""
    if not bars.bars:
        raise UsageError(f"nothing to plot: no call says anything about: {bars.title}")
    figure, axes = new_figure(1, 1, (7, 4))
    _draw(bars, axes[0])
    return figure


def sheet(charts: Sequence[Bars]) -> Figure:
    """Some measures in one figure. Raises UsageError without matplotlib."""
    rows = (len(charts) + 1) // 2
    figure, axes = new_figure(rows, 2, (12, 3.4 * rows))
    for bars, one in zip(charts, axes, strict=False):
        _draw(bars, one)
    return figure


def _draw(bars: Bars, axes: Any) -> None:
    shown = bars.bars[-MAX_BARS:] if bars.latest else bars.bars[:MAX_BARS]
    axes.set_title(literal(bars.title), fontsize=10)
    if not shown:
        axes.text(0.5, 0.5, "nothing known yet", ha="center", va="center", transform=axes.transAxes)
        axes.set_axis_off()
        return
    for place, bar in enumerate(shown):
        color, hatch = ("none", "//") if bar.simulated else ("C0", None)
        axes.barh(place, bar.value, color=color, edgecolor="C0", hatch=hatch)
        if bar.design is not None:
            axes.plot([bar.design, bar.design], [place - 0.45, place + 0.45], color="C1", linewidth=2)
    names = [literal(f"{bar.name} SIMULATED" if bar.simulated else bar.name) for bar in shown]
    axes.set_yticks(range(len(shown)), names, fontsize=8)
    axes.invert_yaxis()
    designed = any(bar.design is not None for bar in shown)
    axes.set_xlabel(f"{bars.unit} (line: designed)" if designed else bars.unit, fontsize=9)
    if axes.get_xlim()[1] <= 0:
        axes.set_xlim(0, 1)
