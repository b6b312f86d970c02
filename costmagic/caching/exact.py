"""The exact cache: the same request again gets the same reply, from disk, for nothing."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from .. import forks
from ..cache_config import CacheConfig
from ..types import Finish, Usage

T = TypeVar("T")

DAY_S = 86_400


class CacheWarning(UserWarning):
    """The cache could not be used; calls go on without it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A cached reply.

    Attributes:
        cost_nusd: what it cost when it was made, None when unpriced.
        partition, question: for the semantic cache: the user's last message, and what else the answer hangs on;
            None when no other question may share the reply.
    """

    text: str
    model: str
    finish: Finish
    usage: Usage
    cost_nusd: int | None
    call_id: str
    made_at: datetime
    partition: str | None = None
    question: str | None = None

    def to_json(self) -> dict[str, Any]:
        # Not ``asdict``: it copies every value, and this is done after each call.
        fields = {name: getattr(self, name) for name in self.__slots__}
        usage = {name: getattr(self.usage, name) for name in self.usage.__slots__}
        return {**fields, "usage": usage, "made_at": self.made_at.isoformat()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Entry:
        """Raises KeyError, TypeError or ValueError when ``data`` is not a whole entry."""
        entry = cls(**{**data, "usage": Usage(**data["usage"]), "made_at": datetime.fromisoformat(data["made_at"])})
        if not isinstance(entry.text, str) or not isinstance(entry.model, str):
            raise TypeError("text and model must be strings")
        return entry


class ExactCache:
    """Replies by request key in ``folder``, shared by all kernels of a user.

    Bounded in size (oldest entries go first) and in age. A damaged entry is a miss; a damaged cache is
    put aside and begun anew; one that can't be used at all warns once and misses.
    """

    def __init__(self, folder: Path, config: CacheConfig) -> None:
        self._folder = folder
        self._config = config
        self._lock = threading.Lock()
        self._opened: Any = None
        self._warned = False
        forks.renew(self)

    def renew_after_fork(self) -> None:
        """A new lock; ``diskcache`` itself opens a connection for each process."""
        self._lock = threading.Lock()

    def get(self, key: str) -> Entry | None:
        """The entry of ``key`` unless it is absent, too old or damaged."""
        data = self._guarded(lambda cache: cache.get(key))
        if data is None:
            return None
        try:
            entry = Entry.from_json(data)
        except (KeyError, TypeError, ValueError):
            return None
        age = datetime.now(UTC) - entry.made_at
        return entry if age.total_seconds() <= self._config.ttl_days * DAY_S else None

    def put(self, key: str, entry: Entry) -> None:
        """Keep ``entry``, replacing what was there."""
        self._guarded(lambda cache: cache.set(key, entry.to_json(), expire=self._config.ttl_days * DAY_S))

    def remove(self, key: str) -> None:
        """Take one entry out."""
        self._guarded(lambda cache: cache.delete(key))

    def scan(self) -> Iterator[tuple[str, Entry]]:
        """All entries that could be served, with their keys; read one by one."""
        for key in self._guarded(lambda cache: list(cache.iterkeys())) or ():
            if isinstance(key, str) and (entry := self.get(key)) is not None:
                yield key, entry

    def clear(self) -> int:
        """Remove all entries; returns how many there were."""
        return self._guarded(lambda cache: cache.clear()) or 0

    def size(self) -> tuple[int, int]:
        """(entries, bytes on disk)."""
        return self._guarded(lambda cache: (len(cache), cache.volume())) or (0, 0)

    def close(self) -> None:
        """Close the files of this thread; the next use opens them again."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()

    def _guarded(self, action: Callable[[Any], T]) -> T | None:
        try:
            return action(self._cache())
        except sqlite3.DatabaseError as error:
            if "malformed" in str(error) or "not a database" in str(error):
                self._put_aside()
                with suppress(Exception):
                    return action(self._cache())
            elif isinstance(error, sqlite3.OperationalError):
                self._warn(error)
            return None
        except OSError as error:
            self._warn(error)
            return None
        except Exception:  # a value that is not what was written: zlib, JSON, Unicode, a refused pickle …
            return None

    def _cache(self) -> Any:
        with self._lock:
            if self._opened is None:
                from .disk import open_cache

                self._opened = open_cache(self._folder, int(self._config.size_mb * 1e6))
            return self._opened

    def _put_aside(self) -> None:
        with self._lock:
            if self._opened is not None:
                with suppress(Exception):
                    self._opened.close()
                self._opened = None
            aside = self._folder.with_name(f"{self._folder.name}.damaged")
            with suppress(OSError):
                shutil.rmtree(aside, ignore_errors=True)
                self._folder.rename(aside)

    def _warn(self, error: Exception) -> None:
        # A read-only cache still reads, so it stays in use; it only warns once.
        with self._lock:
            warned, self._warned = self._warned, True
        if not warned:
            message = f"the cache in {self._folder} can't be used fully: {error}; replies may be paid again"
            warnings.warn(message, CacheWarning, stacklevel=2)
