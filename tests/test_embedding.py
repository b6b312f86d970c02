from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from costmagic import embedding, weights
from costmagic.embedding import DIMENSIONS, MiniLM
from costmagic.types import UsageError

ODD = ["", " \n\t", "\ud800", "🎉" * 5_000, "x" * 1_000_000, "قف 你好 nul\0", "a " * 500_000]


def test_embeddings_have_length_one_and_the_promised_shape(minilm: MiniLM) -> None:
    vectors = minilm.embed(["How do I return something?", *ODD])
    assert vectors.shape == (1 + len(ODD), DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_have_no_vectors(minilm: MiniLM) -> None:
    assert minilm.embed([]).shape == (0, DIMENSIONS)


def test_similarities_are_those_of_the_model(minilm: MiniLM) -> None:
    first, negated, policy, alien = minilm.embed(
        [
            "How do I return something?",
            "How do I NOT return something?",
            "What is the return policy?",
            "The cat sleeps on the warm roof.",
        ]
    )
    assert first @ negated == pytest.approx(0.86, abs=0.01)
    assert first @ policy == pytest.approx(0.55, abs=0.01)
    assert abs(first @ alien) < 0.25


def test_a_vector_depends_on_its_text_alone_not_on_the_batch(minilm: MiniLM) -> None:
    texts = [f"{'word ' * (i % 7)}and number {i}" for i in range(70)]
    alone = np.concatenate([minilm.embed([text]) for text in texts])
    assert np.allclose(minilm.embed(texts), alone, atol=1e-5)
    assert np.allclose(minilm.embed(texts[::-1])[::-1], alone, atol=1e-5)


def test_only_the_first_256_tokens_count(minilm: MiniLM) -> None:
    # 254 words of one token each, between the two tokens that mark beginning and end.
    start = " ".join(["dog"] * 254)
    same, cut, inside = minilm.embed([start, f"{start} cat cat", " ".join(["dog"] * 253) + " cat"])
    assert np.array_equal(same, cut)
    assert not np.allclose(same, inside, atol=1e-4)


def test_it_is_available_only_when_its_weights_are_here(home: Path, minilm: MiniLM) -> None:
    assert not embedding.available(home)
    weights.folder(home).mkdir()
    for file in weights.CATALOGUE["minilm"]:
        assert not embedding.available(home)
        (weights.folder(home) / file.name).touch()
    assert embedding.available(home)


def test_without_a_package_it_is_not_available_and_says_what_to_install(
    minilm: MiniLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    fresh = MiniLM(minilm._folder.parent)
    assert not embedding.available(minilm._folder.parent)
    with pytest.raises(UsageError, match=r"pip install 'costmagic\[embed\]'"):
        fresh.embed(["a"])


def test_without_weights_it_says_how_to_fetch_them(home: Path) -> None:
    with pytest.raises(UsageError, match="costmagic pull minilm"):
        MiniLM(home).embed(["a"])


def test_importing_it_loads_no_runtime() -> None:
    code = "import sys, costmagic.embedding; assert not {'onnxruntime', 'tokenizers', 'numpy'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
