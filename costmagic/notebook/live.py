"""A reply on the screen: growing while it streams, static when it is done."""

from __future__ import annotations

import sys
import time
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from ..reply import Reply
from ..reply_stream import ReplyStream
from ..tables import printable
from . import receipt
from .markdown import to_html

# At most 20 updates a second; rendering takes at most a tenth of the time, however long the reply.
MIN_INTERVAL_S = 0.05
RENDER_SHARE = 0.1


class Interrupted(KeyboardInterrupt):
    """An interrupted cell: stops Run All like any error, without a traceback through the SDKs."""

    def _render_traceback_(self) -> list[str]:
        return [f"KeyboardInterrupt: {self}"]


def has_front_end(shell: InteractiveShell | None) -> bool:
    """Whether outputs go to a front end that can replace them (a kernel), not to a terminal."""
    return getattr(shell, "kernel", None) is not None


def reply_bundle(text: str) -> dict[str, Any]:
    """A reply as a MIME bundle; an empty one says that it is empty."""
    shown = text if text.strip() else "*(empty reply)*"
    return {"text/html": to_html(shown), "text/markdown": shown, "text/plain": printable(text)}


def show(stream: ReplyStream, shell: InteractiveShell | None, show_sent: bool) -> Reply:
    """Show the reply as it arrives, then its receipt; returns the reply.

    What was received stays on the screen, with its receipt, however the call ends.

    Raises:
        ProviderError, Interrupted, UsageError: what ended the call.
    """
    growing = _Replaced() if has_front_end(shell) else _Printed()
    try:
        for text in stream:
            growing.add(text)
        growing.done(stream.reply.text)
    except KeyboardInterrupt:
        stream.close()
        _show_rest(growing, stream, show_sent)
        raise Interrupted("stopped; what had arrived is above and in the ledger") from None
    except Exception:
        _show_rest(growing, stream, show_sent)
        raise
    _display(receipt.bundle(stream.reply, show_sent))
    return stream.reply


def _display(bundle: dict[str, Any], **options: Any) -> Any:
    return display(bundle, raw=True, **options)  # type: ignore[no-untyped-call]


def _show_rest(growing: _Replaced | _Printed, stream: ReplyStream, show_sent: bool) -> None:
    reply = stream.call.reply
    if reply is not None:
        if reply.text:
            growing.done(reply.text)
        _display(receipt.bundle(reply, show_sent))


class _Replaced:
    """One output, replaced as the reply grows."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._handle: Any = None
        self._next = 0.0

    def add(self, text: str) -> None:
        self._parts.append(text)
        now = time.monotonic()
        if now >= self._next:
            self._put("".join(self._parts))
            spent = time.monotonic() - now
            self._next = now + max(MIN_INTERVAL_S, spent / RENDER_SHARE)

    def done(self, text: str) -> None:
        self._put(text)

    def _put(self, text: str) -> None:
        bundle = reply_bundle(text)
        if self._handle is None:
            self._handle = _display(bundle, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


class _Printed:
    """Plain text on standard output, as it comes."""

    def __init__(self) -> None:
        self._length = 0

    def add(self, text: str) -> None:
        self._length += len(text)
        sys.stdout.write(printable(text))
        sys.stdout.flush()

    def done(self, text: str) -> None:
        sys.stdout.write("\n" if self._length and text.strip() else "(empty reply)\n")
        sys.stdout.flush()
