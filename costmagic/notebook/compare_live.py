"""The columns of a comparison while they run, with their meters, Stop buttons and votes."""

from __future__ import annotations

import threading
from typing import Any

from ..comparison import Comparison, summary
from ..comparison.columns import Column
from ..comparison.running import Running as RunningColumns
from ..session import Session
from ..types import CostmagicError
from .compare_wire import VERSION, Badge, ColumnPhase, ColumnState, CompareState, Figures
from .diff import words_html
from .running import Running
from .side_by_side import bundle, line, reply_html
from .widgets import Widget, load
from .wire import Answer


class LiveColumns:
    """Shows a running comparison. ``push`` may be called at any pace; what the browser asks is done at once.

    Made before the columns run: what has to be imported for it would else count in their times.
    """

    def __init__(self, session: Session, comparison: Comparison, running: RunningColumns) -> None:
        load("compare")
        self._comparison = comparison
        self._running = running
        self._meters = {column: Running(session.engine, column.call) for column in comparison.columns}
        self._against: int | None = None
        self._lock = threading.RLock()
        self._widget: Widget | None = None

    def shown(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What shows the columns, and the metadata of its output; beside it the table as it stands now."""
        with self._lock:
            self._widget = self._widget or Widget("compare", self.state(), self._on_message)
            twins = bundle(self._comparison)
            return self._widget.bundle(html=twins["text/html"], plain=twins["text/plain"]), self._widget.metadata

    def push(self) -> None:
        """Show how the columns stand now."""
        with self._lock:
            if self._widget is not None:
                self._widget.push(self.state())

    def close(self) -> None:
        """Take the view away; what it was displayed in must show something else by now."""
        with self._lock:
            if self._widget is not None:
                self._widget.close()
                self._widget = None

    def state(self) -> CompareState:
        """All columns as they stand."""
        comparison = self._comparison
        return {
            "version": VERSION,
            "hidden": comparison.hidden,
            "against": self._against,
            "columns": [self._column(column) for column in comparison.columns],
        }

    def _column(self, column: Column) -> ColumnState:
        comparison, hidden = self._comparison, self._comparison.hidden
        badges: list[Badge] = [
            {"text": text, "kind": kind}  # type: ignore[typeddict-item]
            for text, kind in summary.badges(comparison, column)
        ]
        phase: ColumnPhase = "stopping" if self._running.stopping(column) else column.state
        return {
            "label": line(comparison.label(column)),
            "model": None if hidden or column.ref == column.name else line(column.ref),
            "phase": phase,
            "badges": badges,
            "figures": None if hidden else self._figures(column),
            "html": self._html(column),
            "vote": column.vote,
            "kept": column.kept,
            "can_vote": column.state in ("ok", "refused"),
        }

    def _figures(self, column: Column) -> Figures:
        meter = self._meters[column].state()
        first = column.first_token_ms
        return {
            "input_tokens": meter["input_tokens"],
            "output_tokens": meter["output_tokens"],
            "usage": meter["usage"],
            "cost": meter["cost"],
            "tokens_per_s": meter["tokens_per_s"],
            "elapsed_s": meter["elapsed_s"],
            "first_token_s": None if first is None else round(first / 1000, 3),
        }

    def _html(self, column: Column) -> str:
        base = None if self._against is None else self._comparison.columns[self._against]
        if base is None or base is column or not column.text.strip():
            return reply_html(self._comparison, column, folded=False)
        return words_html(base.text, column.text)

    def _on_message(self, message: dict[str, Any]) -> None:
        """In a thread of the front end's, while the cell runs."""
        kind, number = message.get("type"), message.get("column")
        columns = self._comparison.columns
        column = columns[number] if isinstance(number, int) and 0 <= number < len(columns) else None
        if kind == "stop":
            self._running.stop(column)
            answer: Answer = {"type": "stopping"}
            with self._lock:
                if self._widget is not None:
                    self._widget.send(answer)
        elif kind == "against":
            self._against = None if column is None else number
        else:
            try:
                judge(self._comparison, message)
            except CostmagicError:
                return  # a click on what has changed meanwhile: the view shows how it stands
        self.push()


def judge(comparison: Comparison, message: dict[str, Any]) -> None:
    """Do what a click on a vote asks. Raises as ``Comparison.vote`` and ``keep`` do."""
    kind, number = message.get("type"), message.get("column")
    if kind == "reveal":
        comparison.reveal()
    elif isinstance(number, int) and kind == "vote":
        good = message.get("good")
        comparison.vote(number + 1, good if isinstance(good, bool) else None)
    elif isinstance(number, int) and kind == "keep":
        comparison.keep(number + 1)
