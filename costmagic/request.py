"""From what a caller asks to what would be sent: every check that can be made before money is spent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

from .config import Settings
from .models import DEFAULT_TIER, split, tier_ref
from .prices import Prices
from .reach import Reach
from .reduce.output_limits import output_limit
from .routing import Router
from .staleness import Staleness
from .tables import encodable
from .types import TIERS, Message, Request, Route, UsageError

JSON_INSTRUCTION = "Answer with one valid JSON value and nothing else: no explanation, no code fence."

# More than any model has: a slip of the keyboard, not a wish.
ABSURD_TOKENS = 10_000_000
MAX_TEMPERATURE = 2.0


@dataclass(frozen=True)
class Ask:
    """What a caller wants, before it is routed. See ``Session.ask`` for the meaning of the fields."""

    prompt: str
    system: str | None = None
    tier: str | None = None
    model: str | None = None
    feature: str | None = None
    action: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    stop: str | Sequence[str] = ()
    json: bool = False
    fresh: bool = False
    no_cache: bool = False
    max_cost: Decimal | float | str | None = None
    purpose: str = "user"
    parent_id: str | None = None


@dataclass(frozen=True)
class Prepared:
    """A checked and routed request, ready to be sent.

    Attributes:
        limited_for: the task that the reply's length is limited for, None where the user or nobody limited it.
    """

    ask: Ask
    route: Route
    request: Request
    max_cost: Decimal | None
    limited_for: str | None = None


class Preparer:
    """Turns an ``Ask`` into a ``Prepared``, or raises UsageError."""

    def __init__(self, settings: Settings, prices: Prices, router: Router, reach: Reach) -> None:
        self._settings = settings
        self._prices = prices
        self._router = router
        self._reach = reach
        self._staleness = Staleness(settings, prices)

    def prepare(self, ask: Ask, sendable: bool = True) -> Prepared:
        """Check, route and complete ``ask``; sends nothing.

        With ``sendable=False`` neither key nor weights need to be there.

        Raises:
            UsageError: empty prompt, unknown tier or model, a value of the wrong type or out of range, missing key.
        """
        ask = _checked(ask)
        if ask.model and ":" not in ask.model:
            self._reach.refuse_bare_name(ask.model.strip())
        route = self._router.route(ask.prompt, ask.tier, ask.model, ask.purpose, ask.feature)
        if route.source == "policy":
            route = self._staleness.marked(route, ask.feature, ask.prompt, ask.system)
        return self.complete(ask, route, sendable)

    def elsewhere(self, prepared: Prepared, target: str, sendable: bool = True) -> Prepared:
        """The same request on another tier, or on a model (``provider:model``): what is known of its task stays."""
        tier = None if ":" in target else target
        ref = target if tier is None else tier_ref(self._settings, tier)
        return self.complete(prepared.ask, replace(prepared.route, tier=tier, ref=ref), sendable)

    def complete(self, ask: Ask, route: Route, sendable: bool = True) -> Prepared:
        """The request of a checked ``ask`` on ``route``, or where that can't be asked, on the next tier that can."""
        if sendable:
            route = self._reachable(route)
        else:
            self._reach.check_name(route.ref)
        provider, model = split(route.ref)
        window = self._prices.window(route.ref)
        if window and ask.max_tokens and ask.max_tokens > window:
            raise UsageError(
                f"max_tokens {ask.max_tokens:,} is more than the {window:,} tokens that {route.ref} has room for"
            )
        most, limits = self._settings.max_tokens, self._settings.output_limits
        limit = ask.max_tokens or output_limit(route.ref, route.task, route.narrow, ask.prompt, limits, most)
        system = "\n\n".join(part for part in (ask.system, JSON_INSTRUCTION if ask.json else None) if part)
        request = Request(
            provider=provider,
            model=model,
            messages=(Message("user", ask.prompt),),
            system=system or None,
            max_tokens=limit or most,
            temperature=ask.temperature,
            stop=tuple(ask.stop),
            json=ask.json,
        )
        limited_for = route.task or route.label if limit and not ask.max_tokens else None
        return Prepared(ask, route, request, None if ask.max_cost is None else Decimal(ask.max_cost), limited_for)

    def _reachable(self, route: Route) -> Route:
        """``route``, or where its tier can't be asked, the next one that can: cheaper tiers first.

        Raises UsageError when a model was asked for by name, or no tier can be asked.
        """
        if route.tier is None and route.source == "explicit":
            self._reach.check(route.ref)
            return route
        why = self._reach.why_not(route.ref)
        if why is None:
            return route
        place = TIERS.index(route.tier or DEFAULT_TIER)
        for tier in (*TIERS[place + (route.tier is not None) :], *reversed(TIERS[:place])):
            ref = tier_ref(self._settings, tier)
            if ref != route.ref and self._reach.why_not(ref) is None:
                name = f"tier {route.tier}" if route.tier else route.ref
                reason = f"{route.reason}; {name} can't be asked ({why}), so {tier} answers"
                return replace(route, tier=tier, ref=ref, reason=reason, label=f"instead of {route.tier or route.ref}")
        self._reach.check(route.ref)  # what is missing, as the error that it is
        return route


