"""Evaluations that the panel estimates, starts, follows and looks into."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from ..evaluation import Definition, Run, begin, define, estimate, find, live, recent
from ..evaluation.messages import cheapest
from ..evaluation.progress import CandidateState
from ..evaluation.store import Listed
from ..money import dollars
from ..session import Session
from ..types import UsageError
from . import panel_wire as wire
from .panel_fields import Fields
from .panel_sources import data_behind
from .wire import exact

# Characters of a prompt or an answer that the panel shows.
MAX_TEXT = 20_000

# The runs that this kernel's panels have dealt with last stay as they are, with their data.
MAX_KEPT = 20
_kept: dict[str, Run] = {}


def estimated(session: Session, asked: Fields) -> wire.Estimated:
    """What a run would cost; nothing is sent. Raises UsageError for what can't be run."""
    found = estimate(session, _definition(session, asked.inner("definition")))
    most = [m.most for m in found.models if m.most is not None]
    notes = [
        "Replies are taken to be as long as those of earlier calls of this feature."
        if found.tokens_from == "history"
        else "There are no earlier calls to tell how long replies are: their length is a guess."
    ]
    if found.without_answer:
        notes.append(f"{found.without_answer:,} rows without an expected answer are left out.")
    if found.simulated:
        notes.append("SIMULATED: no real money would be spent.")
    return {
        "items": found.items,
        "calls": found.calls,
        "tokens": sum(m.calls * (m.input_tokens + m.output_tokens) for m in found.models),
        "low": exact(found.low),
        "likely": exact(found.likely),
        "most": exact(sum(most, Decimal(0))) if len(most) == len(found.models) else None,
        "cap": exact(found.cap),
        "models": [
            {"name": m.name, "ref": m.ref, "simulated": m.simulated, "calls": m.calls, "cost": exact(m.likely)}
            for m in found.models
        ],
        "notes": notes,
    }


def start(session: Session, asked: Fields) -> wire.Run:
    """Begin a run."""
    return follow(session, begin(session, _definition(session, asked.inner("definition"))).start())


def watch(session: Session, asked: Fields) -> wire.Run:
    """How a run stands; one that another kernel has begun is paused here."""
    return follow(session, _run(session, asked))


def pause(session: Session, asked: Fields) -> wire.Run:
    """Send nothing more."""
    run = _run(session, asked)
    run.pause()
    return follow(session, run)


def resume(session: Session, asked: Fields) -> wire.Run:
    """Go on, with another cap where one is given."""
    run, budget = _run(session, asked), asked.text_or_none("budget")
    try:
        run.resume(budget)
    except ArithmeticError:
        raise UsageError(f"the cap is an amount in USD, not {budget!r}") from None
    return follow(session, run)


def cancel(session: Session, asked: Fields) -> wire.Run:
    """End a run for good."""
    run = _run(session, asked)
    run.cancel()
    return follow(session, run)


def listed(session: Session, asked: Fields) -> wire.Runs:
    """The last runs, newest first."""
    return {"runs": [_stored(one) for one in recent(session)]}


def disagreement(session: Session, asked: Fields) -> wire.Disagreements:
    """One item on which a candidate and the baseline differ, the worst first; the last one beyond the end."""
    frame = _run(session, asked).evaluation.disagreements(asked.text("candidate"))
    if not len(frame):
        return {"item": None}
    index = min(asked.count("index"), len(frame) - 1)
    row: Any = frame.iloc[index]
    texts = {name: _clipped(row[name]) for name in ("prompt", "expected", "baseline", "candidate")}
    return {
        "item": {
            "total": len(frame),
            "index": index,
            "prompt": texts["prompt"] or "",
            "expected": texts["expected"],
            "baseline": texts["baseline"] or "",
            "baseline_score": _number(row["baseline_score"]),
            "candidate": texts["candidate"] or "",
            "candidate_score": _number(row["candidate_score"]),
        }
    }


def code(session: Session, asked: Fields) -> wire.Code:
    """The cell that does the same."""
    return {"code": _run(session, asked).evaluation.code()}


