"""What happened on each of the user's own days: days begin and end by the local clock, whatever it is put to."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from ..accounting.frame import first_call, naive_utc
from ..accounting.spans import Span, Summed, read
from ..accounting.spent import midnight
from ..accounting.sums import Sum
from ..session import Session
from ..types import UsageError
from .measures import Measures, measured

# A year has 366 at the most; more than ten of them are a mistake.
MAX_DAYS = 3_660

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class History:
    """The local days up to and with that of ``now`` (aware), oldest first, none left out.

    Attributes:
        first: the local day of the ledger's first call, None when there is none.
    """

    now: datetime
    dates: tuple[date, ...]
    summed: tuple[Summed, ...]
    first: date | None

    def last(self, days: int, before: int = 0) -> History:
        """The ``days`` days that end ``before`` days before today; fewer where the history is shorter."""
        end = len(self.dates) - before
        start = max(0, end - days)
        return History(self.now, self.dates[start:end], self.summed[start:end], self.first)

    def sums(self) -> Iterator[Sum]:
        """Those of all days."""
        return (one for day in self.summed for one in day.sums)

    def total(self, simulated: bool = False) -> Measures:
        """All together."""
        acted = [one for day in self.summed for one in day.actions if one.simulated == simulated]
        return measured([one for one in self.sums() if one.simulated == simulated], acted)

    def by(self, key: Callable[[Sum], K], simulated: bool = False) -> dict[K, Measures]:
        """By ``key``, without user actions."""
        groups: dict[K, list[Sum]] = {}
        for one in self.sums():
            if one.simulated == simulated:
                groups.setdefault(key(one), []).append(one)
        return {name: measured(parts) for name, parts in groups.items()}

    def by_feature(self, simulated: bool = False) -> dict[str | None, Measures]:
        """By feature, with user actions."""
        groups: dict[str | None, list[Sum]] = {}
        for one in self.sums():
            if one.simulated == simulated:
                groups.setdefault(one.feature, []).append(one)
        acted = [one for day in self.summed for one in day.actions if one.simulated == simulated]
        return {name: measured(parts, [one for one in acted if one.feature == name]) for name, parts in groups.items()}

    def by_day(self, simulated: bool = False) -> dict[date, Measures]:
        """By local day, all of them: an empty day is a day."""
        return {
            day: History(self.now, (day,), (summed,), self.first).total(simulated)
            for day, summed in zip(self.dates, self.summed, strict=True)
        }

    def age(self) -> int:
        """Days since the ledger's first call, with that day and today; 0 without calls."""
        return 0 if self.first is None else (self.now.astimezone().date() - self.first).days + 1


def span(day: date) -> Span:
    """The moments of a local day; it has 23 or 25 hours when the clocks change."""
    return Span(naive_utc(midnight(day)), naive_utc(midnight(day + timedelta(days=1))))


def checked(days: object) -> int:
    """``days``; raises UsageError unless that is a whole number above 0."""
    if isinstance(days, bool) or not isinstance(days, int) or not 0 < days <= MAX_DAYS:
        raise UsageError(f"days must be a whole number from 1 to {MAX_DAYS:,}, not {days!r}")
    return days


def since(text: str, now: datetime | None = None) -> int:
    """``7d``, or a first day as ``2026-11-01``, in whole days up to today; raises UsageError for anything else."""
    if found := re.fullmatch(r"(\d{1,4})d", text):
        return checked(int(found[1]))
    today = (now or datetime.now(UTC)).astimezone().date()
    try:
        back = (today - date.fromisoformat(text)).days + 1
    except ValueError:
        raise UsageError(f"--since takes days back like 7d, or a day like {today}, not '{text}'") from None
    if back < 1:
        raise UsageError(f"--since {text}: that day is yet to come")
    return checked(back)


def first_day(text: str) -> date:
    """The first of the days that ``since`` tells."""
    return datetime.now().date() - timedelta(days=since(text) - 1)


def load(session: Session, days: int, now: datetime | None = None) -> History:
    """The last ``days`` local days, today included, as the ledger holds them ``now`` (aware; default: this moment).

    Raises LedgerError when the ledger can't be read.
    """
    now = now or datetime.now(UTC)
    dates = _back(now, days)
    ledger = session.engine.ledger
    first = ledger.reading(first_call)
    summed = read(ledger, [span(day) for day in dates], naive_utc(now))
    return History(now, tuple(dates), tuple(summed), first and first.astimezone().date())


def _back(now: datetime, days: int) -> Sequence[date]:
    today = now.astimezone().date()
    return [today - timedelta(days=days - 1 - i) for i in range(days)]


def moments(days: Iterable[date]) -> list[Span]:
    """The spans of ``days``."""
    return [span(day) for day in days]
