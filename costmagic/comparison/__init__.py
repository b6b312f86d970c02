"""One prompt, several models side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..session import Session, default
from . import plan
from .grid import Grid, checked_prompts
from .result import Comparison
from .running import Running

__all__ = ["Comparison", "Grid", "compare", "compare_many", "prepare"]


def compare(
    prompt: str, refs: str | Sequence[str], *, blind: bool = False, session: Session | None = None, **options: Any
) -> Comparison:
    """Ask several models the same, all at once, and wait for the last of them.

    A model that fails or is interrupted keeps what arrived, shows why, and harms no other.

    Args:
        prompt: the user message, sent as it is.
        refs: tiers and models, as a list or separated by commas.
        blind: names and figures stay hidden, in a random order, until every answer is voted on.
        session: to work on; default: the one that ``cm.ask`` and the magics share.
        **options: those of ``ask`` but for ``tier`` and ``model``; ``max_cost`` is for all columns together.

    Raises:
        UsageError: a mistake in the arguments, or more than ``max_cost``; nothing was sent.
        BudgetError: a budget could be exceeded if each call came to its worst; nothing was sent.
    """
    return _run(prepare(prompt, refs, blind=blind, session=session, **options))


def prepare(
    prompt: str, refs: str | Sequence[str], *, blind: bool = False, session: Session | None = None, **options: Any
) -> Comparison:
    """A comparison that has been checked and not begun; see ``compare``."""
    session = session or default()
    names = plan.names_of(refs)
    requests = plan.prepared(session, prompt, names, options)
    plan.check_affordable(session, requests)
    plan.warm_up(session, requests)
    return Comparison(session, prompt, plan.columns(session, names, requests), blind)


def compare_many(
    prompts: Sequence[str], refs: str | Sequence[str], *, session: Session | None = None, **options: Any
) -> Grid:
    """Compare models on a handful of prompts, one prompt after the other; see ``compare`` for the arguments.

    ``max_cost`` and the budgets are checked for all prompts together before the first is sent.
    """
    session = session or default()
    names, texts = plan.names_of(refs), checked_prompts(prompts)
    requests = [plan.prepared(session, text, names, options) for text in texts]
    plan.check_affordable(session, [request for row in requests for request in row])
    plan.warm_up(session, requests[0])
    rows = []
    for text, row in zip(texts, requests, strict=True):
        rows.append(_run(Comparison(session, text, plan.columns(session, names, row))))
    return Grid(tuple(rows))


def _run(comparison: Comparison) -> Comparison:
    with Running(comparison.columns) as running:
        running.start()
        while not running.wait(1.0):
            pass
    comparison.settle()
    return comparison
