"""The waterfall of a plan, drawn by matplotlib (the extra ``plot``), which is imported on use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..plots import literal, new_figure
from .step import Bar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = {"bill": "C7", "projected": "C0", "measured": "C2", "assumed": "none"}


def waterfall(bars: Sequence[Bar], label: str) -> Figure:
    """Bars below each other, assumed ones hatched; ``label`` is the axis'. Raises UsageError without matplotlib."""
    figure, (axes,) = new_figure(1, 1, (7, 1.2 + 0.42 * len(bars)))
    for place, bar in enumerate(bars):
        assumed = bar.kind == "assumed"
        colour = _COLOURS[bar.kind]
        axes.barh(
            place,
            float(bar.high - bar.low),
            left=float(bar.low),
            color=colour,
            edgecolor="C2" if assumed else colour,
            hatch="///" if assumed else None,
        )
        place_of_text = (float(bar.high), place)
        axes.annotate(literal(bar.told), place_of_text, xytext=(4, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(len(bars)), [literal(bar.label) for bar in bars])
    axes.invert_yaxis()
    axes.set_xlim(0, float(bars[0].high) * 1.2)
    hatched = "; hatched: assumed, not measured" if any(bar.kind == "assumed" for bar in bars) else ""
    axes.set_xlabel(literal(label + hatched))
    return figure
