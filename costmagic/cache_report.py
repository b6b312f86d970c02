"""How well the three cache layers do, and why not better."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from .accounting.money import from_nusd
from .caching.lookups import Misses
from .engine import Engine
from .money import dollars
from .prices import Prices
from .tables import NO_MATH, Table, html, money_safe, plain, printable
from .types import Usage, UsageError

if TYPE_CHECKING:
    import pandas as pd

    from .accounting.cache_hits import LayerHits, ProviderHits

# Below this share of hits the likely cause is named.
LOW_HIT_RATE = 0.15

# Cause of a low hit rate → what it means and what to do.
REMEDIES = {
    "ttl": "replies expire too soon: raise ttl_days in [cache]",
    "threshold": "twins are just under the threshold: vote right on good hits, see %llm cache explain",
    "diversity": "the questions differ: a cache can't help much here",
}

# Days that a datetime can go back.
MAX_DAYS = 36_500

PER = 1_000


@dataclass(frozen=True, slots=True)
class LayerStats:
    """One layer: "exact", "semantic" or "provider".

    Attributes:
        hits: calls that it answered (provider: that read from the provider's prompt cache).
        rate: hits of all calls (provider: of those sent), None without calls.
        tokens: that were not paid in full.
        avoided: USD, None when no price is known; what a provider's cache saves is net of what writing it cost.
        simulated: USD that simulated models' hits would have avoided.
        age_s: median age in seconds of the replies it served, None where it served none.
        entries, bytes: what it holds now, None for the provider's.
    """

    name: str
    hits: int
    rate: float | None
    tokens: int
    avoided: Decimal | None
    simulated: Decimal = Decimal(0)
    age_s: float | None = None
    entries: int | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class CacheStats:
    """The layers over the last ``days`` days.

    Attributes:
        calls: of all kinds, hits included.
        hit_rate: share that the exact and the semantic cache answered, None without calls.
        wrong, right: votes on hits.
        misses: what was found out about misses when they happened.
        cause: why the hit rate is low: "ttl", "threshold" or "diversity"; None when it is not, or nothing is known.
        verify_ms: median of what verification took, None where nothing was verified.
        notes: what else there is to say, a line each.
    """

    days: float
    calls: int
    hit_rate: float | None
    layers: tuple[LayerStats, ...]
    wrong: int
    right: int
    misses: Misses
    cause: str | None
    verify_ms: float | None
    notes: tuple[str, ...] = ()

    def table(self) -> Table:
        """A row for each layer."""
        rows = [["layer", "hits", "rate", "tokens", "avoided", "simulated", "median age", "holds"]]
        for one in self.layers:
            rate = "" if one.rate is None else f"{one.rate:.1%}"
            holds = "" if one.entries is None else f"{one.entries:,} ({(one.bytes or 0) / 1e6:.1f} MB)"
            simulated = dollars(one.simulated) if one.simulated else ""
            age = _age(one.age_s)
            rows.append(
                [one.name, f"{one.hits:,}", rate, f"{one.tokens:,}", dollars(one.avoided), simulated, age, holds]
            )
        return rows

    def lines(self) -> list[str]:
        """What the table does not say."""
        rate = "" if self.hit_rate is None else f": {self.hit_rate:.1%} answered from the cache"
        votes = f"Votes: {self.wrong:,} wrong, {self.right:,} right."
        lines = [f"Last {self.days:g} days: {self.calls:,} calls{rate}. {votes}"]
        if self.verify_ms is not None:
            lines.append(f"Verification took {self.verify_ms:.1f} ms (median).")
        m = self.misses
        if self.hit_rate is not None and self.hit_rate < LOW_HIT_RATE and m.total:
            lines.append(
                f"Of {m.total:,} misses {m.expired:,} had a reply that was too old (TTL), {m.near:,} a near twin just "
                f"under the threshold, {m.alone:,} none (diversity); {m.ineligible:,} could share no answer."
            )
            if self.cause:
                lines.append(f"Likely cause of the low hit rate: {self.cause} ({REMEDIES[self.cause]}).")
        return [*lines, *self.notes]

    def to_frame(self) -> pd.DataFrame:
        """The layers as a DataFrame, one row each."""
        import pandas as pd

        names = [f.name for f in fields(LayerStats)]
        rows = [[getattr(one, name) for name in names] for one in self.layers]
        return pd.DataFrame(rows, columns=names).set_index("name")

    def __repr__(self) -> str:
        return printable("\n".join([plain(self.table()), *self.lines()]))

    def _repr_html_(self) -> str:
        return html(self.table()) + "".join(f"<div class='{NO_MATH}'>{money_safe(line)}</div>" for line in self.lines())


def collect(engine: Engine, days: float) -> CacheStats:
    """Gather the figures. Raises UsageError unless ``days`` is a positive number, LedgerError without a ledger."""
    from .accounting.cache_hits import layer, provider, sent

    if isinstance(days, bool) or not isinstance(days, (int, float)) or not 0 < days <= MAX_DAYS:
        raise UsageError(f"days must be a number above 0, not {days!r}")
    since = datetime.now(UTC) - timedelta(days=days)
    ledger, similar = engine.ledger, engine.similar
    went = ledger.reading(lambda database: sent(database, since))
    exact = ledger.reading(lambda database: layer(database, "exact", since))
    semantic = ledger.reading(lambda database: layer(database, "semantic", since))
    by_model = ledger.reading(lambda database: provider(database, since))
    calls = went + exact.hits + semantic.hits
    helped, saved = sum(p.hits for p in by_model), _saved(engine.prices, by_model)
    layers = (
        _own("exact", exact, calls, engine.exact.size()),
        _own("semantic", semantic, calls, similar.cache.size()),
        LayerStats("provider", helped, helped / went if went else None, sum(p.read for p in by_model), saved),
    )
    misses, wrong, right, verify_ms = similar.cache.told(since.timestamp())
    rate = (exact.hits + semantic.hits) / calls if calls else None
    hint = similar.hint()
    cause = misses.cause() if rate is not None and rate < LOW_HIT_RATE else None
    notes = (f"Semantic cache: off ({hint}).",) if hint else ()
    return CacheStats(days, calls, rate, layers, wrong, right, misses, cause, verify_ms, notes)


def _own(name: str, found: LayerHits, calls: int, size: tuple[int, int]) -> LayerStats:
    return LayerStats(
        name,
        found.hits,
        found.hits / calls if calls else None,
        found.tokens,
        # Hits whose reply has no known price: what all avoided is not known.
        None if found.hits and found.unpriced == found.hits else from_nusd(found.avoided_nusd),
        from_nusd(found.simulated_nusd) or Decimal(0),
        statistics.median(found.ages_s) if found.ages_s else None,
        *size,
    )


def _saved(prices: Prices, by_model: list[ProviderHits]) -> Decimal | None:
    """USD that reading from providers' caches saved, less what writing to them cost extra; None when unpriced."""
    total = Decimal(0)
    for one in by_model:
        full = prices.cost(one.ref, Usage(PER, 0))
        read = prices.cost(one.ref, Usage(PER, 0, cache_read_tokens=PER)) if one.read else full
        written = prices.cost(one.ref, Usage(PER, 0, cache_write_tokens=PER)) if one.written else full
        if full is None or read is None or written is None:
            return None
        total += ((full - read) * one.read - (written - full) * one.written) / PER
    return total


def _age(seconds: float | None) -> str:
    if seconds is None:
        return ""
    for unit, length in (("days", 172_800), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / (86_400 if unit == 'days' else length):.0f} {unit}"
    return f"{seconds:.0f} s"
