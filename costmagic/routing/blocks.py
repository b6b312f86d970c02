"""Maps from prompts to numbers that are fitted to the training prompts; a linear model stands on each.

Everything a map or a model has learned is in its arrays, so that it can be stored as plain data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .features import Grams
from .views import Floats, Views

Arrays = Mapping[str, NDArray[Any]]

MAX_GRAMS = 40_000
LANDMARKS = 400
GAMMA = 0.5
CLIP = 4.0  # standard deviations: one freak prompt must not pull a model

# Rows have about this length, so that one range of penalties suits all maps.
SCALE = 2.0


class Map(Protocol):
    """From views to the columns of a linear model."""

    def design(self, views: Views) -> Any:
        """The columns (n, k), dense or sparse, for fitting."""
        ...

    def fold(self, weights: Floats) -> Floats:
        """The weights as ``dot`` wants them, from those of the columns."""
        ...

    def dot(self, views: Views, weights: Floats) -> Floats:
        """Columns times weights, of shape (n,)."""
        ...

    def arrays(self) -> Arrays:
        """What was learned."""
        ...


@dataclass(frozen=True)
class GramMap:
    """TF-IDF of hashed words or characters: smoothed inverse frequencies, rows of length 1.

    Words count as often as they occur; characters, of which there are many, by the logarithm of that.
    """

    view: str
    hashes: NDArray[np.uint32]
    idf: Floats

    @classmethod
    def fit(cls, view: str, views: Views) -> GramMap:
        """Learn which n-grams there are, and how rare each is; those of one prompt alone teach nothing."""
        grams: tuple[Grams, ...] = getattr(views, view)
        hashes, counts = np.unique(np.concatenate([g[0] for g in grams]), return_counts=True)
        kept = np.flatnonzero(counts > 1)
        kept = np.sort(kept[np.argsort(-counts[kept], kind="stable")[:MAX_GRAMS]])
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

    def arrays(self) -> Arrays:
        """The n-grams' hashes and inverse frequencies."""
        return {"hashes": self.hashes, "idf": self.idf}


@dataclass(frozen=True)
class DenseMap:
    """Structure or meaning or both, each centred and scaled so that it weighs the same as the other."""

    parts: tuple[str, ...]
    centre: Floats
    scale: Floats
    width: Floats

    @classmethod
    def fit(cls, parts: Sequence[str], views: Views) -> DenseMap:
        """Learn centre and scale of each column. A constant column stays out."""
        centres, scales, widths = [], [], []
        for part in parts:
            values = getattr(views, part)
            centre, spread = values.mean(axis=0), values.std(axis=0)
            # Structure is in different units, meaning is not.
            scale = 1 / np.where(spread > 1e-6, spread, np.inf) if part == "structure" else np.ones(len(centre))
            scaled = _clipped((values - centre) * scale, part)
            length = float(np.sqrt((scaled**2).sum(axis=1).mean()))
            centres.append(centre)
            scales.append(scale)
            widths.append(SCALE / max(length, 1e-6) if length > 1e-6 else 0.0)
        return cls(tuple(parts), np.concatenate(centres), np.concatenate(scales), np.array(widths))

    def design(self, views: Views) -> Floats:
        """A dense matrix (n, number of columns)."""
        blocks, start = [], 0
        for part, width in zip(self.parts, self.width, strict=True):
            values = getattr(views, part)
            columns = slice(start, start + values.shape[1])
            start = columns.stop
            blocks.append(_clipped((values - self.centre[columns]) * self.scale[columns], part) * width)
        return np.concatenate(blocks, axis=1)

    def fold(self, weights: Floats) -> Floats:
        """The weights as they are."""
        return weights

    def dot(self, views: Views, weights: Floats) -> Floats:
        """Columns times weights."""
        product: Floats = self.design(views) @ weights
        return product

    def arrays(self) -> Arrays:
        """Centre and scale of each column, and of each part."""
        return {"centre": self.centre, "scale": self.scale, "width": self.width}


def _clipped(values: Floats, part: str) -> Floats:
    return np.clip(values, -CLIP, CLIP) if part == "structure" else values


@dataclass(frozen=True)
class NearMap:
    """How near prompts are to some of the training prompts: a Gaussian kernel, after Nyström.

    Williams & Seeger, "Using the Nyström method to speed up kernel machines", NIPS 2000.
    """

    dense: DenseMap
    landmarks: Floats
    root: Floats | None = None  # only while fitting: it is folded into the weights

    @classmethod
    def fit(cls, parts: Sequence[str], views: Views, seed: int) -> NearMap:
        """Choose the landmarks at random, and make the kernel's columns independent of each other."""
        dense = DenseMap.fit(parts, views)
        rows = np.random.default_rng(seed).permutation(len(views))[:LANDMARKS]
        landmarks = np.unique(dense.design(views.take(rows)), axis=0)
        values, vectors = np.linalg.eigh(_kernel(landmarks, landmarks))
        kept = values > values.max() * 1e-4
        return cls(dense, landmarks, SCALE * vectors[:, kept] / np.sqrt(values[kept]))

    def design(self, views: Views) -> Floats:
        """A dense matrix (n, at most 400)."""
        assert self.root is not None
        return self._kernel(views) @ self.root

    def fold(self, weights: Floats) -> Floats:
        """Weights of the landmarks."""
        assert self.root is not None
        return self.root @ weights

    def dot(self, views: Views, weights: Floats) -> Floats:
        """Kernel times weights of the landmarks."""
        return self._kernel(views) @ weights

    def arrays(self) -> Arrays:
        """The landmarks, and how they were scaled."""
        return {**self.dense.arrays(), "landmarks": self.landmarks}

    def _kernel(self, views: Views) -> Floats:
        return _kernel(self.dense.design(views), self.landmarks)


def _kernel(left: Floats, right: Floats) -> Floats:
    squares = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1) - 2 * left @ right.T
    kernel: Floats = np.exp(-GAMMA / (SCALE**2) * np.maximum(squares, 0))
    return kernel


@dataclass(frozen=True)
class Block:
    """A linear model on a map."""

    map: Map
    weights: Floats
    bias: float

    def logits(self, views: Views) -> Floats:
        """Of shape (n,)."""
        return self.map.dot(views, self.weights) + self.bias


# Name → (kind of map, what it looks at). The blend needs some that differ, not many.
BLOCKS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "words": ("grams", ("words",)),
    "characters": ("grams", ("characters",)),
    "structure": ("dense", ("structure",)),
    "near structure": ("near", ("structure",)),
    "meaning": ("dense", ("meaning",)),
    "structure and meaning": ("dense", ("structure", "meaning")),
    "near": ("near", ("structure", "meaning")),
}


def needs_meaning(name: str) -> bool:
    """Whether the block works only with an embedder."""
    return "meaning" in BLOCKS[name][1]


def fit_map(name: str, views: Views, seed: int) -> Map:
    """The block's map, fitted to ``views``."""
    kind, parts = BLOCKS[name]
    if kind == "grams":
        return GramMap.fit(parts[0], views)
    return DenseMap.fit(parts, views) if kind == "dense" else NearMap.fit(parts, views, seed)


def map_from(name: str, arrays: Arrays) -> Map:
    """The block's map from its stored arrays; raises KeyError when one is missing."""
    kind, parts = BLOCKS[name]
    if kind == "grams":
        return GramMap(parts[0], arrays["hashes"], arrays["idf"])
    dense = DenseMap(parts, arrays["centre"], arrays["scale"], arrays["width"])
    return dense if kind == "dense" else NearMap(dense, arrays["landmarks"])
