from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from costmagic.routing.fitting import blend, sigmoid


def _models(n: int, seed: int, knows: list[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logits of models that know the truth that much, each with noise of its own, and what happened."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=n)
    logits = np.column_stack([much * truth + 0.3 * rng.normal(size=n) for much in knows])
    return logits, (rng.random(n) < sigmoid(truth)).astype(float)


@pytest.mark.parametrize("n", [400, 1_500])
def test_models_that_know_alike_get_like_shares_and_are_made_as_sure_as_they_may_be(n: int) -> None:
    apart, sums = [], []
    for seed in range(20):
        weights, _ = blend(*_models(n, seed, [0.3] * 5))
        apart.append(weights.std())
        sums.append(weights.sum())
    assert np.mean(apart) < 0.09
    assert np.mean(sums) > 2  # each is too cautious, as models are that saw little


def test_a_model_that_knows_more_counts_more() -> None:
    few, many = (blend(*_models(n, 1, [1.0, 0.0, 0.0]))[0] for n in (30, 3_000))
    assert many[0] > 3 * np.abs(many[1:]).max()
    assert few[0] - few[1:].mean() < many[0] - many[1:].mean()


def test_without_labels_worth_the_name_it_is_the_plain_mean() -> None:
    weights, bias = blend(np.array([[1.0, -1.0], [-1.0, 1.0]]), np.array([0.5, 0.5]))
    assert weights == pytest.approx([0.5, 0.5], abs=0.01)
    assert bias == pytest.approx(0, abs=0.01)
