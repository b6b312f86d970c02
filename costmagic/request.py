"""From what a caller asks to what would be sent: every check that can be made before money is spent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

from . import weights
from .config import TIERS, Settings, address
from .models import LOCAL_MODEL, require_key, split, tier_ref
from .prices import LISTED, Prices
from .providers.sim import is_scripted
from .routing import Router
from .tables import encodable
from .types import Message, Request, Route, UsageError, closest, did_you_mean

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
    """A checked and routed request, ready to be sent."""

    ask: Ask
    route: Route
    request: Request
    max_cost: Decimal | None


class Preparer:
    """Turns an ``Ask`` into a ``Prepared``, or raises UsageError."""

    def __init__(self, settings: Settings, prices: Prices, router: Router) -> None:
        self._settings = settings
        self._prices = prices
        self._router = router

    def prepare(self, ask: Ask, sendable: bool = True) -> Prepared:
        """Check, route and complete ``ask``; sends nothing.

        With ``sendable=False`` neither key nor weights need to be there.

        Raises:
            UsageError: empty prompt, unknown tier or model, a value of the wrong type or out of range, missing key.
        """
        ask = _texts_checked(ask)
        if not ask.prompt.strip():
            raise UsageError("the prompt is empty")
        if ask.fresh and ask.no_cache:
            raise UsageError("fresh calls again and refreshes the cache, no_cache leaves it alone: choose one")
        max_tokens = None if ask.max_tokens is None else _whole("max_tokens", ask.max_tokens, 1, ABSURD_TOKENS)
        temperature = None if ask.temperature is None else _number("temperature", ask.temperature, 0, MAX_TEMPERATURE)
        max_cost = None if ask.max_cost is None else _money("max_cost", ask.max_cost)
        stop = _stop_sequences(ask.stop)
        if ask.model and ":" not in ask.model:
            self._refuse_bare_name(ask.model.strip())
        route = self._router.route(ask.prompt, ask.tier, ask.model, ask.purpose)
        if sendable:
            route = self._reachable(route)
        else:
            self.check_model(route.ref)
        provider, model = split(route.ref)
        window = self._prices.window(route.ref)
        if window and max_tokens and max_tokens > window:
            raise UsageError(
                f"max_tokens {max_tokens:,} is more than the {window:,} tokens that {route.ref} has room for"
            )
        system = "\n\n".join(part for part in (ask.system, JSON_INSTRUCTION if ask.json else None) if part)
        request = Request(
            provider=provider,
            model=model,
            messages=(Message("user", ask.prompt),),
            system=system or None,
            max_tokens=max_tokens or self._settings.max_tokens,
            temperature=temperature,
            stop=stop,
            json=ask.json,
        )
        return Prepared(ask, route, request, max_cost)

    def check_model(self, ref: str) -> None:
        """Raise UsageError, with the closest names, unless ``ref`` names a model."""
        name, model = split(ref)
        config = self._settings.providers.get(name)
        if config is None:
            raise UsageError(
                f"unknown provider '{name}' in '{ref}'{did_you_mean(name, list(self._settings.providers))}"
            )
        listed = name in LISTED or (config.kind == "sim" and not is_scripted(model))
        named = ref in self._settings.tiers.values() or ref in self._settings.prices
        elsewhere = name in ("anthropic", "openai") and address(name, config) is not None
        if listed and not named and not elsewhere and not self._prices.knows(ref):
            known = self._known_like(name)
            raise UsageError(
                f"unknown model '{ref}'{did_you_mean(ref, known)}"
                + ("" if config.kind == "sim" else f' (if it is new, give its price in [prices."{ref}"])')
            )

    def check_reachable(self, ref: str) -> None:
        """Raise UsageError unless the model's key is set, or its weights are on this machine."""
        name, model = split(ref)
        if self._settings.providers[name].kind == "local":
            weights.find(self._settings.home, model)
        else:
            require_key(self._settings, name)

    def _reachable(self, route: Route) -> Route:
        """``route``, or where its tier can't be asked, the next one that can: cheaper tiers first.

        Raises UsageError when a model was asked for by name, or no tier can be asked.
        """
        try:
            self.check_model(route.ref)
            self.check_reachable(route.ref)
            return route
        except UsageError as error:
            if route.tier is None:
                raise
            place = TIERS.index(route.tier)
            for tier in (*TIERS[place + 1 :], *reversed(TIERS[:place])):
                ref = tier_ref(self._settings, tier)
                if ref != route.ref and self._can_ask(ref):
                    reason = f"{route.reason}; tier {route.tier} can't be asked ({error}), so {tier} answers"
                    return replace(route, tier=tier, ref=ref, reason=reason, label=f"instead of {route.tier}")
            raise

    def _can_ask(self, ref: str) -> bool:
        try:
            self.check_model(ref)
            self.check_reachable(ref)
            return True
        except UsageError:
            return False

    def _refuse_bare_name(self, name: str) -> None:
        """A model without its provider: name the references that it may mean."""
        local = [f"local:{n}" for n in weights.available(self._settings.home)]
        known = {ref.partition(":")[2]: ref for ref in (*self._prices.catalogue(), *local)}
        names = [name] if name in known else closest(name, list(known))
        meant = " or ".join(repr(known[n]) for n in names) or f"something like '{LOCAL_MODEL}'"
        raise UsageError(f"'{name}' names no provider: write provider:model; did you mean {meant}?")

    def _known_like(self, provider: str) -> list[str]:
        catalogue = self._prices.catalogue()
        if provider == "sim":
            return [f"sim:{ref.partition(':')[2]}" for ref in catalogue]
        return [ref for ref in catalogue if ref.startswith(f"{provider}:")]


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
