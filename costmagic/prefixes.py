"""The provider's prompt cache: plans each request's part in it, and settles what that saved."""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from .accounting import Ledger
from .caching.plan import ESTIMATE_SLACK, UNASKED_LIFE, Plan, Segment, breakpoints, worth_telling
from .caching.prefix import LIFE_S, Rates, Use, boundaries, hashes, min_tokens, reuses
from .call import Call
from .config import Settings, address
from .estimates import Estimator, Size
from .prices import Prices
from .tokens import Tokens
from .types import Request, Usage, UsageError

# What a prefix was used for before that tells little of what comes next.
MEMORY = timedelta(days=30)

# Anthropic's rates, as multiples of plain input, for models of theirs that no price list knows yet.
PUBLISHED = Rates(Decimal(1), Decimal("0.1"), Decimal("1.25"), Decimal(2))

MAX_REMEMBERED = 1_000


class PrefixWarning(UserWarning):
    """The provider's prompt cache did not serve what it was expected to."""


class Prefixes:
    """Decides for each request where its breakpoints go, from what the ledger knows of its prefixes."""

    def __init__(
        self, settings: Settings, prices: Prices, tokens: Tokens, estimator: Estimator, ledger: Ledger
    ) -> None:
        self._settings = settings
        self._prices = prices
        self._tokens = tokens
        self._estimator = estimator
        self._ledger = ledger
        self._lengths: dict[tuple[str, str], int] = {}
        self._rates: dict[tuple[str, int, date], Rates | None] = {}
        self._warned: set[tuple[str, str]] = set()

    def sized(self, call: Call) -> Size:
        """Plan the call's breakpoints, check its size, and set what is to be sent: ``call.request_sent``.

        Raises UsageError where ``Estimator.checked`` does. A cap that only the writing into the cache would break
        is kept by not writing.
        """
        prepared = call.prepared
        plan = self.plan(prepared.request, prepared.ask.feature)
        try:
            size = self._estimator.checked(plan.request, prepared.max_cost)
        except UsageError:
            plan = plan.without_breakpoints()
            size = self._estimator.checked(plan.request, prepared.max_cost)
        call.prefix = plan
        call.request_sent = replace(plan.request, max_tokens=size.max_tokens)
        return size

    def plan(self, request: Request, feature: str | None = None) -> Plan:
        """The request with what it asks of the provider's prompt cache; reads the ledger, sends nothing."""
        segments = self._segments(request)
        caches = self.asks(request.ref)
        if self._settings.cache.prefix == "off" or not caches or not any(s.long_enough for s in segments):
            notes = tuple(s.explain() for s in segments if caches and worth_telling(s))
            return Plan(request, segments, notes if self._settings.cache.prefix == "auto" else ())
        now = datetime.now(UTC).replace(tzinfo=None)
        segments = tuple(self._remembered(request, s, now) if s.long_enough else s for s in segments)
        changed = not any(s.reuse.calls for s in segments) and self._was_served(request, feature, now)
        if self._settings.providers[request.provider].kind == "openai":
            return self._keyed(request, segments, changed)
        segments = tuple(self._decided(request, s) if s.long_enough else s for s in segments)
        planned = replace(request, cache_after=breakpoints(segments))
        return Plan(planned, segments, tuple(s.explain() for s in segments if worth_telling(s)), changed)

    def _segments(self, request: Request) -> tuple[Segment, ...]:
        ends = boundaries(request)
        if not ends:
            return ()
        minimum, known = self.minimum(request.ref)
        found = hashes(request)
        return tuple(
            Segment(after, found[min(after, 1)], self._length(request, after, found[after]), minimum, known)
            for after in ends
        )

    def _length(self, request: Request, after: int, digest: str) -> int:
        """Tokens of the prefix; a long one is counted once, not at every call."""
        key = (request.ref, digest)
        length = self._lengths.get(key)
        if length is None:
            if len(self._lengths) >= MAX_REMEMBERED:
                self._lengths = {}
            length = self._tokens.request(replace(request, messages=request.messages[:after])).tokens
            self._lengths[key] = length
        return length

    def minimum(self, ref: str) -> tuple[int, bool]:
        """See ``min_tokens``."""
        return min_tokens(ref, self._settings.cache.min_tokens)

    def asks(self, ref: str) -> bool:
        """Whether requests to the model may ask for caching: in Anthropic's protocol, and at OpenAI itself.

        Other servers that speak OpenAI's protocol may refuse a parameter that they do not know.
        """
        name = ref.partition(":")[0]
        config = self._settings.providers.get(name)
        if config is None or config.kind != "openai":
            return config is not None and config.kind == "anthropic"
        url = address(name, config)  # None: the SDK's own default
        return f".{urlsplit(url).hostname}".endswith(".openai.com") if url else name == "openai"

    def _remembered(self, request: Request, segment: Segment, now: datetime) -> Segment:
        """The segment with what the ledger knows of it."""
        from .accounting.prefixes import past

        conversation = bool(segment.after)
        rows = past(self._ledger, request.provider, request.model, segment.hash, conversation, now - MEMORY)
        return _experienced(segment, [use_of(row, conversation) for row in rows if row.started_at <= now], now)

    def _was_served(self, request: Request, feature: str | None, now: datetime) -> bool:
        """Whether the feature's last call read its prefix from the provider's cache, a moment ago."""
        from .accounting.prefixes import last_was_read

        since = now - timedelta(seconds=LIFE_S[UNASKED_LIFE])
        return feature is not None and last_was_read(self._ledger, request.provider, request.model, feature, since)

    def _decided(self, request: Request, segment: Segment) -> Segment:
        rates = self.rates(request.ref, segment.tokens)
        if rates is None and request.provider == "anthropic":
            rates = PUBLISHED
        return segment if rates is None else segment.decided(rates)

    def _keyed(self, request: Request, segments: tuple[Segment, ...], changed: bool) -> Plan:
        """OpenAI caches by itself; the key sends calls with one prefix to where it is cached."""
        cached = tuple(replace(s, life=UNASKED_LIFE) if s.long_enough else s for s in segments)
        first = next(s for s in cached if s.life)
        identity = json.dumps([self._settings.user, self._settings.project, first.hash])
        key = f"costmagic-{hashlib.sha256(identity.encode()).hexdigest()[:32]}"
        note = f"{first.name} of about {first.tokens:,} tokens: cached by the provider, kept together by its key"
        return Plan(replace(request, prompt_cache_key=key), cached, (note,), changed)

    def rates(self, ref: str, tokens: int) -> Rates | None:
        """USD today for ``tokens`` as plain input, read, and written for either life; None where any is unknown."""
        key = (ref, tokens, datetime.now(UTC).date())
        if key in self._rates:
            return self._rates[key]
        if len(self._rates) >= MAX_REMEMBERED:
            self._rates = {}
        rates = self._rates[key] = self._priced(ref, tokens)
        return rates

    def _priced(self, ref: str, tokens: int) -> Rates | None:
        usages = (
            *(Usage(tokens, 0), Usage(tokens, 0, cache_read_tokens=tokens)),
            *(Usage(tokens, 0, cache_write_tokens=tokens, cache_write_1h_tokens=hour) for hour in (0, tokens)),
        )
        costs = [cost for usage in usages if (cost := self._prices.cost(ref, usage)) is not None]
        return Rates(*costs) if len(costs) == len(usages) else None

    def settle(self, call: Call) -> None:
        """Book what the provider's cache saved and cost, and find out why it did not serve."""
        assert call.usage is not None
        ref, usage = call.request.ref, call.usage
        if usage.cache_read_tokens or usage.cache_write_tokens:
            money = self._prices.prefix_money(ref, call.model, usage, call.started_at)
            call.prefix_saved, call.prefix_premium = money
        elif call.cost is not None:
            call.prefix_saved = call.prefix_premium = Decimal(0)
        if call.prefix is not None and call.status in ("ok", "refused"):
            call.unread = call.prefix.unread(usage)

    def told(self, call: Call) -> dict[str, Any]:
        """What the reply says of the provider's prompt cache."""
        return {
            "prefix_saved": call.prefix_saved,
            "prefix_premium": call.prefix_premium,
            "prefix_note": "; ".join(call.prefix.notes) or None if call.prefix else None,
            "prefix_warning": call.unread.text if call.unread else None,
        }

    def warn(self, call: Call) -> None:
        """Warn of what the receipt shows: once for each model and cause."""
        if call.unread is None or (index := (call.request.ref, call.unread.cause)) in self._warned:
            return
        self._warned.add(index)
        warnings.warn(f"prompt cache: {call.unread.text}", PrefixWarning, stacklevel=2)


