"""A reply that is arriving."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .call import Call
from .reply import Reply
from .types import CostmagicError


class ReplyStream:
    """Iterates over a reply's text as it arrives. ``call`` is its running state.

    ``run`` carries the call through; ``count`` takes every reply that this came to, those of calls on the way included.
    """

    def __init__(self, call: Call, run: Callable[[Call], Iterator[str]], count: Callable[[Reply], None]) -> None:
        self.call = call
        # No reference back to this object: a forgotten stream is closed at once, not by the collector.
        self._pieces = _counted(call, run, count)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._pieces)

    @property
    def reply(self) -> Reply:
        """The finished reply. Raises CostmagicError while the stream has not ended."""
        if self.call.reply is None:
            raise CostmagicError("the reply is not finished: iterate over the stream first")
        return self.call.reply

    def close(self) -> None:
        """Stop and close the connection; what was received is booked as interrupted."""
        self._pieces.close()  # type: ignore[attr-defined]

    def __enter__(self) -> ReplyStream:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _counted(call: Call, run: Callable[[Call], Iterator[str]], count: Callable[[Reply], None]) -> Iterator[str]:
    try:
        yield from run(call)
    finally:
        for reply in (*call.children, call.reply):
            if reply is not None:
                count(reply)
