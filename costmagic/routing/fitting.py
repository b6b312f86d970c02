"""Fits the learned router's parts: logistic models out of fold, and the blend that calibrates them.

Stacking after Wolpert, "Stacked generalization", Neural Networks 5 (1992): the blend sees each model only on
prompts that the model was not fitted to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..types import UsageError
from .blocks import BLOCKS, Block, fit_map
from .trees import Directions, Forest, TreeMap
from .views import Floats, Views

Folds = list[tuple[NDArray[np.intp], NDArray[np.intp]]]

FOLDS = 5

# Inverse penalties, strongest first: strong enough to silence a block that knows nothing.
PENALTIES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)

# Words keep to the usual one: a search among few labels finds noise, and where only words count it costs most.
FIXED: Mapping[str, tuple[float, ...]] = {"words": (1.0,)}

# How much the blend prefers equal shares, and shares that sum to 1, in units of labels. On recorded outcomes of real
# models most of what tells the shares apart is noise, even with a thousand labels; where only words count, more would
# cost them their due. How sure to be of all is soon known.
SHARE_PENALTY = 30.0
TOTAL_PENALTY = 2.0


def require_sklearn() -> None:
    """Raise UsageError, naming the extra, unless scikit-learn can be imported."""
    try:
        import sklearn.linear_model  # noqa: F401
    except ImportError as error:
        raise UsageError(f"fitting a router needs the extra: pip install 'costmagic[learn]' ({error})") from None


def one_thread() -> AbstractContextManager[Any]:
    """Linear algebra in one thread: many small fits spend more on waking others than on work."""
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    limits: AbstractContextManager[Any] = threadpool_limits(1)
    return limits


def sigmoid(logits: Floats) -> Floats:
    """Logits → probabilities, without overflow."""
    return np.exp(-np.logaddexp(0.0, -logits))


def groups(prompts: Sequence[str]) -> NDArray[np.intp]:
    """A number for each prompt, the same for those that differ only in case and white space."""
    numbers: dict[str, int] = {}
    keys = (" ".join(prompt.lower().split()) for prompt in prompts)
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.intp)


def folds(group: NDArray[np.intp], labels: Floats, seed: int, wanted: int = FOLDS) -> Folds:
    """(training rows, held-out rows) of up to ``wanted`` folds, stratified by label.

    Rows of one group share a fold, so that nothing is tested on its own copy. Empty when fewer than two
    groups have the rarer label: then there is nothing to test on.
    """
    size = np.bincount(group)
    positive = np.bincount(group, weights=labels) / size >= 0.5
    count = min(wanted, int(positive.sum()), int((~positive).sum()))
    if count < 2:
        return []
    shuffled = np.random.default_rng(seed).permutation(len(size))
    dealt = shuffled[np.argsort(positive[shuffled], kind="stable")]
    fold = np.empty(len(size), dtype=np.intp)
    fold[dealt] = np.arange(len(size)) % count
    of_row = fold[group]
    return [(np.flatnonzero(of_row != k), np.flatnonzero(of_row == k)) for k in range(count)]


def fit_block(name: str, views: Views, labels: Floats, parts: Folds, seed: int) -> tuple[Block, Floats]:
    """A block fitted to all rows, and the logits (n,) of each row by models that have not seen it.

    Where there is a choice of penalties, the out-of-fold log loss decides.
    """
    if BLOCKS[name][0] == "trees":
        return _fit_trees(name, views, labels, parts, seed)
    fitted = fit_map(name, views, seed)
    design = fitted.design(views)  # unsupervised: the held-out rows' labels are not in it
    tried: list[tuple[float, Floats, Floats]] = []
    for penalty in FIXED.get(name, PENALTIES):
        logits = np.empty(len(labels))
        for train, test in parts:
            weights, bias = logistic(design[train], labels[train], penalty)
            logits[test] = design[test] @ weights + bias
        tried.append((penalty, logits, losses(logits, labels)))
        if len(tried) > 2 and tried[-1][2].mean() > tried[-2][2].mean():
            break  # the loss has one valley
    penalty, logits = _chosen(tried)
    weights, bias = logistic(design, labels, penalty)
    return Block(fitted, fitted.fold(weights), bias), logits


def _fit_trees(name: str, views: Views, labels: Floats, parts: Folds, seed: int) -> tuple[Block, Floats]:
    directions = Directions.fit(BLOCKS[name][1], views, seed)  # unsupervised
    columns = directions.columns(views)
    logits = np.empty(len(labels))
    for train, test in parts:
        logits[test] = Forest.fit(columns[train], labels[train], seed).logits(columns[test])
    return Block(TreeMap(directions, Forest.fit(columns, labels, seed)), np.ones(1), 0.0), logits


def _chosen(tried: Sequence[tuple[float, Floats, Floats]]) -> tuple[float, Floats]:
    """The strongest penalty whose loss is within one standard error of the best, and its logits.

    Breiman et al., "Classification and Regression Trees" (1984), section 3.4.3; the error is that of the paired
    difference. What a block loses by shrinking, the blend gives back; what it gains from noise, nothing takes away.
    """
    _, _, best = min(tried, key=lambda one: float(one[2].mean()))
    for penalty, logits, loss in tried:
        worse = loss - best
        if worse.mean() <= worse.std() / np.sqrt(len(worse)):
            return penalty, logits
    raise AssertionError("the best one is not worse than itself")


def losses(logits: Floats, labels: Floats) -> Floats:
    """Negative log likelihood of each row; labels may lie between 0 and 1."""
    return np.logaddexp(0.0, logits) - labels * logits


def logistic(design: Any, labels: Floats, penalty: float) -> tuple[Floats, float]:
    """Weights (k,) and bias of a logistic regression; ``penalty`` is the inverse strength, labels lie in [0, 1]."""
    from scipy.sparse import issparse, vstack
    from sklearn.linear_model import LogisticRegression

    sparse = issparse(design)
    weights = np.ones(len(labels))
    classes = labels
    if not np.isin(labels, (0.0, 1.0)).all():
        # A label of 0.7 is seven tenths of a 1 and three tenths of a 0.
        design = vstack([design, design], format="csr") if sparse else np.concatenate([design, design])
        classes = np.repeat((1.0, 0.0), len(labels))
        weights = np.concatenate([labels, 1 - labels])
        design, classes, weights = design[weights > 0], classes[weights > 0], weights[weights > 0]
    if len(np.unique(classes)) < 2:
        return np.zeros(design.shape[1]), float(np.log((labels.sum() + 1) / (len(labels) - labels.sum() + 1)))
    model = LogisticRegression(
        C=penalty,
        solver="liblinear" if sparse else "newton-cholesky",
        intercept_scaling=10.0 if sparse else 1.0,  # liblinear would penalise the intercept too
        max_iter=1_000,
        random_state=0,
    )
    model.fit(design, classes, sample_weight=weights)
    return model.coef_[0].astype(float), float(model.intercept_[0])


def blend(logits: Floats, labels: Floats) -> tuple[Floats, float]:
    """Weights (k,) and bias that turn out-of-fold logits (n, k) into calibrated ones.

    Logistic regression by Newton's method. One penalty draws the weights to equal shares, so that few labels give
    a plain mean of the models; a weaker one draws their sum to 1.
    """
    n, k = logits.shape
    columns = np.column_stack([logits, np.ones(n)])
    start = np.append(np.full(k, 1 / k), 0.0)
    penalty = np.diag(np.append(np.full(k, SHARE_PENALTY), 1e-3))
    penalty[:k, :k] += TOTAL_PENALTY - SHARE_PENALTY / k  # from each weight to their deviations and their sum
    weights = start.copy()
    for step in _damped(columns, labels, weights, start, penalty):
        weights += step
    return weights[:k], float(weights[k])


def _damped(columns: Floats, labels: Floats, weights: Floats, start: Floats, penalty: Floats) -> Iterator[Floats]:
    """Newton's steps, halved while they lead uphill; reads ``weights`` as they are updated."""

    def objective(at: Floats) -> float:
        return float(losses(columns @ at, labels).sum()) + 0.5 * float((at - start) @ penalty @ (at - start))

    for _ in range(100):
        chances = sigmoid(columns @ weights)
        gradient = columns.T @ (chances - labels) + penalty @ (weights - start)
        hessian = (columns * (chances * (1 - chances))[:, None]).T @ columns + penalty
        step = -np.linalg.solve(hessian, gradient).astype(float)
        if np.abs(step).max() < 1e-8:
            return
        before = objective(weights)
        while objective(weights + step) > before and np.abs(step).max() > 1e-8:
            step *= 0.5
        yield step
