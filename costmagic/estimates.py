"""What a request would cost, before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from .money import dollars
from .prices import Prices
from .tables import html, plain
from .tokens import Tokens
from .types import Request, Usage, UsageError

if TYPE_CHECKING:
    import pandas as pd

# A token estimate may be off; a prompt is refused as too long only when it is so by more than this.
ESTIMATE_SLACK = Decimal("1.1")


@dataclass(frozen=True, slots=True)
class Estimate:
    """Tokens and cost of a request, before it is sent.

    ``raw_tokens`` is the count before anything learned. ``max_tokens`` is what the reply may use, at
    most what the window leaves. ``worst_cost`` assumes that it does; costs are USD, None = unpriced.
    """

    ref: str
    input_tokens: int
    raw_tokens: int
    token_source: str
    max_tokens: int
    input_cost: Decimal | None
    worst_cost: Decimal | None


class Estimator:
    """Counts and prices requests without sending them."""

    def __init__(self, prices: Prices, tokens: Tokens) -> None:
        self._prices = prices
        self._tokens = tokens

    def estimate(self, request: Request) -> Estimate:
        """Tokens and cost of ``request``, whose ``max_tokens`` is set."""
        assert request.max_tokens is not None
        count = self._tokens.request(request)
        limit, window = request.max_tokens, self._prices.window(request.ref)
        if window:
            limit = max(1, min(limit, window - count.tokens))
        return Estimate(
            ref=request.ref,
            input_tokens=count.tokens,
            raw_tokens=count.raw,
            token_source=count.source,
            max_tokens=limit,
            input_cost=self._prices.cost(request.ref, Usage(count.tokens, 0)),
            worst_cost=self._prices.cost(request.ref, Usage(count.tokens, limit)),
        )

    def checked(self, request: Request, max_cost: Decimal | None) -> Estimate:
        """The estimate of a request that may be sent.

        Raises:
            UsageError: the prompt is too long for the model, or the call could cost more than
                ``max_cost`` USD, or nobody knows whether it could.
        """
        estimate = self.estimate(request)
        window = self._prices.window(request.ref)
        counted = estimate.token_source == "counted"
        if window and estimate.input_tokens > window * (1 if counted else ESTIMATE_SLACK):
            raise UsageError(
                f"the prompt has {'' if counted else 'about '}{estimate.input_tokens:,} tokens, "
                f"and {request.ref} has room for {window:,}"
            )
        if max_cost is None:
            return estimate
        if estimate.worst_cost is None:
            raise UsageError(f"the price of {request.ref} is not known, so max_cost ${max_cost:f} can't be kept")
        if estimate.worst_cost > max_cost:
            raise UsageError(
                f"the call could cost ${estimate.worst_cost.normalize():f} ({estimate.input_tokens:,} tokens in, up to "
                f"{estimate.max_tokens:,} out), more than max_cost ${max_cost:f}: lower max_tokens or raise max_cost"
            )
        return estimate


@dataclass(frozen=True)
class Estimates:
    """Estimates on several tiers or models, in the order asked for: (name, Estimate) pairs."""

    rows: tuple[tuple[str, Estimate], ...]

    def __getitem__(self, name: str) -> Estimate:
        return dict(self.rows)[name]

    def __len__(self) -> int:
        return len(self.rows)

    def to_frame(self) -> pd.DataFrame:
        """Columns model, input_tokens, token_source, max_tokens, input_cost, worst_cost (USD ``Decimal``)."""
        import pandas as pd

        columns = ["name", "model", "input_tokens", "token_source", "max_tokens", "input_cost", "worst_cost"]
        records = [
            (name, e.ref, e.input_tokens, e.token_source, e.max_tokens, e.input_cost, e.worst_cost)
            for name, e in self.rows
        ]
        return pd.DataFrame.from_records(records, columns=columns).set_index("name")

    def table(self) -> list[list[str]]:
        """Header and rows as text."""
        header = ["", "model", "tokens in", "prompt", "worst case"]
        body = [
            [
                name,
                e.ref,
                f"{'' if e.token_source == 'counted' else '≈ '}{e.input_tokens:,}",
                dollars(e.input_cost),
                f"{dollars(e.worst_cost)} ({e.max_tokens:,} out)",
            ]
            for name, e in self.rows
        ]
        return [header, *body]

    def __repr__(self) -> str:
        return plain(self.table())

    def _repr_html_(self) -> str:
        return html(self.table())
