"""The semantic cache: a question that means the same as an earlier one gets its reply, for nothing."""

from __future__ import annotations

import sqlite3
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .. import forks
from ..cache_config import CacheConfig
from ..types import UsageError
from .exact import CacheWarning, Entry, ExactCache
from .lookups import Candidate, Lookup, Lookups, Misses
from .neighbours import NEIGHBOURS, Embedder, Neighbours
from .store import DAY_S, Store
from .votes import Hit, Verdict, Votes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

REBUILD_BATCH = 32


@dataclass(frozen=True, slots=True)
class Asked:
    """What a look-up leaves for ``add``: the partition, the text, and its vector if it was needed."""

    partition: str
    text: str
    vector: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A semantic hit."""

    entry: Entry
    key: str
    candidate: Candidate


class SemanticCache:
    """Similar questions in ``folder``, their replies in ``exact``; shared by all kernels of a user.

    Whatever fails here is a miss and warns once; a damaged store is put aside and made anew from the replies
    that the exact cache still holds.

    Args:
        mode: says now what ``cache.semantic`` comes to: "off", "threshold" or "verified".
        embedder: makes the embedder, on first use.
    """

    def __init__(
        self,
        folder: Path,
        config: CacheConfig,
        exact: ExactCache,
        mode: Callable[[], str],
        embedder: Callable[[], Embedder],
    ) -> None:
        self._config = config
        self._exact = exact
        self.store = Store(folder)
        self.lookups = Lookups(self.store)
        self.votes = Votes(self.store)
        self.neighbours = Neighbours(self.store, self.votes, config, mode, embedder)
        self._warned = False
        self._rebuilding: threading.Thread | None = None
        self.renew_after_fork()
        forks.renew(self)

    def renew_after_fork(self) -> None:
        """A new lock; a rebuilding thread stays with the parent."""
        self._lock = threading.RLock()
        self._rebuilding = None

    def find(self, partition: str, text: str, call_id: str) -> tuple[Found | None, Asked, Lookup]:
        """The reply of an earlier question that means the same as ``text``, or None.

        ``partition`` must cover all that the answer depends on but the text.
        """
        partition = self.neighbours.partition(partition)
        lookup = Lookup(call_id, partition)
        outcome = self._guarded(lambda: self._find(partition, text, lookup))
        found, asked = outcome or (None, Asked(partition, text))
        return found, asked, lookup

    def _find(self, partition: str, text: str, lookup: Lookup) -> tuple[Found | None, Asked]:
        if self.store.is_empty(partition):  # the embedding can wait until the reply is there
            return None, Asked(partition, text)
        vector = self.neighbours.embed([text], lookup.call_id)[0]
        begin = time.perf_counter()
        asked = Asked(partition, text, vector)
        lookup.search_ms = lookup.verify_ms = 0.0
        for _ in range(NEIGHBOURS):
            candidates = self.neighbours.candidates(partition, text, vector)
            lookup.verify_ms += sum(c.verify_ms for c in candidates)
            lookup.search_ms = (time.perf_counter() - begin) * 1000 - lookup.verify_ms
            if not candidates:
                break
            lookup.consider(candidates[0])
            best = candidates[-1]
            if best.refusal is not None:
                break
            entry = self._exact.get(best.key)
            if entry is not None and entry.finish == "stop":
                lookup.consider(best)
                lookup.outcome, lookup.entry = "hit", best.id
                return Found(entry, best.key, best), asked
            # Its reply is gone: perhaps the next one's is not.
            lookup.expired = True
            self.store.remove([best.id])
        return None, asked

    def add(self, asked: Asked, key: str, call_id: str | None = None) -> None:
        """Let the reply that the exact cache now holds under ``key`` answer questions like this one too."""

        def keep() -> None:
            import numpy as np

            vector = asked.vector if asked.vector is not None else self.neighbours.embed([asked.text], call_id)[0]
            self.store.add(asked.partition, [(key, asked.text, vector.astype(np.float16).tobytes())])

        self._guarded(keep)

    def note(self, lookup: Lookup, key: str | None, kept: bool) -> None:
        """Keep what became of a look-up of ``key``, and whether a reply to it was kept."""
        self._guarded(lambda: self.lookups.record(lookup, key, kept, self._config.ttl_days * DAY_S))

    def forget(self, hit: Hit) -> None:
        """No longer serve the reply of a hit to other questions."""

        def drop() -> None:
            if hit.entry is not None:
                self.store.remove([hit.entry])
            if hit.key:
                self.store.remove_key(hit.key)

        self._guarded(drop)

    def hit(self, call_id: str | None) -> Hit | None:
        """The hit of a call (default: this process's last), None when none is known."""
        return self._guarded(lambda: self.votes.hit(call_id))

    def record_vote(self, hit: Hit, verdict: Verdict) -> None:
        """Count a vote on a hit."""
        self._guarded(lambda: self.votes.record(hit, verdict))

    def told(self, since: float) -> tuple[Misses, int, int, float | None]:
        """(misses, wrong votes, right votes, median ms of verification) since ``since`` (seconds since 1970)."""
        if not self.store.folder.is_dir():
            return Misses(), 0, 0, None
        told = self._guarded(
            lambda: (self.lookups.misses(since), *self.votes.counts(since), self.lookups.verify_ms(since))
        )
        return told or (Misses(), 0, 0, None)

    def strictness(self, partition: str) -> float:
        """Steps by which hits of a partition must be surer than usual."""
        return self._guarded(lambda: self.votes.strictness(partition)) or 0.0

    def clear(self) -> int:
        """Remove all entries; returns how many there were."""
        self.neighbours.forget()
        n = self._guarded(self.store.clear) or 0
        with suppress(OSError):
            for snapshot in self.store.folder.glob("*.graph"):
                snapshot.unlink()
        return n

    def size(self) -> tuple[int, int]:
        """(entries, bytes on disk)."""
        if not self.store.folder.is_dir():
            return (0, 0)
        return self._guarded(self.store.size) or (0, 0)

    def rebuild(self) -> int:
        """Embed what the exact cache holds and this one lacks, in batches; returns how many entries came in."""
        import numpy as np

        n = 0
        batch: list[tuple[str, str, str]] = []

        def flush() -> None:
            nonlocal n
            vectors = self.neighbours.embed([text for _, _, text in batch], None)
            for (key, partition, text), vector in zip(batch, vectors, strict=True):
                self.store.add(partition, [(key, text, vector.astype(np.float16).tobytes())])
            n += len(batch)
            batch.clear()

        for key, entry in self._exact.scan():
            if entry.partition is None or entry.question is None or entry.finish != "stop":
                continue
            partition = self.neighbours.partition(entry.partition)
            if not self.store.has(partition, key):
                batch.append((key, partition, entry.question))
            if len(batch) == REBUILD_BATCH:
                flush()
        if batch:
            flush()
        return n

    def close(self) -> None:
        """Save what spares the next start some work, and close the files; they open again when needed."""
        self.neighbours.save()
        self.store.close()

    def _guarded(self, action: Callable[[], T]) -> T | None:
        try:
            return action()
        except sqlite3.DatabaseError as error:
            if "malformed" in str(error) or "not a database" in str(error) or "no such" in str(error):
                self._begin_anew()
            self._warn(error)
        except Exception as error:  # of the embedder, the index, the file system: a cache is never worth a call
            self._warn(error)
        return None

    def _begin_anew(self) -> None:
        """Put a damaged store aside, and fill a new one in the background."""
        with self._lock:
            self.neighbours.forget()
            self.store.put_aside()
            running = self._rebuilding is not None and self._rebuilding.is_alive()
            # Filling it with a paid embedder would spend money that nobody asked to be spent.
            if running or self._config.embedder.startswith("openai:"):
                return
            self._rebuilding = threading.Thread(target=self._rebuild_quietly, name="costmagic-rebuild", daemon=True)
            self._rebuilding.start()

    def _rebuild_quietly(self) -> None:
        with suppress(Exception):
            self.rebuild()

    def _warn(self, error: Exception) -> None:
        with self._lock:
            warned, self._warned = self._warned, True
        if not warned:
            reason = str(error) if isinstance(error, UsageError) else f"{type(error).__name__}: {error}"
            message = f"the semantic cache in {self.store.folder} can't be used fully: {reason}; its hits are misses"
            warnings.warn(message, CacheWarning, stacklevel=2)
