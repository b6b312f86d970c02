"""Whether the reply to one prompt may be served for another: words, pair model and judge together."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..lookups import Decision
from ..votes import COSINE_STEP, LOGIT_STEP
from .compare import examine
from .judge import Judge
from .pair_model import FLOOR, MAX_TOKENS, PairModel
from .small import MEASURED_WITH

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Tokens = Callable[[str], NDArray[np.float32] | None]

# Below that nothing is the same.
LOOK_FROM = 0.60

# More than the pair model reads.
_MAX_CHARS = 400


def decide(
    a: str,
    b: str,
    similarity: float,
    embedder: str,
    tokens: Tokens,
    false_hit_rate: float,
    strictness: float = 0.0,
) -> Decision:
    """Whether one answer serves both prompts.

    Args:
        similarity: the cosine that ``embedder`` gives the two.
        tokens: gives a text's token vectors, float32 (t, d), None when the embedder has none.
        false_hit_rate: how often a hit may be false.
        strictness: steps by which hits must be surer than usual.
    """
    judge = Judge.load()
    threshold = _moved(judge.threshold(embedder, false_hit_rate), strictness)
    if similarity < LOOK_FROM:
        return Decision(threshold, None, f"cosine {similarity:.3f} is below {LOOK_FROM:.2f}")
    measured = embedder in MEASURED_WITH
    seen = examine(a, b, similarity - COSINE_STEP * max(0.0, strictness) if measured else 0.0)
    if seen.weigh:
        weighed = _weigh(a, b, seen.veto, tokens, false_hit_rate, strictness)
        if weighed:
            return weighed
    if seen.veto:
        return Decision(threshold, None, seen.veto)
    probability = judge.probability(embedder, seen, similarity)
    if probability < threshold:
        return Decision(threshold, probability, f"the judge gives it {probability:.3f}, it takes {threshold:.3f}")
    return Decision(threshold, probability, None)


def _moved(probability: float, strictness: float) -> float:
    """A probability that is ``strictness`` steps surer."""
    return _chance(math.log(probability / (1 - probability)) + LOGIT_STEP * strictness)


def _weigh(
    a: str, b: str, veto: str | None, tokens: Tokens, false_hit_rate: float, strictness: float
) -> Decision | None:
    """What the pair model makes of it; None where it has nothing to say."""
    if max(len(a), len(b)) > _MAX_CHARS:
        return None
    one, two = tokens(a), tokens(b)
    if one is None or two is None or max(len(one), len(two)) > MAX_TOKENS:
        return None
    model = PairModel.load()
    log_odds = model.logit(one, two)
    takes = (model.threshold(false_hit_rate) if veto else FLOOR) + LOGIT_STEP * strictness
    threshold, probability = _chance(takes), _chance(log_odds)
    if log_odds >= takes:
        return Decision(threshold, probability, None) if veto else None
    why = f"{veto}, and " if veto else ""
    return Decision(threshold, probability, f"{why}the pair model gives it {probability:.4f}, it takes {threshold:.4f}")


def _chance(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds))))
