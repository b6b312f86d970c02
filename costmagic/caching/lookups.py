"""What became of look-ups that the exact cache could not answer, kept when they happen."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from .store import Store


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether one answer serves two questions.

    Attributes:
        threshold: what the cosine ("threshold") or the chance that they mean the same ("verified") has to reach.
        probability: that chance, None when a veto came first.
        refusal: why not, None when it does.
    """

    threshold: float
    probability: float | None
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Candidate(Decision):
    """An earlier question beside the one asked, and what was decided."""

    id: int
    key: str
    text: str
    similarity: float
    verify_ms: float


@dataclass(slots=True)
class Lookup:
    """One look-up.

    Attributes:
        outcome: "hit", "miss", "ineligible" or "off".
        entry: id of the entry that was served.
        similarity: cosine to the nearest entry, None when there was none to compare with.
        threshold: what the cosine ("threshold") or the probability ("verified") had to reach.
        probability: the judge's or the pair model's, None when a veto came first.
        expired: whether a reply was there but too old.
        reason: why the nearest was refused, or why the request may share no answer.
    """

    call_id: str
    partition: str | None = None
    outcome: str = "miss"
    entry: int | None = None
    similarity: float | None = None
    threshold: float | None = None
    probability: float | None = None
    expired: bool = False
    reason: str | None = None
    search_ms: float | None = None
    verify_ms: float | None = None

    def consider(self, candidate: Candidate) -> None:
        """Take over the figures of the candidate that tells most."""
        self.similarity, self.threshold = candidate.similarity, candidate.threshold
        self.probability, self.reason = candidate.probability, candidate.refusal


# In verification, a question at least this much alike that was refused is a near twin.
NEAR_COSINE = 0.90

# For the plain rule, one that was less than this under the threshold.
NEAR_GAP = 0.05


@dataclass(frozen=True, slots=True)
class Misses:
    """Misses by what was known when they happened; each counts once, as the first that holds.

    Attributes:
        expired: a reply was there, but too old.
        near: a question was there that was nearly enough alike.
        alone: neither.
        ineligible: of all of them, those that might share no answer.
    """

    expired: int = 0
    near: int = 0
    alone: int = 0
    ineligible: int = 0

    @property
    def total(self) -> int:
        """All misses."""
        return self.expired + self.near + self.alone

    def cause(self) -> str | None:
        """The likeliest cause of misses: "ttl", "threshold" or "diversity"; None without misses."""
        if not self.total:
            return None
        counts = {"ttl": self.expired, "threshold": self.near, "diversity": self.alone}
        return max(counts, key=lambda name: counts[name])


class Lookups:
    """The look-ups in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(self, lookup: Lookup, key: str | None, kept: bool, ttl_s: float) -> None:
        """Keep a look-up of the exact cache's ``key``, and that a reply to it was ``kept`` if it was.

        Where a reply to that very key was kept before, and has outlived ``ttl_s`` since, the look-up is ``expired``.
        """
        with self._store.connection(write=True) as connection:
            seen = connection.execute("SELECT at FROM seen WHERE key = ?", (key,)).fetchone()
            if lookup.outcome != "hit" and seen is not None and time.time() - seen[0] > ttl_s:
                lookup.expired = True
            connection.execute(f"INSERT OR REPLACE INTO lookups VALUES ({','.join('?' * 12)})", _values(lookup))
            if kept:
                connection.execute("INSERT OR REPLACE INTO seen (key, at) VALUES (?, ?)", (key, time.time()))

    def misses(self, since: float) -> Misses:
        """The misses since ``since`` (seconds since 1970)."""
        near = (
            f"similarity IS NOT NULL AND (probability IS NOT NULL OR similarity >= {NEAR_COSINE} "
            f"OR (reason LIKE '%is not above%' AND similarity > threshold - {NEAR_GAP}))"
        )
        with self._store.connection() as connection:
            row = connection.execute(
                f"SELECT coalesce(sum(expired), 0), coalesce(sum(NOT expired AND {near}), 0), "
                f"coalesce(sum(NOT expired AND NOT ({near})), 0), coalesce(sum(outcome = 'ineligible'), 0) "
                "FROM lookups WHERE at >= ? AND outcome <> 'hit'",
                (since,),
            ).fetchone()
        return Misses(*map(int, row))

    def verify_ms(self, since: float) -> float | None:
        """Median of what verification took, None where nothing was verified."""
        with self._store.connection() as connection:
            rows = connection.execute(
                "SELECT verify_ms FROM lookups WHERE at >= ? AND verify_ms > 0 ORDER BY at DESC LIMIT 10000", (since,)
            ).fetchall()
        return statistics.median(row[0] for row in rows) if rows else None


def _values(lookup: Lookup) -> tuple[object, ...]:
    return (
        lookup.call_id, time.time(), lookup.partition, lookup.outcome, lookup.entry, lookup.similarity,
        lookup.threshold, lookup.probability, lookup.expired, lookup.reason, lookup.search_ms, lookup.verify_ms,
    )  # fmt: skip
