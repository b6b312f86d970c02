"""From the ledger's judged calls to labels: prompts on which the cheap tier's answer loses nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..models import DEFAULT_TIER
from .views import Floats

if TYPE_CHECKING:
    from ..accounting.labels import Judged

GOOD = 0.5  # the quality from which a judgement of one answer alone counts as a success

# Dearest first, as tiers are usually filled.
STRENGTH = ("heavy", "standard", "coding", "medium", "routing")

_EPSILON = 1e-9  # the mean of three times 0.7 is a little less than 0.7


@dataclass(frozen=True)
class Labels:
    """Labels of n prompts, in [0, 1].

    Attributes:
        cheap, strong: the tiers; ``strong`` is None when there are only thumbs, both when there is nothing.
        textless: labels that are of no use, because the ledger keeps no texts.
    """

    cheap: str | None
    strong: str | None
    prompts: tuple[str, ...]
    tasks: tuple[str | None, ...]
    ok: Floats
    textless: int


def labels_of(rows: Sequence[Judged]) -> Labels:
    """One label per prompt, for the pair of tiers that has most of them.

    A pair is 1 where the cheap tier's mean quality is not below the strong one's, both wrong included, else 0.
    """
    quality: Mapping[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    thumbs: set[tuple[str, str]] = set()
    texts: dict[str, Judged] = {}
    for row in rows:
        if row.tier is None or row.tier not in STRENGTH:
            continue
        quality[row.prompt_hash][row.tier].append(row.quality)
        if not row.compared:
            thumbs.add((row.prompt_hash, row.tier))
        if row.prompt is not None:
            texts[row.prompt_hash] = row
    cheap, strong = _tiers(quality, thumbs)
    labels: dict[str, float] = {}
    for key, tiers in quality.items():
        means = {tier: float(np.mean(values)) for tier, values in tiers.items()}
        if cheap in means and strong in means:
            labels[key] = float(means[cheap] >= means[strong] - _EPSILON)
        elif cheap in means and (key, cheap) in thumbs:
            labels[key] = float(means[cheap] >= GOOD)
    usable = [key for key in labels if key in texts]
    return Labels(
        cheap,
        strong,
        tuple(texts[key].prompt or "" for key in usable),
        tuple(texts[key].task for key in usable),
        np.array([labels[key] for key in usable], dtype=float),
        len(labels) - len(usable),
    )


def _tiers(quality: Mapping[str, Mapping[str, Any]], thumbs: set[tuple[str, str]]) -> tuple[str | None, str | None]:
    """The cheap and the strong tier that share most prompts; without any, the cheap tier with most thumbs."""
    pairs = Counter(
        (cheap, strong)
        for tiers in quality.values()
        for i, strong in enumerate(STRENGTH)
        for cheap in STRENGTH[i + 1 :]
        if cheap in tiers and strong in tiers
    )
    if pairs:
        return max(pairs, key=lambda pair: (pairs[pair], STRENGTH.index(pair[0]), -STRENGTH.index(pair[1])))
    alone = Counter(tier for _, tier in thumbs if tier != "heavy")
    if alone:
        return max(alone, key=lambda tier: (alone[tier], tier == DEFAULT_TIER, STRENGTH.index(tier))), None
    return None, None
