"""Reading a stream to its very end, so that its connection serves the next call too.

The SDK ``openai`` stops at the event ``[DONE]``. What ends the response comes right behind it; unread, it costs the
connection, and the next call a new one: another TCP and TLS handshake before its first token.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress

from httpx2 import Response, SyncByteStream

DONE = b"[DONE]"


class Drained(SyncByteStream):
    """``stream``, which is read to its end before it is closed when ``[DONE]`` was the last that it said."""

    def __init__(self, stream: SyncByteStream, briefly: Callable[[], AbstractContextManager[None]]) -> None:
        """``briefly`` limits the time that reading may take inside its block."""
        self._stream = stream
        self._briefly = briefly
        self._pieces: Iterator[bytes] = iter(())
        self._last = b""

    def __iter__(self) -> Iterator[bytes]:
        self._pieces = iter(self._stream)
        for piece in self._pieces:
            self._last = (self._last + piece)[-2 * len(DONE) :]
            yield piece

    def close(self) -> None:
        """Close it, drained if the reply is whole."""
        if DONE in self._last:
            with suppress(Exception), self._briefly():  # all that can fail is the sparing of a handshake
                for _ in self._pieces:
                    pass
        self._stream.close()


def drain(response: Response, briefly: Callable[[], AbstractContextManager[None]]) -> None:
    """HTTP event hook: read what is streamed to its end."""
    if isinstance(response.stream, SyncByteStream):
        response.stream = Drained(response.stream, briefly)
