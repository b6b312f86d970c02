from __future__ import annotations

import numpy as np
import pytest

from costmagic.routing import features
from costmagic.routing.blocks import DenseMap
from costmagic.routing.grams import GramMap
from costmagic.routing.views import Views

ODD = ["", " ", "\0", "\ud800 half", "x" * 1_000_000, "." * 1_000_000, "\n" * 1_000_000, "{" * 9_000, "قف 你好 ñ 🎉"]


@pytest.mark.parametrize("prompt", ODD, ids=range(len(ODD)))
def test_any_prompt_has_finite_features(prompt: str) -> None:
    structure = features.structure(prompt)
    assert structure.shape == (features.STRUCTURE,)
    assert np.isfinite(structure).all()
    for grams in (features.words(prompt), features.characters(prompt)):
        hashes, counts = grams
        assert len(hashes) == len(counts)
        assert (np.diff(hashes.astype(np.int64)) > 0).all()
        assert (counts >= 1).all()


def test_words_are_counted_without_regard_to_case() -> None:
    hashes, counts = features.words("The cat and the CAT and tom")
    assert sorted(counts) == [1, 2, 2, 2]
    assert np.array_equal(hashes, features.words("tom cat cat the the and and")[0])


def test_runs_of_characters_are_those_of_three_to_five() -> None:
    # " abc ": three runs of 3, two of 4, one of 5.
    assert len(features.characters("abc")[0]) == 6
    assert np.array_equal(features.characters(" a\n\tB  c")[0], features.characters("A b C")[0])
    assert not np.array_equal(features.characters("abc")[0], features.characters("acb")[0])


def test_a_long_prompt_counts_by_its_beginning_and_its_end() -> None:
    middle = "x " * 50_000
    hashes = set(features.words(f"first {middle} last")[0])
    assert set(features.words("first last x")[0]) == hashes
    assert features.words("y " * 6_000 + "hidden " + "y " * 6_000)[0].size == 1


@pytest.mark.parametrize(
    ("plain", "marked"),
    [
        ("return the sum", "def f(x):\n    return x"),
        ("three and four", "3 + 4 = 7"),
        ("what is it", "was ist das und die"),
        ("tell me", "tell me?"),
        ("a b c d", "a\nb\nc\nd"),
    ],
)
def test_structure_sees_more_than_words(plain: str, marked: str) -> None:
    assert np.abs(features.structure(plain) - features.structure(marked)).max() > 0.5


def test_the_length_of_the_whole_prompt_counts() -> None:
    assert not np.array_equal(features.structure("x " * 50_000), features.structure("x " * 60_000))


def test_tf_idf_rows_have_length_one_and_rare_words_weigh_more() -> None:
    views = Views.of(["common rare", "common rare", "common thing", "common thing", "common only"], None)
    grams = GramMap.fit("words", views)
    assert len(grams.hashes) == 3  # "only" is in one prompt alone
    matrix = grams.design(views).toarray()
    assert np.allclose(np.linalg.norm(matrix, axis=1), 1)
    common, rare = (np.flatnonzero(grams.hashes == features.words(w)[0][0])[0] for w in ("common", "rare"))
    assert matrix[0, rare] > matrix[0, common] > 0


def test_a_dot_product_is_that_of_the_design_matrix() -> None:
    views = Views.of(["a common text", "a common word", "another common word", ""], None)
    for fitted in (GramMap.fit("characters", views), DenseMap.fit(("structure",), views)):
        design = fitted.design(views)
        weights = np.linspace(-1, 1, design.shape[1])
        assert np.allclose(fitted.dot(views, weights), design @ weights)


def test_a_constant_column_weighs_nothing() -> None:
    views = Views.of(["same text"] * 5, None)
    assert not DenseMap.fit(("structure",), views).design(Views.of(["other\n1 2 3?"], None)).any()


@pytest.mark.parametrize("prompt", [*ODD, "word, " * 200_000, "Ж" * 90_000, "今" * 90_000])
def test_the_gist_of_any_prompt_is_short(prompt: str) -> None:
    assert len(features.gist(prompt)) <= features.HEAD_REACH + features.TAIL_REACH + 1
    assert len(features.gist(prompt, features.frame([prompt] * 9))) <= features.HEAD_REACH + features.TAIL_REACH + 1


def test_the_gist_is_the_beginning_and_the_end_and_all_of_a_short_prompt() -> None:
    short = "Why does the moon look larger near the horizon?"
    assert features.gist(short) == short
    found = features.gist(" ".join(f"w{i}" for i in range(1_000)))
    assert found.split() == [f"w{i}" for i in (*range(26), *range(988, 1_000))]


def test_the_gist_leaves_out_what_many_prompts_share() -> None:
    asked = [f"Answer with a letter.\nWhat is {i} of {i * 7}?\nA) {i}\nB) {i + 1}\nAnswer:" for i in range(30)]
    frame = features.frame(asked)
    assert features.gist(asked[3], frame).split("\n") == ["What is 3 of 21?", "A) 3", "B) 4"]
    assert features.gist("answer  WITH a letter.\nWho am I?", frame) == "Who am I?"
    assert features.gist("Answer with a letter.", frame) == "Answer with a letter."
    assert features.frame(asked[:4]) == frozenset()
