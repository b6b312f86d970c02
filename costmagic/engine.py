"""One request's way: route → cache → count → budget → ledger → stream → price → record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import partial

from .accounting import Ledger
from .accounting.budget import Budgets
from .accounting.money import from_nusd
from .books import Books
from .caching.exact import Entry, ExactCache
from .caching.inflight import Flight, Flights
from .caching.key import request_key
from .caching.semantic import Found
from .call import Call
from .checkpoints import Checkpoints
from .config import Settings
from .downgrade import Downgrades
from .estimates import Estimate, Estimator, Size
from .fallback import Fallbacks
from .interrupt import shielded
from .json_reply import parse_json
from .models import split
from .prefixes import Prefixes
from .prices import Prices
from .providers import Providers
from .reach import Reach
from .reply import Reply
from .request import Ask, Prepared, Preparer
from .routing import Router
from .second_opinion import SecondOpinion
from .similar import Similar, entry_of
from .tokens import Experience, Tokens
from .types import Delta, ProviderError, Request, Usage, UsageError


class Engine:
    """Carries requests through, one at a time per thread, any number of threads."""

    budgets: Budgets
    _flights: Flights

    def __init__(self, settings: Settings, before: Engine | None = None) -> None:
        """``before`` is the engine that this one takes over from, when the settings have changed."""
        self.settings = settings
        self.prices = Prices(settings)
        self.providers = Providers(settings)
        self.ledger = _ledger(settings, before)
        self.budgets = Budgets(settings.budget, self.ledger, before.budgets if before else None)
        self.exact = ExactCache(settings.home / "cache" / "exact", settings.cache)
        self.tokens = Tokens(self._experience)
        self.estimator = Estimator(self.prices, self.tokens)
        self.prefixes = Prefixes(settings, self.prices, self.tokens, self.estimator, self.ledger)
        self.books = Books(settings, self.prices, self.tokens, self.prefixes)
        self.similar = Similar(settings, self.exact, self.prices, self.providers, self.ledger)
        self.reach = Reach(settings, self.prices)
        self.router = Router(settings)
        self._preparer = Preparer(settings, self.prices, self.router, self.reach)
        # The ways around what may stop a call, the outermost first.
        self._ways = (
            SecondOpinion(settings, self._preparer, self.router),
            Fallbacks(self._preparer, self.reach),
            Downgrades(settings, self._preparer, self.estimator),
        )
        self._flights = before._flights if before else Flights()
        self._checkpoints = Checkpoints(self._checkpoint)
        self._experiences: dict[str, Experience] = {}

    def close(self) -> None:
        """Close connections and files; they open again when they are needed."""
        self.providers.close()
        self.ledger.close()
        self.exact.close()
        self.similar.close()

    def prepare(self, ask: Ask, sendable: bool = True) -> Prepared:
        """Check and route ``ask``; raises UsageError, sends nothing.

        With ``sendable=False`` the model need not be reachable: it is only asked what it would cost.
        """
        return self._preparer.prepare(ask, sendable)

    def estimate_elsewhere(self, prepared: Prepared, target: str) -> Estimate:
        """What the same request would cost on another tier or model; nothing is sent."""
        return self.estimator.estimate(self._preparer.elsewhere(prepared, target, sendable=False).request)

    def is_cached(self, prepared: Prepared) -> bool:
        """Whether the exact cache would answer now."""
        unasked = prepared.ask.no_cache or prepared.ask.fresh
        return not unasked and self.exact.get(self.key(prepared.request)) is not None

    def run(self, call: Call) -> Iterator[str]:
        """Carry the call through; yields the reply's text as it arrives, then ``call.reply`` is set.

        Raises:
            UsageError: too long for the model, or dearer than allowed; nothing was sent.
            BudgetError: a budget would be exceeded; nothing was sent.
            ProviderError: the provider failed; ``call.reply`` holds what was received.
            KeyboardInterrupt: interrupted or stopped; likewise.
        """
        send: Callable[[Call], Iterator[str]] = self._run
        for way in reversed(self._ways):
            send = partial(way.run, send=send)
        return send(call)

    def _run(self, call: Call) -> Iterator[str]:
        ask = call.prepared.ask
        if ask.no_cache or ask.fresh:
            yield from self._send(call, None)
            return
        key = call.key = self.key(call.prepared.request)
        flight, leads = self._flights.join(key)
        while not leads:
            outcome = flight.wait(call.stop)
            if isinstance(outcome, ProviderError):
                yield from self._shared_error(call, outcome)
            if isinstance(outcome, Reply):
                yield from self._hit(call, entry_of(outcome))
                return
            rejoined, leads = self._flights.join(key)
            if rejoined is flight:  # its leader is asleep: do not wait for it again
                yield from self._send(call, None)
                return
            flight = rejoined
        try:
            entry = self.exact.get(key)
            found = self.similar.find(call) if entry is None else None
            if entry is None and found is None:
                yield from self._send(call, flight)
        finally:
            self._flights.land(key, flight)
        if entry is not None:
            yield from self._hit(call, entry)
        elif found is not None:
            yield from self._hit(call, found.entry, found)

    def _send(self, call: Call, flight: Flight | None) -> Iterator[str]:
        """Ask the provider. The ledger row is there before the request is, and final when this ends."""
        size = self.prefixes.sized(call)
        request = call.request
        call.counted, call.counted_raw = size.input_tokens, size.raw_tokens
        call.usage = self.books.estimated(call)
        call.cost = self.books.cost(call)
        call.reserved = self._reserve(call, size)
        stream: Iterator[Delta] = iter(())
        failure: ProviderError | None = None
        try:
            self.ledger.begin(call.row(), request)
            self._checkpoints.add(call)
            stream = self.providers.get(request.provider).stream(request, call.stop)
            for delta in stream:
                call.reported = delta.usage or call.reported
                call.finish = delta.finish or call.finish
                call.model = delta.model or call.model
                call.retries = call.retries if delta.retries is None else delta.retries
                if not delta.text:
                    continue
                call.receive(delta.text)
                if flight:
                    flight.park()
                yield delta.text
                if flight:
                    flight.unpark()
            if call.finish is None:
                if call.stop.is_set():
                    raise KeyboardInterrupt
                raise ProviderError(request.provider, "the stream ended before the reply was complete")
            call.status = "refused" if call.finish == "refusal" else "ok"
        except ProviderError as error:
            call.retries = max(call.retries, error.retries)
            if call.finish is None:
                call.status, failure = "error", error
                raise
            # Cut after the whole reply and before its usage: the answer stands, its usage is estimated.
            call.status = "refused" if call.finish == "refusal" else "ok"
        except (KeyboardInterrupt, GeneratorExit):
            call.status = "interrupted"
            raise
        except UsageError as error:
            # The adapter found the mistake before it sent anything.
            call.status, failure = "error", ProviderError(request.provider, str(error))
            failure.billed = False
            raise
        except BaseException:
            call.status = "error"
            raise
        finally:
            with shielded():
                with suppress(Exception):
                    stream.close()  # type: ignore[attr-defined]
                self._checkpoints.remove(call)
                self._settle(call, failure)
                if flight:
                    flight.outcome = call.reply if call.status in ("ok", "refused") else failure
        self.prefixes.warn(call)

    def _reserve(self, call: Call, size: Size) -> bool:
        """Set aside what the call could cost, where a budget asks for it; raises BudgetError."""
        ask, request = call.prepared.ask, call.request
        if not self.budgets.applying(ask.feature) or self.settings.providers[request.provider].kind == "sim":
            return False
        worst = self.estimator.most(request, size)
        return self.budgets.reserve(call.id, request.ref, worst, ask.feature, call.started_at)

    def _checkpoint(self, call: Call) -> None:
        """Save a running call as what it is if this process dies now."""
        usage = self.books.estimated(call, call.reported)
        now = replace(call, usage=usage)
        now.cost = self.books.cost(now)
        self.prefixes.settle(now)
        self.ledger.checkpoint(now.row(), call.text)

    def _settle(self, call: Call, failure: ProviderError | None) -> None:
        """Price the call, write its final row, keep its reply if it may be served again."""
        call.status = call.status or "interrupted"
        call.latency_ms = call.elapsed_ms()
        if call.finish is not None and call.reported is not None:
            call.usage = call.reported
        elif failure is not None and failure.billed is False and not call.parts:
            call.usage = Usage(0, 0, source="estimated")
        else:
            call.usage = self.books.estimated(call, call.reported)
        if self.settings.providers[call.request.provider].kind == "sim":
            call.usage = replace(call.usage, source="simulated")
        call.cost = self.books.cost(call)
        self.prefixes.settle(call)
        self.books.price_baseline(call)
        data, data_error = parse_json(call)
        self.ledger.finish(call.row(), call.request, call.text, call.reserved)
        ask = call.prepared.ask
        cache_state = "off" if ask.no_cache else "refreshed" if ask.fresh else "miss"
        call.reply = self.books.reply(call, cache_state=cache_state, data=data, data_error=data_error)
        kept = call.status == "ok" and call.finish == "stop" and not data_error and not ask.no_cache
        if kept:
            self.exact.put(call.key or self.key(call.prepared.request), self.similar.labelled(call, call.reply))
        self.similar.settle(call, kept)
        if call.status == "ok" and call.usage.source == "reported":
            ref = call.request.ref
            self._experiences[ref] = self._experience(ref).add(call.counted_raw or 0, call.usage.input_tokens)
        if failure is not None:
            failure.cost, failure.call_id = call.cost, call.id

    def _hit(self, call: Call, entry: Entry, found: Found | None = None) -> Iterator[str]:
        """Serve a reply that was paid before. The row is written first: it cost nothing to be sure.

        ``found`` is what the semantic cache found, None for an exact hit.
        """
        call.cache, call.cache_of = "semantic" if found else "exact", entry.call_id
        call.usage, call.model, call.finish = entry.usage, entry.model, entry.finish
        call.status = "refused" if entry.finish == "refusal" else "ok"
        call.receive(entry.text)
        call.cost = Decimal(0)
        self.books.price_baseline(call)
        data, data_error = parse_json(call)
        call.latency_ms = call.elapsed_ms()
        self.ledger.record(call.row())
        self.similar.hit(call, found)
        call.reply = self.books.reply(
            call,
            cache_state="hit",
            cached_at=entry.made_at,
            similarity=found.candidate.similarity if found else None,
            avoided=from_nusd(entry.cost_nusd),
            data=data,
            data_error=data_error,
        )
        yield entry.text

    def _shared_error(self, call: Call, error: ProviderError) -> Iterator[str]:
        """The call that this one waited for failed: so does this one, having cost nothing."""
        call.status, call.usage, call.cost = "error", Usage(0, 0, source="estimated"), Decimal(0)
        call.latency_ms = call.elapsed_ms()
        self.ledger.finish(call.row(), call.request, "")
        call.reply = self.books.reply(call, cache_state="miss")
        shared = ProviderError(error.provider, error.message, error.status)
        shared.cost, shared.billed, shared.call_id = call.cost, False, call.id
        raise shared
        yield  # makes this a generator, like its siblings

    def key(self, request: Request) -> str:
        """Of ``request`` in the exact cache."""
        endpoint = self.providers.get(request.provider).endpoint(request.model)
        return request_key(request, endpoint, self.settings.user, self.settings.project)

    def _experience(self, ref: str) -> Experience:
        if ref not in self._experiences:
            self._experiences[ref] = Experience(*self.ledger.token_sums(*split(ref)))
        return self._experiences[ref]


def _ledger(settings: Settings, before: Engine | None) -> Ledger:
    """The ledger of ``settings``: the open one, with what waits in it, where that has not changed."""
    location = settings.ledger_url or settings.home / "ledger.db"
    wanted = (location, settings.store_text, settings.keep_days)
    return before.ledger if before and before.ledger.made_of == wanted else Ledger(*wanted)
