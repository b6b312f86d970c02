"""Stopping a running stream from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stop:
    """Stops a running stream from any thread.

    A provider registers, for as long as it waits, what wakes it (closing its connection, setting
    a flag); ``set()`` calls it at once. Setting it twice does nothing more.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.RLock()  # an interrupt may set it in the very thread that holds the lock
        self._wakers: list[Callable[[], None]] = []

    def is_set(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep for ``seconds`` unless stopped; True when stopped."""
        return self._event.wait(seconds) if seconds > 0 else self._event.is_set()

    def set(self) -> None:
        with self._lock:
            self._event.set()
            # Under the lock: whoever has left ``waking`` may already use its connection for another call.
            for wake in list(self._wakers):
                wake()

    @contextmanager
    def waking(self, wake: Callable[[], None]) -> Iterator[None]:
        """Call ``wake`` when stopped while the block runs (at once if it is stopped already)."""
        with self._lock:
            self._wakers.append(wake)
        try:
            if self.is_set():
                wake()
            yield
        finally:
            with self._lock:
                self._wakers.remove(wake)
