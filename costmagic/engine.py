"""One request's way: route → cache → count → budget → ledger → stream → price → record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

from .accounting import Ledger
from .accounting.budget import Budgets
from .accounting.money import from_nusd, to_nusd
from .caching.exact import Entry, ExactCache
from .caching.inflight import Flight, Flights
from .caching.key import request_key
from .call import Call
from .checkpoints import Checkpoints
from .config import Settings
from .downgrade import Downgrades
from .estimates import Estimator, Size
from .interrupt import shielded
from .json_reply import parse_json
from .models import split, tier_ref
from .prices import Prices
from .providers import Providers
from .request import Ask, Prepared, Preparer
from .routing import Router
from .tokens import Experience, Tokens
from .types import Delta, Finish, ProviderError, Reply, Request, Usage, UsageError


class Engine:
    """Carries requests through, one at a time per thread, any number of threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.prices = Prices(settings)
        self.providers = Providers(settings)
        self.ledger = Ledger(settings.ledger_url or settings.home / "ledger.db", settings.store_text)
        self.budgets = Budgets(settings.budget, self.ledger)
        self.exact = ExactCache(settings.home / "cache" / "exact", settings.cache)
        self.tokens = Tokens(self._experience)
        self.estimator = Estimator(self.prices, self.tokens)
        self._preparer = Preparer(settings, self.prices, Router(settings))
        self._downgrades = Downgrades(settings, self._preparer, self.estimator)
        self._flights = Flights()
        self._checkpoints = Checkpoints(self._checkpoint)
        self._experiences: dict[str, Experience] = {}

    def close(self) -> None:
        """Close connections and files; they open again when they are needed."""
        self.providers.close()
        self.ledger.close()
        self.exact.close()

    def prepare(self, ask: Ask, sendable: bool = True) -> Prepared:
        """Check and route ``ask``; raises UsageError, sends nothing.

        With ``sendable=False`` the model need not be reachable: it is only asked what it would cost.
        """
        return self._preparer.prepare(ask, sendable)

    def is_cached(self, prepared: Prepared) -> bool:
        """Whether the exact cache would answer now."""
        unasked = prepared.ask.no_cache or prepared.ask.fresh
        return not unasked and self.exact.get(self._key(prepared.request)) is not None

    def run(self, call: Call) -> Iterator[str]:
        """Carry the call through; yields the reply's text as it arrives, then ``call.reply`` is set.

        Raises:
            UsageError: too long for the model, or dearer than allowed; nothing was sent.
            BudgetError: a budget would be exceeded; nothing was sent.
            ProviderError: the provider failed; ``call.reply`` holds what was received.
            KeyboardInterrupt: interrupted or stopped; likewise.
        """
        return self._downgrades.run(call, self._run)

    def _run(self, call: Call) -> Iterator[str]:
        ask = call.prepared.ask
        if ask.no_cache or ask.fresh:
            yield from self._send(call, None)
            return
        key = call.key = self._key(call.prepared.request)
        flight, leads = self._flights.join(key)
        while not leads:
            outcome = flight.wait(call.stop)
            if isinstance(outcome, ProviderError):
                yield from self._shared_error(call, outcome)
            if isinstance(outcome, Reply):
                yield from self._hit(call, _entry_of(outcome))
                return
            rejoined, leads = self._flights.join(key)
            if rejoined is flight:  # its leader is asleep: do not wait for it again
                yield from self._send(call, None)
                return
            flight = rejoined
        try:
            entry = self.exact.get(key)
            if entry is None:
                yield from self._send(call, flight)
        finally:
            self._flights.land(key, flight)
        if entry is not None:
            yield from self._hit(call, entry)

    def _send(self, call: Call, flight: Flight | None) -> Iterator[str]:
        """Ask the provider. The ledger row is there before the request is, and final when this ends."""
        size = self.estimator.checked(call.prepared.request, call.prepared.max_cost)
        request = call.request_sent = replace(call.prepared.request, max_tokens=size.max_tokens)
        call.counted, call.counted_raw = size.input_tokens, size.raw_tokens
        call.usage = self._estimated(call)
        call.cost = self._cost(call)
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

    def _reserve(self, call: Call, size: Size) -> bool:
        """Set aside what the call could cost, where a budget asks for it; raises BudgetError."""
        ask, request = call.prepared.ask, call.request
        if not self.budgets.applying(ask.feature) or self.settings.providers[request.provider].kind == "sim":
            return False
        worst = self.estimator.most(request, size)
        return self.budgets.reserve(call.id, request.ref, worst, ask.feature, call.started_at)

    def _checkpoint(self, call: Call) -> None:
        """Save a running call as what it is if this process dies now."""
        usage = self._estimated(call, call.reported)
        cost = self.prices.answer_cost(call.request.ref, call.model, usage, call.started_at)
        self.ledger.checkpoint(replace(call, usage=usage, cost=cost).row(), call.text)

    def _settle(self, call: Call, failure: ProviderError | None) -> None:
        """Price the call, write its final row, keep its reply if it may be served again."""
        call.status = call.status or "interrupted"
        call.latency_ms = call.elapsed_ms()
        if call.finish is not None and call.reported is not None:
            call.usage = call.reported
        elif failure is not None and failure.billed is False and not call.parts:
            call.usage = Usage(0, 0, source="estimated")
        else:
            call.usage = self._estimated(call, call.reported)
        if self.settings.providers[call.request.provider].kind == "sim":
            call.usage = replace(call.usage, source="simulated")
        call.cost = self._cost(call)
        self._price_baseline(call)
        data, data_error = parse_json(call)
        self.ledger.finish(call.row(), call.request, call.text, call.reserved)
        ask = call.prepared.ask
        cache_state = "off" if ask.no_cache else "refreshed" if ask.fresh else "miss"
        call.reply = self._reply(call, cache_state=cache_state, data=data, data_error=data_error)
        if call.status == "ok" and call.finish == "stop" and not data_error and not ask.no_cache:
            self.exact.put(call.key or self._key(call.prepared.request), _entry_of(call.reply))
        if call.status == "ok" and call.usage.source == "reported":
            ref = call.request.ref
            self._experiences[ref] = self._experience(ref).add(call.counted_raw or 0, call.usage.input_tokens)
        if failure is not None:
            failure.cost, failure.call_id = call.cost, call.id

    def _hit(self, call: Call, entry: Entry) -> Iterator[str]:
        """Serve a reply that was paid before. The row is written first: it cost nothing to be sure."""
        call.cache, call.cache_of = "exact", entry.call_id
        call.usage, call.model, call.finish = entry.usage, entry.model, entry.finish
        call.status = "refused" if entry.finish == "refusal" else "ok"
        call.receive(entry.text)
        call.cost = Decimal(0)
        self._price_baseline(call)
        data, data_error = parse_json(call)
        call.latency_ms = call.elapsed_ms()
        self.ledger.record(call.row())
        call.reply = self._reply(
            call,
            cache_state="hit",
            cached_at=entry.made_at,
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
        call.reply = self._reply(call, cache_state="miss")
        shared = ProviderError(error.provider, error.message, error.status)
        shared.cost, shared.billed, shared.call_id = call.cost, False, call.id
        raise shared
        yield  # makes this a generator, like its siblings

    def _estimated(self, call: Call, reported: Usage | None = None) -> Usage:
        """Usage of a call that did not report it (all): what was reported so far, else counts."""
        output = self.tokens.text(call.request.ref, call.text).tokens if call.parts else 0
        if reported is None:
            return Usage(call.counted, output, source="estimated")
        return replace(reported, output_tokens=max(output, reported.output_tokens), source="estimated")

    def _cost(self, call: Call) -> Decimal | None:
        assert call.usage is not None
        return self.prices.answer_cost(call.request.ref, call.model, call.usage, call.started_at)

    def _price_baseline(self, call: Call) -> None:
        assert call.usage is not None
        call.baseline_ref = tier_ref(self.settings, "heavy")
        call.baseline_cost = self.prices.cost(call.baseline_ref, call.usage, call.started_at)

    def _reply(self, call: Call, **more: Any) -> Reply:
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
            id=call.id,
            **more,
        )

    def _key(self, request: Request) -> str:
        endpoint = self.providers.get(request.provider).endpoint(request.model)
        return request_key(request, endpoint, self.settings.user, self.settings.project)

    def _experience(self, ref: str) -> Experience:
        if ref not in self._experiences:
            self._experiences[ref] = Experience(*self.ledger.token_sums(*split(ref)))
        return self._experiences[ref]


def _entry_of(reply: Reply) -> Entry:
    finish: Finish = reply.finish or "stop"
    assert reply.id is not None
    return Entry(reply.text, reply.model, finish, reply.usage, to_nusd(reply.cost), reply.id, reply.started_at)
