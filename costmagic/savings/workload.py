"""The calls that a plan is made of, and what a technique finds in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from ..engine import Engine
from .item import Item
from .loops import Loop, find
from .rates import Rates

Basis = Literal["measured", "assumed"]

MONTH = 30  # days

# A ledger that has just begun says little about a month: from fewer days than this nothing is scaled up.
LEAST_DAYS = 7


@dataclass
class Workload:
    """The calls of the days looked at, oldest first, those without a price left out.

    Attributes:
        days: that were asked for; ``since`` (naive UTC) is where they begin.
        complete: False where only the newest calls were read.
    """

    engine: Engine
    rates: Rates
    items: list[Item]
    days: float
    since: datetime
    now: datetime
    simulated: bool
    complete: bool = True

    _loops: list[Loop] | None = None

    def movable(self) -> list[Item]:
        """Those that a technique may still change, oldest first."""
        return [item for item in self.items if item.movable]

    def loops(self) -> list[Loop]:
        """The background loops among them, found once: whoever asks later takes no call out before."""
        if self._loops is None:
            self._loops = list(find(self.movable()))
        return self._loops

    @property
    def span(self) -> float:
        """Days that the calls stand for."""
        if not self.items:
            return self.days
        lived = (self.now - self.items[0].started_at).total_seconds() / 86_400
        return lived if not self.complete else min(self.days, max(lived, LEAST_DAYS))

    def a_month(self, calls: int) -> float:
        """How many calls a month that would be."""
        return calls * MONTH / max(self.span, 1 / 24)


@dataclass(frozen=True)
class Finding:
    """What a technique found, beside what it changed in the items.

    Attributes:
        how: how the saving was computed, in a sentence or two.
        setting: what belongs into costmagic.toml, "" for nothing; ``code``: a cell that does it or shows it.
        note: what is missing or should be known.
        basis: "assumed" where a published range stands for evidence.
        up_to: USD that it saves at the upper end of that range.
        details: a line for each part.
    """

    how: str
    setting: str = ""
    code: str = ""
    note: str = ""
    basis: Basis = "measured"
    up_to: Decimal | None = None
    details: tuple[str, ...] = field(default=())


def count(n: int, noun: str, nouns: str | None = None) -> str:
    """ "1 call", "1,204 calls"."""
    return f"{n:,} {noun if n == 1 else nouns or noun + 's'}"


def sentences(*parts: str) -> str:
    """Those that are not empty, one after the other."""
    return " ".join(part for part in parts if part)


def features(items: Iterable[Item]) -> str:
    """The features of some calls as people read them, the most frequent first."""
    names = Counter(item.row.feature for item in items if item.row.feature)
    listed = [name for name, _ in names.most_common(3)]
    return ", ".join(listed) + (" …" if len(names) > len(listed) else "")


def named(items: Iterable[Item]) -> str | None:
    """The most frequent feature of some calls, None where they have none."""
    names = Counter(item.row.feature for item in items if item.row.feature)
    return names.most_common(1)[0][0] if names else None
