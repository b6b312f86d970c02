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

# How far a foreign tokenizer and an unknown chat template may take a prompt beyond the estimate: 2.5 standard
# deviations of what ``tokens`` believes before it has learned anything, and 3 of the template's.
MOST_TIMES = Decimal("1.5")
MOST_MORE = 64

# A token estimate may be off; a prompt is refused as too long only when it is so by more than this.
ESTIMATE_SLACK = Decimal("1.1")


@dataclass(frozen=True, slots=True)
class Size:
    """Tokens of a request, before it is sent.

    ``raw_tokens`` is the count before anything learned, ``token_source`` "counted" or "estimated".
    ``max_tokens`` is what the reply may use, at most what the window leaves.
    """

    input_tokens: int
    raw_tokens: int
    token_source: str
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """Size and cost of a request, before it is sent.

    ``worst_cost`` assumes that the reply uses all of ``max_tokens``; costs are USD, None = unpriced.
    """

    ref: str
    size: Size
    input_cost: Decimal | None
    worst_cost: Decimal | None

    @property
    def input_tokens(self) -> int:
        return self.size.input_tokens

    @property
    def max_tokens(self) -> int:
        return self.size.max_tokens

    @property
    def token_source(self) -> str:
        return self.size.token_source


class Estimator:
    """Counts and prices requests without sending them."""

    def __init__(self, prices: Prices, tokens: Tokens) -> None:
        self._prices = prices
        self._tokens = tokens

    def size(self, request: Request) -> Size:
        """Tokens of ``request``, whose ``max_tokens`` is set."""
        assert request.max_tokens is not None
        count = self._tokens.request(request)
        limit, window = request.max_tokens, self._prices.window(request.ref)
        if window and window > count.tokens:
            limit = min(limit, window - count.tokens)
        return Size(count.tokens, count.raw, count.source, limit)

    def estimate(self, request: Request) -> Estimate:
        """Tokens and cost of ``request``, whose ``max_tokens`` is set."""
        size = self.size(request)
        return Estimate(
            ref=request.ref,
            size=size,
            input_cost=self._prices.cost(request.ref, Usage(size.input_tokens, 0)),
            worst_cost=self._worst(request, size),
        )

    def checked(self, request: Request, max_cost: Decimal | None) -> Size:
        """The size of a request that may be sent.

        Raises:
            UsageError: the prompt is too long for the model, or the call could cost more than
                ``max_cost`` USD, or nobody knows whether it could.
        """
        size = self.size(request)
        window = self._prices.window(request.ref)
        counted = size.token_source == "counted"
        if window and size.input_tokens >= window * (1 if counted else ESTIMATE_SLACK):
            raise UsageError(
                f"the prompt has {'' if counted else 'about '}{size.input_tokens:,} tokens, "
                f"and {request.ref} has room for {window:,}"
            )
        if max_cost is not None:
            self._check_cost(request, size, max_cost)
        return size

    def _check_cost(self, request: Request, size: Size, max_cost: Decimal) -> None:
        worst = self._worst(request, size)
        if worst is None:
            raise UsageError(f"the price of {request.ref} is not known, so max_cost ${max_cost:f} can't be kept")
        if worst > max_cost:
            raise UsageError(
                f"the call could cost ${worst.normalize():f} ({size.input_tokens:,} tokens in, up to "
                f"{size.max_tokens:,} out), more than max_cost ${max_cost:f}: lower max_tokens or raise max_cost"
            )

    def most(self, request: Request, size: Size) -> Decimal | None:
        """What the call can cost at the very most, in USD, None when unpriced: budgets reserve this.

        ``worst_cost`` takes the estimate of the prompt's tokens at its word. Here an estimate may be too low,
        and the provider may write the whole prompt into its cache, where that is dearer.
        """
        tokens = size.input_tokens
        if size.token_source != "counted":
            window = self._prices.window(request.ref)
            likely_most = int(tokens * MOST_TIMES) + MOST_MORE
            tokens = max(tokens, min(likely_most, window) if window else likely_most)
        plain = self._prices.cost(request.ref, Usage(tokens, size.max_tokens))
        written = self._prices.cost(request.ref, _written(request, tokens, size.max_tokens))
        return None if plain is None or written is None else max(plain, written)

    def _worst(self, request: Request, size: Size) -> Decimal | None:
        worst = self._prices.cost(request.ref, Usage(size.input_tokens, size.max_tokens))
        if worst is None or not (request.cache_after or self._prices.caches_unasked(request.ref)):
            return worst
        written = _written(request, size.input_tokens, size.max_tokens)
        return max(worst, self._prices.cost(request.ref, written) or worst)


def _written(request: Request, tokens: int, output: int) -> Usage:
    """The whole prompt written into the provider's cache, for as long as the request asks."""
    hour = tokens if any(point.life == "1h" for point in request.cache_after) else 0
    return Usage(tokens, output, cache_write_tokens=tokens, cache_write_1h_tokens=hour)


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
                f"{e.ref} SIMULATED" if e.ref.startswith("sim:") else e.ref,
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
