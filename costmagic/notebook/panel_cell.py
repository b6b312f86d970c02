"""``%llm panel``: the panel in a cell, for every front end that shows widgets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from ..evaluation.definition import CONFIDENCE, MARGIN
from ..session import Session
from ..types import UsageError
from .panel import serve
from .panel_wire import PanelState
from .widgets import Widget, can_show

# USD that a new evaluation may spend at most, unless the user says otherwise.
CAP = "0.5"

INSTEAD = (
    "The costmagic panel is shown where there is a kernel: run this cell again. "
    "Without widgets: %llm policy, %llm costs and cm.evaluate(…) do the same."
)


class Panel:
    """Shown as the value of a cell. Where there are no widgets, and in a saved notebook, it says what to do instead."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._widget: Widget | None = None

    def __repr__(self) -> str:
        return INSTEAD

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        if not can_show():
            return {"text/plain": INSTEAD}, {}
        if self._widget is None:
            self._widget = Widget("panel", state(self._session), self._on_message)
        return self._widget.bundle(plain=INSTEAD, html=f"<p>{INSTEAD}</p>"), self._widget.metadata

    def _on_message(self, message: dict[str, Any]) -> None:
        if self._widget is not None:
            serve(message, self._widget.send)


def state(session: Session) -> PanelState:
    """What the panel in a cell begins with."""
    name = PurePath(session.notebook).name if session.notebook else ""
    return {"notebook": name, "margin": MARGIN, "confidence": CONFIDENCE, "cap": CAP}


def command(session: Session, words: Sequence[str]) -> Panel:
    """``panel``: find the cheapest model that is good enough, in a panel below this cell"""
    if words:
        raise UsageError(f"panel takes nothing more, not '{' '.join(words)}'")
    return Panel(session)