def _experienced(segment: Segment, uses: list[Use], now: datetime) -> Segment:
    *_, (_, reuse) = reuses([*uses, Use(now, None)])
    ready = [use for use in uses if use.ready_at is not None and use.ready_at <= now]
    last = max(ready, key=lambda use: use.started_at, default=None)
    asked = [use for use in ready if use.life and use.tokens * ESTIMATE_SLACK >= segment.tokens]
    in_vain = 0 if any(use.cached for use in asked) else len(asked)
    return replace(segment, reuse=reuse, last=last, in_vain=in_vain)


def use_of(row: Any, conversation: bool) -> Use:
    """A row of the ledger as one use of its system prompt or of its conversation."""
    asked = dict(point.split(":") for point in (row.cache_after or "").split())
    life: Any = next((life for after, life in asked.items() if (after != "0") is conversation), None)
    cached = (row.cache_read_tokens or 0) + (row.cache_write_tokens or 0)
    if not cached and row.usage_source != "reported":
        life = None  # nobody knows what became of the wish
    first = row.first_token_ms
    return Use(
        started_at=row.started_at,
        ready_at=None if first is None else row.started_at + timedelta(milliseconds=first),
        cached=cached if life or not asked else 0,
        life=life,
        tokens=(row.turns_tokens if conversation else row.prefix_tokens) or 0,
    )
