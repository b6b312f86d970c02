"""The way out when a tier's model turns out to be gone: the next tier that can be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .call import Call
from .reach import Reach
from .request import Preparer
from .types import ProviderError, UsageError

# Not found, gone: the provider does not know the model, or nothing is at the address.
GONE = (404, 410)


class Fallbacks:
    """Carries calls through, past models that are gone."""

    def __init__(self, preparer: Preparer, reach: Reach) -> None:
        self._preparer = preparer
        self._reach = reach

    def run(self, call: Call, send: Callable[[Call], Iterator[str]]) -> Iterator[str]:
        """``send(call)``; while its provider says that the tier's model is gone, again on the next tier.

        Each attempt is a call of its own in the ledger. A model that was asked for by name is never replaced:
        the ProviderError is raised, as it is when no other tier can be asked.
        """
        while True:
            try:
                yield from send(call)
                return
            except ProviderError as error:
                if error.status not in GONE or call.parts or call.route.tier is None:
                    raise
                if call.prepared.ask.purpose == "eval":
                    raise  # judged under the name of its tier: another model's answer would be wrong
                ref = call.request.ref
                self._reach.lose(ref, str(error))
                try:
                    prepared = self._preparer.complete(call.prepared.ask, call.route)
                except UsageError:
                    raise error from None
                if prepared.request.ref == ref:
                    raise
                call.begin_again(prepared)
