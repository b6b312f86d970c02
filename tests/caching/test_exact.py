"""The exact cache on disk: bounded, shared, and never trusted blindly."""

from __future__ import annotations

import json
import pickle
import random
import sqlite3
import subprocess
import sys
import warnings
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from costmagic.caching.exact import CacheWarning, Entry, ExactCache
from costmagic.config import CacheConfig
from costmagic.types import Usage

ENTRY = Entry(
    text="Grüße 👋 — a reply",
    model="claude-haiku-4-5-20251001",
    finish="stop",
    usage=Usage(120, 30, cache_read_tokens=100, reasoning_tokens=5),
    cost_nusd=123_456,
    call_id="abc",
    made_at=datetime.now(UTC),
)


@pytest.fixture
def cache(tmp_path: Path) -> ExactCache:
    return ExactCache(tmp_path / "exact", CacheConfig())


def test_an_entry_comes_back_as_it_was(cache: ExactCache) -> None:
    cache.put("key", ENTRY)
    assert cache.get("key") == ENTRY
    assert cache.get("other") is None
    unpriced = replace(ENTRY, cost_nusd=None, text="x" * 100_000)  # large ones are kept in files
    cache.put("key", unpriced)
    assert cache.get("key") == unpriced
    assert cache.size()[0] == 1


def test_other_processes_see_it(cache: ExactCache, tmp_path: Path) -> None:
    cache.put("key", ENTRY)
    code = f"""
from pathlib import Path
from costmagic.caching.exact import ExactCache
from costmagic.config import CacheConfig
cache = ExactCache(Path({str(tmp_path / "exact")!r}), CacheConfig())
entry = cache.get("key")
cache.put("back", entry)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert cache.get("back") == ENTRY


@pytest.mark.parametrize(("age_days", "found"), [(29.99, True), (30.01, False)])
def test_age_is_bounded(cache: ExactCache, age_days: float, found: bool) -> None:
    cache.put("key", replace(ENTRY, made_at=datetime.now(UTC) - timedelta(days=age_days)))
    assert (cache.get("key") is not None) is found


def test_size_is_bounded_and_the_oldest_go(tmp_path: Path) -> None:
    cache = ExactCache(tmp_path / "exact", CacheConfig(size_mb=1))
    for n in range(60):
        cache.put(f"key {n}", replace(ENTRY, text=random.Random(n).randbytes(30_000).hex()))
    entries, size = cache.size()
    assert entries < 60
    assert size < 1_500_000
    assert cache.get("key 0") is None
    assert cache.get("key 59") is not None


def test_clear_empties_it(cache: ExactCache) -> None:
    cache.put("a", ENTRY)
    cache.put("b", ENTRY)
    assert cache.clear() == 2
    assert cache.get("a") is None


def _damage(folder: Path, sql: str, *values: object) -> None:
    with sqlite3.connect(folder / "cache.db") as connection:
        assert connection.execute(sql, values).rowcount


@pytest.mark.parametrize(
    "value",
    [
        b"rubbish",
        zlib.compress(b"not json"),
        zlib.compress(b'{"text": "only"}'),
        zlib.compress(b"[]"),
        zlib.compress(b'"x"'),
        zlib.compress(json.dumps({**ENTRY.to_json(), "text": 5}).encode()),
        zlib.compress(json.dumps({**ENTRY.to_json(), "made_at": "yesterday"}).encode()),
        zlib.compress(json.dumps({**ENTRY.to_json(), "usage": {"input_tokens": 1}}).encode()),
        None,
    ],
)
def test_a_damaged_entry_is_a_miss(cache: ExactCache, tmp_path: Path, value: bytes | None) -> None:
    cache.put("key", ENTRY)
    _damage(tmp_path / "exact", "UPDATE Cache SET value = ?", value)
    assert cache.get("key") is None
    cache.put("key", ENTRY)
    assert cache.get("key") == ENTRY


def test_a_lost_file_is_a_miss(cache: ExactCache, tmp_path: Path) -> None:
    big = replace(ENTRY, text="".join(chr(33 + (i * 7919) % 9000) for i in range(100_000)))
    cache.put("key", big)
    files = list((tmp_path / "exact").rglob("*.val"))
    assert files
    for file in files:
        file.unlink()
    assert cache.get("key") is None


@pytest.mark.parametrize("content", [b"this is no database" * 500, b""])
def test_a_damaged_database_is_put_aside(cache: ExactCache, tmp_path: Path, content: bytes) -> None:
    cache.put("key", ENTRY)
    folder = tmp_path / "exact"
    for file in folder.glob("cache.db*"):
        file.unlink()
    (folder / "cache.db").write_bytes(content)
    reopened = ExactCache(folder, CacheConfig())
    assert reopened.get("key") is None
    reopened.put("key", ENTRY)
    assert reopened.get("key") == ENTRY


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return (exec, ("import builtins; builtins.exploded = True",))


def test_a_pickle_in_the_cache_is_never_loaded(cache: ExactCache, tmp_path: Path) -> None:
    import builtins

    cache.put("key", ENTRY)
    _damage(tmp_path / "exact", "UPDATE Cache SET mode = 4, value = ?", pickle.dumps(_Bomb()))
    assert cache.get("key") is None
    _damage(tmp_path / "exact", "UPDATE Cache SET raw = 0, key = ?", pickle.dumps(_Bomb()))
    assert cache.get("key") is None
    assert cache.size()[0] == 1
    assert not hasattr(builtins, "exploded")


def test_a_cache_that_can_not_be_used_warns_once_and_misses(tmp_path: Path) -> None:
    (tmp_path / "exact").write_text("a file where the folder should be")
    cache = ExactCache(tmp_path / "exact", CacheConfig())
    with pytest.warns(CacheWarning, match="can't be used"):
        assert cache.get("key") is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cache.put("key", ENTRY)
        assert cache.get("key") is None
        assert cache.size() == (0, 0)
        assert cache.clear() == 0
