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
from ..interrupt import shielded
from ..session import Session
from ..tables import encodable, plain
from ..types import UsageError, did_you_mean
from .compare_live import LiveColumns
from .live import MIN_INTERVAL_S, RENDER_SHARE, Interrupted, has_front_end
from .meter import SHOW_AFTER_S
from .side_by_side import bundle, hint, line
from .voting import VERDICTS, last, remember
from .widgets import can_show


def show(comparison: Comparison, session: Session, shell: InteractiveShell | None) -> None:
    """Run the comparison and show it; what arrived stays on the screen however it ends.

    Raises:
        Interrupted: the cell was interrupted, or all columns were stopped.
        CostmagicError: what ended the first column, when no column has an answer.
    """
    remember(comparison)
    running = Running(comparison.columns)
    screen: _Table | _Printed = _Printed(comparison)
    if has_front_end(shell):
        live = LiveColumns(session, comparison, running) if can_show() else None
        screen = _Table(comparison, live)
    try:
        with running:
            running.start()
            while not running.wait(MIN_INTERVAL_S):
                screen.tick()
    except KeyboardInterrupt:
        raise Interrupted("stopped; what had arrived is above and in the ledger") from None
    finally:
        with shielded():
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


def command(session: Session, words: Sequence[str]) -> Said:
    """``vote N good|bad|none|keep``: judge a reply of the last comparison, or keep it as an evaluation item."""
    comparison = last()
    if comparison is None:
        raise UsageError("nothing was compared yet: %%llm --compare heavy,medium asks two tiers side by side")
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
    """The static table, replaced as it grows; while the columns run, ``live`` stands in its place where it can."""

    def __init__(self, comparison: Comparison, live: LiveColumns | None) -> None:
        self._comparison = comparison
        self._live = live
        self._handle: Any = None
        self._next = time.monotonic() + SHOW_AFTER_S

    def tick(self) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        if self._live is not None and self._handle is None:
            self._put(*self._live.shown())
            return
        if self._live is None:
            self._put(bundle(self._comparison))
        else:
            self._live.push()
        self._next = now + max(MIN_INTERVAL_S, (time.monotonic() - now) / RENDER_SHARE)

    def done(self) -> None:
        if self._live is not None:
            self._live.push()  # the last figures, and the focus goes back to the cell
        self._put(bundle(self._comparison))
        if self._live is not None:
            self._live.close()
        self._comparison.watch(lambda comparison: self._put(bundle(comparison)))

    def _put(self, shown: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
        if self._handle is None:
            options: dict[str, Any] = {"metadata": metadata, "raw": True, "display_id": True}
            self._handle = display(shown, **options)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(shown, metadata=metadata, raw=True)


class _Printed:
    """Plain text on standard output: each column when it has ended, then the figures of all."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._printed: set[int] = set()

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
