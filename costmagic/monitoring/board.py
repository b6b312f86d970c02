"""The alerts that stand now, which of them are new, and which are silenced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ..tables import NO_MATH, Table, html, money_safe, plain, printable
from .alert import SEVERITIES, Alert, Unsure

if TYPE_CHECKING:
    import pandas as pd

_HEADER = ["severity", "alert", "what", ""]


@dataclass(frozen=True, repr=False)
class Alerts:
    """What is out of line, worst first.

    Attributes:
        standing: alerts whose figures hold now, silenced ones left out.
        new: keys of those that this user's notebooks had not told before.
        silenced: alerts that stand and are silenced, with the moment (UTC) until when.
        unsure: what can't be judged yet.
        trouble: why firings could not be written down, None when they were.
    """

    standing: tuple[Alert, ...]
    new: frozenset[tuple[str, str]] = frozenset()
    silenced: tuple[tuple[Alert, datetime], ...] = ()
    unsure: tuple[Unsure, ...] = ()
    trouble: str | None = None

    def __iter__(self) -> Iterator[Alert]:
        return iter(self.standing)

    def __len__(self) -> int:
        return len(self.standing)

    def __getitem__(self, name: str) -> Alert:
        """The standing alert of this name. Raises KeyError when there is none."""
        for alert in self.standing:
            if alert.name == name:
                return alert
        raise KeyError(name)

    @property
    def severity(self) -> str | None:
        """The worst of the standing ones, None when there is none."""
        return worst(self.standing)

    def to_frame(self) -> pd.DataFrame:
        """Columns name, occurrence, severity, title, figures, advice, new; a row for each standing alert."""
        import pandas as pd

        columns = ["name", "occurrence", "severity", "title", "figures", "advice", "new"]
        rows = [
            (a.name, a.occurrence, a.severity, a.title, dict(a.figures), " ".join(a.lines()), a.key in self.new)
            for a in self.standing
        ]
        return pd.DataFrame.from_records(rows, columns=columns)

    def table(self) -> Table:
        """Header and rows as text."""
        rows = [_HEADER]
        for alert in self.standing:
            rows.append([alert.severity, alert.name, alert.title, "new" if alert.key in self.new else ""])
            rows += [["", "", line, ""] for line in alert.lines()]
        return rows

    def lines(self) -> list[str]:
        """What the table does not say."""
        found = [] if self.standing else ["No alerts."]
        found += [f"Silenced until {_local(until)}: {alert.name}: {alert.title}" for alert, until in self.silenced]
        found += [f"Not judged: {one.name}: {one.why}." for one in self.unsure]
        if self.trouble:
            found.append(f"Not written down, so it will be told as new again: {self.trouble}")
        if self.standing:
            found.append("%llm alerts silence NAME 7d silences one.")
        return found

    def __repr__(self) -> str:
        return printable("\n".join([*([plain(self.table())] if self.standing else []), *self.lines()]))

    def _repr_html_(self) -> str:
        lines = "".join(f"<div class='{NO_MATH}'>{money_safe(line)}</div>" for line in self.lines())
        return (html(self.table()) if self.standing else "") + lines


def worst(alerts: Sequence[Alert]) -> str | None:
    """The worst severity among ``alerts``, None without any."""
    return max((alert.severity for alert in alerts), key=SEVERITIES.index, default=None)


def until(name: str, silences: Mapping[str, datetime]) -> datetime | None:
    """Until when the alert ``name`` is silenced, by its own name or its kind; None when it is not."""
    found = [silences[key] for key in {name, name.partition(":")[0]} if key in silences]
    return max(found, default=None)


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
