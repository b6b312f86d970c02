"""Waking a thread that waits for a server's first word, and hurrying one that waits for its last: an SDK can't."""

from __future__ import annotations

import socket
from typing import Any, Protocol

from ..stop import Stop


class Stopped(BaseException):
    """The call was stopped; not an error, which an SDK would answer with another attempt."""


class Reader(Protocol):
    """The call that reads in this thread.

    ``waiting`` tells what stops it while it waits for headers, None when nothing does; ``patience`` the seconds that
    a read may take, None when that is as long as the SDK says.
    """

    patience: float | None

    def waiting(self) -> Stop | None: ...


def wake_on_stop(client: Any, reader: Reader) -> None:
    """Have the HTTP ``client`` give up, with ``Stopped``, when a call that waits for headers is stopped.

    HTTPX has no public place for this; where its inside is another one, such a stop takes effect when the headers
    have come.
    """
    for transport in (getattr(client, "_transport", None), *getattr(client, "_mounts", {}).values()):
        pool = getattr(transport, "_pool", None)
        backend = getattr(pool, "_network_backend", None)
        if pool is not None and backend is not None:
            pool._network_backend = _Backend(backend, reader)


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

    def __init__(self, backend: Any, reader: Reader) -> None:
        self._backend = backend
        self._reader = reader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def connect_tcp(self, *args: Any, **options: Any) -> _Stream:
        return _Stream(self._backend.connect_tcp(*args, **options), self._reader)

    def connect_unix_socket(self, *args: Any, **options: Any) -> _Stream:
        return _Stream(self._backend.connect_unix_socket(*args, **options), self._reader)


class _Stream:
    """A connection whose reader wakes when its call is stopped."""

    def __init__(self, stream: Any, reader: Reader) -> None:
        self._stream = stream
        self._reader = reader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def start_tls(self, *args: Any, **options: Any) -> _Stream:
        return _Stream(self._stream.start_tls(*args, **options), self._reader)

    def read(self, max_bytes: int, timeout: float | None = None) -> Any:
        stop, patience = self._reader.waiting(), self._reader.patience
        timeout = timeout if patience is None else patience
        if stop is None:
            return self._stream.read(max_bytes, timeout)
        try:
            with stop.waking(lambda: shut(self._stream)):
                return self._stream.read(max_bytes, timeout)
        finally:
            if stop.is_set():
                raise Stopped
