"""What people said of hits, and how much stricter or easier that makes a partition."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from ..types import CacheLayer
from .store import Store

Verdict = Literal["right", "wrong"]

# One wrong answer weighs as much as four right ones.
STEP_WRONG, STEP_RIGHT = 1.0, 0.25
STRICTEST, EASIEST = 8.0, -1.0

# What one step of strictness means: cosine for the plain rule, log-odds for the judge.
COSINE_STEP, LOGIT_STEP = 0.01, 1.0
MAX_COSINE = 0.9999

REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Hit:
    """A reply that was served again. ``entry`` is the semantic entry's id, None for an exact hit."""

    call_id: str
    layer: CacheLayer
    key: str
    partition: str
    entry: int | None


class Votes:
    """Votes on hits, in the store that all kernels share."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._hits: OrderedDict[str, Hit] = OrderedDict()

    def remember(self, hit: Hit) -> None:
        """Keep in mind what a vote on this hit would be about; cheap, for it is done at each hit."""
        self._hits[hit.call_id] = hit
        while len(self._hits) > REMEMBERED:
            self._hits.popitem(last=False)

    def hit(self, call_id: str | None) -> Hit | None:
        """The hit of a call (default: the last one of this process); None when none is known."""
        if call_id is None:
            return next(reversed(self._hits.values()), None)
        if call_id in self._hits:
            return self._hits[call_id]
        with self._store.connection() as connection:  # a semantic hit of another kernel, or of an earlier one
            row = connection.execute(
                "SELECT l.partition, l.entry, coalesce(e.key, '') FROM lookups l LEFT JOIN entries e ON e.id = l.entry "
                "WHERE l.call_id = ? AND l.outcome = 'hit'",
                (call_id,),
            ).fetchone()
        return None if row is None else Hit(call_id, "semantic", row[2], row[0], row[1])

    def record(self, hit: Hit, verdict: Verdict) -> None:
        """Count a vote; a later one on the same hit takes its place."""
        with self._store.connection(write=True) as connection:
            connection.execute(
                "INSERT OR REPLACE INTO votes (call_id, at, partition, verdict, layer) VALUES (?, ?, ?, ?, ?)",
                (hit.call_id, time.time(), hit.partition, verdict, hit.layer),
            )

    def counts(self, since: float) -> tuple[int, int]:
        """(wrong, right) votes since ``since`` (seconds since 1970)."""
        with self._store.connection() as connection:
            row = connection.execute(
                "SELECT coalesce(sum(verdict = 'wrong'), 0), coalesce(sum(verdict = 'right'), 0) FROM votes "
                "WHERE at >= ?",
                (since,),
            ).fetchone()
        return int(row[0]), int(row[1])

    def strictness(self, partition: str) -> float:
        """Steps by which semantic hits of a partition must be surer than usual; below 0 when less sure will do."""
        with self._store.connection() as connection:
            verdicts = connection.execute(
                "SELECT verdict FROM votes WHERE partition = ? AND layer = 'semantic' ORDER BY at, call_id",
                (partition,),
            ).fetchall()
        steps = 0.0
        for (verdict,) in verdicts:
            steps += STEP_WRONG if verdict == "wrong" else -STEP_RIGHT
            steps = min(STRICTEST, max(EASIEST, steps))
        return steps
