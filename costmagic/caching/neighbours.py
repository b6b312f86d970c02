"""The earlier questions that are most like a new one, each judged: may its reply be served?"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from .. import forks
from ..cache_config import CacheConfig
from .lookups import Candidate, Decision
from .store import Store
from .votes import COSINE_STEP, MAX_COSINE, Votes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .index import PartitionIndex

# The plain rule: more alike than this counts as the same.
PLAIN_COSINE = 0.95

# How many neighbours verification looks at.
NEIGHBOURS = 8

# Indexes that a process keeps open; the one that was not asked for longest goes first.
MAX_OPEN = 64


class Embedder(Protocol):
    """Turns texts into vectors of length 1. ``paid``: each call costs money."""

    name: str
    paid: bool

    def embed(self, texts: Sequence[str], call_id: str | None = None) -> NDArray[np.float32]:
        """float32 (n, d); ``call_id`` is the call that it is done for."""

    def tokens(self, text: str) -> NDArray[np.float32] | None:
        """The vectors of its tokens, float32 (t, d); None when there are none to be had."""


class Neighbours:
    """Finds and judges them; ``mode`` says "threshold" or "verified", ``embedder`` makes the embedder on first use."""

    def __init__(
        self,
        store: Store,
        votes: Votes,
        config: CacheConfig,
        mode: Callable[[], str],
        embedder: Callable[[], Embedder],
    ) -> None:
        self._store = store
        self._votes = votes
        self._config = config
        self._mode = mode
        self._make_embedder = embedder
        self._embedder: Embedder | None = None
        self.renew_after_fork()
        forks.renew(self)

    def renew_after_fork(self) -> None:
        """A new lock and new indexes: those of the parent may have been in the middle of a change."""
        self._lock = threading.RLock()
        self._indexes: OrderedDict[str, PartitionIndex] = OrderedDict()

    def embed(self, texts: Sequence[str], call_id: str | None = None) -> NDArray[np.float32]:
        """A vector for each text, by the embedder that ``cache.embedder`` names.

        Raises UsageError when that can't be used here, or whatever it raises.
        """
        return self._ready().embed(texts, call_id)

    def _ready(self) -> Embedder:
        with self._lock:
            if self._embedder is None:
                self._embedder = self._make_embedder()
            return self._embedder

    def partition(self, partition: str) -> str:
        """The partition under which entries of the embedder in use are kept."""
        name = "".join(c if c.isalnum() or c in "-_." else "_" for c in self._config.embedder)
        return f"{name}-{partition}"

    def candidates(
        self, partition: str, text: str, vector: NDArray[np.float32], every: bool = False
    ) -> list[Candidate]:
        """The nearest earlier questions, each judged, up to the first that may be served (``every``: all of them).

        Raises what the store raises.
        """
        import numpy as np

        verified = self._mode() == "verified"
        strictness = self._votes.strictness(partition)
        ids = self._index(partition, len(vector)).search(vector, NEIGHBOURS)
        questions = self._store.questions(ids)
        result = []
        for id_ in ids:
            question = questions.get(id_)
            if question is None or len(question.vector) != 2 * len(vector):
                continue
            other = np.frombuffer(question.vector, dtype=np.float16).astype(np.float32)
            similarity = float(other @ vector / max(float(np.linalg.norm(other)), 1e-9))
            begin = time.perf_counter()
            if verified:
                decision = self._verify(text, question.text, similarity, strictness)
            else:
                threshold = min(MAX_COSINE, PLAIN_COSINE + COSINE_STEP * strictness)
                refusal = None if similarity > threshold else f"cosine {similarity:.3f} is not above {threshold:.3f}"
                decision = Decision(threshold, None, refusal)
            verify_ms = (time.perf_counter() - begin) * 1000
            found = decision.threshold, decision.probability, decision.refusal
            result.append(Candidate(*found, id_, question.key, question.text, similarity, verify_ms))
            if decision.refusal is None and not every:
                break
        return result

    def _verify(self, text: str, other: str, similarity: float, strictness: float) -> Decision:
        from .verify.decide import decide

        config = self._config
        return decide(text, other, similarity, config.embedder, self._ready().tokens, config.false_hit_rate, strictness)

    def forget(self) -> None:
        """Drop all indexes; they are read anew when they are needed."""
        with self._lock:
            self._indexes.clear()

    def save(self) -> None:
        """Leave snapshots of the indexes and drop them."""
        with self._lock:
            indexes = list(self._indexes.values())
            self._indexes.clear()
        for index in indexes:
            with suppress(Exception):
                index.save()

    def _index(self, partition: str, dimensions: int) -> PartitionIndex:
        from .index import PartitionIndex

        with self._lock:
            index = self._indexes.pop(partition, None) or PartitionIndex(self._store, partition, dimensions)
            self._indexes[partition] = index
            if len(self._indexes) > MAX_OPEN:
                _, oldest = self._indexes.popitem(last=False)
                oldest.save()
            return index
