"""Identical calls in flight become one: the first leads, the others wait for its reply."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from .. import forks
from ..reply import Reply
from ..stop import Stop
from ..types import ProviderError

POLL_S = 0.05

# A leader whose consumer has not asked for more in this time may never do so.
PARKED_S = 1.0


@dataclass
class Flight:
    """One call under way. ``outcome`` is its reply or error; None when it was given up."""

    leader: int = field(default_factory=threading.get_ident)
    outcome: Reply | ProviderError | None = None
    _done: threading.Event = field(default_factory=threading.Event)
    _parked_at: float | None = None

    def park(self) -> None:
        """The leader hands a piece to its consumer, which may take its time."""
        self._parked_at = time.monotonic()

    def unpark(self) -> None:
        self._parked_at = None

    def land(self) -> None:
        self._done.set()

    def wait(self, stop: Stop) -> Reply | ProviderError | None:
        """The leader's outcome; None when there is none to be had and the caller should call itself.

        Raises KeyboardInterrupt when ``stop`` is set meanwhile.
        """
        if self.leader == threading.get_ident():
            return None  # a half-read stream of this very thread: it would wait for itself
        while not self._done.wait(POLL_S):
            if stop.is_set():
                raise KeyboardInterrupt
            parked = self._parked_at
            if parked is not None and time.monotonic() - parked > PARKED_S:
                return None
        return self.outcome


class Flights:
    """The calls under way in this process, by cache key."""

    def __init__(self) -> None:
        self.renew_after_fork()
        forks.renew(self)

    def renew_after_fork(self) -> None:
        """Begin without flights: those that were under way land in the parent only."""
        self._lock = threading.Lock()
        self._flights: dict[str, Flight] = {}

    def join(self, key: str) -> tuple[Flight, bool]:
        """The flight of ``key``, and whether the caller leads it (and must ``land`` it)."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None:
                return flight, False
            flight = self._flights[key] = Flight()
            return flight, True

    def land(self, key: str, flight: Flight) -> None:
        """End a flight that the caller leads; whoever waits goes on."""
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]
        flight.land()
