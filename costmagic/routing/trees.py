"""Decision trees as plain arrays: they see what linear models cannot, that one thing counts only beside another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .grams import GramMap
from .views import Floats, Views

TREES = 100
LEAF = 8  # labels: fewer are noise
DIRECTIONS = 24  # of words, and of meaning
MAX_WORDS = 8_000
MAX_LOGIT = 5.0  # a hundred trees that agree are not certain
_AT_ONCE = 500  # prompts, so that the walk through the trees stays in the cache


@dataclass(frozen=True)
class Forest:
    """The nodes of all trees, one after the other.

    Attributes:
        roots: number of each tree's first node.
        column, threshold: a node's question: is the value in this column at most that?
        children: numbers of the nodes to go to, for each node that for yes and that for no; a leaf leads to itself.
        chance: of a success at the node.
        depth: questions on the longest way.
    """

    roots: NDArray[np.int32]
    column: NDArray[np.int16]
    threshold: NDArray[np.float32]
    children: NDArray[np.int32]
    chance: NDArray[np.float32]
    depth: NDArray[np.int32]

    @classmethod
    def fit(cls, columns: NDArray[np.float32], labels: Floats, seed: int) -> Forest:
        """Extremely randomized trees (Geurts, Ernst & Wehenkel, Machine Learning 63, 2006); labels lie in [0, 1]."""
        from sklearn.ensemble import ExtraTreesRegressor

        # Squared error on 0 and 1 is Gini's impurity, and takes shares as they are.
        model = ExtraTreesRegressor(TREES, min_samples_leaf=LEAF, max_features=0.3, random_state=seed)
        trees = [tree.tree_ for tree in model.fit(columns, labels).estimators_]
        sizes = [tree.node_count for tree in trees]
        roots = np.cumsum([0, *sizes[:-1]])
        leaf = np.concatenate([tree.children_left < 0 for tree in trees])
        here = np.arange(len(leaf))
        shift = np.repeat(roots, sizes)
        sides = [np.concatenate([getattr(tree, f"children_{side}") for tree in trees]) for side in ("left", "right")]
        children = np.column_stack([np.where(leaf, here, side + shift) for side in sides])
        return cls(
            roots.astype(np.int32),
            np.where(leaf, 0, np.concatenate([tree.feature for tree in trees])).astype(np.int16),
            np.concatenate([tree.threshold for tree in trees]).astype(np.float32),
            children.ravel().astype(np.int32),
            np.concatenate([tree.value[:, 0, 0] for tree in trees]).astype(np.float32),
            np.array(max(tree.max_depth for tree in trees), dtype=np.int32),
        )

    def logits(self, columns: NDArray[np.float32]) -> Floats:
        """Of the trees' mean chance, of shape (n,)."""
        parts = [self._chances(columns[i : i + _AT_ONCE]) for i in range(0, len(columns), _AT_ONCE)]
        edge = 1 / (1 + np.exp(MAX_LOGIT))
        chances = np.clip(np.concatenate(parts or [np.empty(0)]).astype(float), edge, 1 - edge)
        logits: Floats = np.log(chances / (1 - chances))
        return logits

    def _chances(self, columns: NDArray[np.float32]) -> Floats:
        node = np.repeat(self.roots[None, :], len(columns), axis=0)
        values, row = columns.ravel(), columns.shape[1] * np.arange(len(columns))[:, None]
        for _ in range(int(self.depth)):
            no = values[row + self.column[node]] > self.threshold[node]
            node = self.children[2 * node + no]
        means: Floats = self.chance[node].mean(axis=1)
        return means


@dataclass(frozen=True)
class Directions:
    """Structure as it is; words and meaning along the directions in which the training prompts vary most.

    Attributes:
        parts: of the views, "structure" first.
        grams: the words that ``topics``, of shape (words, directions), has rows for.
        centre, axes: of the meaning; empty without.
    """

    parts: tuple[str, ...]
    grams: GramMap
    topics: NDArray[np.float32]
    centre: Floats
    axes: Floats

    @classmethod
    def fit(cls, parts: Sequence[str], views: Views, seed: int) -> Directions:
        """Latent semantic analysis of the words, principal components of the meaning; no labels are needed.

        Deerwester et al., "Indexing by latent semantic analysis", JASIS 41 (1990).
        """
        from sklearn.utils.extmath import randomized_svd

        grams = GramMap.fit("words", views, most=MAX_WORDS)
        design = grams.design(views)
        directions = min(DIRECTIONS, min(design.shape) - 1)
        topics = np.zeros((len(grams.hashes), 0))
        if directions > 0:
            _, strength, found = randomized_svd(design, directions, random_state=seed)
            topics = found[strength > strength[0] * 1e-6].T
        centre, axes = np.empty(0), np.empty((0, 0))
        if "meaning" in parts and views.meaning is not None:
            centre = views.meaning.mean(axis=0)
            centred = views.meaning - centre
            axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :DIRECTIONS]
        return cls(tuple(parts), grams, topics.astype(np.float32), centre, axes)

    def columns(self, views: Views) -> NDArray[np.float32]:
        """Of shape (n, columns)."""
        topics = [values @ self.topics[places] for places, values in self.grams.rows(views)]
        found = [views.structure, np.array(topics).reshape(len(views), self.topics.shape[1])]
        if "meaning" in self.parts and views.meaning is not None:
            found.append((views.meaning - self.centre) @ self.axes)
        return np.concatenate(found, axis=1).astype(np.float32)


@dataclass(frozen=True)
class TreeMap:
    """One column: what the trees say, as a logit."""

    directions: Directions
    forest: Forest

    def dot(self, views: Views, weights: Floats) -> Floats:
        """The trees' logits times the one weight."""
        logits: Floats = self.forest.logits(self.directions.columns(views)) * weights[0]
        return logits

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Nodes and directions."""
        directions = {name: getattr(self.directions, name) for name in ("topics", "centre", "axes")}
        return {**vars(self.forest), **self.directions.grams.arrays(), **directions}

    @classmethod
    def of(cls, parts: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> TreeMap:
        """From stored arrays; raises KeyError when one is missing."""
        forest = Forest(**{name: arrays[name] for name in Forest.__dataclass_fields__})
        grams = GramMap("words", arrays["hashes"], arrays["idf"])
        return cls(Directions(tuple(parts), grams, arrays["topics"], arrays["centre"], arrays["axes"]), forest)
