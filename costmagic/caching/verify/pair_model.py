"""The pair model: do two prompts ask the same? Judged by their token embeddings, side by side.

Decomposable attention (Parikh et al. 2016, arXiv 1606.01933) over MiniLM's contextual token embeddings: each token is
compared with what stands for it in the other prompt, and what the comparisons found is summed up. The mean of several
such models that began differently counts (Lakshminarayanan et al. 2017, arXiv 1612.01474). ``training/pair_model.py``
makes their weights.
"""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# It was trained with prompts of at most so many tokens, and says nothing about longer ones.
MAX_TOKENS = 40

# A forgiven difference counts when the model finds it likelier than not that it matters.
FLOOR = 0.0

SHARPNESS = 5.0


class PairModel:
    """Made with ``load``."""

    def __init__(self, weights: Mapping[str, Floats], calibration: Floats) -> None:
        self._weights = weights
        self._calibration = calibration

    @staticmethod
    @cache
    def load() -> PairModel:
        """The model that comes with the package."""
        return PairModel(*read(files(__package__).joinpath("data", "pair_model.npz").read_bytes()))

    def logit(self, one: Floats, two: Floats) -> float:
        """Log-odds that two prompts mean the same; symmetric.

        ``one`` and ``two`` are their tokens' vectors, float32 of shapes (t, 768) and (u, 768), unscaled, of which the
        first half is the last layer's.
        """
        return _forward(self._weights, one, two)

    def threshold(self, false_hit_rate: float) -> float:
        """The log-odds from which on what the words forbid is outweighed, false no more often than ``false_hit_rate``.

        Infinite where no threshold is known to keep that.
        """
        return next((float(t) for t, rate in self._calibration if rate <= false_hit_rate), math.inf)


def read(file: bytes) -> tuple[Mapping[str, Floats], Floats]:
    """(weights by name, calibration) of a NumPy archive."""
    import numpy as np

    data = np.load(BytesIO(file))
    return {name: data[name].astype(np.float32) for name in data.files if name != "calibration"}, data["calibration"]


def _forward(w: Mapping[str, Floats], one: Floats, two: Floats) -> float:
    """The mean of the members; their weights are stacked, a member a row."""
    import numpy as np

    last = [x[:, : x.shape[1] // 2] for x in (one, two)]
    means = [x.mean(axis=0) for x in last]
    cosine = means[0] @ means[1] / (np.linalg.norm(means[0]) * np.linalg.norm(means[1]))
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in last]
    alike = unit[0] @ unit[1].T * (w["sharpness"][:, None, None] * SHARPNESS)
    a, b = (x @ w["project"] + w["project_bias"][:, None] for x in (one, two))
    sums, most = zip(*(_compared(w, *side) for side in ((a, b, alike), (b, a, alike.swapaxes(1, 2)))), strict=True)
    beside = np.array([(cosine - 0.9) * 10, math.log1p(len(one) + len(two)) - 3], np.float32)
    told = np.concatenate(
        [
            (sums[0] + sums[1]) * 0.1,
            np.maximum(*most),
            np.abs(sums[0] - sums[1]) * 0.1,
            np.minimum(*most),
            np.broadcast_to(beside, (len(a), 2)),
        ],
        axis=1,
    )
    hidden = np.maximum(np.einsum("mi,mij->mj", told, w["hidden"]) + w["hidden_bias"], 0)
    return float((np.einsum("mi,mij->mj", hidden, w["out"]) + w["out_bias"]).mean())


def _compared(w: Mapping[str, Floats], x: Floats, y: Floats, alike: Floats) -> tuple[Floats, Floats]:
    """The sum and the maximum over the tokens of ``x``, each compared with what stands for it in ``y``: (m, found)."""
    import numpy as np

    weight = np.exp(alike - alike.max(axis=2, keepdims=True))
    other = (weight / weight.sum(axis=2, keepdims=True)) @ y
    pairs = np.concatenate([np.abs(x - other), x * other, x], axis=2)
    found = np.maximum(pairs @ w["compare"] + w["compare_bias"][:, None], 0)
    return found.sum(axis=1), found.max(axis=1)
