"""The limits and how they stand, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..limits import PERIODS, Limit
from ..money import dollars
from ..tables import html, plain

if TYPE_CHECKING:
    import pandas as pd

    from .spent import Standing


@dataclass(frozen=True)
class BudgetReport:
    """How the limits in force stand; ``changed`` are those that hold in this session only."""

    standings: tuple[Standing, ...]
    changed: frozenset[Limit] = frozenset()

    def __len__(self) -> int:
        return len(self.standings)

    def to_frame(self) -> pd.DataFrame:
        """Columns feature, period, limit, spent, reserved, left (USD ``Decimal``), unpriced, until."""
        import pandas as pd

        columns = ["feature", "period", "limit", "spent", "reserved", "left", "unpriced", "until"]
        records = [
            (s.limit.feature, s.limit.period, s.limit.amount, s.spent, s.reserved, s.left, s.unpriced, s.until)
            for s in self.standings
        ]
        return pd.DataFrame.from_records(records, columns=columns)

    def table(self) -> list[list[str]]:
        """Header and rows as text."""
        header = ["budget", "limit", "spent", "reserved", "left", "until", "set in"]
        body = [
            [
                " ".join(part for part in (s.limit.period, s.limit.feature) if part),
                dollars(s.limit.amount),
                dollars(s.spent, at_least=s.unpriced > 0),
                dollars(s.reserved),
                dollars(s.left),
                f"{s.until.astimezone():%Y-%m-%d %H:%M}" if s.until else "the session ends",
                "this session" if s.limit in self.changed else "costmagic.toml",
            ]
            for s in self.standings
        ]
        return [header, *body]

    def notes(self) -> list[str]:
        """What to know about the table."""
        if not self.standings:
            return [
                "No budget is set: %llm budget 5/day sets one for this session, [budget] in costmagic.toml for good."
            ]
        notes = ["Simulated and free calls never count. Reserved is what calls under way could still cost."]
        if self.changed:
            entries = "; ".join(
                f"[{limit.table}] {limit.period} = {limit.amount:f}" for limit in sorted(self.changed, key=str)
            )
            notes.append(f"Set for this session only; to make it lasting, write into costmagic.toml: {entries}")
        return notes

    def summary(self) -> str:
        """What is left, in one line; empty without limits."""
        parts = [
            f"{s.limit.feature + ': ' if s.limit.feature else ''}{dollars(s.left)} of {dollars(s.limit.amount)} "
            f"{PERIODS[s.limit.period][1]}"
            for s in self.standings
        ]
        return f"Budget left: {'; '.join(parts)}" if parts else ""

    def __repr__(self) -> str:
        return "\n".join([*([plain(self.table())] if self.standings else []), *self.notes()])

    def _repr_html_(self) -> str:
        from ..tables import NO_MATH, money_safe

        notes = "".join(f"<div class='{NO_MATH}'>{money_safe(note)}</div>" for note in self.notes())
        return (html(self.table()) if self.standings else "") + notes