def _checked(ask: Ask) -> Ask:
    """``ask`` with texts, numbers and amounts that make sense. Raises UsageError."""
    ask = _texts_checked(ask)
    if not ask.prompt.strip():
        raise UsageError("the prompt is empty")
    if ask.fresh and ask.no_cache:
        raise UsageError("fresh calls again and refreshes the cache, no_cache leaves it alone: choose one")
    return replace(
        ask,
        stop=_stop_sequences(ask.stop),
        max_tokens=None if ask.max_tokens is None else _whole("max_tokens", ask.max_tokens, 1, ABSURD_TOKENS),
        temperature=None if ask.temperature is None else _number("temperature", ask.temperature, 0, MAX_TEMPERATURE),
        max_cost=None if ask.max_cost is None else _money("max_cost", ask.max_cost),
    )


def _texts_checked(ask: Ask) -> Ask:
    """``ask`` with every text a text that UTF-8 can carry: provider and ledger take nothing else."""
    texts: dict[str, str] = {}
    for name in ("prompt", "system", "tier", "model", "feature", "action"):
        value = getattr(ask, name)
        if value is None and name != "prompt":
            continue
        if not isinstance(value, str):
            raise UsageError(f"{'the prompt' if name == 'prompt' else name} must be a text, not {_short(value)}")
        # An empty name is a variable that was never filled, not a wish for the default.
        if name in ("tier", "model") and not value.strip():
            raise UsageError(f"{name} is empty: name one, or leave it out")
        texts[name] = encodable(value)
    return replace(ask, **texts)  # type: ignore[arg-type]


def _stop_sequences(value: Any) -> tuple[str, ...]:
    stop = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Iterable) else value
    if stop is None:
        return ()
    if not isinstance(stop, tuple) or any(not isinstance(s, str) or not s for s in stop):
        raise UsageError(f"stop takes a text or several, none of them empty, not {_short(value)}")
    return tuple(encodable(s) for s in stop)


def _short(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # an integer too long to be written
        text = f"a {type(value).__name__} of absurd size"
    return text if len(text) <= 60 else f"{text[:59]}…"


def _whole(name: str, value: Any, low: int, high: int) -> int:
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        raise UsageError(f"{name} must be a whole number from {low:,} to {high:,}, not {_short(value)}")
    return int(value)  # NumPy's integers are whole numbers too


def _number(name: str, value: Any, low: float, high: float) -> float:
    real = isinstance(value, Real) and not isinstance(value, bool)
    if not real or not low <= value <= high:
        raise UsageError(f"{name} must be a number from {low:g} to {high:g}, not {_short(value)}")
    return float(value)


def _money(name: str, value: Any) -> Decimal:
    try:
        amount = Decimal(str(value))
    except (ArithmeticError, ValueError):
        amount = Decimal("NaN")
    if isinstance(value, bool) or not amount.is_finite() or amount < 0:
        raise UsageError(f"{name} must be an amount in USD, 0 or more, not {_short(value)}")
    return amount
