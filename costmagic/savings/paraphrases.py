"""The semantic cache: a question that means the same as an earlier one gets its reply for nothing."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from .. import embedders
from ..caching.eligibility import why_not
from ..caching.neighbours import Embedder, Neighbours
from ..caching.store import Store
from ..caching.votes import Votes
from ..types import Message, Request
from .item import Item
from .workload import Finding, Workload, count, sentences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..accounting.workload import Prompt
    from ..engine import Engine

SETTING = '[cache]\nsemantic = "verified"'
CODE = "%llm cache stats"

Questions = list[tuple[Item, str]]

# Embedding takes milliseconds a question: so many of the newest are looked at.
MAX_QUESTIONS = 1_000
BATCH = 32


def apply(work: Workload) -> Finding:
    """Ask every question again, in order, of a semantic cache that begins empty."""
    mode = _mode(work)
    how = f"the newest questions asked again, in order, of an empty semantic cache ({mode}), as the real one decides"
    if missing := _missing(work):
        code = "!costmagic pull minilm" if "pull" in missing else CODE
        return Finding(how, SETTING, code, f"Not computed: {missing}.")
    partitions, untold = _partitions(work)
    every = sorted((item.started_at for group in partitions.values() for item, _ in group), reverse=True)
    left_out = len(every) - MAX_QUESTIONS
    since = every[MAX_QUESTIONS - 1] if left_out > 0 else datetime.min
    with tempfile.TemporaryDirectory() as folder:
        asked = _Replay(work, Path(folder), mode)
        for n, group in enumerate(partitions.values()):
            asked.all(f"p{n}", [(item, text) for item, text in group if item.started_at >= since])
        asked.close()
    note = sentences(
        f"{count(left_out, 'older question')} not looked at: it saves at least this." if left_out > 0 else "",
        f"{count(untold, 'call')} without a kept text not looked at." if untold else "",
    )
    return Finding(how, SETTING, CODE, note)


def _mode(work: Workload) -> str:
    configured = work.engine.settings.cache.semantic
    return "verified" if configured in (None, "off") else configured


def _missing(work: Workload) -> str:
    """Why it can't be computed here; empty when it can."""
    settings = work.engine.settings
    if ":" in settings.cache.embedder:
        return f"{settings.cache.embedder} charges for each question, and a plan spends nothing"
    reason = embedders.why_not(settings)
    return f"the embedder {settings.cache.embedder} is not ready: {reason}" if reason else ""


def _partitions(work: Workload) -> tuple[dict[tuple[str, str], Questions], int]:
    """Questions that may share answers, by model and settings, and how many can't be read."""
    groups: dict[tuple[str, str], Questions] = defaultdict(list)
    untold = 0
    for item in work.movable():
        prompt = item.prompt
        if prompt is None:
            untold += 1
        elif not _ineligible(prompt):
            groups[item.asked, prompt.settings].append((item, prompt.text))
    return {key: group for key, group in groups.items() if len(group) > 1}, untold


def _ineligible(prompt: Prompt) -> bool:
    request = Request("", "", (Message(prompt.role, prompt.text),), temperature=prompt.temperature)
    return why_not(request, "user", fresh=False) is not None


def _embedder(engine: Engine) -> Embedder:
    return embedders.make(engine.settings, engine.prices, engine.providers, engine.ledger, engine.budgets)


class _Replay:
    """A semantic cache of its own, in a folder that goes away."""

    def __init__(self, work: Workload, folder: Path, mode: str) -> None:
        engine = work.engine
        self._kept = timedelta(days=engine.settings.cache.ttl_days)
        self._store = Store(folder)
        config = replace(engine.settings.cache, semantic=mode)
        self._neighbours = Neighbours(self._store, Votes(self._store), config, lambda: mode, lambda: _embedder(engine))
        self._made: dict[str, Item] = {}

    def all(self, partition: str, questions: Questions) -> None:
        """Ask the questions of one partition; those that would have been answered are gone."""
        for start in range(0, len(questions), BATCH):
            batch = questions[start : start + BATCH]
            vectors = self._neighbours.embed([text for _, text in batch])
            for (item, text), vector in zip(batch, vectors, strict=True):
                self._ask(partition, item, text, vector)

    def _ask(self, partition: str, item: Item, text: str, vector: NDArray[np.float32]) -> None:
        import numpy as np

        found = self._neighbours.candidates(partition, text, vector)
        if found and found[-1].refusal is None:
            if item.started_at - self._made[found[-1].key].started_at <= self._kept:
                item.gone = True
                return
            self._store.remove([found[-1].id])
        self._made[item.row.id] = item
        self._store.add(partition, [(item.row.id, text, vector.astype(np.float16).tobytes())])

    def close(self) -> None:
        """Close the files."""
        self._neighbours.forget()
        self._store.close()
