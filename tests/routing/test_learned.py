from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from made_prompts import GENERATORS, benchmarks
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from costmagic.embedding import MiniLM
from costmagic.routing.learned import LearnedRouter
from costmagic.types import UsageError

ODD = ["", "\ud800", "x" * 1_000_000, "قف 🎉\0"]
TRAIN, HELD_OUT = 1_000, 2_000


class Letters:
    """A stand-in for an embedder: how often each letter occurs. No model is that quick."""

    name = "letters"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        counts = np.array([[text.lower().count(chr(97 + i)) + 1e-3 for i in range(26)] for text in texts])
        return (counts / np.linalg.norm(counts, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def small() -> tuple[list[str], NDArray[np.bool_]]:
    made = benchmarks(120, seed=5)
    return made.prompts, made.ok


@pytest.fixture(scope="module")
def router(small: tuple[list[str], NDArray[np.bool_]]) -> LearnedRouter:
    return LearnedRouter.fit(*small, embed=Letters())


def _scores(prompts: Sequence[str], ok: NDArray[np.bool_], held_out: Sequence[str]) -> NDArray[np.float64]:
    """What it is judged against: TF-IDF and logistic regression as scikit-learn makes them."""
    vectors = TfidfVectorizer()
    model = LogisticRegression().fit(vectors.fit_transform(prompts), ok)
    return model.predict_proba(vectors.transform(held_out))[:, 1]


# Where only words count the two are even: over many seeds the difference is 0.000 to -0.001, from seed to seed
# it varies by 0.003.
@pytest.mark.parametrize(
    ("generator", "seeds", "gain"), [("benchmarks", 2, 0.0), ("wordy", 4, -0.005), ("shapely", 1, 0.02)]
)
def test_it_ranks_better_than_words_alone_and_as_well_where_only_words_count(
    generator: str, seeds: int, gain: float
) -> None:
    gains, losses = [], []
    for seed in range(seeds):
        made = GENERATORS[generator](TRAIN + HELD_OUT, seed)
        seen, unseen = made.prompts[:TRAIN], made.prompts[TRAIN:]
        ours = LearnedRouter.fit(seen, made.ok[:TRAIN], embed=None).probability(unseen)
        words = _scores(seen, made.ok[:TRAIN], unseen)
        happened = made.ok[TRAIN:]
        gains.append(roc_auc_score(happened, ours) - roc_auc_score(happened, words))
        losses.append(log_loss(happened, ours) - log_loss(happened, words))
    assert np.mean(gains) > gain
    assert np.mean(losses) < 0.005


def test_embeddings_help(minilm: MiniLM) -> None:
    # Each prompt has a word of one of two kinds, most of them not seen in training: only their meaning counts.
    ill = ["fever", "headache", "migraine", "nausea", "cough", "rash", "asthma", "diabetes", "insomnia", "flu"]
    food = ["lasagna", "omelette", "curry", "sushi", "pancakes", "risotto", "ramen", "paella", "stew", "pizza"]
    rng = np.random.default_rng(0)
    said = ["tell me about {}", "i asked my friend about {} today", "{} again this week", "what about {} then"]
    draws = [(int(rng.integers(2)), int(rng.integers(4)), int(rng.integers(10))) for _ in range(240)]
    seen = [d for d in draws if d[2] < 5]
    unseen = [d for d in draws if d[2] >= 5]
    seen_texts, unseen_texts = ([said[s].format((ill, food)[k][w]) for k, s, w in ds] for ds in (seen, unseen))
    ok = [kind == 1 for kind, _, _ in seen]
    truth = [kind == 1 for kind, _, _ in unseen]
    router = LearnedRouter.fit(seen_texts, ok, embed=minilm)
    assert roc_auc_score(truth, router.probability(unseen_texts)) > 0.95
    assert roc_auc_score(truth, _scores(seen_texts, np.array(ok), unseen_texts)) < 0.7


def test_probabilities_are_calibrated() -> None:
    made = benchmarks(1_000 + 4_000, seed=3)
    router = LearnedRouter.fit(made.prompts[:1_000], made.ok[:1_000], embed=None)
    predicted, happened = router.probability(made.prompts[1_000:]), made.ok[1_000:]
    bins = np.array_split(np.argsort(predicted), 10)
    errors = [abs(predicted[rows].mean() - happened[rows].mean()) for rows in bins]
    assert predicted[bins[-1]].mean() - predicted[bins[0]].mean() > 0.3  # it does not hide in the middle
    assert np.mean(errors) < 0.05
    assert max(errors) < 0.12


@pytest.mark.parametrize("n", [10, 30, 60])
def test_few_labels_give_cautious_probabilities(n: int) -> None:
    rng = np.random.default_rng(n)
    made = benchmarks(n + 200, seed=n)
    probability = LearnedRouter.fit(made.prompts[:n], rng.random(n) < 0.5, embed=None).probability(made.prompts[n:])
    assert ((probability > 0.02) & (probability < 0.98)).all()


@pytest.mark.parametrize(("ok", "chance"), [([True] * 8, 0.9), ([False] * 18, 0.05), ([1], 2 / 3), ([0, 1], 0.5)])
def test_labels_of_one_kind_give_a_smoothed_constant(ok: list[bool], chance: float) -> None:
    router = LearnedRouter.fit([f"prompt {i}" for i in range(len(ok))], ok, embed=Letters())
    assert router.probability(["anything", *ODD]) == pytest.approx(chance)


def test_one_prompt_with_both_labels_many_times_is_even() -> None:
    assert LearnedRouter.fit(["same"] * 40, [0, 1] * 20, embed=None).probability(["same"]) == pytest.approx([0.5])


def test_any_prompt_can_be_learned_from_and_judged() -> None:
    prompts = ODD * 5
    router = LearnedRouter.fit(prompts, np.arange(len(prompts)) % 3 == 0, embed=Letters())
    probability = router.probability(prompts)
    assert probability.shape == (len(prompts),)
    assert ((probability >= 0) & (probability <= 1)).all()
    assert router.probability([]).shape == (0,)


def test_labels_may_be_shares(small: tuple[list[str], NDArray[np.bool_]]) -> None:
    prompts, ok = small
    soft = LearnedRouter.fit(prompts, np.where(ok, 0.9, 0.2), embed=None).probability(prompts)
    assert soft.mean() == pytest.approx(np.where(ok, 0.9, 0.2).mean(), abs=0.05)
    assert soft[ok].mean() > soft[~ok].mean()


def test_fitting_is_deterministic(small: tuple[list[str], NDArray[np.bool_]], router: LearnedRouter) -> None:
    again = LearnedRouter.fit(*small, embed=Letters())
    assert np.array_equal(again.probability(small[0]), router.probability(small[0]))


@pytest.mark.parametrize(
    ("prompts", "ok", "message"),
    [
        (["a"], [1, 0], "1 prompts"),
        ([], [], "no prompts"),
        (["a", "b"], [1, 1.5], "between 0 and 1"),
        (["a", "b"], [1, float("nan")], "between 0 and 1"),
        (["a", "b"], [1, "yes"], "true or false"),
        ("ab", [1, 0], "not one text"),
        (["a", None], [1, 0], "not NoneType"),
        (["a", 3], [1, 0], "not int"),
    ],
)
def test_a_mistake_is_one_line(prompts: list[str], ok: list[float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        LearnedRouter.fit(prompts, ok, embed=None)


def test_without_scikit_learn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(UsageError, match=r"pip install 'costmagic\[learn\]'"):
        LearnedRouter.fit([f"p {i}" for i in range(20)], [0, 1] * 10, embed=None)


def test_a_loaded_router_is_the_saved_one(router: LearnedRouter, tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "mine.router"
    router.save(path)
    loaded = LearnedRouter.load(path, embed=Letters())
    prompts = [*benchmarks(30, seed=9).prompts, *ODD]
    assert np.array_equal(loaded.probability(prompts), router.probability(prompts))
    assert repr(loaded) == repr(router)
    assert [p.name for p in path.parent.iterdir()] == ["mine.router"]


def test_the_embedder_reads_what_a_prompt_asks_without_what_frames_all_prompts(tmp_path: Path) -> None:
    read: list[str] = []

    class Recorder(Letters):
        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            read.extend(texts)
            return super().embed(texts)

    prompts = [f"Answer with one letter, please.\nQuestion {i} of {i * i}?" for i in range(40)]
    recorder = Recorder()
    LearnedRouter.fit(prompts, [i % 2 for i in range(40)], embed=recorder).save(tmp_path / "r.npz")
    LearnedRouter.load(tmp_path / "r.npz", embed=recorder).probability(["Answer with one letter, please.\nWhy?"])
    assert [read[0], read[-1]] == ["Question 0 of 0?", "Why?"]


def test_a_saved_router_holds_no_objects(router: LearnedRouter, tmp_path: Path) -> None:
    router.save(tmp_path / "r.npz")
    with np.load(tmp_path / "r.npz", allow_pickle=False) as file:
        assert {file[key].dtype.kind for key in file.files} <= {"f", "i", "u", "U"}
        assert json.loads(str(file["about"]))["format"] == "costmagic-router"


@pytest.mark.parametrize("content", [b"", b"junk", b"PK\x03\x04 broken", None], ids=["empty", "junk", "zip", "pickle"])
def test_another_file_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "r.npz"
    if content is None:
        np.savez(path, about=np.array([{"a": 1}], dtype=object))
    else:
        path.write_bytes(content)
    with pytest.raises(UsageError, match="not a learned router"):
        LearnedRouter.load(path)
    with pytest.raises(UsageError, match="no such file"):
        LearnedRouter.load(tmp_path / "none.npz")
