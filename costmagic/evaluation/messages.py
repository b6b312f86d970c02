"""A run's state in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..money import dollars
from .progress import CandidateState, RunState
from .setup import Setup

# A baseline that is right less often than this, on so many items, is no yardstick: whoever errs as often passes.
WEAK, WEAK_FROM = 0.5, 20


def message_of(state: RunState, setup: Setup) -> RunState:
    """``state``, whose message is what went wrong or empty, with one that says what the phase means and what to do."""
    notes = _notes(state, setup)
    remarks = [f"{state.message.rstrip('.')}.", *notes] if state.message else notes
    return replace(state, message=" ".join([_phase(state), *notes]), remarks=tuple(remarks))


def _phase(state: RunState) -> str:
    on = f'go on with cm.evaluate(resume="{state.id}")'
    spent = f"{dollars(state.spent, state.unpriced > 0)} spent"
    if state.phase == "estimating":
        return "The items are being made."
    if state.phase == "running":
        slowed = "; slowed down, as a provider asked for fewer calls at once" if state.slowed else ""
        return f"{state.calls:,} answers, {spent}{slowed}."
    if state.phase == "paused":
        return f"Paused, {spent}: {on}."
    if state.phase == "out of budget":
        why = state.message or f"the cap of {dollars(state.cap)} does not allow the next call at its worst"
        return f"Out of budget: {why}. {spent}; {on[:-1]}, budget=…)."
    if state.phase == "provider error":
        return f"Stopped: {state.message}. What was bought is kept; {on}."
    if state.phase == "cancelled":
        return f"Stopped: {state.message}" if state.message else f"Cancelled, {spent}; what was bought is kept."
    return f"Done, {spent}. {verdict(state)}"


def verdict(state: RunState) -> str:
    """The answer to the question, in a sentence."""
    passing = [c for c in state.candidates if c.state == "pass"]
    open_ = [c for c in state.candidates if c.state == "undecided"]
    best = cheapest(state)
    if best is not None:
        return f"{best.name} is the cheapest that passes."
    if passing:
        return f"{', '.join(c.name for c in passing)} passes."
    if open_:
        return f"Undecided: {', '.join(c.name for c in open_)}; more items would decide it."
    return "No candidate is good enough."


def cheapest(state: RunState) -> CandidateState | None:
    """The passing candidate that costs least; unpriced ones come last."""
    passing = [c for c in state.candidates if c.state == "pass"]
    return min(passing, key=lambda c: (c.cost_per_1000 is None, c.cost_per_1000), default=None)


def _notes(state: RunState, setup: Setup) -> list[str]:
    notes = []
    margin = setup.definition.margin
    ceiling = state.baseline.ceiling
    if ceiling is not None and ceiling < 1 - margin and state.baseline.ceiling_n >= 20:
        notes.append(
            f"Asked twice, the baseline agrees with itself on {ceiling:.0%} only: nobody can agree with it within "
            f"{margin:.2%}. Name an expected column, or allow a wider margin."
        )
    right = state.baseline.accuracy
    if right is not None and right < WEAK and state.baseline.n >= WEAK_FROM:
        notes.append(
            f"The baseline itself scores {right:.0%} only, and whoever is as often wrong passes: look at the prompt, "
            "the scorer and the expected column before you believe a verdict."
        )
    for candidate in state.candidates:
        if candidate.ref == state.baseline.ref:
            notes.append(f"{candidate.name} is the baseline's own model here.")
        if candidate.errors:
            lost = (
                f"{candidate.errors:,} {'item is' if candidate.errors == 1 else 'items are'} lost to {candidate.name}"
            )
            notes.append(f"{lost} ({candidate.last_error}).")
    if state.phase == "done" and setup.drawn is not None and setup.drawn.without_answer:
        notes.append(f"{setup.drawn.without_answer:,} rows without an expected answer were left out.")
    return notes


def summary_of(state: RunState) -> dict[str, Any]:
    """What a list of runs shows."""
    return {
        "message": state.message,
        "spent": f"{state.spent:f}",
        "simulated": f"{state.simulated:f}",
        "items": state.items,
        "calls": state.calls,
        "baseline": {"name": state.baseline.name, "ref": state.baseline.ref},
        "candidates": [
            {
                "name": c.name,
                "ref": c.ref,
                "state": c.state,
                "n": c.n,
                "drop": c.drop,
                "interval": [c.low, c.high],
                "cost_per_1000": None if c.cost_per_1000 is None else f"{c.cost_per_1000:f}",
            }
            for c in state.candidates
        ],
    }
