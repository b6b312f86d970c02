"""How long the semantic cache takes to find an answer among many."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from costmagic import Session, weights

ENTRIES = 100_000
LOOKUPS = 200
MODEL = "sim:claude-haiku-5-5"

_VERBS = ("repair", "paint", "clean", "move", "sell", "draw", "wash", "build", "hang", "pack")
_PLACES = ("at home", "in the garden", "on a boat", "in winter", "without tools", "with a friend")


def lookup_ms(models: Path) -> tuple[float, float, float]:
    """(p50, p99 of ``ask`` to reply for a semantic hit, embedding and ledger row included; p50 of the embedding alone).

    ``models`` is a home with MiniLM's weights. The index holds 100,000 questions; their vectors are made up
    (embedding so many takes minutes), those that are looked up are real.
    """
    with tempfile.TemporaryDirectory() as home:
        os.symlink(weights.folder(models).resolve(), weights.folder(Path(home)))
        with Session(home, settings={"preset": "sim"}) as session:
            cache = session.engine.similar.cache
            for n in range(LOOKUPS):
                session.ask(f"How do I {_question(n)}?", model=MODEL)
            partition = _only(session)
            rng = np.random.default_rng(0)
            for begin in range(0, ENTRIES - LOOKUPS, 10_000):
                size = min(10_000, ENTRIES - LOOKUPS - begin)
                vectors = rng.standard_normal((size, 384), dtype=np.float32)
                vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
                rows = [
                    (f"made {begin + i}", f"What is thing {begin + i}?", vector.astype(np.float16).tobytes())
                    for i, vector in enumerate(vectors)
                ]
                cache.store.add(partition, rows)
            session.ask("How can I warm up?", model=MODEL)  # builds the index
            whole, alone = [], []
            for n in range(LOOKUPS):
                begin_s = time.perf_counter()
                reply = session.ask(f"How can I {_question(n)}?", model=MODEL)
                whole.append((time.perf_counter() - begin_s) * 1000)
                assert reply.cache == "semantic", n
                begin_s = time.perf_counter()
                cache.neighbours.embed([f"How could I {_question(n)}?"])
                alone.append((time.perf_counter() - begin_s) * 1000)
            return statistics.median(whole), statistics.quantiles(whole, n=100)[98], statistics.median(alone)


def _question(n: int) -> str:
    return f"{_VERBS[n % 10]} chair number {n} {_PLACES[n % 6]}"


def _only(session: Session) -> str:
    with session.engine.similar.cache.store.connection() as connection:
        (found,) = connection.execute("SELECT DISTINCT partition FROM entries").fetchall()
    return str(found[0])
