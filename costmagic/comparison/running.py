"""Columns under way: one thread each, so that none waits for another."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import TracebackType

from .columns import Column

# How long columns that were stopped may take to end; after that they are left to themselves.
GRACE_S = 5.0


class Running:
    """Runs columns side by side; leaving the ``with`` block stops those that have not ended.

    What has arrived stays in the columns, and in the ledger, however the block is left.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self._changed = threading.Condition()

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
            count = sum(column.ended for column in self.columns)
            self._changed.wait_for(lambda: sum(column.ended for column in self.columns) != count, seconds)
        return self.finished

    def stop(self) -> None:
        """End all columns that still run."""
        for column in self.columns:
            if not column.ended:
                column.stop()

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.finished:
            return
        self.stop()
        until = time.monotonic() + GRACE_S
        while not self.finished and (left := until - time.monotonic()) > 0:
            self.wait(left)
        for column in self.columns:
            column.ended = True

    def _carry(self, column: Column) -> None:
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