def adopt(session: Session, asked: Fields) -> wire.Adopted:
    """Make a candidate the policy of the run's feature. Raises UsageError when it has not passed."""
    adopted = _run(session, asked).evaluation.adopt(asked.text("candidate"))
    return {"policy": str(adopted.entry.downgrade), "file": str(adopted.path)}


def follow(session: Session, run: Run) -> wire.Run:
    """Keep the run, and tell how it stands."""
    _kept.pop(run.id, None)
    _kept[run.id] = run
    while len(_kept) > MAX_KEPT:
        del _kept[next(iter(_kept))]
    state, definition = run.state(), run.definition
    best, base = cheapest(state), state.baseline
    return {
        "id": state.id,
        "phase": state.phase,
        # The panel shows the phase and the figures itself.
        "message": " ".join(state.remarks) or None,
        "feature": definition.feature,
        "spent": f"{state.spent:f}",
        "simulated": state.simulated > 0,
        "unpriced": state.unpriced > 0,
        "cap": exact(state.cap),
        "eta_s": state.eta_s,
        "items": state.items,
        "margin": definition.margin,
        "confidence": definition.confidence,
        "baseline": {
            "name": base.name,
            "ref": base.ref,
            "simulated": base.simulated,
            "n": base.n,
            "accuracy": base.accuracy,
            "ceiling": base.ceiling,
            "cost_per_1000": exact(base.cost_per_1000),
        },
        "candidates": [_candidate(c) for c in state.candidates],
        "cheapest_passing": best.name if best else None,
        "savings": _savings(run, best.name) if best and state.resting else None,
    }


def _candidate(c: CandidateState) -> wire.CandidateRow:
    return {
        "name": c.name,
        "ref": c.ref,
        "simulated": c.simulated,
        "n": c.n,
        "accuracy": _number(c.accuracy),
        "drop": _number(c.drop),
        "low": _number(c.low),
        "high": _number(c.high),
        "cost_per_1000": exact(c.cost_per_1000),
        "verdict": c.state,
        "forecast": c.forecast,
        "plain": {"passes": c.plain.passes, "chance_of_error": c.plain.chance_of_error} if c.plain else None,
        "errors": c.errors,
        "last_error": c.last_error,
    }


def _savings(run: Run, name: str) -> str | None:
    """What adopting it saves, in a line. It asks the ledger, so it is for runs at rest."""
    saving = run.evaluation.savings()[name]
    if saving.per_1000 is None:
        return None
    told = f"{name} saves {dollars(saving.per_1000)} per 1,000 calls"
    if saving.per_month is None:
        return f"{told}."
    return f"{told}: {dollars(saving.per_month)} a month at the feature's {saving.calls_per_month:,} calls."


def _run(session: Session, asked: Fields) -> Run:
    run_id = asked.text("run")
    return _kept.get(run_id) or find(session, run_id)


def _definition(session: Session, given: Fields) -> Definition:
    data, name = data_behind(session, given.inner("data"))
    return define(
        session,
        data,
        given.text("prompt"),
        expected=given.text_or_none("expected"),
        feature=given.text_or_none("feature"),
        baseline=given.text("baseline"),
        candidates=given.texts("candidates"),
        scorer=given.text("scorer"),
        margin=given.number("margin"),
        confidence=given.number("confidence"),
        budget=given.text_or_none("budget"),
        limit=given.count_or_none("limit"),
        name=name,
    )


def _stored(one: Listed) -> wire.StoredRun:
    summary = one.summary
    running = live(one.id)
    phase: str = running.state().phase if running is not None else one.phase
    if running is None and phase in ("running", "estimating"):
        phase = "in another kernel"
    started: datetime = one.created_at.astimezone()
    return {
        "id": one.id,
        "feature": one.feature,
        "started": f"{started:%Y-%m-%d %H:%M}",
        "phase": phase,
        "baseline": summary.get("baseline", {}).get("name", "?"),
        "candidates": [candidate["name"] for candidate in summary.get("candidates", [])],
        "resumable": phase not in ("done", "running", "estimating", "in another kernel"),
    }


def _clipped(value: Any) -> str | None:
    if value is None or value != value:
        return None
    text = str(value)
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}… ({len(text):,} characters)"


def _number(value: Any) -> float | None:
    """A float that JSON can hold, or None."""
    return None if value is None or not abs(float(value)) < float("inf") else float(value)
