"""Columns under way: one thread each, so that none waits for another."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import TracebackType

from .columns import Column

# How long columns that were stopped may take to end; after that they are left to themselves.
GRACE_S = 2.0


class Running:
    """Runs columns side by side; leaving the ``with`` block stops those that have not ended.

    What has arrived stays in the columns, and in the ledger, however the block is left.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self._changed = threading.Condition()
        self._asked: dict[Column, float] = {}  # to stop, and since when

    def start(self) -> None:
        """Send all requests."""
        for column in self.columns:
            threading.Thread(target=self._carry, args=(column,), name="costmagic-compare", daemon=True).start()

    @property
    def finished(self) -> bool:
        """Whether all columns have ended."""
        return all(column.ended for column in self.columns)

    def wait(self, seconds: float) -> bool:
        """Wait until a column ends, at most ``seconds``; whether all have."""
        with self._changed:
            count = self._ended()
            self._changed.wait_for(lambda: self._ended() != count, seconds)
        self._give_up()
        return self.finished

    def stop(self, column: Column | None = None) -> None:
        """End one column, or all that still run; from any thread.

        One that does not end soon, because its server has not even begun to answer, is shown as interrupted and
        left to itself.
        """
        for one in self.columns if column is None else (column,):
            if not one.ended:
                self._asked.setdefault(one, time.monotonic())
                one.stop()

    def stopping(self, column: Column) -> bool:
        """Whether the column was asked to stop and has not ended yet."""
        return not column.ended and column.call.stop.is_set()

    def _ended(self) -> int:
        return sum(column.ended for column in self.columns)

    def _give_up(self) -> None:
        for column, since in list(self._asked.items()):
            if time.monotonic() - since > GRACE_S:
                column.ended = True

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.finished:
            return
        self.stop()
        while not self.wait(GRACE_S / 10):
            pass

    def _carry(self, column: Column) -> None:
        column.call.begin()
        try:
            for _ in column.stream:
                pass
        except KeyboardInterrupt:
            pass  # stopped: the call has booked what it received
        except Exception as error:
            column.error = error
        finally:
            with self._changed:
                column.ended = True
                self._changed.notify_all()
