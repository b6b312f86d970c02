"""Which is the cheapest model that is good enough? Answered with a guarantee, under a spending cap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from .. import current
from ..session import Session, default
from ..types import CostmagicError, UsageError
from .data import Data, data_of
from .definition import BUDGET, CONFIDENCE, MARGIN, Definition, define
from .estimate import RunEstimate, estimate
from .progress import BaselineState, CandidateState, RunState
from .rechecking import recheck
from .result import Evaluation
from .runner import Run
from .runs import begin, find, live, recent

__all__ = [
    "BaselineState",
    "CandidateState",
    "Data",
    "Definition",
    "Evaluation",
    "Run",
    "RunEstimate",
    "RunState",
    "begin",
    "data_of",
    "define",
    "estimate",
    "evaluate",
    "find",
    "finished",
    "live",
    "recent",
    "recheck",
]

# How often a blocking call looks whether it is interrupted.
LOOK_S = 0.2


class Interrupted(KeyboardInterrupt):
    """A blocking evaluation was interrupted: it is paused, and says how to go on."""

    def _render_traceback_(self) -> list[str]:
        # A line instead of a traceback, in IPython.
        return [str(self)]


def evaluate(
    data: Any = None,
    prompt: str | None = None,
    *,
    expected: str | None = None,
    feature: str | None = None,
    baseline: str = "heavy",
    candidates: str | Sequence[str] | None = None,
    scorer: str | Callable[[str, str], Any] = "exact",
    margin: float = MARGIN,
    confidence: float = CONFIDENCE,
    budget: Decimal | float | str | None = BUDGET,
    seed: int = 0,
    limit: int | None = None,
    system: str | None = None,
    max_tokens: int | None = None,
    max_parallel: int = 8,
    fresh: bool = False,
    resume: str | None = None,
    session: Session | None = None,
) -> Evaluation:
    """Find out which candidates are good enough, and wait for it.

    Items are drawn in a seeded random order; the cheapest candidate is asked first, and no longer than it takes to
    decide. Interrupting pauses the run and loses nothing. Answers go through the exact cache: what was paid before
    is not paid again, and what is bought here answers the same request later.

    Args:
        data: a DataFrame, a list of dicts, a ``.csv`` or ``.jsonl`` file, ``"calls:FEATURE"`` or ``"sample"``.
        prompt: with columns as names: ``"Which department? {{ text }}"``; ``{{ row['odd name'] }}`` for others.
        expected: the column with the right answers. Without it agreement with the baseline counts, whose agreement
            with itself is measured too.
        feature: what the spend is booked on, and what ``adopt()`` makes a policy for.
        baseline, candidates: tiers or ``provider:model``.
        scorer: a name, or a function of (answer, expected) that returns a number from 0 to 1. Names: exact, normalized,
            contains, choice, regex, numeric(0.01), json(a, b), f1, similarity, judge(heavy).
        margin: a candidate passes when it is worse by less than this (0.02: two points of a hundred).
        confidence: that no candidate passes which should not, whenever one looks.
        budget: USD that it may cost at most, simulated dollars included; None for no cap.
        seed: of the order; ``limit``: items at most; ``system``: a system prompt, with columns too.
        fresh: take nothing from the cache.
        resume: the id of a run to go on with; of the rest only ``budget`` and ``scorer`` are then looked at.
        session: default: the one that ``cm.ask`` and the magics share.

    Raises:
        UsageError: a mistake in the arguments; nothing was sent.
        CostmagicError: a provider stopped the run; what was bought is kept.
        KeyboardInterrupt: it is paused; the message says how to go on.
    """
    session = session or default()
    if resume is not None:
        run = find(session, resume, scorer if callable(scorer) else None)
        if run.state().phase != "done":
            run.resume(budget if budget is not BUDGET else None)
        return finished(run)
    if data is None or candidates is None:
        missing = "data" if data is None else 'candidates, like ["medium", "routing"]'
        raise UsageError(f"an evaluation needs {missing}")
    definition = define(
        session, data, prompt, expected=expected, feature=feature, baseline=baseline, candidates=candidates,
        scorer=scorer, margin=margin, confidence=confidence, budget=budget, seed=seed, limit=limit, system=system,
        max_tokens=max_tokens, max_parallel=max_parallel, fresh=fresh,
    )  # fmt: skip
    return finished(begin(session, definition).start())


def finished(run: Run) -> Evaluation:
    """Wait for a run that was begun, and return what it found; raises as ``evaluate`` does."""
    show = current.progress() if current.progress is not None else None
    try:
        while not run.wait(LOOK_S):
            if show is not None:
                show(run.state())
    except KeyboardInterrupt:
        run.pause()
        raise Interrupted(run.state().message) from None
    state = run.state()
    if show is not None:
        show(state)
    if run.error is not None or state.phase == "provider error":
        raise run.error or CostmagicError(state.message)
    return run.evaluation
