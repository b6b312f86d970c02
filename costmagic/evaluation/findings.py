"""What is known of a run at one moment, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..session import Session
from ..types import UsageError, did_you_mean
from . import messages, store
from .definition import Definition
from .items import Item
from .progress import CandidateState, Phase, RunState
from .purse import Purse
from .setup import Setup
from .tally import Answer, Tally


@dataclass(frozen=True)
class Findings:
    """How a run stands and all that it has bought.

    Attributes:
        answers: by arm ("baseline", "again", a candidate's name, "judge:NAME:1" …) and position.
    """

    setup: Setup
    items: tuple[Item, ...]
    answers: Mapping[tuple[str, int], Answer]
    state: RunState

    @property
    def definition(self) -> Definition:
        """What is evaluated."""
        return self.setup.definition

    @property
    def verdicts(self) -> dict[str, CandidateState]:
        """Candidate → how it stands."""
        return {candidate.name: candidate for candidate in self.state.candidates}

    @property
    def cheapest_passing(self) -> str | None:
        """The passing candidate that costs least."""
        best = messages.cheapest(self.state)
        return best.name if best else None

    def named(self, candidate: str | None) -> str:
        """A candidate's name, checked; None means the cheapest passing one, else the first."""
        if candidate is None:
            return self.cheapest_passing or self.state.candidates[0].name
        if candidate not in self.verdicts:
            raise UsageError(f"no candidate '{candidate}'{did_you_mean(candidate, list(self.verdicts))}")
        return candidate


def snapshot(
    setup: Setup,
    tally: Tally,
    purse: Purse,
    phase: Phase,
    why: str,
    eta_s: float | None = None,
    in_flight: int = 0,
    slowed: bool = False,
) -> RunState:
    """The state of a run in words and figures; ``why`` is what there is to say beyond its phase."""
    state = RunState(
        id=setup.id,
        phase=phase,
        message=why,
        spent=purse.spent,
        simulated=purse.simulated,
        unpriced=purse.unpriced,
        cap=purse.cap,
        eta_s=eta_s,
        items=setup.items,
        calls=len(tally.answers),
        in_flight=in_flight,
        slowed=slowed,
        baseline=tally.baseline_state(),
        candidates=tuple(tally.candidate_state(arm.name) for arm in setup.candidates),
    )
    return messages.message_of(state, setup)


def stored(session: Session, run_id: str) -> Findings:
    """What the ledger knows of a run. Raises UsageError when it holds none of that id, LedgerError."""
    found = store.load(session, run_id)
    setup = Setup.stored(session, found, found.definition)
    tally = setup.tally()
    for slot, answer in found.answers.items():
        tally.add(slot.arm, slot.position, answer)
    tally.count()
    purse = Purse(found.definition.budget, found.spent, found.simulated, found.unpriced)
    state = snapshot(setup, tally, purse, "done" if found.phase == "done" else "paused", "")
    return Findings(setup, found.items, dict(tally.answers), state)
