"""The known prompts that are nearest to a new one: what a learned decision rests on, for people to check."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .labelled import GOOD, Labels
from .views import Embedder, Floats, Views

SHOWN = 3


@dataclass(frozen=True)
class Example:
    """A known prompt, what is known of it, and its cosine similarity (0 to 1) to the new one."""

    prompt: str
    says: str
    similarity: float


def nearest_labels(prompt: str, labels: Labels, embedder: Embedder | None) -> tuple[Example, ...]:
    """The judged prompts that are most like ``prompt``: by meaning where there is an embedder, else by words."""
    if not labels.prompts:
        return ()
    views = Views.of([prompt, *labels.prompts], embedder)
    likeness = _by_words(views) if views.meaning is None else views.meaning[1:] @ views.meaning[0]
    good, bad = f"{labels.cheap} lost nothing", f"{labels.cheap} lost"
    return tuple(
        Example(labels.prompts[i], good if labels.ok[i] >= GOOD else bad, float(likeness[i]))
        for i in np.argsort(-likeness, kind="stable")[:SHOWN]
    )


def _by_words(views: Views) -> Floats:
    """Cosine of the prompts' words, each weighted by how rare it is, between the first prompt and the others."""
    occurs: dict[int, int] = {}
    for words, _ in views.words:
        for word in words.tolist():
            occurs[word] = occurs.get(word, 0) + 1

    def weighted(row: int) -> dict[int, float]:
        words, counts = views.words[row]
        pairs = zip(words.tolist(), counts.tolist(), strict=True)
        return {word: count * float(np.log(1 + len(views) / occurs[word])) for word, count in pairs}

    first = weighted(0)
    return np.array([_cosine(first, weighted(row)) for row in range(1, len(views))])


def _cosine(left: dict[int, float], right: dict[int, float]) -> float:
    shared = sum(weight * right[word] for word, weight in left.items() if word in right)
    norms = math.hypot(*left.values()) * math.hypot(*right.values())
    return shared / norms if norms else 0.0
