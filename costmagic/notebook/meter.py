"""The live meter above a reply that is still growing."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from ..call import Call
from ..engine import Engine
from .running import Running
from .stopping import Stopping
from .widgets import Widget, load
from .wire import Answer, MeterState

# A call that is over by then is shown at once, without a meter that would only flash.
SHOW_AFTER_S = 0.15
# At most 20 updates a second, which take at most a tenth of the time; at least one.
MIN_INTERVAL_S = 0.05
MAX_INTERVAL_S = 1.0
SHARE = 0.1


class LiveMeter:
    """Shows a call's running state while the block runs. ``close`` takes it away.

    Args:
        show: puts the meter's bundle and its metadata on the screen; called at most once, from the meter's thread.
    """

    def __init__(self, engine: Engine, call: Call, show: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
        self._running = Running(engine, call)
        self._show = show
        self._stopping = Stopping(call)
        self._possible = self._stopping.possible()
        self._ended = threading.Event()
        self._lock = threading.RLock()
        self._widget: Widget | None = None

    def __enter__(self) -> LiveMeter:
        # Outputs belong to the cell that the context names.
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._follow,), name="costmagic-meter", daemon=True).start()
        self._possible.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._possible.__exit__(kind, error, traceback)
        finally:
            self._ended.set()

    def close(self) -> None:
        """Take the widget away; what it has been displayed in must show something else by now."""
        self._ended.set()
        with self._lock:
            if self._widget is not None:
                self._widget.close()
                self._widget = None

    def finish(self) -> None:
        """Show the last figures, after which nothing can be stopped any more."""
        with self._lock:
            if self._widget is not None:
                self._widget.push({**self._running.state(), "phase": "done"})

    def _follow(self) -> None:
        if self._ended.wait(SHOW_AFTER_S):
            return
        load("meter")  # takes a second the first time: outside the lock, which the end of the call waits for
        shown = self._running.state()
        with self._lock:
            if self._ended.is_set():
                return
            self._widget = Widget("meter", shown, self._on_message)
            self._show(self._widget.bundle(), self._widget.metadata)
        pushed_at = time.monotonic()
        pause = MIN_INTERVAL_S
        while not self._ended.wait(pause):
            begun = time.monotonic()
            state = self._running.state(self._stopping.asked)
            if _figures(state) == _figures(shown) and begun - pushed_at < MAX_INTERVAL_S:
                continue
            with self._lock:
                if self._ended.is_set() or self._widget is None:
                    return
                self._widget.push(state)
            shown, pushed_at = state, begun
            pause = max(MIN_INTERVAL_S, (time.monotonic() - begun) / SHARE)

    def _on_message(self, message: dict[str, Any]) -> None:
        if message.get("type") == "stop":
            answer: Answer = {"type": "stopping"}
            widget = self._widget
            self._stopping.stop()
            if widget is not None:
                widget.send(answer)


def _figures(state: MeterState) -> dict[str, Any]:
    """What a change of is worth an update: not the clock, which goes on in the browser."""
    return {name: value for name, value in state.items() if name not in ("elapsed_s", "tokens_per_s")}
