"""What the Stop button does: the same as an interrupt, while the call runs and not a moment longer."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ..call import Call


class Stopping:
    """Ends one call from any thread."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._lock = threading.RLock()  # the interrupt may come while the running thread holds it
        self._thread: threading.Thread | None = None
        self.asked = False

    @contextmanager
    def possible(self) -> Iterator[None]:
        """The call runs in the block, in this thread."""
        with self._lock:
            self._thread = threading.current_thread()
        try:
            yield
        finally:
            # Whoever stops holds the lock, so an interrupt arrives here at the latest, never in what comes after.
            try:
                with self._lock:
                    pass
            finally:
                self._thread = None

    def stop(self) -> None:
        """End the call if it is still running; once is enough."""
        with self._lock:
            if self._thread is None or self.asked:
                return
            self.asked = True
            main = threading.main_thread()
            if self._thread is main and main.ident is not None and hasattr(signal, "pthread_kill"):
                # A real signal also wakes what waits for a connection, for headers or between two attempts.
                signal.pthread_kill(main.ident, signal.SIGINT)
            else:
                self._call.stop.set()
