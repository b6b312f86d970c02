"""How much an answer means what was expected, by sentence embeddings."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ..embedding import MiniLM
from .scorers import Score

KEPT = 4_096


def similarity(home: Path) -> Score:
    """A scorer: the cosine of two texts' embeddings, 0 where it is negative. The embedder loads on first use."""
    embedder = MiniLM(home)

    @lru_cache(maxsize=KEPT)
    def embedded(text: str) -> tuple[float, ...]:
        return tuple(float(x) for x in embedder.embed([text])[0])

    def score(answer: str, expected: str) -> float:
        one, other = embedded(answer), embedded(expected)
        return min(1.0, max(0.0, sum(a * b for a, b in zip(one, other, strict=True))))

    return score
