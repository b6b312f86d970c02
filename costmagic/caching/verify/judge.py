"""The judge: a small logistic model over what comparing two prompts found, its threshold calibrated per embedder."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from .compare import Seen

# Embedders that the judge was never calibrated for are judged by the words alone.
UNKNOWN = "default"


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic model, and for rising thresholds the share of false hits that is to be expected above each."""

    bias: float
    weights: Mapping[str, float]
    calibration: tuple[tuple[float, float], ...]


class Judge:
    """The chance that two prompts mean the same, given that no veto fell. Made with ``load``."""

    def __init__(self, by_embedder: Mapping[str, Weights]) -> None:
        self._by_embedder = by_embedder

    @staticmethod
    @cache
    def load() -> Judge:
        """The judge that comes with the package; ``training/pair_judge.py`` makes it."""
        data = json.loads(files(__package__).joinpath("data", "judge.json").read_text("utf-8"))
        return Judge(
            {
                name: Weights(w["bias"], w["weights"], tuple((float(t), float(r)) for t, r in w["calibration"]))
                for name, w in data["embedders"].items()
            }
        )

    def probability(self, embedder: str, seen: Seen, similarity: float) -> float:
        """From 0 to 1; ``similarity`` is the cosine that ``embedder`` gives the two."""
        model = self._of(embedder)
        values = {**dict(seen.features), "similarity": similarity}
        logit = model.bias + sum(weight * values.get(name, 0.0) for name, weight in model.weights.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))

    def threshold(self, embedder: str, false_hit_rate: float) -> float:
        """The probability from which on hits are false no more often than ``false_hit_rate``.

        Where no threshold is known to keep that, the one with the fewest.
        """
        calibration = self._of(embedder).calibration
        fewest = min(calibration, key=lambda pair: pair[1])[0]
        return next((t for t, rate in calibration if rate <= false_hit_rate), fewest)

    def _of(self, embedder: str) -> Weights:
        return self._by_embedder.get(embedder) or self._by_embedder[UNKNOWN]
