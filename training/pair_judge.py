"""Fit the semantic cache's judge to the pairs in ``pairs/`` and calibrate it: ``python training/pair_judge.py HOME``.

HOME holds MiniLM's weights (``costmagic --home HOME pull minilm``); scikit-learn is needed, wordllama is used where it
is installed. Writes ``costmagic/caching/verify/data/judge.json``, the same for the same pairs, and prints what was
measured on phenomena that each fold did not see.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from costmagic.caching.verify.compare import FEATURES, examine, features
from costmagic.caching.verify.decide import LOOK_FROM
from costmagic.caching.verify.reading import read
from costmagic.caching.verify.small import MEASURED_WITH
from costmagic.embedders import WordLlama
from costmagic.embedding import MiniLM

ROOT = Path(__file__).parent
TARGET = ROOT.parent / "costmagic" / "caching" / "verify" / "data" / "judge.json"
FOLDS = 8
PLAIN = 0.95
STEPS = np.round(np.arange(0.02, 1.0, 0.02), 2)


def pairs() -> Iterator[dict[str, Any]]:
    """The pairs to train on: phenomenon, same, a, b. The others are for judging alone."""
    for name in ("adversarial", "forgiven", "anew", "paraphrases", "forums"):
        for line in (ROOT / "pairs" / f"{name}.jsonl").read_text("utf-8").splitlines():
            yield json.loads(line)


def fit(x: np.ndarray, y: np.ndarray) -> LogisticRegression:
    """A logistic model in which no difference speaks for sameness: such weights are left out."""
    use = np.full(x.shape[1], True)
    while True:
        model = LogisticRegression(C=1.0, class_weight="balanced", max_iter=5_000).fit(x * use, y)
        wrong = (model.coef_[0][: len(FEATURES)] > 1e-9) & use[: len(FEATURES)]
        if not wrong.any():
            return model
        use[: len(FEATURES)] &= ~wrong


def main(home: Path) -> None:
    """Fit, calibrate, write, report."""
    every = list(pairs())
    # What is merely about the same: each question beside the next paraphrase of its phenomenon. Of what is asked on
    # forums the next may be the same question once more.
    kin = [p for p in every if p["same"] and not p["phenomenon"].startswith("asked ")]
    every += [
        {"phenomenon": p["phenomenon"], "same": False, "a": p["a"], "b": q["b"]}
        for p, q in pairwise(kin)
        if p["phenomenon"] == q["phenomenon"] and p["a"] != q["a"]
    ]
    same = np.array([p["same"] for p in every])
    groups = np.unique([p["phenomenon"] for p in every], return_inverse=True)[1]
    readings = [(read(p["a"]), read(p["b"])) for p in every]
    strict = np.array([examine(p["a"], p["b"]).veto is not None for p in every])
    table = np.array([[dict(features(a, b))[name] for name in FEATURES] for a, b in readings])
    embedders: dict[str, Any] = {"minilm": MiniLM(home)}
    if find_spec("wordllama"):
        embedders["wordllama"] = WordLlama()
    old = json.loads(TARGET.read_text("utf-8"))["embedders"] if TARGET.is_file() else {}
    result = {name: kept for name, kept in old.items() if name == "wordllama"}
    for name, embedder in (*embedders.items(), ("default", None)):
        names = list(FEATURES)
        x, near, cosine, vetoed = table, np.full(len(every), True), np.ones(len(every)), strict
        if embedder is not None:
            vectors = embedder.embed([p["a"] for p in every]), embedder.embed([p["b"] for p in every])
            cosine = (vectors[0] * vectors[1]).sum(axis=1)
            x, names, near = np.column_stack([table, cosine]), [*names, "similarity"], cosine >= LOOK_FROM
            if name in MEASURED_WITH:
                seen = [examine(p["a"], p["b"], float(c)) for p, c in zip(every, cosine, strict=True)]
                vetoed = np.array([s.veto is not None for s in seen])
        chances = np.zeros(len(every))
        for train, test in GroupKFold(FOLDS).split(x, same, groups):
            chances[test] = fit(x[train], same[train]).predict_proba(x[test])[:, 1]
        # What is less likely than all paraphrases is served at no rate: that is where votes begin to count.
        floor = float(chances[~vetoed & near & same].min()) - 0.02
        calibration = []
        for threshold in STEPS[floor <= STEPS]:
            served = ~vetoed & near & (chances >= threshold)
            # One false hit more than was seen: none among few is no proof.
            calibration.append([float(threshold), round(float(((served & ~same).sum() + 1) / (served.sum() + 1)), 5)])
        model = fit(x, same)
        result[name] = {
            "bias": round(float(model.intercept_[0]), 4),
            "weights": {n: round(float(w), 4) for n, w in zip(names, model.coef_[0], strict=True)},
            "calibration": calibration,
        }
        limit = next((t for t, rate in calibration if rate <= 0.01), calibration[-1][0])
        served = ~vetoed & near & (chances >= limit)
        plain = cosine > PLAIN if embedder is not None else vetoed
        print(
            f"{name}: {same.sum()} paraphrases, {(~same).sum()} adversarial pairs; threshold {limit}: recall "
            f"{(served & same).sum() / same.sum():.3f}, false hits {(served & ~same).sum()}"
            + ("" if embedder is None else f"; cosine > {PLAIN} alone: recall {(plain & same).sum() / same.sum():.3f}, "
               f"false hits {(plain & ~same).sum()}")
        )  # fmt: skip
        print("  vetoes alone: recall", round(float((~vetoed & near & same).sum() / same.sum()), 3), "false hits",
              int((~vetoed & near & ~same).sum()))  # fmt: skip
    TARGET.write_text(json.dumps({"embedders": dict(sorted(result.items()))}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
