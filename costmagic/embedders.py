"""The embedder that ``cache.embedder`` names; a paid one's calls are priced and in the ledger."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from . import embedding, weights
from .accounting import Ledger
from .accounting.budget import Budgets
from .accounting.money import to_nusd
from .accounting.store import new_id
from .caching.key import prompt_hash
from .caching.neighbours import Embedder
from .config import Settings
from .models import split
from .prices import Prices
from .providers import Providers
from .types import CostmagicError, Message, Request, Usage, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORDLLAMA_DIMENSIONS = 256


def why_not(settings: Settings) -> str | None:
    """Why the embedder that ``cache.embedder`` names can't be used now, and what to do; None when it can."""
    name = settings.cache.embedder
    if not _installed("voyager"):
        return "pip install 'costmagic[embed]' for it"
    if name == "minilm" and not embedding.available(settings.home):
        pulled = weights.is_pulled(settings.home, "minilm")
        return "pip install 'costmagic[embed]' for it" if pulled else "run `costmagic pull minilm` for it"
    if name == "wordllama" and not _installed("wordllama"):
        return "pip install wordllama for it"
    return None


def make(settings: Settings, prices: Prices, providers: Providers, ledger: Ledger, budgets: Budgets) -> Embedder:
    """The embedder that ``cache.embedder`` names. Raises UsageError when it can't be used here."""
    if reason := why_not(settings):
        raise UsageError(f"the embedder {settings.cache.embedder} is not ready: {reason}")
    name = settings.cache.embedder
    if name == "minilm":
        return _Local(embedding.MiniLM(settings.home))
    if name == "wordllama":
        return _Local(WordLlama())
    return PaidEmbedder(name, prices, providers, ledger, budgets)


class _Embeds(Protocol):
    name: str

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 (n, d), each row of length 1."""

    def tokens(self, text: str) -> NDArray[np.float32] | None:
        """The vectors of its tokens, float32 (t, d)."""


class _Local:
    """An embedder on this machine: it costs nothing and leaves no row."""

    paid = False

    def __init__(self, embedder: _Embeds) -> None:
        self.name = embedder.name
        self._embedder = embedder

    def embed(self, texts: Sequence[str], call_id: str | None = None) -> NDArray[np.float32]:
        return self._embedder.embed(texts)

    def tokens(self, text: str) -> NDArray[np.float32] | None:
        return self._embedder.tokens(text)


class WordLlama:
    """Averaged word vectors by the package ``wordllama``, whose wheel holds the weights: 0.1 ms a text."""

    name = "wordllama"

    def __init__(self) -> None:
        self._loading = threading.Lock()
        self._model: Any = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 (n, 256), each row of length 1."""
        import numpy as np

        with self._loading:
            if self._model is None:
                import wordllama

                folder = Path(wordllama.__file__).parent
                self._model = wordllama.WordLlama.load(
                    cache_dir=folder, dim=WORDLLAMA_DIMENSIONS, disable_download=True
                )
        vectors = np.asarray(self._model.embed(list(texts), norm=True), dtype=np.float32)
        unit: NDArray[np.float32] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return unit

    def tokens(self, text: str) -> None:
        """None: its token vectors know nothing of the sentence."""


class PaidEmbedder:
    """``openai:MODEL``: each request leaves a ledger row with purpose "embed"; an unknown price is NULL there.

    It keeps to the budgets for everything and for the session, like any other call.
    """

    paid = True

    def __init__(self, name: str, prices: Prices, providers: Providers, ledger: Ledger, budgets: Budgets) -> None:
        self.name = name
        self._prices = prices
        self._providers = providers
        self._ledger = ledger
        self._budgets = budgets

    def embed(self, texts: Sequence[str], call_id: str | None = None) -> NDArray[np.float32]:
        """float32 (n, d), each row of length 1. Raises ProviderError, BudgetError or UsageError."""
        import numpy as np

        provider, model = split(self.name)
        started_at, id_ = datetime.now(UTC), new_id()
        source: Any = self._providers.get(provider)
        most = Usage(sum(len(text.encode("utf-8", "replace")) for text in texts), 0)  # no token is less than a byte
        worst = self._prices.cost(self.name, most, started_at)
        reserved = self._budgets.reserve(id_, self.name, worst, None, started_at)
        tokens, status = None, "interrupted"
        try:
            vectors, tokens = source.embed(model, list(texts))
            status = "ok"
        except CostmagicError:
            status = "error"
            raise
        finally:
            self._record(id_, texts, call_id, started_at, tokens, status, reserved)
        found = np.asarray(vectors, dtype=np.float32)
        unit: NDArray[np.float32] = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
        return unit

    def tokens(self, text: str) -> None:
        """None: the provider gives none."""

    def _record(
        self,
        id_: str,
        texts: Sequence[str],
        call_id: str | None,
        started_at: datetime,
        tokens: int | None,
        status: str,
        reserved: bool,
    ) -> None:
        provider, model = split(self.name)
        usage = None if tokens is None else Usage(tokens, 0)
        cost = None if usage is None else self._prices.cost(self.name, usage, started_at)
        request = Request(provider, model, tuple(Message("user", text) for text in texts))
        row = dict.fromkeys(
            ("notebook", "feature", "action", "task", "tier", "cache_of", "baseline_model", "baseline_cost_nusd",
             "first_token_ms", "quality", "counted_tokens")
        )  # fmt: skip
        self._ledger.finish(
            {
                **row,
                "id": id_,
                "started_at": started_at.replace(tzinfo=None),
                "status": status,
                "purpose": "embed",
                "parent_id": call_id,
                "model_requested": model,
                "model": model if usage else None,
                "provider": provider,
                "route_source": "explicit",
                "route_reason": "the semantic cache's embedder",
                "cache": "none",
                "input_tokens": tokens,
                "cache_read_tokens": None if usage is None else 0,
                "cache_write_tokens": None if usage is None else 0,
                "output_tokens": None if usage is None else 0,
                "reasoning_tokens": None if usage is None else 0,
                "usage_source": None if usage is None else "reported",
                "cost_nusd": to_nusd(cost),
                "price_date": started_at.date().isoformat(),
                "latency_ms": (datetime.now(UTC) - started_at).total_seconds() * 1000,
                "retries": 0,
                "batched": False,
                "prompt_hash": prompt_hash(request),
                "session_id": self._budgets.session_id,
            },
            request,
            "",
            reserved,
        )


_found: set[str] = set()  # looking through the path takes long beside a call; what is there stays


def _installed(name: str) -> bool:
    if name in _found:
        return True
    try:
        found = find_spec(name) is not None
    except ValueError:  # imported in an unusual way, or blocked
        return False
    if found:
        _found.add(name)
    return found
