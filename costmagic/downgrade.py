"""Which cheaper tiers may answer a call that its budget refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

from .call import Call
from .config import Settings
from .estimates import Estimator
from .request import Prepared, Preparer
from .types import TIERS, BudgetError, UsageError


class Downgrades:
    """Carries calls through, and knows the way out that ``on_exceed = "downgrade"`` opens."""

    def __init__(self, settings: Settings, preparer: Preparer, estimator: Estimator) -> None:
        self._settings = settings
        self._preparer = preparer
        self._estimator = estimator

    def run(self, call: Call, send: Callable[[Call], Iterator[str]]) -> Iterator[str]:
        """``send(call)``, or if a budget refuses that and the configuration says so, the cheapest that fits instead.

        Raises BudgetError, that of the call as it was wanted, when nothing fits.
        """
        try:
            yield from send(call)
            return
        except BudgetError as error:  # nothing has been sent nor yielded
            refusal = error
        wanted = call.prepared
        for prepared in self._instead(wanted, refusal):
            # The cheaper request goes the whole way by itself: it has its own place in the cache.
            call.prepared, call.request_sent = prepared, None
            try:
                yield from send(call)
                return
            except BudgetError:
                continue
        call.prepared = wanted
        raise refusal

    def _instead(self, wanted: Prepared, refusal: BudgetError) -> list[Prepared]:
        """What may be sent instead of ``wanted``, cheapest first."""
        # Only what a user asked for: an evaluation or a judge on another model than it names would be wrong.
        if self._settings.budget.on_exceed != "downgrade" or wanted.ask.purpose != "user":
            return []
        priced: dict[str, tuple[Decimal, Prepared]] = {}
        for cost, prepared in self._priced(wanted):
            if cost < refusal.worst_cost:
                priced.setdefault(prepared.request.ref, (cost, prepared))
        return [_explained(p, wanted, refusal) for _, p in sorted(priced.values(), key=lambda pair: pair[0])]

    def _priced(self, wanted: Prepared) -> Iterator[tuple[Decimal, Prepared]]:
        """Every tier that could answer, with what that could cost at the most."""
        for tier in TIERS:
            try:
                prepared = self._preparer.elsewhere(wanted, tier)
                size = self._estimator.checked(prepared.request, prepared.max_cost)
            except UsageError:
                continue  # no key, no weights, or too long for this model
            request = prepared.request
            cost = self._estimator.most(request, size)
            # A simulated reply is no answer to a real question; what an unpriced one costs, nobody knows.
            if cost is not None and self._settings.providers[request.provider].kind != "sim":
                yield cost, prepared


def _explained(prepared: Prepared, wanted: Prepared, refusal: BudgetError) -> Prepared:
    """``prepared`` with a route that says why it is not ``wanted``."""
    name = f"tier {wanted.route.tier}" if wanted.route.tier else wanted.route.ref
    reason = f"{name} was wanted ({wanted.route.reason}), but {refusal}"
    route = replace(prepared.route, source="policy", reason=reason, label="budget", task=wanted.route.task)
    return Prepared(wanted.ask, route, prepared.request, wanted.max_cost, prepared.limited_for)
