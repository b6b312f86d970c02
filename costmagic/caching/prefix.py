"""The provider's prompt cache: which beginning of a request is stable, and whether caching it pays.

Pure functions; ``costmagic.prefixes`` feeds them with prices, lengths and what the ledger knows.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase

from ..types import CacheLife, Request

LIFE_S: Mapping[CacheLife, int] = {"5m": 300, "1h": 3_600}  # an entry's life, begun anew by each use

# The shortest prefix that a model caches, in tokens. Providers change it, and sources differ: [cache.min_tokens]
# in costmagic.toml comes first, and the provider's own counters tell when this is wrong.
MIN_TOKENS: Mapping[str, int] = {
    "anthropic:claude-opus-5": 512,
    "anthropic:claude-fable-5": 512,
    "anthropic:claude-mythos-5": 512,
    "anthropic:claude-opus-4-8": 1_024,
    "anthropic:claude-sonnet-5": 1_024,
    "anthropic:claude-sonnet-4-6": 1_024,
    "anthropic:claude-sonnet-4-5": 1_024,
    "anthropic:claude-sonnet-4": 1_024,
    "anthropic:claude-3-7-sonnet": 1_024,
    "anthropic:claude-opus-4-1": 1_024,
    "anthropic:claude-opus-4": 1_024,
    "anthropic:claude-opus-4-7": 2_048,
    "anthropic:claude-opus-4-6": 4_096,
    "anthropic:claude-opus-4-5": 4_096,
    "anthropic:claude-haiku-4-5": 4_096,
    "anthropic:claude-3-5-haiku": 2_048,
    "anthropic:claude-3-haiku": 2_048,
    "openai:*": 1_024,
}

# For a model that is not in the table. Asking in vain costs nothing (what is too short is neither cached nor
# charged as a write), so this is the lowest of all known; empty counters then say that it was too short.
UNKNOWN_MIN_TOKENS = min(MIN_TOKENS.values())

# What is believed of a prefix before it has been seen twice: one call in six is followed by another in time. A
# write at 1.25 times the input and reads at a tenth break even at 22 %, so the first sight never writes, and one
# reuse in time is enough to begin. Waiting for it loses one discount where a prefix does come back; writing at once
# would add a quarter to the price of all the prompts that are tried once and changed.
PRIOR_READS, PRIOR_MISSES = Decimal("0.2"), Decimal(1)

_DATE = re.compile(r"-(\d{8}|latest|0)$")


def min_tokens(ref: str, own: Mapping[str, int]) -> tuple[int, bool]:
    """(Tokens of the shortest prefix that the model ``ref`` caches, whether that is known); ``own`` comes first."""
    provider, _, model = ref.partition(":")
    if provider == "sim":  # it stands for the model of that name
        ref = model if ":" in model else f"{'anthropic' if model.startswith('claude') else 'openai'}:{model}"
    for table in (own, MIN_TOKENS):
        for pattern, tokens in table.items():
            if any(fnmatchcase(name, pattern) for name in (ref, _DATE.sub("", ref))):
                return tokens, True
    return UNKNOWN_MIN_TOKENS, False


def boundaries(request: Request) -> tuple[int, ...]:
    """Where stable prefixes end, as numbers of messages: 0 after the system prompt, then after the last older turn.

    Never more than the four breakpoints that Anthropic takes.
    """
    older = len(request.messages) - 1
    # A blank text can't carry a breakpoint.
    ends = [0] if request.system and request.system.strip() else []
    return (*ends, older) if older > 0 and request.messages[older - 1].content.strip() else tuple(ends)


def hashes(request: Request) -> list[str]:
    """SHA-256 of the system prompt with the first 0, 1, 2, … messages, the last message left out."""
    # One line of JSON each: no two different beginnings have the same bytes.
    digest = hashlib.sha256(json.dumps(request.system).encode())
    found = [digest.hexdigest()]
    for message in request.messages[:-1]:
        digest.update(b"\n" + json.dumps([message.role, message.content]).encode())
        found.append(digest.hexdigest())
    return found


@dataclass(frozen=True, slots=True)
class Use:
    """One call that sent a prefix.

    ``ready_at`` is when its first token came: from then on the prefix could be read; None while it has not.
    ``cached`` are the tokens that it read and wrote, ``life`` that of the entry it asked for, None if it did not ask.
    ``tokens`` is the length of the whole prefix.
    """

    started_at: datetime
    ready_at: datetime | None
    cached: int = 0
    life: CacheLife | None = None
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Reuse:
    """How a prefix came back: of ``calls`` after the first, those that came within each life of an earlier use.

    ``gap`` is the last one's, in seconds, None when no earlier use was ready.
    """

    calls: int = 0
    within_5m: int = 0
    within_1h: int = 0
    gap: float | None = None

    def within(self, life: CacheLife) -> int:
        """Calls that came in time to read an entry of this life."""
        return self.within_5m if life == "5m" else self.within_1h

    def then(self, gap: float | None) -> Reuse:
        """With one more call, ``gap`` seconds after the last use that was ready."""
        early = gap is not None and gap <= LIFE_S["5m"]
        late = gap is not None and gap <= LIFE_S["1h"]
        return Reuse(self.calls + 1, self.within_5m + early, self.within_1h + late, gap)


UNSEEN = Reuse()


def reuses(uses: Iterable[Use]) -> Iterator[tuple[Use, Reuse]]:
    """Each use, oldest first, with what was known of the prefix when it came, its own coming included.

    A use that came before the first token of the one before it is no reuse: there was nothing to read yet.
    """
    reuse, latest = None, None
    pending: list[datetime] = []
    for use in sorted(uses, key=lambda u: u.started_at):
        while pending and pending[0] <= use.started_at:
            latest = heapq.heappop(pending)
        gap = None if latest is None else (use.started_at - latest).total_seconds()
        reuse = UNSEEN if reuse is None else reuse.then(gap)
        if use.ready_at is not None:
            heapq.heappush(pending, use.ready_at)
        yield use, reuse


@dataclass(frozen=True, slots=True)
class Rates:
    """USD for the tokens of a prefix (all in the same unit): as plain input, read, written for 5 minutes or an hour."""

    plain: Decimal
    read: Decimal
    write: Decimal
    write_1h: Decimal

    def per(self, tokens: int) -> Rates:
        """The same for each of ``tokens`` tokens."""
        return Rates(self.plain / tokens, self.read / tokens, self.write / tokens, self.write_1h / tokens)

    def writing(self, life: CacheLife) -> Decimal:
        """What a write for this life costs."""
        return self.write if life == "5m" else self.write_1h

    def expected(self, life: CacheLife, reuse: Reuse) -> Decimal:
        """What a call costs on average if the prefix is always cached for ``life``: read in time, else written."""
        reads = (reuse.within(life) + PRIOR_READS) / (reuse.calls + PRIOR_READS + PRIOR_MISSES)
        return reads * self.read + (1 - reads) * self.writing(life)


def choose(reuse: Reuse, rates: Rates) -> CacheLife | None:
    """The life to cache a prefix for that costs least on average, None where plain input does."""
    costs: dict[CacheLife | None, Decimal] = {None: rates.plain}
    costs |= {life: rates.expected(life, reuse) for life in LIFE_S}
    return min(costs, key=lambda life: costs[life])


@dataclass(frozen=True, slots=True)
class Part:
    """What one use would have had of the provider's cache: tokens read from it, and written for ``life``."""

    read: int = 0
    written: int = 0
    life: CacheLife | None = None


def parts(uses: Iterable[Use], per_token: Rates) -> Iterator[tuple[Use, Part]]:
    """Each use, oldest first, with its part if ``choose`` had decided, each time knowing only the uses before."""
    held = 0
    life: CacheLife | None = None
    for use, reuse in reuses(uses):
        alive = life is not None and reuse.gap is not None and reuse.gap <= LIFE_S[life]
        read = min(held, use.tokens) if alive else 0
        wanted = choose(reuse, per_token) or (life if alive else None)
        life, held = wanted, use.tokens if wanted else 0
        yield use, Part(read, use.tokens - read, wanted) if wanted else Part()


def replay(uses: Iterable[Use], per_token: Rates) -> Decimal:
    """USD that ``choose`` would have saved on these calls, each knowing only those before it; below 0 where it lost."""
    saved = Decimal(0)
    for _, part in parts(uses, per_token):
        if part.life:
            saved += part.read * (per_token.plain - per_token.read)
            saved -= part.written * (per_token.writing(part.life) - per_token.plain)
    return saved
