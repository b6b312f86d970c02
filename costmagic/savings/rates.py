"""What a token costs, by model, day and length of the prompt: quick enough for every call of a month."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from ..prices import Prices
from ..types import Usage

# Prompts whose lengths differ by less are priced alike: list prices change with length only at round numbers.
BUCKET = 4_096


@dataclass(frozen=True, slots=True)
class TokenRates:
    """USD for one token of each kind."""

    plain: Decimal
    read: Decimal
    write: Decimal
    write_1h: Decimal
    output: Decimal

    def of(self, usage: Usage) -> Decimal:
        """USD for ``usage``, exact."""
        plain = usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens
        return (
            plain * self.plain
            + usage.cache_read_tokens * self.read
            + (usage.cache_write_tokens - usage.cache_write_1h_tokens) * self.write
            + usage.cache_write_1h_tokens * self.write_1h
            + usage.output_tokens * self.output
        )


@dataclass(frozen=True, slots=True)
class Model:
    """A model as it is priced: the reference that was asked, and the name that answered, None where that is unknown."""

    ref: str
    answered: str | None = None


class Rates:
    """The rates of all models, remembered."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._known: dict[tuple[Model, object, int], TokenRates | None] = {}

    def cost(self, model: Model, usage: Usage, at: datetime) -> Decimal | None:
        """USD for ``usage`` at the prices of ``at`` (naive UTC); None when unpriced."""
        rates = self.of(model, usage.input_tokens, at)
        return None if rates is None else rates.of(usage)

    def of(self, model: Model, tokens: int, at: datetime) -> TokenRates | None:
        """The rates for a prompt of ``tokens`` tokens; None when any of them is unknown."""
        key = (model, at.date(), tokens // BUCKET)
        if key not in self._known:
            self._known[key] = self._priced(model, max(tokens, 1), at.replace(tzinfo=UTC))
        return self._known[key]

    def _priced(self, model: Model, tokens: int, at: datetime) -> TokenRates | None:
        plain = Usage(tokens, 0)
        usages = (
            plain,
            replace(plain, cache_read_tokens=tokens),
            replace(plain, cache_write_tokens=tokens),
            replace(plain, cache_write_tokens=tokens, cache_write_1h_tokens=tokens),
            replace(plain, output_tokens=tokens),
        )
        costs = [self._prices.answer_cost(model.ref, model.answered, usage, at) for usage in usages]
        known = [cost / tokens for cost in costs if cost is not None]
        if len(known) < len(costs):
            return None
        inputs, read, write, write_1h, both = known
        return TokenRates(inputs, read, write, write_1h, both - inputs)
