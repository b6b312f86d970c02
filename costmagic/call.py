"""One call under way: what it has received and cost so far, and the ledger row it will leave."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .accounting.money import to_nusd
from .accounting.store import new_id
from .caching.key import prompt_hash
from .caching.lookups import Lookup
from .caching.plan import Plan, Unread
from .caching.semantic import Asked
from .reply import Reply
from .request import Prepared
from .stop import Stop
from .types import CacheLayer, Finish, Request, Route, Status, Usage


@dataclass
class Call:
    """The running state of one call; meters read it, ``stop.set()`` ends it.

    Attributes:
        status: None while it runs.
        counted: input tokens as counted before sending (``counted_raw``: before anything learned).
        usage: the best figures so far; ``reported``: what the provider has said of them.
        key: of the cache, None when the cache was not asked.
        prefix: what it asks of the provider's prompt cache; ``unread``: why that did not serve.
        lookup: what the semantic cache said, None when it was not asked; ``asked``: what it needs to keep the reply.
        reserved: whether a budget holds money for it until its final row is written.
        reply: set when the call has ended, however it ended.
        children: replies of calls that were made for this one.
    """

    prepared: Prepared
    notebook: str | None = None
    session_id: str | None = None
    stop: Stop = field(default_factory=Stop)
    id: str = field(default_factory=new_id)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    status: Status | None = None
    parts: list[str] = field(default_factory=list)
    counted: int = 0
    counted_raw: int | None = None
    usage: Usage | None = None
    reported: Usage | None = None
    finish: Finish | None = None
    model: str | None = None
    retries: int = 0
    cost: Decimal | None = None
    baseline_ref: str | None = None
    baseline_cost: Decimal | None = None
    cache: CacheLayer | None = None
    cache_of: str | None = None
    first_token_ms: float | None = None
    latency_ms: float | None = None
    reply: Reply | None = None
    request_sent: Request | None = None
    key: str | None = None
    prefix: Plan | None = None
    prefix_saved: Decimal | None = None
    prefix_premium: Decimal | None = None
    unread: Unread | None = None
    lookup: Lookup | None = None
    asked: Asked | None = None
    reserved: bool = False
    children: list[Reply] = field(default_factory=list)
    _begun: float = field(default_factory=time.perf_counter)

    @property
    def route(self) -> Route:
        return self.prepared.route

    @property
    def request(self) -> Request:
        """What was sent, or would be."""
        return self.request_sent or self.prepared.request

    @property
    def text(self) -> str:
        return "".join(self.parts)

    def begin(self) -> None:
        """Time it from now on: it was made earlier than it is sent."""
        self.started_at, self._begun = datetime.now(UTC), time.perf_counter()

    def begin_again(self, prepared: Prepared) -> None:
        """Become another attempt, with a ledger row of its own, of a call that failed before it gave any text."""
        kept = {"prepared", "notebook", "session_id", "stop", "children", "_begun"}
        fresh = Call(prepared, self.notebook, self.session_id, self.stop)
        for f in fields(self):
            if f.name not in kept:
                setattr(self, f.name, getattr(fresh, f.name))
        self.prepared = prepared

    def elapsed_ms(self) -> float:
        return (time.perf_counter() - self._begun) * 1000

    def receive(self, text: str) -> None:
        if self.first_token_ms is None:
            self.first_token_ms = self.elapsed_ms()
        self.parts.append(text)

    def row(self) -> dict[str, Any]:
        """The ledger row as things stand; an unfinished call is what it would be if it died now."""
        ask, usage = self.prepared.ask, self.usage
        return {
            "id": self.id,
            "started_at": self.started_at.replace(tzinfo=None),
            "status": self.status or "interrupted",
            "purpose": ask.purpose,
            "parent_id": ask.parent_id,
            "notebook": self.notebook,
            "feature": ask.feature,
            "action": ask.action,
            "task": self.route.task,
            "tier": self.route.tier,
            "model_requested": self.request.model,
            "model": self.model,
            "provider": self.request.provider,
            "route_source": self.route.source,
            "route_reason": self.route.reason,
            "cache": self.cache or "none",
            "cache_of": self.cache_of,
            "input_tokens": usage.input_tokens if usage else None,
            "cache_read_tokens": usage.cache_read_tokens if usage else None,
            "cache_write_tokens": usage.cache_write_tokens if usage else None,
            "output_tokens": usage.output_tokens if usage else None,
            "reasoning_tokens": usage.reasoning_tokens if usage else None,
            "usage_source": usage.source if usage else None,
            "cost_nusd": to_nusd(self.cost),
            "baseline_model": self.baseline_ref,
            "baseline_cost_nusd": to_nusd(self.baseline_cost),
            "price_date": self.started_at.date().isoformat(),
            "latency_ms": self.latency_ms,
            "first_token_ms": self.first_token_ms,
            "retries": self.retries,
            "batched": False,
            "quality": None,
            "prompt_hash": prompt_hash(self.request),
            "counted_tokens": self.counted_raw,
            "session_id": self.session_id,
            **self._prefix_row(),
        }

    def _prefix_row(self) -> dict[str, Any]:
        system, turns = (self.prefix.at(conversation) if self.prefix else None for conversation in (False, True))
        points = " ".join(f"{point.after}:{point.life}" for point in self.request.cache_after)
        return {
            "prefix_hash": system and system.hash,
            "prefix_tokens": system and system.tokens,
            "turns_hash": turns and turns.hash,
            "turns_tokens": turns and turns.tokens,
            "cache_after": points or None,
            "cache_write_1h_tokens": self.usage.cache_write_1h_tokens if self.usage else None,
            "prefix_saved_nusd": to_nusd(self.prefix_saved),
            "prefix_premium_nusd": to_nusd(self.prefix_premium),
        }
