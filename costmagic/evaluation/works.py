"""The works of a run: which call goes out next, and what becomes of those that have ended. One thread at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

from ..session import Session
from ..types import UsageError
from . import store
from .buying import Buyer, Job
from .failures import Failures
from .items import Item
from .pace import MAX_REFUSALS, Pace
from .progress import Phase
from .purse import Purse
from .schedule import Schedule, Slot
from .setup import Setup, check_texts
from .store import Stored
from .tally import Answer


class Halt(NamedTuple):
    """Why nothing more is sent: the phase that follows, and what there is to say beyond it."""

    phase: Phase
    why: str = ""


class Works:
    """Buys answers in the order of the schedule, within the purse, at the pace, and counts them.

    Attributes:
        items: None before ``begin``.
        in_flight: jobs that were sent and have not been collected.
    """

    def __init__(self, session: Session, setup: Setup) -> None:
        self.setup = setup
        self.tally = setup.tally()
        self.purse = Purse(setup.definition.budget)
        self.pace = Pace(setup.definition.max_parallel)
        self.items: list[Item] | None = None
        self.in_flight: dict[Slot, Job] = {}
        self._session = session
        self._schedule: Schedule
        self._buyer: Buyer | None = None
        self._failures = Failures()
        self._refusals: Counter[Slot] = Counter()
        self._uncounted: list[tuple[Slot, Answer]] = []
        self._stored: Stored | None = None

    def take_up(self, stored: Stored) -> None:
        """Be where a run was that began before."""
        self._stored = stored
        self.items = list(stored.items)
        for slot, answer in stored.answers.items():
            self.tally.add(slot.arm, slot.position, answer)
        self.tally.count()
        self.purse = Purse(self.setup.definition.budget, stored.spent, stored.simulated, stored.unpriced)

    def begin(self) -> None:
        """Make the items, write them down, and be ready to hand out calls; once.

        Raises:
            UsageError: a row can't be made a prompt, or the scorer is a function that is not known here.
            LedgerError: the ledger can't be written.
        """
        if self._buyer is not None:
            return
        setup = self.setup
        if self.items is not None:
            check_texts(self.items)
        else:
            self.items = setup.make_items()
            store.create(self._session, setup.id, setup.definition, setup.arms, setup.judge, self.items)
        scorer = setup.scorer(self._session, self.items)
        self._buyer = Buyer(self._session, setup, self.items, scorer, self.tally)
        if self._stored is not None:
            self._recover(self._buyer, self._stored)
        self._schedule = Schedule(self.tally, setup.order, setup.ceiling)

    def _recover(self, buyer: Buyer, stored: Stored) -> None:
        """Count what was bought and not written any more; what was cut may have cost all that it could."""
        # The baseline's first: others are scored against them.
        slots = sorted(stored.bought, key=lambda slot: (slot.judged is not None, slot.arm != "baseline", slot.position))
        for slot in slots:
            bought = stored.bought[slot]
            if buyer.scorable(slot):
                self._count([(slot, buyer.scored(slot, bought))], ready=False)
        for slot in stored.cut:
            worst = buyer.job(slot).worst if buyer.scorable(slot) else None
            self.purse.settle(None, worst, buyer.simulated(slot))

    def dispatch(self, send: Callable[[Job], None]) -> Halt | None:
        """``send`` all that may go now; returns why nothing more will, None while something may."""
        assert self._buyer is not None
        while len(self.in_flight) < self.pace.handed_out:
            slot = self._schedule.next()
            if slot is None:
                return None if self.in_flight else self._finish()
            try:
                job = self._buyer.job(slot)
            except UsageError as error:
                self._schedule.put_back(slot)
                return Halt("provider error", str(error))
            if not self.purse.reserve(job.worst):
                self._schedule.put_back(slot)
                return None if self.in_flight else Halt("out of budget")
            self.in_flight[slot] = job
            send(job)
        return None

    def carry(self, job: Job) -> None:
        """Send a job's request and wait for the answer: in any thread."""
        assert self._buyer is not None
        self._buyer.carry(job)

    def collect(self, jobs: Sequence[Job], resting: bool) -> Halt | None:
        """Count what has ended; returns why nothing more should be sent, None when all is well.

        While the run is ``resting``, what failed is asked again later.

        Raises LedgerError: then nothing is counted before it can be written.
        """
        assert self._buyer is not None
        halt: Halt | None = None
        answers: list[tuple[Slot, Answer]] = []
        for job in jobs:
            self.in_flight.pop(job.slot)
            self.purse.settle(job.worst, *job.cost)
            if job.answer is not None:
                self.pace.went_well()
                answers += [(lost.slot, lost.lost()) for lost in self._failures.succeeded(job)]
                answers.append((job.slot, job.answer))
            elif resting or halt is not None:
                self._schedule.put_back(job.slot)
            else:
                halt = self._failed(job)
        self._count(answers)
        if halt is not None:
            for job in self._failures.take_back():
                self._schedule.put_back(job.slot)
        return halt

    def _failed(self, job: Job) -> Halt | None:
        if job.failure == "rate limit" and self._refusals[job.slot] < MAX_REFUSALS:
            self._refusals[job.slot] += 1
            self.pace.refused(job.sent_at)
            self._schedule.put_back(job.slot)
            return None
        if job.failure in ("rate limit", "lost"):
            why = self._failures.failed(job)
            return None if why is None else Halt("provider error", why)
        self._schedule.put_back(job.slot)
        if job.failure == "stopped":
            return None
        return Halt("out of budget" if job.failure == "budget" else "provider error", job.message)

    def _finish(self) -> Halt | None:
        """Nothing is left to ask, or so it seems: failures that are lost items now may need nothing, or judges."""
        lost, why = self._failures.ended()
        if why is not None:
            for job in self._failures.take_back():
                self._schedule.put_back(job.slot)
            return Halt("provider error", why)
        self._count([(job.slot, job.lost()) for job in lost])
        return Halt("done")

    def _count(self, answers: list[tuple[Slot, Answer]], ready: bool = True) -> None:
        self._uncounted += answers
        if not self._uncounted:
            return
        store.add(self._session, self.setup.id, self._uncounted)
        for slot, answer in self._uncounted:
            self.tally.add(slot.arm, slot.position, answer)
            if ready:
                self._schedule.answered(slot)
        self._uncounted = []
        self.tally.count()

    def recap(self, budget: Decimal) -> None:
        """Set another cap. Raises UsageError when that was spent already."""
        if budget < self.purse.spent + self.purse.reserved:
            raise UsageError(f"${self.purse.spent:f} are spent already: a cap of ${budget:f} can't be kept")
        self.setup = self.setup.with_cap(budget)
        self.purse.cap = budget
        store.redefine(self._session, self.setup.id, self.setup.definition)
