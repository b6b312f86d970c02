"""Trains the user's router from the ledger's judgements, and installs it once it is worth having."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .. import current, embedding
from ..accounting.labels import judged
from ..config import Settings
from ..types import UsageError
from .baselines import auc, by_length, by_neighbours, by_task
from .fitting import folds, groups, require_sklearn
from .installed import install, router_path
from .labelled import GOOD, Labels, labels_of
from .learned import LearnedRouter
from .views import Floats, Views

if TYPE_CHECKING:
    import pandas as pd

MIN_LABELS = 100
MIN_OF_A_KIND = 10
REPEATS = 2
RESAMPLES = 1_000
SEED = 0
BASELINES = ("prompt length", "task prior", "nearest neighbours")


class _Session(Protocol):
    """The parts of a ``Session`` that are needed here."""

    settings: Settings

    @property
    def engine(self) -> Any: ...


@dataclass(frozen=True)
class Comparison:
    """AUC of the router on held-out prompts against a baseline's, and the 95 % interval of the difference."""

    baseline: str
    router_auc: float
    baseline_auc: float
    low: float
    high: float

    @property
    def beaten(self) -> bool:
        return self.low > 0


@dataclass(frozen=True, repr=False)
class Learning:
    """What came of learning.

    Attributes:
        feature: that the router is for, None for all.
        cheap, strong: the tiers that were compared; ``strong`` is None when there are only thumbs.
        labels: prompts that say whether the cheap model's answer loses nothing.
        successes: how many of them say that it does not.
        comparisons: with the baselines; empty when there were too few labels to try.
        missing: what is missing, a sentence each; empty when the router was installed.
        path: of the installed router.
    """

    feature: str | None
    cheap: str | None
    strong: str | None
    labels: int
    successes: float
    comparisons: tuple[Comparison, ...] = ()
    missing: tuple[str, ...] = ()
    path: Path | None = None

    @property
    def installed(self) -> bool:
        return self.path is not None

    def to_frame(self) -> pd.DataFrame:
        """A row per baseline: AUCs, their difference, its 95 % interval, and whether it was beaten."""
        import pandas as pd

        columns = ["baseline", "router_auc", "baseline_auc", "difference", "low", "high", "beaten"]
        rows = [
            (c.baseline, c.router_auc, c.baseline_auc, c.router_auc - c.baseline_auc, c.low, c.high, c.beaten)
            for c in self.comparisons
        ]
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        what = "installed" if self.installed else "not installed: " + "; ".join(self.missing)
        tiers = f" ({self.cheap} against {self.strong or 'thumbs'})" if self.cheap else ""
        lines = [f"<Learning from {self.labels:,} labels{tiers}: {what}>"]
        for c in self.comparisons:
            difference = f"{c.router_auc - c.baseline_auc:+.3f} [{c.low:+.3f}, {c.high:+.3f}]"
            lines.append(f"  AUC {c.router_auc:.3f}, {c.baseline} {c.baseline_auc:.3f}: {difference}")
        return "\n".join(lines)


def learn(feature: str | None = None, session: _Session | None = None) -> Learning:
    """Train a router for ``feature`` (None: for everything) from what the ledger knows, and install it.

    ``session`` is the one whose ledger is read and whose home the router goes to; None takes the default one.

    A prompt whose answers on a cheap and on a strong tier were both judged says whether the cheap one lost
    nothing; a thumb on the cheap tier counts by itself. The tiers are those that share most prompts. The router
    is installed only when, on held-out folds, it ranks prompts better than each of three baselines, the paired
    bootstrap's 95 % interval of the difference being above 0.

    Raises:
        UsageError: scikit-learn is missing, or ``feature`` is not a name.
    """
    if feature is not None and not isinstance(feature, str):
        raise UsageError(f"learn takes a feature's name, or None for everything, not {type(feature).__name__}")
    session = current.default() if session is None else session
    labels = labels_of(judged(session.engine.ledger.engine(), feature))
    n, successes = len(labels.ok), float(labels.ok.sum())
    about = (feature, labels.cheap, labels.strong, n, successes)
    if missing := _too_few(labels):
        return Learning(*about, missing=missing)
    require_sklearn()
    home = session.settings.home
    embedder = embedding.MiniLM(home) if embedding.available(home) else None
    views = Views.to_learn(labels.prompts, embedder)
    comparisons = compare(views, labels.tasks, labels.ok)
    missing = tuple(
        f"it does not beat the baseline '{c.baseline}' yet: AUC {c.router_auc:.3f} against {c.baseline_auc:.3f}, "
        f"difference {c.low:+.3f} to {c.high:+.3f} (95 %); more labels narrow that"
        for c in comparisons
        if not c.beaten
    )
    if missing:
        hint = () if embedder else ("it worked without embeddings: `costmagic pull minilm` may help",)
        return Learning(*about, comparisons, (*missing, *hint))
    path = router_path(home, feature)
    learning = Learning(*about, comparisons, path=path)
    install(path, LearnedRouter.fit_views(views, labels.ok, embedder), _evidence(learning))
    return learning


