"""Waking a thread that waits for a server's first word, which an SDK can't."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from ..stop import Stop


class Stopped(BaseException):
    """The call was stopped; not an error, which an SDK would answer with another attempt."""


Waiting = Callable[[], Stop | None]


def wake_on_stop(client: Any, waiting: Waiting) -> None:
    """Have the HTTP ``client`` give up, with ``Stopped``, when a call that waits for headers is stopped.

    ``waiting`` tells what stops the call that waits in this thread, None when none does. HTTPX has no public place
    for this; where its inside is another one, such a stop takes effect when the headers have come.
    """
    for transport in (getattr(client, "_transport", None), *getattr(client, "_mounts", {}).values()):
        pool = getattr(transport, "_pool", None)
        backend = getattr(pool, "_network_backend", None)
        if pool is not None and backend is not None:
            pool._network_backend = _Backend(backend, waiting)


def shut(stream: Any) -> None:
    """End what waits for a network stream, in any thread."""
    # Closing a socket does not wake a thread that waits in recv() on it; shutting it down does.
    raw = stream.get_extra_info("socket") if stream is not None else None
    if raw is None:
        return
    try:
        raw.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the other side was faster


class _Backend:
    """Opens connections that can be woken."""

    def __init__(self, backend: Any, waiting: Waiting) -> None:
        self._backend = backend
        self._waiting = waiting

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def connect_tcp(self, *args: Any, **options: Any) -> _Stream:
        return _Stream(self._backend.connect_tcp(*args, **options), self._waiting)

    def connect_unix_socket(self, *args: Any, **options: Any) -> _Stream:
        return _Stream(self._backend.connect_unix_socket(*args, **options), self._waiting)


class _Stream:
    """A connection whose reader wakes when its call is stopped."""

    def __init__(self, stream: Any, waiting: Waiting) -> None:
        self._stream = stream
        self._waiting = waiting

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def start_tls(self, *args: Any, **options: Any) -> _Stream:
        return _Stream(self._stream.start_tls(*args, **options), self._waiting)

    def read(self, *args: Any, **options: Any) -> Any:
        stop = self._waiting()
        if stop is None:
            return self._stream.read(*args, **options)
        try:
            with stop.waking(lambda: shut(self._stream)):
                return self._stream.read(*args, **options)
        finally:
            if stop.is_set():
                raise Stopped
