"""Nearest neighbours of one partition: an HNSW graph (Malkov & Yashunin, arXiv 1603.09320) by ``usearch``.

The graph is derived from the store: each process keeps its own, brings it up to date before it is asked, and may
leave a snapshot that spares the next process the building.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .store import Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Below this every vector is compared; above, the graph is walked.
EXACT_BELOW = 2_000

# Building a graph of fewer takes less time than anyone notices: no snapshot.
SNAPSHOT_FROM = 2_000


class PartitionIndex:
    """The vectors of ``partition`` in ``store``, of ``dimensions`` numbers each."""

    def __init__(self, store: Store, partition: str, dimensions: int) -> None:
        self._store = store
        self._partition = partition
        self._dimensions = dimensions
        self._lock = threading.Lock()
        self._last_entry = self._last_removal = 0
        self._saved = 0
        self._graph = self._empty()
        self._load()

    def search(self, vector: NDArray[np.float32], n: int) -> list[int]:
        """Ids of the up to ``n`` nearest entries, nearest first."""
        with self._lock:
            self._catch_up()
            if not len(self._graph):
                return []
            exact = len(self._graph) < EXACT_BELOW
            found = self._graph.search(vector, min(n, len(self._graph)), exact=exact, threads=1)
            return [int(key) for key in found.keys]

    def _empty(self) -> Any:
        from usearch.index import Index

        # 8 bits find the same neighbours in half the time; how alike they are is computed from the stored vectors.

        return Index(
            ndim=self._dimensions, metric="cos", dtype="i8", connectivity=16, expansion_add=64, expansion_search=64
        )

    def _catch_up(self) -> None:
        import numpy as np

        added, removed = self._store.since(self._partition, self._last_entry, self._last_removal)
        gone = {entry for _, entry in removed}
        # A vector of another length is damaged, or of another version of the embedder.
        fresh = [(id_, v) for id_, v in added if id_ not in gone and len(v) == 2 * self._dimensions]
        if fresh:
            keys = np.array([id_ for id_, _ in fresh], dtype=np.uint64)
            vectors = np.frombuffer(b"".join(v for _, v in fresh), dtype=np.float16)
            self._graph.add(keys, vectors.reshape(len(fresh), self._dimensions).astype(np.float32), threads=1)
        for id_ in gone:
            if id_ in self._graph:
                self._graph.remove(id_)
        self._last_entry = added[-1][0] if added else self._last_entry
        self._last_removal = removed[-1][0] if removed else self._last_removal
        # Each time a tenth is new: what saving costs stays in proportion.
        if len(self._graph) >= SNAPSHOT_FROM and len(self._graph) - self._saved > max(500, self._saved // 10):
            with suppress(OSError):
                self._save()

    def save(self) -> None:
        """Leave a snapshot if there is much in it that the last one lacks."""
        with self._lock:
            if len(self._graph) >= SNAPSHOT_FROM and len(self._graph) - self._saved > 100:
                with suppress(OSError):
                    self._save()

    @property
    def _path(self) -> Path:
        return self._store.folder / f"{self._partition}.usearch"

    def _save(self) -> None:
        data = self._graph.save()
        head = {
            "crc": zlib.crc32(data),
            "dimensions": self._dimensions,
            "last_entry": self._last_entry,
            "last_removal": self._last_removal,
            "store": self._store.identity(),
        }
        scratch = self._path.with_name(f".{secrets.token_hex(6)}.tmp")
        try:
            with open(os.open(scratch, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
                file.write(json.dumps(head).encode() + b"\n")
                file.write(data)
            os.replace(scratch, self._path)  # whole or not at all
        finally:
            with suppress(OSError):
                scratch.unlink()
        self._saved = len(self._graph)

    def _load(self) -> None:
        """Begin with the snapshot where it is whole and of this very store; else with nothing."""
        try:
            with self._path.open("rb") as file:
                head = json.loads(file.readline(1_000))
                data = bytearray(file.read())
            # A damaged graph must not be walked: that would end the process, not raise.
            if head["crc"] != zlib.crc32(data) or head["dimensions"] != self._dimensions:
                return
            if head["store"] != self._store.identity():
                return
            self._graph.load(data)
            self._last_entry, self._last_removal = int(head["last_entry"]), int(head["last_removal"])
            self._saved = len(self._graph)
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, RuntimeError):
            self._graph = self._empty()
            self._last_entry = self._last_removal = self._saved = 0
