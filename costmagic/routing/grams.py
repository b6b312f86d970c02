"""Words and runs of characters, weighted by how rare they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .features import Grams
from .views import Floats, Views

MAX_GRAMS = 40_000


@dataclass(frozen=True)
class GramMap:
    """TF-IDF of hashed words or characters: smoothed inverse frequencies, rows of length 1.

    Words count as often as they occur; characters, of which there are many, by the logarithm of that.
    """

    view: str
    hashes: NDArray[np.uint32]
    idf: Floats

    @classmethod
    def fit(cls, view: str, views: Views, most: int = MAX_GRAMS) -> GramMap:
        """Learn which n-grams there are, and how rare each is; those of one prompt alone teach nothing."""
        grams: tuple[Grams, ...] = getattr(views, view)
        hashes, counts = np.unique(np.concatenate([g[0] for g in grams]), return_counts=True)
        kept = np.flatnonzero(counts > 1)
        kept = np.sort(kept[np.argsort(-counts[kept], kind="stable")[:most]])
        idf = np.log((1 + len(grams)) / (1 + counts[kept])) + 1
        return cls(view, hashes[kept], idf)

    def rows(self, views: Views) -> list[tuple[NDArray[np.intp], Floats]]:
        """For each prompt, the columns that are not 0 and their values."""
        return [self._row(*grams) for grams in getattr(views, self.view)]

    def _row(self, hashes: NDArray[np.uint32], counts: NDArray[np.float32]) -> tuple[NDArray[np.intp], Floats]:
        if not len(self.hashes):
            return np.empty(0, dtype=np.intp), np.empty(0)
        places = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        known = self.hashes[places] == hashes
        columns = places[known]
        often = counts[known].astype(float)
        values = (often if self.view == "words" else 1 + np.log(often)) * self.idf[columns]
        return columns, values / max(float(np.linalg.norm(values)), 1e-12)

    def design(self, views: Views) -> Any:
        """A sparse matrix (n, number of n-grams)."""
        from scipy.sparse import csr_matrix

        rows = self.rows(views)
        starts = np.cumsum([0, *(len(columns) for columns, _ in rows)])
        values = np.concatenate([v for _, v in rows] or [np.empty(0)])
        columns = np.concatenate([c for c, _ in rows] or [np.empty(0, dtype=np.intp)])
        return csr_matrix((values, columns, starts), shape=(len(rows), max(len(self.hashes), 1)))

    def fold(self, weights: Floats) -> Floats:
        """The weights as they are."""
        return weights

    def dot(self, views: Views, weights: Floats) -> Floats:
        """Needs no sparse matrix, hence no SciPy."""
        return np.array([values @ weights[columns] for columns, values in self.rows(views)], dtype=float)

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """The n-grams' hashes and inverse frequencies."""
        return {"hashes": self.hashes, "idf": self.idf}
