"""A reply with its price tag."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from .money import dollars
from .types import CacheLayer, Finish, Request, Route, Status, Usage


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """A reply with its price tag.

    Attributes:
        request: exactly what was sent.
        status: "ok" or "refused"; only receipts of failed calls see "error" and "interrupted".
        finish: "stop", "length" (cut at max_tokens) or "refusal"; None when it did not finish.
        cost: USD of this call (0 for a cache hit), None when the model has no known price.
        baseline_cost: what the heavy tier would have cost for the same tokens: an estimate.
        avoided: USD that a cache hit did not spend, None when unknown or not a hit.
        cache: the layer that answered, None when a model did.
        cache_state: "hit", "miss", "refreshed" or "off".
        similarity: cosine between this question and the one whose reply was served, None unless a semantic hit.
        cached_at: when the cached reply was made (UTC), None when not a hit.
        limited_for: the task that set the limit of the reply's length, None where the user or nobody did.
        prefix_saved: USD that reading the provider's prompt cache saved against plain input; None: unknown, or a hit.
        prefix_premium: USD that writing into it cost beyond plain input; ``cost`` contains it.
        prefix_note: what was decided about the provider's prompt cache, and why.
        prefix_warning: why nothing was read from it where that was expected.
        data: the parsed object of a JSON reply; ``data_error`` says why it could not be parsed.
        id: the ledger row, None when the ledger could not be written.
    """

    text: str
    request: Request
    route: Route
    status: Status
    usage: Usage
    finish: Finish | None
    cost: Decimal | None
    model: str
    started_at: datetime
    latency_ms: float
    first_token_ms: float | None = None
    baseline_ref: str | None = None
    baseline_cost: Decimal | None = None
    cache: CacheLayer | None = None
    cached_at: datetime | None = None
    avoided: Decimal | None = None
    cache_state: str = "off"
    prefix_saved: Decimal | None = None
    prefix_premium: Decimal | None = None
    prefix_note: str | None = None
    prefix_warning: str | None = None
    similarity: float | None = None
    retries: int = 0
    limited_for: str | None = None
    id: str | None = None
    data: Any = None
    data_error: str | None = None

    @property
    def provider(self) -> str:
        return self.request.provider

    @property
    def tier(self) -> str | None:
        return self.route.tier

    @property
    def refused(self) -> bool:
        return self.finish == "refusal"

    @property
    def truncated(self) -> bool:
        return self.finish == "length"

    @property
    def simulated(self) -> bool:
        return self.usage.source == "simulated"

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= 60 else self.text[:59] + "…"
        hit = f", {self.cache} cache hit" if self.cache else ""
        simulated = ", SIMULATED" if self.simulated else ""
        return f"<Reply {text!r}: {self.model}, {dollars(self.cost)}{hit}{simulated}>"
