"""How calls use the semantic cache: who may, what is kept, and what people say of its answers."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace

from . import embedders
from .accounting import Ledger
from .accounting.budget import Budgets
from .accounting.money import to_nusd
from .caching.eligibility import why_not
from .caching.exact import Entry, ExactCache
from .caching.key import partition_key
from .caching.lookups import Candidate, Lookup
from .caching.semantic import Found, SemanticCache
from .caching.votes import Hit, Verdict
from .call import Call
from .config import Settings
from .prices import Prices
from .providers import Providers
from .reply import Reply
from .request import Prepared
from .types import Request, UsageError


@dataclass(frozen=True)
class CacheExplanation:
    """What the semantic cache makes of a prompt.

    Attributes:
        mode: "off", "threshold" or "verified".
        ineligible: why the prompt may share no answer, None when it may.
        candidates: the nearest earlier questions, nearest first.
        embed_ms, search_ms, verify_ms: what that took; None where it was not done.
    """

    mode: str
    ineligible: str | None = None
    candidates: tuple[Candidate, ...] = ()
    embed_ms: float | None = None
    search_ms: float | None = None
    verify_ms: float | None = None


def entry_of(reply: Reply) -> Entry:
    """What the caches keep of a reply."""
    assert reply.id is not None
    finish = reply.finish or "stop"
    return Entry(reply.text, reply.model, finish, reply.usage, to_nusd(reply.cost), reply.id, reply.started_at)


class Similar:
    """The semantic cache as the engine uses it."""

    def __init__(
        self,
        settings: Settings,
        exact: ExactCache,
        prices: Prices,
        providers: Providers,
        ledger: Ledger,
        budgets: Budgets,
    ) -> None:
        self._settings = settings
        self._exact = exact
        self._providers = providers
        self._ready = False
        self.cache = SemanticCache(
            settings.home / "cache" / "semantic",
            settings.cache,
            exact,
            self.mode,
            lambda: embedders.make(settings, prices, providers, ledger, budgets),
        )

    def mode(self) -> str:
        """What ``cache.semantic`` comes to now; where it is not set, that hangs on the embedder being ready."""
        configured = self._settings.cache.semantic
        if configured is not None:
            return configured
        if not self._ready:  # it may have been pulled since
            # A paid embedder is a choice that must be made, not a default.
            self._ready = ":" not in self._settings.cache.embedder and embedders.why_not(self._settings) is None
        return "verified" if self._ready else "off"

    def hint(self) -> str | None:
        """What to do for a semantic cache where there is none, None when it is on or switched off on purpose."""
        if self._settings.cache.semantic is not None or self.mode() != "off":
            return None
        return embedders.why_not(self._settings) or 'set semantic = "verified" in [cache] for it'

    def find(self, call: Call) -> Found | None:
        """The reply of an earlier question that means the same as the call's, or None; fills ``call.lookup``."""
        ask, request = call.prepared.ask, call.prepared.request
        lookup = call.lookup = Lookup(call.id)
        if self.mode() == "off":
            lookup.outcome = "off"
            return None
        if reason := why_not(request, ask.purpose, ask.fresh or ask.no_cache):
            lookup.outcome, lookup.reason = "ineligible", reason
            return None
        found, call.asked, call.lookup = self.cache.find(
            self._partition(request), request.messages[-1].content, call.id
        )
        return found

    def hit(self, call: Call, found: Found | None) -> None:
        """Remember a hit, so that it can be voted on."""
        if found is None:
            self.cache.votes.remember(Hit(call.id, "exact", call.key or "", "", None))
            return
        partition = call.asked.partition if call.asked else ""
        self.cache.votes.remember(Hit(call.id, "semantic", found.key, partition, found.candidate.id))
        if call.lookup is not None:
            self.cache.note(call.lookup, call.key, kept=False)

    def labelled(self, call: Call, reply: Reply) -> Entry:
        """The entry of a reply with the question it answers, if others may share it: what an index is made from."""
        entry = entry_of(reply)
        if call.asked is None:
            return entry
        return replace(entry, partition=self._partition(call.prepared.request), question=call.asked.text)

    def settle(self, call: Call, kept: bool) -> None:
        """After a call that no cache answered: note why, and let its reply, if it was ``kept``, answer others."""
        if call.lookup is None or call.key is None:
            return
        self.cache.note(call.lookup, call.key, kept)
        if kept and call.asked is not None:
            self.cache.add(call.asked, call.key, call.id)

    def vote(self, verdict: Verdict, call_id: str | None = None) -> str:
        """Count a vote on a hit (default: this session's last); a wrong answer is removed. Returns a line that says so.

        Raises UsageError when there is no such hit.
        """
        hit = self.cache.hit(call_id)
        if hit is None:
            which = (
                f"call {call_id} is no cache hit that is known here" if call_id else "no cache hit in this session yet"
            )
            raise UsageError(f"{which}: name the id on its receipt, %llm cache {verdict} ID")
        before = self.cache.strictness(hit.partition)
        self.cache.record_vote(hit, verdict)
        removed = ""
        if verdict == "wrong":
            if hit.layer == "exact":
                self._exact.remove(hit.key)
            self.cache.forget(hit)
            removed = "its reply is removed; "
        if hit.layer == "exact":
            return f"noted: the exact hit {hit.call_id} was {verdict}; {removed or 'nothing else changes'}".rstrip("; ")
        after = self.cache.strictness(hit.partition)
        change = "stricter" if after > before else "easier" if after < before else "as strict as before"
        return (
            f"noted: the semantic hit {hit.call_id} was {verdict}; {removed}"
            f"what shares its model and settings is now matched {change} ({after:+.2f} steps)"
        )

    def explain(self, prepared: Prepared) -> CacheExplanation:
        """Why a prompt would, or would not, be answered by an earlier reply; nothing is sent or kept.

        A paid embedder is asked. Raises UsageError or ProviderError when the embedder can't be used.
        """
        mode = self.mode()
        request = prepared.request
        reason = why_not(request, prepared.ask.purpose, prepared.ask.fresh or prepared.ask.no_cache)
        if mode == "off" or reason:
            return CacheExplanation(mode, reason)
        text = request.messages[-1].content
        begin = time.perf_counter()
        vector = self.cache.neighbours.embed([text])[0]
        embedded = time.perf_counter()
        candidates = self.cache.neighbours.candidates(
            self.cache.neighbours.partition(self._partition(request)), text, vector, every=True
        )
        whole_ms = (time.perf_counter() - embedded) * 1000
        verify_ms = sum(c.verify_ms for c in candidates)
        return CacheExplanation(
            mode, None, tuple(candidates), (embedded - begin) * 1000, max(0.0, whole_ms - verify_ms), verify_ms
        )

    def clear(self) -> int:
        """Remove all entries; returns how many there were."""
        return self.cache.clear()

    def close(self) -> None:
        """Save and close; it opens again when it is needed."""
        with suppress(Exception):
            self.cache.close()

    def _partition(self, request: Request) -> str:
        endpoint = self._providers.get(request.provider).endpoint(request.model)
        return partition_key(request, endpoint, self._settings.user, self._settings.project)
