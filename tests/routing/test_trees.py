from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.metrics import roc_auc_score

from costmagic.routing import trees
from costmagic.routing.features import STRUCTURE
from costmagic.routing.views import Views


@pytest.fixture(scope="module")
def columns() -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(700, 6)).astype(np.float32)


def test_the_arrays_say_what_the_trees_say(columns: NDArray[np.float32]) -> None:
    labels = (columns[:, 0] * columns[:, 1] > 0).astype(float)
    forest = trees.Forest.fit(columns, labels, seed=3)
    model = ExtraTreesRegressor(trees.TREES, min_samples_leaf=trees.LEAF, max_features=0.3, random_state=3)
    chances = model.fit(columns, labels).predict(columns)
    assert 1 / (1 + np.exp(-forest.logits(columns))) == pytest.approx(chances, abs=1e-3)
    assert forest.logits(columns[:1]) == pytest.approx(forest.logits(columns)[:1])
    assert forest.logits(columns[:0]).shape == (0,)


def test_trees_that_agree_are_not_certain(columns: NDArray[np.float32]) -> None:
    assert abs(trees.Forest.fit(columns, np.ones(700), 0).logits(columns[:1])[0]) == pytest.approx(trees.MAX_LOGIT)


def test_shares_are_labels_too(columns: NDArray[np.float32]) -> None:
    shares = np.where(columns[:, 2] > 0, 0.8, 0.3)
    logits = trees.Forest.fit(columns, shares, 0).logits(columns)
    assert (1 / (1 + np.exp(-logits))).mean() == pytest.approx(shares.mean(), abs=0.02)


def test_trees_see_what_counts_only_beside_another(columns: NDArray[np.float32]) -> None:
    labels = (columns[:, 0] * columns[:, 1] > 0).astype(float)
    logits = trees.Forest.fit(columns[:500], labels[:500], 0).logits(columns[500:])
    assert roc_auc_score(labels[500:], logits) > 0.65  # a linear model: 0.5


def test_words_that_go_together_have_a_direction() -> None:
    prompts = [("cats purr softly", "dogs bark loudly")[i % 2] for i in range(20)] + ["cats", "dogs"] * 3
    directions = trees.Directions.fit(("structure", "words"), Views.of(prompts, None), 0)
    purr, softly, bark = directions.columns(Views.of(["purr", "softly", "bark"], None))[:, STRUCTURE:]
    assert purr @ softly > 0.9 * (purr @ purr)
    assert abs(purr @ bark) < 0.1 * (purr @ purr)
