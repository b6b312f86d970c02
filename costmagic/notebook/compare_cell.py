"""``%%llm --compare``: the columns as they arrive, the static table that stays, and votes on it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from ..comparison import Comparison, summary
from ..comparison.result import column_text
from ..comparison.running import Running
from ..tables import encodable, plain
from ..types import UsageError, did_you_mean
from .live import MIN_INTERVAL_S, RENDER_SHARE, Interrupted, has_front_end
from .side_by_side import bundle, hint, line

VERDICTS = {"good": True, "bad": False, "none": None}

# The comparison that ``%llm vote`` means: the last one that a cell showed.
_last: list[Comparison] = []


def show(comparison: Comparison, shell: InteractiveShell | None) -> None:
    """Run the comparison and show it; what arrived stays on the screen however it ends.

    Raises:
        Interrupted: the cell was interrupted; all columns were stopped.
        CostmagicError: what ended the first column, when no column has an answer.
    """
    screen = _Table(comparison) if has_front_end(shell) else _Printed(comparison)
    _last[:] = [comparison]
    try:
        with Running(comparison.columns) as running:
            screen.begin(running)
            running.start()
            while not running.wait(MIN_INTERVAL_S):
                screen.tick()
    except KeyboardInterrupt:
        raise Interrupted("stopped; what had arrived is above and in the ledger") from None
    finally:
        comparison.settle()
        screen.done()
    errors = [column.error for column in comparison.columns]
    if errors[0] is not None and None not in errors:
        raise errors[0]
    if all(column.state == "interrupted" for column in comparison.columns):
        raise Interrupted("all columns were stopped; what had arrived is above and in the ledger")


class Said(str):
    """A line that a cell shows as it is."""

    __slots__ = ()
    __repr__ = str.__str__


def vote(words: Sequence[str]) -> Said:
    """Carry out ``%llm vote WORDS``; returns how the columns stand with it. Raises UsageError as a vote does."""
    if not _last:
        raise UsageError("nothing was compared yet: %%llm --compare heavy,medium asks two tiers side by side")
    comparison = _last[0]
    if list(words) == ["reveal"]:
        comparison.reveal()
        return _standing(comparison)
    if len(words) != 2 or words[1] not in (*VERDICTS, "keep"):
        wrong = did_you_mean(words[1], [*VERDICTS, "keep"]) if len(words) == 2 else ""
        raise UsageError(f"vote takes a column and good, bad, none or keep, like %llm vote 2 good{wrong}")
    if words[1] == "keep":
        comparison.keep(words[0])
    else:
        comparison.vote(words[0], VERDICTS[words[1]])
    return _standing(comparison)


def _standing(comparison: Comparison) -> Said:
    said = [
        f"{number}. {line(comparison.label(column))}: {summary.vote(column) or 'no vote'}"
        for number, column in enumerate(comparison.columns, 1)
    ]
    return Said("; ".join(said))


class _Table:
    """The static table itself, replaced as it grows: what stays is there from the first moment on."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._handle: Any = None
        self._next = 0.0

    def begin(self, running: Running) -> None:
        self._handle = display(bundle(self._comparison), raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def tick(self) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._put()
            self._next = now + max(MIN_INTERVAL_S, (time.monotonic() - now) / RENDER_SHARE)

    def done(self) -> None:
        if self._handle is not None:
            self._put()
            self._comparison.watch(lambda _: self._put())

    def _put(self) -> None:
        self._handle.update(bundle(self._comparison), raw=True)


class _Printed:
    """Plain text on standard output: each column when it has ended, then the figures of all."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._printed: set[int] = set()

    def begin(self, running: Running) -> None:
        pass

    def tick(self) -> None:
        for i, column in enumerate(self._comparison.columns):
            if column.ended and i not in self._printed:
                self._printed.add(i)
                self._write(f"── {i + 1}. {column_text(self._comparison, column)}\n")

    def done(self) -> None:
        self.tick()
        self._write(f"{plain(self._comparison.table())}\n\n{hint(self._comparison)}")

    def _write(self, text: str) -> None:
        sys.stdout.write(f"{encodable(text)}\n")
        sys.stdout.flush()
