"""A line under a cell that evaluates: how far it is, and at the end what it found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from IPython.display import display

from ..money import dollars
from ..tables import NO_MATH, encodable, money_safe, printable


def watching() -> Callable[[Any], None]:
    """A function that shows the state of a run (``RunState``), in one place however often it is called."""
    handle: Any = display(bundle(""), raw=True, display_id=True)  # type: ignore[no-untyped-call]
    return lambda state: handle.update(bundle(line(state)), raw=True)


def line(state: Any) -> str:
    """The state in a line."""
    if state.phase != "running":
        return str(state.message)
    cap = "" if state.cap is None else f" of {dollars(state.cap)}"
    parts = [f"{state.calls:,} answers, {dollars(state.spent, state.unpriced > 0)}{cap}"]
    parts[0] += " SIMULATED" if state.simulated else ""
    if state.eta_s is not None:
        parts.append(f"about {state.eta_s:,.0f} s left at most")
    for c in state.candidates:
        interval = "" if c.low is None or c.high is None else f", drop {c.low * 100:.1f} to {c.high * 100:.1f} %"
        parts.append(f"{c.name}: {c.n:,} pairs{interval}, {c.state}")
    return "; ".join(parts)


def bundle(text: str) -> dict[str, str]:
    """Plain text, and HTML that a screen reader follows."""
    shown = printable(encodable(text))
    return {
        "text/plain": shown,
        "text/html": f"<div class='{NO_MATH}' role='status' aria-live='polite'>{money_safe(shown)}</div>",
    }
