"""What calls came to, and the ratios that are made of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..accounting.money import from_nusd
from ..accounting.spans import ActionCount
from ..accounting.sums import Sum

PER_TOKENS = 1_000


@dataclass(frozen=True, slots=True)
class Measures:
    """What some calls came to; money is USD, and at least that where ``unpriced`` is above 0.

    Attributes:
        calls: what users asked, cache hits included; ``answered`` and ``hits`` are of these.
        records: all rows of the ledger: also what was called for other calls, and by evaluations.
        cached, failed, retries, unpriced, estimated: of all rows; ``cached`` ones were answered by a cache.
        input_tokens, output_tokens, cache_read_tokens: that providers were sent, sent back, and read from their caches.
        cost: all of it. ``own`` is that of the answered calls themselves, ``evaluation`` that of evaluations.
        avoided: what the replies that caches served again had cost.
        judged: calls whose quality is known, ``quality`` the sum of it, ``judged_tokens`` their tokens.
        actions: user actions; ``action_calls`` and ``action_cost`` are what served them.
    """

    calls: int = 0
    answered: int = 0
    hits: int = 0
    records: int = 0
    cached: int = 0
    failed: int = 0
    retries: int = 0
    unpriced: int = 0
    estimated: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cost: Decimal = Decimal(0)
    own: Decimal = Decimal(0)
    evaluation: Decimal = Decimal(0)
    avoided: Decimal = Decimal(0)
    judged: int = 0
    judged_tokens: int = 0
    quality: float = 0.0
    actions: int = 0
    action_calls: int = 0
    action_cost: Decimal = Decimal(0)
    action_unpriced: int = 0

    @property
    def running(self) -> Decimal:
        """USD of all but evaluations: what answering the calls took, with all that was called for them and failed."""
        return self.cost - self.evaluation

    @property
    def overhead(self) -> Decimal:
        """USD of ``running`` that went not into the answers themselves: failed attempts, routes, judges, summaries."""
        return self.running - self.own

    @property
    def per_call(self) -> Decimal | None:
        """USD per answered call, fully loaded; None when none was answered."""
        return self.running / self.answered if self.answered else None

    @property
    def own_per_call(self) -> Decimal | None:
        """USD per answered call, the price of its tokens alone."""
        return self.own / self.answered if self.answered else None

    @property
    def per_action(self) -> Decimal | None:
        """USD per user action, fully loaded; None without one."""
        return self.action_cost / self.actions if self.actions else None

    @property
    def hit_rate(self) -> float | None:
        """Share of the calls that a cache answered; None without calls."""
        return self.hits / self.calls if self.calls else None

    @property
    def mean_quality(self) -> float | None:
        """0 to 1, None when nothing was judged."""
        return self.quality / self.judged if self.judged else None

    @property
    def judged_size(self) -> float | None:
        """Tokens of a judged call."""
        return self.judged_tokens / self.judged if self.judged else None

    @property
    def efficiency(self) -> float | None:
        """Quality per 1,000 tokens, over the judged calls; None when nothing was judged."""
        return self.quality / self.judged_tokens * PER_TOKENS if self.judged_tokens else None


def measured(sums: Iterable[Sum], acted: Iterable[ActionCount] = ()) -> Measures:
    """All of ``sums``, and the user actions ``acted``, together."""
    acted = list(acted)
    columns: dict[str, tuple[Any, ...]] = dict(zip(Sum._fields, zip(*sums, strict=True), strict=False))
    counted: dict[str, Any] = {name: sum(columns.get(name, ())) for name in _COUNTS}
    money = {name: from_nusd(sum(columns.get(column, ()))) for name, column in _MONEY.items()}
    return Measures(
        **counted,
        **money,
        actions=sum(one.actions for one in acted),
        action_calls=sum(one.calls for one in acted),
        action_cost=from_nusd(sum(one.cost_nusd for one in acted)),
        action_unpriced=sum(one.unpriced for one in acted),
    )


_COUNTS = (
    *("calls", "answered", "hits", "records", "cached", "failed", "retries", "unpriced", "estimated"),
    *("input_tokens", "output_tokens", "cache_read_tokens", "judged", "judged_tokens", "quality"),
)
_MONEY = {"cost": "cost_nusd", "own": "own_nusd", "evaluation": "eval_nusd", "avoided": "avoided_nusd"}
