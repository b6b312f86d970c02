"""Maps from prompts to numbers that are fitted to the training prompts; a linear model stands on each.

Everything a map or a model has learned is in its arrays, so that it can be stored as plain data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .grams import GramMap
from .trees import TreeMap
from .views import Floats, Views

Arrays = Mapping[str, NDArray[Any]]

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
        values, vectors = np.linalg.eigh(_kernel(landmarks, landmarks, _squares(landmarks)))
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
        return _kernel(self.dense.design(views), self.landmarks, self._squares)

    @cached_property
    def _squares(self) -> Floats:
        return _squares(self.landmarks)


def _squares(rows: Floats) -> Floats:
    squares: Floats = (rows**2).sum(axis=1)
    return squares


def _kernel(left: Floats, right: Floats, squares_of_right: Floats) -> Floats:
    squares = _squares(left)[:, None] + squares_of_right - 2 * left @ right.T
    kernel: Floats = np.exp(-GAMMA / (SCALE**2) * np.maximum(squares, 0))
    return kernel


@dataclass(frozen=True)
class Block:
    """A linear model on a map."""

    map: Map | TreeMap
    weights: Floats
    bias: float

    def logits(self, views: Views) -> Floats:
        """Of shape (n,)."""
        return self.map.dot(views, self.weights) + self.bias


# Name → (kind of map, what it looks at).
BLOCKS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "words": ("grams", ("words",)),
    "characters": ("grams", ("characters",)),
    "structure": ("dense", ("structure",)),
    "near structure": ("near", ("structure",)),
    "meaning": ("dense", ("meaning",)),
    "structure and meaning": ("dense", ("structure", "meaning")),
    "near": ("near", ("structure", "meaning")),
    "trees": ("trees", ("structure", "words")),
    "trees with meaning": ("trees", ("structure", "words", "meaning")),
}

# What is blended without an embedder, and with one: some that differ, not many.
PLAIN = ("words", "characters", "structure", "near structure", "trees")
FULL = ("words", "characters", "meaning", "structure and meaning", "near", "trees with meaning")


def fit_map(name: str, views: Views, seed: int) -> Map:
    """The block's map, fitted to ``views``."""
    kind, parts = BLOCKS[name]
    if kind == "grams":
        return GramMap.fit(parts[0], views)
    return DenseMap.fit(parts, views) if kind == "dense" else NearMap.fit(parts, views, seed)


def map_from(name: str, arrays: Arrays) -> Map | TreeMap:
    """The block's map from its stored arrays; raises KeyError when one is missing."""
    kind, parts = BLOCKS[name]
    if kind == "trees":
        return TreeMap.of(parts, arrays)
    if kind == "grams":
        return GramMap(parts[0], arrays["hashes"], arrays["idf"])
    dense = DenseMap(parts, arrays["centre"], arrays["scale"], arrays["width"])
    return dense if kind == "dense" else NearMap(dense, arrays["landmarks"])
