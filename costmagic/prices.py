"""What a call costs: ``Usage`` → ``Decimal`` USD, or None when the price is unknown.

List prices come from the package ``genai-prices`` (nothing is fetched: the list is the installed
version's); the user's own prices in ``costmagic.toml`` come first. This module is its only importer.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from .config import Price, Settings, address
from .models import LOCAL_WINDOW, split
from .rates import TokenRates, token_rates
from .types import Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider

MILLION = Decimal(1_000_000)

# Providers whose whole catalogue the list holds: a name that it does not know is worth a question.
LISTED = ("anthropic", "openai", "openrouter", "groq", "deepseek")

# USD; what is dearer is a mistake, and would not fit into the ledger.
MAX_COST = Decimal(10**9)

FREE = Price(Decimal(0), Decimal(0))


class Prices:
    """Prices, context windows and the catalogue of models, for one ``Settings``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._found: dict[str, tuple[Provider, ModelInfo] | None] = {}
        self._rates: dict[int, tuple[ModelPrice, TokenRates | None]] = {}

    def cost(self, ref: str, usage: Usage, at: datetime | None = None) -> Decimal | None:
        """USD for ``usage`` on the model ``ref`` at the prices of ``at`` (default: now), exact.

        None when the price is unknown or makes no sense. ``usage.input_tokens`` includes cache reads and writes.
        """
        try:
            own = self._own(ref)
            cost = self._list_cost(ref, usage, at) if own is None else _own_cost(own, usage)
        except (ValueError, ArithmeticError):
            return None  # counts or rates that no price can be made of
        return cost if cost is None or abs(cost) <= MAX_COST else None

    def _list_cost(self, ref: str, usage: Usage, at: datetime | None) -> Decimal | None:
        found = self._find(ref)
        if found is None:
            return None
        provider, model = found
        entry = model.get_prices(at or datetime.now(UTC))
        if not _covers(entry, usage):
            # The list prices what it has no rate for at nothing. Only a model sold as free is free.
            return Decimal(0) if model.id.endswith(":free") else None
        if id(entry) not in self._rates:
            self._rates[id(entry)] = (entry, token_rates(entry))
        rates = self._rates[id(entry)][1]
        return _reckoned(provider, model, usage, at) if rates is None else rates.cost(usage)

    def answer_cost(self, ref: str, answered: str | None, usage: Usage, at: datetime) -> Decimal | None:
        """USD of a call that asked ``ref`` and that the model ``answered`` says it answered.

        An alias is priced as the model behind it, unless the user has set a price for the alias.
        """
        provider, model = split(ref)
        if answered and answered != model and provider != "sim" and self._own(ref) is None:
            exact = f"{provider}:{answered}"
            if self.knows(exact):
                return self.cost(exact, usage, at)
        return self.cost(ref, usage, at)

    def prefix_money(
        self, ref: str, answered: str | None, usage: Usage, at: datetime
    ) -> tuple[Decimal, Decimal] | tuple[None, None]:
        """USD that the provider's prompt cache (saved by reads, cost more for writes) than plain input, exact.

        Both are parts of one bill: plain input would have cost ``cost + saved - more``. None when unpriced.
        """
        cost = self.answer_cost(ref, answered, usage, at)
        unread = self.answer_cost(ref, answered, replace(usage, cache_read_tokens=0), at)
        unwritten = self.answer_cost(ref, answered, replace(usage, cache_write_tokens=0, cache_write_1h_tokens=0), at)
        if cost is None or unread is None or unwritten is None:
            return None, None
        return unread - cost, cost - unwritten

    def rates(self, ref: str) -> tuple[Decimal, Decimal] | None:
        """USD per million input and output tokens for a short prompt today; None when unknown."""
        rates = tuple(self.cost(ref, Usage(input_tokens=i * 1000, output_tokens=o * 1000)) for i, o in ((1, 0), (0, 1)))
        return None if rates[0] is None or rates[1] is None else (rates[0] * 1000, rates[1] * 1000)

    def window(self, ref: str) -> int | None:
        """The model's context window in tokens, None when unknown."""
        if ref.startswith("local:"):
            return LOCAL_WINDOW
        found = self._find(ref)
        return found[1].context_window if found else None

    def caches_unasked(self, ref: str) -> bool:
        """Whether the provider may write a prompt into its cache, and charge for that, without being asked."""
        found = self._find(ref)
        return found is not None and found[0].id == "openai"

    def knows(self, ref: str) -> bool:
        """Whether the user or the list has a price entry for this model."""
        return self._own(ref) is not None or self._find(ref) is not None

    def catalogue(self) -> list[str]:
        """References of all models that the list has for the ready-made providers."""
        from genai_prices.data_snapshot import get_snapshot

        return [f"{p.id}:{m.id}" for p in get_snapshot().providers if p.id in LISTED for m in p.models]

    def _own(self, ref: str) -> Price | None:
        price = self._settings.prices.get(ref)
        if price is not None:
            return price
        provider, _ = split(ref)
        if provider == "local":
            return FREE
        config = self._settings.providers.get(provider)
        return config.price if config else None

    def _find(self, ref: str) -> tuple[Provider, ModelInfo] | None:
        if ref not in self._found:
            self._found[ref] = self._search(ref)
        return self._found[ref]

    def _search(self, ref: str) -> tuple[Provider, ModelInfo] | None:
        from genai_prices.data_snapshot import get_snapshot

        name, model = split(ref)
        if name == "sim":
            return self._simulated(model)
        config = self._settings.providers.get(name)
        snapshot = get_snapshot()
        ids = {provider.id for provider in snapshot.providers}
        url = None if name in ids else address(name, config) if config else None
        if name not in ids and url is None:
            return None
        try:
            return snapshot.find_provider_model(model, None, name if url is None else None, url)
        except LookupError:
            return None

    def _simulated(self, model: str) -> tuple[Provider, ModelInfo] | None:
        """``sim:NAME`` costs what NAME costs: NAME may itself be ``provider:model``."""
        if ":" in model and model.partition(":")[0] in self._settings.providers:
            return None if model.startswith("sim:") else self._find(model)
        candidates = (self._find(f"{provider}:{model}") for provider in LISTED)
        return next((found for found in candidates if found), None)


def _reckoned(provider: Provider, model: ModelInfo, usage: Usage, at: datetime | None) -> Decimal:
    """As the list itself reckons."""
    from genai_prices import Usage as ListUsage

    listed = ListUsage(
        input_tokens=usage.input_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        cache_write_1h_tokens=usage.cache_write_1h_tokens,
        output_tokens=usage.output_tokens,
    )
    return model.calc_price(listed, provider, genai_request_timestamp=at or datetime.now(UTC)).total_price


def _own_cost(price: Price, usage: Usage) -> Decimal:
    read = price.input if price.cache_read is None else price.cache_read
    write = price.input if price.cache_write is None else price.cache_write
    plain = usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens
    # Whoever charges more for a write charges twice the input for one that lives an hour.
    hour = write if price.cache_write is None else max(write, 2 * price.input)
    total = (
        plain * price.input
        + usage.cache_read_tokens * read
        + (usage.cache_write_tokens - usage.cache_write_1h_tokens) * write
        + usage.cache_write_1h_tokens * hour
        + usage.output_tokens * price.output
    )
    return total / MILLION


def _covers(rates: object, usage: Usage) -> bool:
    needed = [name for name, n in (("input_mtok", usage.input_tokens), ("output_mtok", usage.output_tokens)) if n]
    return all(getattr(rates, name, None) is not None for name in needed or ("input_mtok",))
