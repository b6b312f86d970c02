"""What an entry of the price list makes of a usage.

The list's own reckoning takes rates of any kind, and a quarter of a millisecond; each call is priced three times. Rates
for tokens alone are reckoned here, to the same amount; ``prices`` leaves all others to the list.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .types import Usage

PER = Decimal(1_000_000)

# What a call is charged for by these is never in a usage: searches of the web, and of files that are stored.
_NEVER_USED = ("web_searches_kcount", "storage_searches_kcount")
_TOKENS = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok")


@dataclass(frozen=True, slots=True)
class Rate:
    """USD per million tokens: above each of ``steps`` (input tokens, rate), the dearest first, another for all."""

    base: Decimal
    steps: tuple[tuple[int, Decimal], ...] = ()

    def cost(self, tokens: int, prompt: int) -> Decimal:
        """USD for ``tokens`` where the whole prompt has ``prompt``."""
        rate = next((rate for start, rate in self.steps if prompt > start), self.base)
        return rate * Decimal(tokens) / PER


@dataclass(frozen=True, slots=True)
class TokenRates:
    """The rates of one entry; where there is none for reads or writes, these tokens are plain input."""

    input: Rate
    output: Rate | None
    read: Rate | None
    write: Rate | None
    hour: Rate | None

    def cost(self, usage: Usage) -> Decimal:
        """USD for ``usage``; ValueError for counts that make no sense."""
        prompt = usage.input_tokens
        read = usage.cache_read_tokens if self.read else 0
        hour = usage.cache_write_1h_tokens if self.hour else 0
        write = usage.cache_write_tokens - hour if self.write else 0
        counts = (prompt - read - write - hour, usage.output_tokens, read, write, hour)
        if min(counts) < 0:
            raise ValueError("parts of the prompt are longer than the whole")
        total = Decimal(0)
        for rate, tokens in zip((self.input, self.output, self.read, self.write, self.hour), counts, strict=True):
            if rate is not None:
                total += rate.cost(tokens, prompt)
        return total


def token_rates(entry: Any) -> TokenRates | None:
    """The rates of an entry of the list, None where it has others than for tokens, or none for plain input."""
    rates = {name: rate for name, rate in vars(entry).items() if rate is not None}
    if "input_mtok" not in rates or any(name not in (*_TOKENS, *_NEVER_USED) for name in rates):
        return None
    return TokenRates(*(_rate(rates.get(name)) for name in _TOKENS))  # type: ignore[arg-type]


def _rate(listed: Any) -> Rate | None:
    if listed is None or isinstance(listed, Decimal):
        return None if listed is None else Rate(listed)
    return Rate(listed.base, tuple((tier.start, tier.price) for tier in reversed(listed.tiers)))
