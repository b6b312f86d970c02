"""Spending limits: what ``[budget]`` in ``costmagic.toml`` says, and ``5/day`` as people type it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .checks import Where, check_keys, choice, positive, reference, typed
from .types import UsageError, did_you_mean

# Period → how people call it in ``5/day``, and in a sentence.
PERIODS = {
    "session": ("session", "in this session"),
    "daily": ("day", "today"),
    "weekly": ("week", "this week"),
    "monthly": ("month", "this month"),
}
ON_EXCEED = ("raise", "downgrade")


@dataclass(frozen=True)
class Limit:
    """At most ``amount`` USD per ``period`` (a key of PERIODS); ``feature`` None means on everything."""

    period: str
    amount: Decimal
    feature: str | None = None

    @property
    def table(self) -> str:
        """The table of ``costmagic.toml`` that it belongs in."""
        return "budget" if self.feature is None else _table(self.feature)

    def __str__(self) -> str:
        of = f" of feature '{self.feature}'" if self.feature is not None else ""
        return f"{self.period} budget{of} of ${self.amount:f}"


@dataclass(frozen=True)
class BudgetConfig:
    """What ``[budget]`` says.

    Attributes:
        on_exceed: "raise", or "downgrade" to the cheapest tier that still fits.
        allow_unpriced: models that may be asked although nobody knows what they cost.
    """

    limits: tuple[Limit, ...] = ()
    on_exceed: str = "raise"
    allow_unpriced: tuple[str, ...] = ()


def read(table: Mapping[str, Any], where: Where) -> BudgetConfig:
    """The checked ``[budget]`` table. Raises ConfigError that names the place of a mistake."""
    check_keys(table, [*PERIODS, "on_exceed", "allow_unpriced", "features"], "budget.", where)
    limits = list(_limits({k: v for k, v in table.items() if k in PERIODS}, "budget", None, where))
    for name, amounts in typed(table.get("features", {}), dict, "budget.features", where).items():
        key = _table(name)
        check_keys(typed(amounts, dict, key, where), list(PERIODS), f"{key}.", where)
        limits += _limits(amounts, key, name, where)
    allowed = table.get("allow_unpriced", [])
    if not isinstance(allowed, (list, tuple)):
        raise where.error("budget.allow_unpriced", f"budget.allow_unpriced must be a list of models, not {allowed!r}")
    return BudgetConfig(
        limits=tuple(limits),
        on_exceed=choice(table.get("on_exceed", "raise"), ON_EXCEED, "budget.on_exceed", where),
        allow_unpriced=tuple(reference(ref, "budget.allow_unpriced", where).strip() for ref in allowed),
    )


def _table(feature: str) -> str:
    bare = re.fullmatch(r"[A-Za-z0-9_-]+", feature)
    return f"budget.features.{feature if bare else json.dumps(feature, ensure_ascii=False)}"


def _limits(amounts: Mapping[str, Any], key: str, feature: str | None, where: Where) -> Iterator[Limit]:
    for period, amount in amounts.items():
        yield Limit(period, positive(amount, f"{key}.{period}", where), feature)


def parse(text: str, feature: str | None = None) -> Limit:
    """``"5/day"`` → a Limit; the period is session, day, week or month.

    Raises UsageError for anything else.
    """
    given, slash, word = text.strip().partition("/")
    try:
        amount = Decimal(given.strip().removeprefix("$"))
    except ArithmeticError:
        amount = Decimal("NaN")
    if not slash or not amount.is_finite() or amount <= 0:
        raise UsageError(f"a budget is an amount in USD above 0 and a period, like 5/day, not '{text}'")
    words = {short: period for period, (short, _) in PERIODS.items()}
    word = word.strip().lower()
    period = words.get(word, word)
    if period not in PERIODS:
        raise UsageError(f"unknown period '{word}' in '{text}'{did_you_mean(word, list(words))}")
    return Limit(period, amount, feature)
