"""Figures, drawn by matplotlib (the extra ``plot``), which is imported on use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .types import UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# From here on the dots of one axis span too much for a linear scale.
LOG_FROM = 20


@dataclass(frozen=True)
class Dot:
    """One model: seconds to its whole reply and USD for 1,000 calls; None for what is unknown."""

    name: str
    seconds: float | None
    usd_per_1000: float | None
    simulated: bool = False


def cost_against_latency(dots: Sequence[Dot]) -> Figure:
    """Cost against latency, a dot per model; simulated ones are hollow and say so.

    Dots without one of the two are named below the figure instead.

    Raises:
        UsageError: matplotlib is missing, or no dot has both figures.
    """
    places = [(d, d.seconds, d.usd_per_1000) for d in dots if d.seconds is not None and d.usd_per_1000 is not None]
    if not places:
        raise UsageError("nothing to plot: no column has a price and was answered by a model just now")
    figure, (axes,) = new_figure(1, 1, (6, 4))
    for dot, x, y in places:
        axes.scatter([x], [y], s=60, facecolors="none" if dot.simulated else "C0", edgecolors="C0", linewidths=1.5)
        label = f"{dot.name} SIMULATED" if dot.simulated else dot.name
        axes.annotate(literal(label), (x, y), xytext=(6, 4), textcoords="offset points", fontsize=9)
    costs = [y for _, _, y in places]
    if min(costs) > 0 and max(costs) / min(costs) >= LOG_FROM:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0, top=max(costs) * 1.15 or 1)
    axes.set_xlim(left=0, right=max(x for _, x, _ in places) * 1.3 or 1)
    axes.set_ylabel("USD for 1,000 calls")
    left_out = [dot.name for dot in dots if dot.seconds is None or dot.usd_per_1000 is None]
    note = f"\nnot shown (no price, no answer, or from the cache): {', '.join(left_out)}" if left_out else ""
    axes.set_xlabel(literal(f"seconds to the whole reply{note}"))
    return figure


def new_figure(rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, list[Any]]:
    """A figure of ``size`` inches and its axes, row by row. Raises UsageError without matplotlib."""
    plt = pyplot()
    figure: Figure
    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    plt.close(figure)  # it shows once, as the value of the cell
    return figure, list(axes.flat)


def literal(text: str) -> str:
    """``text`` without formulas."""
    return text.replace("$", r"\$")


def pyplot() -> Any:
    """matplotlib's. Raises UsageError when it is missing."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise UsageError(f"figures need the extra: pip install 'costmagic[plot]' ({error})") from None
    return plt
