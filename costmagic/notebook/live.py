"""A reply on the screen: growing while it streams, static when it is done."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import nullcontext
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from ..interrupt import shielded
from ..reply import Reply
from ..reply_stream import ReplyStream
from ..session import Session
from ..tables import printable
from . import receipt
from .markdown import to_html
from .meter import LiveMeter
from .widgets import can_show

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


def show(stream: ReplyStream, session: Session, shell: InteractiveShell | None) -> Reply:
    """Show the reply as it arrives, then its receipt; returns the reply.

    What was received stays on the screen, with its receipt, however the call ends.

    Raises:
        ProviderError, Interrupted, UsageError: what ended the call.
    """
    growing = _Replaced() if has_front_end(shell) else _Printed()
    meter = None
    if isinstance(growing, _Replaced) and can_show():
        meter = LiveMeter(session.engine, stream.call, growing.put_above)
    try:
        with meter or nullcontext():
            for text in stream:
                growing.add(text)
    except KeyboardInterrupt:
        stream.close()
        sent = stream.call.reply is not None
        raise Interrupted(
            "stopped; what had arrived is above and in the ledger" if sent else "stopped before anything was sent"
        ) from None
    finally:
        with shielded():
            if meter:
                meter.finish()
            reply = stream.call.reply
            growing.done(reply, receipt.bundle(reply, session.settings.store_text) if reply else {})
            if meter:
                meter.close()
    return stream.reply


def _display(bundle: dict[str, Any], **options: Any) -> Any:
    return display(bundle, raw=True, **options)  # type: ignore[no-untyped-call]


class _Output:
    """An output of the cell that can be replaced."""

    def __init__(self) -> None:
        self._handle: Any = None
        self.shown: dict[str, Any] | None = None

    def show(self, bundle: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
        self.shown = bundle
        if self._handle is None:
            self._handle = _display(bundle, metadata=metadata, display_id=True)
        else:
            self._handle.update(bundle, metadata=metadata, raw=True)


class _Replaced:
    """The reply, replaced as it grows, and then its receipt.

    While the call runs, something else may stand above the reply. It shares the two outputs: in the end the first
    shows the reply and the second the receipt, and no third one is left empty.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._next = 0.0
        self._lock = threading.RLock()
        self._first, self._second = _Output(), _Output()
        self._above = False

    def add(self, text: str) -> None:
        self._parts.append(text)
        now = time.monotonic()
        if now >= self._next:
            bundle = reply_bundle("".join(self._parts))
            with self._lock:
                (self._second if self._above else self._first).show(bundle)
            spent = time.monotonic() - now
            self._next = now + max(MIN_INTERVAL_S, spent / RENDER_SHARE)

    def put_above(self, bundle: dict[str, Any], metadata: dict[str, Any]) -> None:
        """Show ``bundle`` above the reply until it is done; from any thread."""
        with self._lock:
            self._above = True
            if self._first.shown is not None:
                self._second.show(self._first.shown)
            self._first.show(bundle, metadata)

    def done(self, reply: Reply | None, below: dict[str, Any]) -> None:
        """Show what has come in the end: all of it, or what there is of it, or (None) nothing."""
        with self._lock:
            texts = [reply_bundle(reply.text)] if reply and (reply.text or reply.status in ("ok", "refused")) else []
            bundles = [*texts, *([below] if below else [])]
            if not bundles and self._first.shown is not None:
                bundles = [{"text/plain": ""}]
            for output, bundle in zip((self._first, self._second), bundles, strict=False):
                output.show(bundle)


class _Printed:
    """Plain text on standard output, as it comes."""

    def __init__(self) -> None:
        self._length = 0

    def add(self, text: str) -> None:
        self._length += len(text)
        sys.stdout.write(printable(text))
        sys.stdout.flush()

    def done(self, reply: Reply | None, below: dict[str, Any]) -> None:
        if reply and (self._length or reply.status in ("ok", "refused")):
            sys.stdout.write("\n" if reply.text.strip() else "(empty reply)\n")
            sys.stdout.flush()
        if below:
            _display(below)
