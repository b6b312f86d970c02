"""What a call has used and cost, and the reply that says so."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from .call import Call
from .config import Settings
from .models import tier_ref
from .prefixes import Prefixes
from .prices import Prices
from .reply import Reply
from .tokens import Tokens
from .types import Usage


class Books:
    """Puts figures on calls."""

    def __init__(self, settings: Settings, prices: Prices, tokens: Tokens, prefixes: Prefixes) -> None:
        self._settings = settings
        self._prefixes = prefixes
        self._prices = prices
        self._tokens = tokens

    def estimated(self, call: Call, reported: Usage | None = None) -> Usage:
        """Usage of a call that did not report it (all): what was reported so far, else counts."""
        output = self._tokens.text(call.request.ref, call.text).tokens if call.parts else 0
        if reported is None:
            return Usage(call.counted, output, source="estimated")
        return replace(reported, output_tokens=max(output, reported.output_tokens), source="estimated")

    def cost(self, call: Call) -> Decimal | None:
        """USD for the call's usage so far, None when unpriced."""
        assert call.usage is not None
        return self._prices.answer_cost(call.request.ref, call.model, call.usage, call.started_at)

    def price_baseline(self, call: Call) -> None:
        """Put into ``call`` what the heavy tier would have cost for the same tokens."""
        assert call.usage is not None
        call.baseline_ref = tier_ref(self._settings, "heavy")
        call.baseline_cost = self._prices.cost(call.baseline_ref, call.usage, call.started_at)

    def reply(self, call: Call, **more: Any) -> Reply:
        """The reply of a call that has ended, however it ended; ``more`` are fields that the call does not hold."""
        assert call.usage is not None
        assert call.latency_ms is not None
        return Reply(
            text=call.text,
            request=call.request,
            route=call.route,
            status=call.status or "interrupted",
            usage=call.usage,
            finish=call.finish,
            cost=call.cost,
            model=call.model or call.request.model,
            started_at=call.started_at,
            latency_ms=call.latency_ms,
            first_token_ms=call.first_token_ms,
            baseline_ref=call.baseline_ref,
            baseline_cost=call.baseline_cost,
            cache=call.cache,
            retries=call.retries,
            limited_for=call.prepared.limited_for,
            id=call.id,
            **self._prefixes.told(call),
            **more,
        )
