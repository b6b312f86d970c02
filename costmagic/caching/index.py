"""Nearest neighbours of one partition: an HNSW graph (Malkov & Yashunin, arXiv 1603.09320) by ``voyager``.

The graph is derived from the store: each process keeps its own, brings it up to date before it is asked, and may
leave a snapshot that spares the next process the building.
"""

from __future__ import annotations

import io
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

# How many neighbours are kept in mind while the graph is walked: more find more, more slowly.
EF = 64

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
        self._saved = self._alive = 0
        self._graph = self._empty()
        self._load()

    def search(self, vector: NDArray[np.float32], n: int) -> list[int]:
        """Ids of the up to ``n`` nearest entries, nearest first."""
        from voyager import RecallError

        with self._lock:
            self._catch_up()
            for wanted in sorted({min(n, self._alive), min(1, self._alive)}, reverse=True):
                try:
                    found, _ = self._graph.query(vector, wanted, num_threads=1, query_ef=EF) if wanted else ((), ())
                    return [int(key) for key in found]
                except RecallError:  # the graph has parts that can't be reached: better one than none
                    continue
            return []

    def _empty(self) -> Any:
        from voyager import Index, Space, StorageDataType

        # 8 bits find the same neighbours in a quarter of the memory; how alike they are is computed from the store.
        return Index(
            Space.InnerProduct,
            num_dimensions=self._dimensions,
            M=12,
            ef_construction=EF,
            storage_data_type=StorageDataType.Float8,
        )

    def _catch_up(self) -> None:
        import numpy as np

        added, removed = self._store.since(self._partition, self._last_entry, self._last_removal)
        gone = {entry for _, entry in removed}
        # A vector of another length is damaged, or of another version of the embedder.
        fresh = [(id_, v) for id_, v in added if id_ not in gone and len(v) == 2 * self._dimensions]
        if fresh:
            vectors = np.frombuffer(b"".join(v for _, v in fresh), dtype=np.float16).astype(np.float32)
            self._graph.add_items(
                vectors.reshape(len(fresh), self._dimensions), ids=[id_ for id_, _ in fresh], num_threads=1
            )
            self._alive += len(fresh)
        for id_ in gone:
            if id_ in self._graph:
                self._graph.mark_deleted(id_)
                self._alive -= 1
        self._last_entry = added[-1][0] if added else self._last_entry
        self._last_removal = removed[-1][0] if removed else self._last_removal
        # Each time a tenth is new: what saving costs stays in proportion.
        if self._alive >= SNAPSHOT_FROM and self._alive - self._saved > max(500, self._saved // 10):
            with suppress(OSError):
                self._save()

    def save(self) -> None:
        """Leave a snapshot if there is much in it that the last one lacks."""
        with self._lock:
            if self._alive >= SNAPSHOT_FROM and self._alive - self._saved > 100:
                with suppress(OSError):
                    self._save()

    @property
    def _path(self) -> Path:
        return self._store.folder / f"{self._partition}.graph"

    def _save(self) -> None:
        data = self._graph.as_bytes()
        head = {
            "crc": zlib.crc32(data),
            "dimensions": self._dimensions,
            "alive": self._alive,
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
        self._saved = self._alive

    def _load(self) -> None:
        """Begin with the snapshot where it is whole and of this very store; else with nothing."""
        from voyager import Index

        try:
            with self._path.open("rb") as file:
                head = json.loads(file.readline(1_000))
                data = file.read()
            # A damaged graph must not be walked: that would end the process, not raise.
            if head["crc"] != zlib.crc32(data) or head["dimensions"] != self._dimensions:
                return
            if head["store"] != self._store.identity():
                return
            self._graph = Index.load(io.BytesIO(data))
            self._alive = int(head["alive"])
            self._last_entry, self._last_removal = int(head["last_entry"]), int(head["last_removal"])
            self._saved = self._alive
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, RuntimeError):
            self._graph = self._empty()
            self._last_entry = self._last_removal = self._saved = self._alive = 0
