"""Several prompts, seen in all the ways that the learned router looks at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from . import features
from .features import Grams

Floats = NDArray[np.float64]


class Embedder(Protocol):
    """What turns texts into vectors of meaning: ``embedding.MiniLM``, or anything like it."""

    name: str

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of length 1, of shape (n, d)."""
        ...


@dataclass(frozen=True)
class Views:
    """n prompts: their words and characters, structure (n, STRUCTURE) and meaning (n, d), None without embedder.

    ``frame`` is what many prompts share, which their meaning was taken without.
    """

    prompts: tuple[str, ...]
    words: tuple[Grams, ...]
    characters: tuple[Grams, ...]
    structure: Floats
    meaning: Floats | None
    frame: frozenset[int] = frozenset()

    @classmethod
    def to_learn(cls, prompts: Sequence[str], embedder: Embedder | None) -> Views:
        """Look at ``prompts``, and find their frame; raises what ``embedder`` raises."""
        return cls.of(prompts, embedder, features.frame(prompts))

    @classmethod
    def of(cls, prompts: Sequence[str], embedder: Embedder | None, frame: frozenset[int] = frozenset()) -> Views:
        """Look at ``prompts``; raises what ``embedder`` raises."""
        gists = [] if embedder is None else [features.gist(prompt, frame) for prompt in prompts]
        return cls(
            tuple(prompts),
            tuple(map(features.words, prompts)),
            tuple(map(features.characters, prompts)),
            np.array([features.structure(p) for p in prompts], dtype=float).reshape(-1, features.STRUCTURE),
            embedder.embed(gists).astype(float) if embedder is not None and gists else None,
            frame,
        )

    def take(self, rows: NDArray[np.intp]) -> Views:
        """Those of the given rows."""
        return Views(
            tuple(self.prompts[i] for i in rows),
            tuple(self.words[i] for i in rows),
            tuple(self.characters[i] for i in rows),
            self.structure[rows],
            None if self.meaning is None else self.meaning[rows],
            self.frame,
        )

    def __len__(self) -> int:
        return len(self.prompts)
