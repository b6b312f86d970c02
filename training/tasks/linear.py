"""The linear half of the classifier, on hashed runs of words and characters."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import Ridge
from sklearn.svm import LinearSVC

from costmagic.routing.tasks.reading import features as features_of

SEED = 7
KEPT = 110_000  # features
# Levels of a stored weight on each side of nought: few, for the file is compressed.
LEVELS = 62


def matrix(features: list[list[np.ndarray]], known: np.ndarray, values: np.ndarray) -> csr_matrix:
    indices, data, starts = [], [], [0]
    for groups in features:
        for group in groups:
            at = np.minimum(np.searchsorted(known, group), len(known) - 1)
            at = at[known[at] == group]
            indices.append(at)
            data.append(values[at] / np.sqrt(len(group)))
        starts.append(starts[-1] + sum(map(len, indices[-len(groups) :])))
    return csr_matrix((np.concatenate(data), np.concatenate(indices), starts), shape=(len(features), len(known)))


def fit_linear(texts: list[str], labels: np.ndarray, difficulties: np.ndarray) -> dict[str, np.ndarray]:
    features = [features_of(text) for text in texts]
    known, counts = np.unique(np.concatenate([np.unique(np.concatenate(f)) for f in features]), return_counts=True)
    known, counts = known[counts >= 2], counts[counts >= 2]
    rarity = (np.log((1 + len(texts)) / (1 + counts)) + 1) / 6
    model = LinearSVC(C=1.0, random_state=SEED).fit(matrix(features, known, rarity), labels)
    # What moves scores most is kept, and fitted anew.
    kept = np.sort(np.argsort(-np.abs(model.coef_).max(0) * rarity * np.sqrt(counts), kind="stable")[:KEPT])
    known, rarity = known[kept], rarity[kept]
    inputs = matrix(features, known, rarity)
    model = LinearSVC(C=1.0, random_state=SEED).fit(inputs, labels)
    hard = Ridge(alpha=1.0, solver="lsqr", max_iter=60).fit(inputs, difficulties)
    weights = (np.vstack([model.coef_, hard.coef_]) * rarity).T
    scale = np.abs(weights).max(0) / LEVELS
    gaps = np.diff(known, prepend=np.uint32(0))
    assert gaps.max() < 2**16
    return {
        "linear-gaps": gaps.astype(np.uint16),
        "linear": np.round(weights / scale).astype(np.int8),
        "linear-scale": scale.astype(np.float32),
        "linear-bias": np.append(model.intercept_, hard.intercept_ + 2).astype(np.float32),
    }
