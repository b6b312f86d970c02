"""Runs by their id: those of this process as they are, others as the ledger holds them."""

from __future__ import annotations

import weakref
from dataclasses import replace

from ..session import Session
from ..types import UsageError
from . import store
from .claim import Claim
from .definition import Definition
from .runner import Run
from .scorers import Score, scorer_of
from .store import Listed

_known: weakref.WeakValueDictionary[str, Run] = weakref.WeakValueDictionary()


def begin(session: Session, definition: Definition) -> Run:
    """A run that ``start`` begins. Raises UsageError."""
    return _remembered(Run(session, definition))


def find(session: Session, run_id: str, scorer: Score | None = None, parallel: int | None = None) -> Run:
    """The run of an id, paused if this process did not begin it; ``resume`` goes on without paying anything twice.

    Args:
        scorer: the function that scores, where it was one: the ledger can't keep it.
        parallel: calls in flight from now on; None: as before.

    Raises:
        UsageError: there is no such run.
        LedgerError: the ledger can't be read.
    """
    if (live := _known.get(run_id)) is not None:
        return live
    stored = store.load(session, run_id)
    definition = stored.definition
    if scorer is not None:
        if definition.scorer != scorer_of(scorer).spec:
            raise UsageError(f"evaluation {run_id} scores with {definition.scorer}, not {scorer_of(scorer).spec}")
        definition = replace(definition, function=scorer)
    if parallel is not None:
        definition = replace(definition, max_parallel=parallel)
    return _remembered(Run(session, definition, stored))


def live(run_id: str) -> Run | None:
    """The run of an id, if this process holds it."""
    return _known.get(run_id)


def again(session: Session, run_id: str, baseline: str, candidate: str) -> Run:
    """A run on the items of an earlier one that asks everything anew: ``baseline`` against one ``candidate``.

    Raises as ``find`` does.
    """
    stored = store.load(session, run_id)
    definition = replace(stored.definition, baseline=baseline, candidates=(candidate,), fresh=True)
    return _remembered(Run(session, definition, items=stored.items))


def recent(session: Session, n: int = 20) -> list[Listed]:
    """The last ``n`` runs of the ledger, newest first; one whose process died is paused. Raises LedgerError."""
    return [_alive_or_paused(session, listed) for listed in store.runs(session, n)]


def _alive_or_paused(session: Session, listed: Listed) -> Listed:
    if (run := _known.get(listed.id)) is not None:
        return replace(listed, phase=run.state().phase)
    died = listed.phase in ("running", "estimating") and not Claim(session.settings.home, listed.id).taken()
    return replace(listed, phase="paused") if died else listed


def _remembered(run: Run) -> Run:
    _known[run.id] = run
    return run
