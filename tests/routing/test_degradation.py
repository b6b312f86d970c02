from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from made_prompts import benchmarks
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from costmagic import weights
from costmagic.embedding import MiniLM
from costmagic.routing.learned import LearnedRouter, RouterWarning
from costmagic.types import UsageError


@pytest.fixture(scope="module")
def saved(minilm: MiniLM, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = benchmarks(120, seed=1)
    path = tmp_path_factory.mktemp("routers") / "r.npz"
    LearnedRouter.fit(made.prompts, made.ok, embed=minilm).save(path)
    return path


def test_without_the_embedder_the_other_features_decide_and_it_says_so_once(saved: Path) -> None:
    made = benchmarks(1_000, seed=1)
    router = LearnedRouter.load(saved)  # the clean home has no weights
    with pytest.warns(RouterWarning, match="costmagic pull minilm"):
        first = router.probability(made.prompts)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(router.probability(made.prompts), first)
    assert roc_auc_score(made.ok[120:], first[120:]) > 0.6


def test_with_the_embedder_pulled_it_is_found_and_used(saved: Path, home: Path, minilm: MiniLM) -> None:
    weights.folder(home).symlink_to(minilm._folder)
    prompts = benchmarks(20, seed=2).prompts
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = LearnedRouter.load(saved).probability(prompts)
    assert np.array_equal(found, LearnedRouter.load(saved, embed=minilm).probability(prompts))
    with pytest.warns(RouterWarning):
        assert not np.allclose(found, LearnedRouter.load(saved, embed=None).probability(prompts))


def test_an_embedder_that_goes_away_does_not_stop_the_router(saved: Path) -> None:
    class Gone:
        name = "minilm"

        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            raise UsageError("the embedder is not on this machine yet")

    prompts = benchmarks(5, seed=2).prompts
    router = LearnedRouter.load(saved, embed=Gone())
    with pytest.warns(RouterWarning, match="not on this machine"):
        gone = router.probability(prompts)
    with pytest.warns(RouterWarning):
        assert np.array_equal(gone, LearnedRouter.load(saved).probability(prompts))


def test_vectors_of_another_length_are_refused(saved: Path) -> None:
    class Short:
        name = "short"

        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            return np.ones((len(texts), 3), dtype=np.float32)

    with pytest.raises(UsageError, match="3 dimensions, it was fitted with 384"):
        LearnedRouter.load(saved, embed=Short()).probability(["a"])


def test_a_fitted_router_needs_numpy_only(saved: Path) -> None:
    code = (
        "import sys\n"
        "for name in ('sklearn', 'scipy', 'onnxruntime', 'tokenizers', 'pandas'): sys.modules[name] = None\n"
        "from costmagic.routing.learned import LearnedRouter\n"
        f"print(LearnedRouter.load({str(saved)!r}).probability(['Prove it.', '']).shape)"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "(2,)", done.stderr