def compare(views: Views, tasks: Sequence[str | None], ok: Floats) -> tuple[Comparison, ...]:
    """The router against each baseline, on the same held-out folds (5, repeated), each prompt held out once a round.

    The interval is the paired percentile bootstrap's over prompts (Efron & Tibshirani 1993, chapter 13), seeded.
    """
    scores: dict[str, Floats] = defaultdict(lambda: np.zeros(len(ok)))
    group = groups(views.prompts)
    for repeat in range(REPEATS):
        for train, test in folds(group, ok, SEED + 1 + repeat):
            seen, unseen, known = views.take(train), views.take(test), ok[train]
            scores["router"][test] += LearnedRouter.fit_views(seen, known).probability_of(unseen)
            scores["prompt length"][test] += by_length(seen, known, unseen)
            scores["task prior"][test] += by_task([tasks[i] for i in train], known, [tasks[i] for i in test])
            scores["nearest neighbours"][test] += by_neighbours(seen, known, unseen)
    copies = _resamples(group)
    differences: dict[str, list[float]] = {name: [] for name in BASELINES}
    for weights in copies:
        router = auc(ok, scores["router"], weights)
        for name in BASELINES:
            differences[name].append(router - auc(ok, scores[name], weights))
    router = auc(ok, scores["router"])
    return tuple(
        Comparison(name, router, auc(ok, scores[name]), *map(float, np.nanpercentile(differences[name], (2.5, 97.5))))
        for name in BASELINES
    )


def _resamples(group: Any) -> list[Floats]:
    """How often each row is in each bootstrap sample; rows of one prompt come and go together."""
    rng = np.random.default_rng(SEED)
    size = int(group.max()) + 1
    return [np.bincount(rng.integers(0, size, size), minlength=size)[group].astype(float) for _ in range(RESAMPLES)]


def _too_few(labels: Labels) -> tuple[str, ...]:
    n = len(labels.ok)
    missing = []
    if n < MIN_LABELS:
        missing.append(f"there are {n} labels, at least {MIN_LABELS} are needed: evaluate more prompts, or give thumbs")
    rarer = int(min(labels.ok.sum(), n - labels.ok.sum()))
    if n >= MIN_LABELS and rarer < MIN_OF_A_KIND:
        kind = "where the cheap tier loses nothing" if labels.ok.mean() < GOOD else "where the cheap tier loses"
        missing.append(f"only {rarer} of {n} labels are ones {kind}, at least {MIN_OF_A_KIND} are needed")
    if missing and labels.textless:
        missing.append(f"{labels.textless} more labels have no text, because the ledger keeps none (store_text)")
    return tuple(missing)


def _evidence(learning: Learning) -> dict[str, Any]:
    return {
        "feature": learning.feature,
        "cheap": learning.cheap,
        "strong": learning.strong,
        "labels": learning.labels,
        "successes": learning.successes,
        "date": datetime.now(UTC).date().isoformat(),
        "comparisons": [
            {
                "baseline": c.baseline,
                "router_auc": round(c.router_auc, 4),
                "baseline_auc": round(c.baseline_auc, 4),
                "interval_95": [round(c.low, 4), round(c.high, 4)],
            }
            for c in learning.comparisons
        ],
    }
