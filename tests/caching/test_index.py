"""The index: derived from the store, kept in step, never trusted blindly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from costmagic.caching import index as index_module
from costmagic.caching.index import PartitionIndex
from costmagic.caching.store import Store

SIZE = 16


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def _vector(n: int) -> NDArray[np.float32]:
    vector = np.random.default_rng(n).standard_normal(SIZE).astype(np.float32)
    return vector / np.linalg.norm(vector)  # type: ignore[no-any-return]


def _add(store: Store, *numbers: int, partition: str = "p") -> None:
    store.add(partition, [(f"k{n}", f"t{n}", _vector(n).astype(np.float16).tobytes()) for n in numbers])


def _nearest(index: PartitionIndex, store: Store, n: int) -> str | None:
    ids = index.search(_vector(n), 3)
    known = store.questions(ids)
    return next((known[i].text for i in ids if i in known), None)


def test_it_follows_the_store(store: Store, tmp_path: Path) -> None:
    index = PartitionIndex(store, "p", SIZE)
    assert index.search(_vector(1), 3) == []
    _add(store, 1, 2, 3)
    assert _nearest(index, store, 2) == "t2"
    _add(Store(tmp_path), 4)  # another process
    _add(store, 5, partition="q")
    assert _nearest(index, store, 4) == "t4"
    assert _nearest(index, store, 5) != "t5"
    Store(tmp_path).remove_key("k4")
    assert _nearest(index, store, 4) != "t4"
    _add(store, 2)  # asked again: under a new id, once
    assert [i for i in index.search(_vector(2), 5) if store.questions([i])[i].text == "t2"] == index.search(
        _vector(2), 1
    )


def test_a_vector_of_another_length_is_left_out(store: Store) -> None:
    index = PartitionIndex(store, "p", SIZE)
    store.add("p", [("bad", "bad", b"\0" * 6)])
    _add(store, 1)
    assert _nearest(index, store, 1) == "t1"


@pytest.fixture
def snapshot(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(index_module, "SNAPSHOT_FROM", 10)
    _add(store, *range(200))
    index = PartitionIndex(store, "p", SIZE)
    index.search(_vector(1), 1)
    index.save()
    (path,) = tmp_path.glob("*.graph")
    assert path.stat().st_mode & 0o077 == 0
    return path


def test_a_snapshot_spares_the_building(store: Store, snapshot: Path) -> None:
    _add(store, 500)
    store.remove_key("k7")
    index = PartitionIndex(store, "p", SIZE)
    assert index._alive == 200  # before it has caught up
    assert _nearest(index, store, 500) == "t500"
    assert _nearest(index, store, 7) != "t7"
    assert _nearest(index, store, 8) == "t8"


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "rubbish", "of another store"])
def test_a_damaged_snapshot_is_built_anew(store: Store, snapshot: Path, tmp_path: Path, damage: str) -> None:
    data = snapshot.read_bytes()
    if damage == "cut":
        snapshot.write_bytes(data[: len(data) // 2])
    elif damage == "flipped":
        snapshot.write_bytes(data[:-100] + bytes(b ^ 0xFF for b in data[-100:]))
    elif damage == "emptied":
        snapshot.write_bytes(b"")
    elif damage == "rubbish":
        snapshot.write_bytes(b"\n" + b"rubbish" * 1_000)
    else:
        store.put_aside()
        _add(store, *range(200, 300))
    index = PartitionIndex(store, "p", SIZE)
    assert index._alive == 0
    assert _nearest(index, store, 250 if damage == "of another store" else 50) in ("t250", "t50")
