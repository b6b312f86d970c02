"""Which of eleven tasks a prompt asks for, and how difficult it is: two small models on NumPy alone.

The first is linear, on hashed runs of words and characters; it knows phrases. The second is a small network (token
vectors, two convolutions, pooling by attention); it knows which words mean alike. Their sum beats each.
Both are told what is quoted and which sentence a word is in: material is trusted less than the request.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...types import TASKS
from .reading import Hashes, features
from .vocabulary import UNK, Vocabulary

ONE_THREAD = 250_000  # multiplications, below which OpenBLAS uses no other threads
PLACES = 33  # positions from each end that are told apart

Floats = NDArray[np.float32]


def _layer_norm(x: Floats, scale: Floats, shift: Floats) -> Floats:
    x = x - x.mean(-1, keepdims=True)
    normed: Floats = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * scale + shift
    return normed


def _product(x: Floats, matrix: Floats) -> Floats:
    """``x @ matrix``, a few rows at a time: so small that OpenBLAS does it on this thread.

    Its other threads are no help with a millisecond's work, and where cores are busy it waits for them a hundred.
    """
    if x.ndim == 1:
        product: Floats = np.einsum("i,ij->j", x, matrix)
        return product
    rows = max(1, ONE_THREAD // matrix.size)
    return np.concatenate([x[i : i + rows] @ matrix for i in range(0, len(x), rows)])


def _softmax(x: Floats, axis: int = -1) -> Floats:
    x = np.exp(x - x.max(axis, keepdims=True))
    shares: Floats = x / x.sum(axis, keepdims=True)
    return shares


class TaskClassifier:
    """The classifier whose weights are in the file ``path``; read once, safe to share among threads."""

    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as archive:
            stored = {name: archive[name] for name in archive.files}
        self._vocabulary = Vocabulary(bytes(stored.pop("vocabulary")).decode().split("\0"))
        # The large tables stay at 8 bits; the rows that a prompt needs are scaled when they are.
        self._known: Hashes = np.cumsum(stored.pop("linear-gaps"), dtype=np.uint32)
        self._linear, self._tokens = stored.pop("linear"), stored.pop("tokens")
        self._w: dict[str, Floats] = {name: value.astype(np.float32) for name, value in stored.items()}
        for name in [name for name in self._w if f"{name}-scale" in self._w]:
            self._w[name] *= self._w.pop(f"{name}-scale")

    def predict(self, texts: Sequence[str]) -> tuple[Floats, Floats]:
        """Probabilities of shape (n, 11), calibrated, in the order of ``TASKS``; and difficulties from 1 to 3."""
        scores = np.empty((len(texts), len(TASKS)), dtype=np.float32)
        difficulties = np.empty(len(texts), dtype=np.float32)
        for i, text in enumerate(texts):
            network, hard = self.network(text)
            linear, difficult = self.linear(text)
            scores[i] = self._w["mix"][0] * network + self._w["mix"][1] * linear
            # Each guess shrinks to the mean: their mean is stretched.
            difficulties[i] = self._w["stretch"][0] * (hard + difficult) / 2 + self._w["stretch"][1]
        return _softmax(scores), np.clip(difficulties, 1, 3)

    def linear(self, text: str) -> tuple[Floats, float]:
        """The linear model's scores, and the difficulty."""
        total = np.zeros(len(TASKS) + 1, dtype=np.float32)
        for group in features(text):
            at = np.minimum(np.searchsorted(self._known, group), len(self._known) - 1)
            at = at[self._known[at] == group]
            # By all features, known or not: strange prompts get small scores.
            total += self._linear[at].sum(0, dtype=np.int32) / np.float32(np.sqrt(max(1, len(group))))
        scores: Floats = total * self._w["linear-scale"] + self._w["linear-bias"]
        return scores[:-1], float(scores[-1])

    def network(self, text: str) -> tuple[Floats, float]:
        """The network's scores, and the difficulty."""
        w, (hidden, read) = self._w, self._hidden(text)
        scores = (hidden @ w["out"] + w["out-bias"]) * np.float32(read)
        return scores, float(hidden @ w["difficulty"] + w["difficulty-bias"][0])

    def directions(self, texts: Sequence[str]) -> Floats:
        """What the network makes of each text before it decides: vectors of length 1, (n, 128); near is alike to it."""
        vectors = np.array([self._hidden(text)[0] for text in texts], dtype=np.float32)
        unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-9))
        return unit

    def _hidden(self, text: str) -> tuple[Floats, float]:
        """The last layer before the scores, and the share of the text that the network can read."""
        w = self._w
        tokens, where = self._vocabulary.encode(text)
        n = np.minimum(np.arange(len(tokens)), PLACES - 1)
        x = self._tokens[tokens] * w["tokens-scale"][tokens, None] + w["where"][where]
        x = x + w["from-start"][n] + w["from-end"][n[::-1]]
        x = _layer_norm(_product(x, w["in"]) + w["in-bias"], w["in-norm"], w["in-shift"])
        for k in "01":
            x = self._convolved(x, k)
        weights = _softmax(_product(x, w["score"]), axis=0)
        values = (_product(x, w["value"]) + w["value-bias"]).reshape(len(x), weights.shape[1], -1)
        pooled = np.concatenate([np.einsum("nh,nhd->hd", weights, values).ravel(), x.max(0)])
        # In a strange script, this model knows nothing.
        return np.maximum(_product(pooled, w["hidden"]) + w["hidden-bias"], 0), 1 - tokens.count(UNK) / len(tokens)

    def _convolved(self, x: Floats, k: str) -> Floats:
        w, padded = self._w, np.pad(x, ((1, 1), (0, 0)))
        around = np.concatenate([padded[:-2], x, padded[2:]], axis=1)
        update = _product(around, w[f"conv{k}"]) + w[f"conv{k}-bias"]
        return _layer_norm(x + np.maximum(update, 0), w[f"conv{k}-norm"], w[f"conv{k}-shift"])
