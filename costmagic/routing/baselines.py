"""The simple predictors that a learned router must beat before it is worth having."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from .fitting import logistic, sigmoid
from .grams import GramMap
from .views import Floats, Views

NEIGHBOURS = (5, 10, 15, 25)


def by_length(train: Views, labels: Floats, test: Views) -> Floats:
    """The chance of a success as a logistic function of the logarithm of the length."""
    known, unknown = (np.log1p([[len(prompt)] for prompt in views.prompts]) for views in (train, test))
    weights, bias = logistic(known - known.mean(), labels, penalty=10.0)
    return sigmoid((unknown - known.mean()) @ weights + bias)


def by_task(train_tasks: Sequence[str | None], labels: Floats, test_tasks: Sequence[str | None]) -> Floats:
    """The mean label of the task, drawn a little to the mean of all."""
    known: Mapping[str | None, list[float]] = defaultdict(list)
    for task, label in zip(train_tasks, labels, strict=True):
        known[task].append(float(label))
    overall = float(labels.mean())
    means = {task: (sum(of) + overall) / (len(of) + 1) for task, of in known.items()}
    return np.array([means.get(task, overall) for task in test_tasks])


def by_neighbours(train: Views, labels: Floats, test: Views) -> Floats:
    """The mean label of the nearest training prompts, by embedding or else by TF-IDF.

    How many (5 to 25) is what ranks the training prompts themselves best, each without itself.
    """
    if train.meaning is not None and test.meaning is not None:
        within, across = train.meaning @ train.meaning.T, test.meaning @ train.meaning.T
    else:
        grams = GramMap.fit("words", train)
        left, right = grams.design(train), grams.design(test)
        within, across = (left @ left.T).toarray(), (right @ left.T).toarray()
    np.fill_diagonal(within, -np.inf)
    sizes = [k for k in NEIGHBOURS if k < len(labels)] or [len(labels)]
    best = max(sizes, key=lambda k: auc(labels, _mean_of_nearest(within, labels, k)))
    return _mean_of_nearest(across, labels, best)


def _mean_of_nearest(similarity: Floats, labels: Floats, k: int) -> Floats:
    nearest = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
    means: Floats = labels[nearest].mean(axis=1)
    return means


def auc(labels: Floats, scores: Floats, weights: Floats | None = None) -> float:
    """The chance that a random success has a higher score than a random failure; equal scores count half.

    Labels between 0 and 1 count in both classes; ``weights`` say how often each row is there. NaN when there is
    only one class.
    """
    weights = np.ones(len(labels)) if weights is None else weights
    _, group = np.unique(scores, return_inverse=True)
    wins = np.bincount(group, weights=weights * labels)
    losses = np.bincount(group, weights=weights * (1 - labels))
    below = np.cumsum(losses) - losses
    pairs = wins.sum() * losses.sum()
    return float((wins @ (below + losses / 2)) / pairs) if pairs > 0 else float("nan")
