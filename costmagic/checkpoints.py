"""Saves what running calls have received, once a second: more than that a killed kernel can't lose."""

from __future__ import annotations

import threading
from collections.abc import Callable

from . import forks
from .call import Call

INTERVAL_S = 1.0


class Checkpoints:
    """Calls ``save`` for every running call that has received more since the last time.

    Done by a thread of its own, since a stream that stalls does not come by: it wakes once a second, and
    only while calls run.
    """

    def __init__(self, save: Callable[[Call], None]) -> None:
        self._save = save
        self.renew_after_fork()
        forks.renew(self)

    def renew_after_fork(self) -> None:
        """Begin without calls: those that ran are the parent's."""
        self._lock = threading.Lock()
        self._running: dict[str, Call] = {}
        self._seen: dict[str, int] = {}
        self._thread: threading.Thread | None = None

    def add(self, call: Call) -> None:
        """Watch ``call`` until ``remove``."""
        with self._lock:
            self._running[call.id] = call
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="costmagic-checkpoints", daemon=True)
                self._thread.start()

    def remove(self, call: Call) -> None:
        with self._lock:
            self._running.pop(call.id, None)
            self._seen.pop(call.id, None)

    def _watch(self) -> None:
        idle = threading.Event()
        while True:
            idle.wait(INTERVAL_S)
            with self._lock:
                if not self._running:
                    self._thread = None
                    return
                grown = [call for call in self._running.values() if len(call.parts) != self._seen.get(call.id, -1)]
                self._seen.update((call.id, len(call.parts)) for call in grown)
            for call in grown:
                self._save(call)
