"""A comparison: one prompt, several models side by side, and what a person thinks of the replies."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..accounting.store import new_id
from ..plots import Dot, cost_against_latency
from ..reply import Reply
from ..session import Session
from ..tables import plain, printable
from ..types import UsageError, did_you_mean
from . import summary, votes
from .agreement import Agreement, agreements
from .columns import Column

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Comparison:
    """The columns of one prompt, running or done.

    Attributes:
        prompt: that all columns were asked.
        columns: in the order asked for; shuffled when ``blind``.
        blind: whether names and figures are hidden until all replies are voted on.
        agreement: of each answered column with the dearest one, by name; empty before all have ended.
        id: names it in the notebook and in the evaluation items made of it.
    """

    def __init__(self, session: Session, prompt: str, columns: Sequence[Column], blind: bool = False) -> None:
        self.prompt = prompt
        self.columns = tuple(random.SystemRandom().sample(list(columns), len(columns)) if blind else columns)
        self.blind = blind
        self.agreement: dict[str, Agreement] = {}
        self.id = new_id()
        self.made_at = datetime.now(UTC)
        self._session = session
        self._revealed = False
        self._voting = threading.RLock()
        self._watchers: list[Callable[[Comparison], None]] = []

    @property
    def finished(self) -> bool:
        """Whether all columns have ended."""
        return all(column.ended for column in self.columns)

    @property
    def hidden(self) -> bool:
        """Whether names and figures are hidden now."""
        return self.blind and not self._revealed

    @property
    def dearest(self) -> Column | None:
        """The answered column with the highest price, the first of equals; with no price known, the first answered.

        None before all columns have ended, and when none has answered.
        """
        answered = [column for column in self.columns if column.answered] if self.finished else []
        return max(answered, key=lambda c: Decimal(-1) if c.price is None else c.price, default=None)

    @property
    def replies(self) -> dict[str, Reply]:
        """Replies and receipts by name, of all columns that were sent. Raises UsageError while they are hidden."""
        self._check_open()
        return {column.name: column.reply for column in self.columns if column.reply is not None}

    def label(self, column: Column) -> str:
        """What the column is called now: its name, or a letter while names are hidden."""
        return LETTERS[self.columns.index(column)] if self.hidden else column.name

    def settle(self) -> None:
        """Compare the replies with the dearest one, once all columns have ended."""
        answered = [column for column in self.columns if column.answered]
        reference = self.dearest.reply if self.dearest else None
        if reference is None:
            return
        found = agreements([c.reply for c in answered if c.reply], reference, self._session.settings.home)
        self.agreement = {column.name: agreement for column, agreement in zip(answered, found, strict=True)}

    def vote(self, ref: str | int, good: bool | None = True) -> None:
        """Say whether a reply is good enough; None takes it back.

        The vote goes to the ledger as the quality of that call (1 or 0), where ``learn`` finds it. When a blind
        comparison has a vote on every answer, its names are revealed.

        Args:
            ref: name, number (from 1) or letter of the column.

        Raises:
            UsageError: no such column, or it has no whole answer.
            LedgerError: the ledger can't be written.
        """
        with self._voting:
            votes.cast(self._session.engine.ledger, self._column(ref), good)
            if self.finished and all(column.vote is not None for column in self.columns if column.answered):
                self._revealed = True
        self._tell()

    def keep(self, ref: str | int) -> None:
        """Make the reply an evaluation item: a line of ``evaluation/comparisons.jsonl`` in the home folder.

        It holds the prompt, the reply as the accepted one, all models compared and the date. A reply that
        nobody has voted on counts as good enough with that. Raises as ``vote`` does, and UsageError for one that
        was voted not good enough.
        """
        with self._voting:
            column = self._column(ref)
            if column.vote is False:
                raise UsageError(f"{self.label(column)} was voted not good enough: vote again before it is kept")
            if column.vote is None:
                self.vote(ref)
            votes.keep(self._session.settings.home, self.id, column, self.columns)
        self._tell()

    def reveal(self) -> None:
        """Show the names and figures of a blind comparison without voting on all."""
        self._revealed = True
        self._tell()

    def watch(self, watcher: Callable[[Comparison], None]) -> None:
        """Call ``watcher`` after every vote, in the thread that voted."""
        self._watchers.append(watcher)

    def _tell(self) -> None:
        for watcher in list(self._watchers):
            watcher(self)

    def _column(self, ref: str | int) -> Column:
        names = [self.label(column) for column in self.columns]
        text = str(ref).strip()
        if text in names:
            return self.columns[names.index(text)]
        if text.isdecimal() and 1 <= int(text) <= len(names):
            return self.columns[int(text) - 1]
        raise UsageError(f"no column '{text:.60}'{did_you_mean(text, names)}")

    def _check_open(self) -> None:
        if self.hidden:
            raise UsageError("the comparison is blind: vote on every answer first, or call reveal()")

    def to_frame(self) -> pd.DataFrame:
        """A row per column. Costs are USD ``Decimal``; what is unknown is None. Raises UsageError while hidden.

        ``cost`` was paid; ``price`` is what a call costs when no cache answers it.
        """
        import pandas as pd

        self._check_open()
        return pd.DataFrame.from_records([self._record(column) for column in self.columns]).set_index("name")

    def _record(self, column: Column) -> dict[str, Any]:
        usage, reply, agreement = column.usage, column.reply, self.agreement.get(column.name)
        return {
            "name": column.name,
            "model": column.ref,
            "status": column.state,
            "input_tokens": usage and usage.input_tokens,
            "output_tokens": usage and usage.output_tokens,
            "token_source": usage and usage.source,
            "cost": column.cost,
            "price": column.price,
            "cost_per_1000": None if column.price is None else column.price * summary.PER,
            "times_cheaper": summary.times_cheaper(self, column),
            "first_token_ms": column.first_token_ms,
            "latency_ms": column.latency_ms,
            "cache": reply and reply.cache,
            "simulated": column.simulated,
            "exact": agreement and agreement.exact,
            "token_f1": agreement and agreement.token_f1,
            "similarity": agreement and agreement.similarity,
            "vote": column.vote,
            "reply": column.text,
            "error": None if column.error is None else str(column.error),
            "id": reply and reply.id,
        }

    def plot(self) -> Figure:
        """Cost against latency, a dot per column. Raises UsageError while hidden, or without matplotlib."""
        self._check_open()
        return cost_against_latency([_dot(column) for column in self.columns])

    def table(self) -> list[list[str]]:
        """Header and a row per column as text."""
        rows = summary.rows(self)
        return [
            ["", *(name for name, _ in rows), ""],
            *(
                [
                    f"{number}. {summary.title(self, column)}",
                    *(cells[number - 1] for _, cells in rows),
                    " ".join(text for text, _ in summary.badges(self, column)),
                ]
                for number, column in enumerate(self.columns, 1)
            ),
        ]

    def __repr__(self) -> str:
        parts = [f"── {n}. {column_text(self, column)}\n" for n, column in enumerate(self.columns, 1)]
        return "\n".join([*parts, plain(self.table())])


def _dot(column: Column) -> Dot:
    if not column.answered or column.latency_ms is None or column.price is None:
        return Dot(column.name, None, None, column.simulated)
    return Dot(column.name, column.latency_ms / 1000, float(column.price * summary.PER), column.simulated)


def column_text(comparison: Comparison, column: Column) -> str:
    """A column as plain text: its title and badges, what arrived, and the error that ended it."""
    badges = [f"[{text}]" for text, _ in summary.badges(comparison, column)]
    lines = [" ".join([summary.title(comparison, column), *badges])]
    lines += [column.text] if column.text.strip() else [] if column.error else ["(empty reply)"]
    if (error := summary.error(comparison, column)) is not None:
        lines.append(error)
    return printable("\n".join(lines))
