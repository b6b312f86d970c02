"""``diskcache`` without pickle: what a cache file from elsewhere holds is never run."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

from diskcache import Cache, JSONDisk
from diskcache.core import DBNAME, MODE_PICKLE

LOCK_TIMEOUT_S = 10


class PlainJSONDisk(JSONDisk):  # type: ignore[misc]
    """JSON only, in both directions.

    ``JSONDisk`` writes JSON, but still unpickles a row that says it holds a pickle: whoever can put a
    file into the cache folder could run code in the kernel.
    """

    def get(self, key: Any, raw: bool) -> Any:
        if not raw:
            raise pickle.UnpicklingError("pickled keys are refused")
        return super().get(key, raw)

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
        if mode == MODE_PICKLE:
            raise pickle.UnpicklingError("pickled values are refused")
        return super().fetch(mode, filename, value, read)


def open_cache(folder: Path, size_bytes: int) -> Cache:
    """The cache in ``folder``, made for the owner only; the oldest entries go when it is full."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # SQLite gives its side files the mode of the database.
    os.close(os.open(folder / DBNAME, os.O_CREAT | os.O_RDWR, 0o600))
    return Cache(
        str(folder),
        timeout=LOCK_TIMEOUT_S,
        disk=PlainJSONDisk,
        size_limit=size_bytes,
        eviction_policy="least-recently-stored",  # reading then writes nothing
        statistics=0,
    )
