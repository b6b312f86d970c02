"""One evaluation under way: a thread that hands out calls, threads that carry them, and what people do to it."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from decimal import Decimal

from ..session import Session
from ..types import CostmagicError, UsageError
from . import store
from .buying import Job
from .claim import Claim
from .definition import Definition
from .eta import Clock
from .findings import Findings, snapshot
from .items import Item
from .messages import summary_of
from .progress import RESTING, Phase, RunState
from .result import Evaluation
from .setup import Setup
from .store import Stored
from .works import Halt, Works

# Watchers are told so often at most, but of every phase at once.
TELL_EVERY_S = 0.2

# How long the thread sleeps when nothing happens.
IDLE_S = 0.5

Watcher = Callable[[RunState], None]


class Run:
    """An evaluation. ``start`` it, look at ``state()``, ``pause``, ``resume`` or ``cancel`` it, from any thread.

    Everything it buys is in the ledger before it counts: ``runs.find`` has it again after a restart.

    Raises:
        UsageError: a model can't be asked, or the cap can't be kept. Nothing was sent.
    """

    def __init__(
        self,
        session: Session,
        definition: Definition,
        stored: Stored | None = None,
        items: Sequence[Item] | None = None,
    ) -> None:
        """``stored`` is a run to go on with; ``items`` those to ask, where they are not drawn from the data."""
        self._session = session
        setup = Setup.of(session, definition, items) if stored is None else Setup.stored(session, stored, definition)
        self._works = Works(session, setup)
        self._claim = Claim(session.settings.home, setup.id)
        self._clock = Clock()
        self._changed = threading.Condition(threading.RLock())
        self._ended: deque[Job] = deque()
        self._wake = threading.Event()
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._phase: Phase = "estimating"
        self._why = ""
        self._watchers: tuple[Watcher, ...] = ()
        self._told_at = 0.0
        self.error: CostmagicError | None = None
        if stored is not None:
            self._works.take_up(stored)
            self._phase = "done" if stored.phase == "done" else "paused"
        self._state = self._snapshot()

    @property
    def id(self) -> str:
        """Finds the run again, also after a restart of the kernel."""
        return self._works.setup.id

    @property
    def definition(self) -> Definition:
        """What is evaluated."""
        return self._works.setup.definition

    def start(self) -> Run:
        """Begin, in a thread of its own; returns at once."""
        with self._changed:
            if self._thread is None and self._phase == "estimating":
                self._claim.take()
                self._launch()
        return self

    def pause(self) -> None:
        """Send nothing more; calls under way end and count."""
        with self._changed:
            if self._phase in ("estimating", "running"):
                self._rest(Halt("paused"))

    def resume(self, budget: Decimal | float | str | None = None) -> None:
        """Go on where it rested, if wanted with another cap in USD.

        Raises UsageError: the run is done, goes on in another process, or the cap is below what was spent.
        """
        with self._changed:
            if self._phase == "done":
                raise UsageError(f"evaluation {self.id} is done: there is nothing to go on with")
            if self._thread is None:
                self._claim.take()
                self._catch_up()
            try:
                if budget is not None:
                    self._works.recap(Decimal(str(budget)))
            except UsageError:
                if self._thread is None:
                    self._claim.give_back()
                raise
            if self._phase not in RESTING:
                return
            self._phase, self._why, self.error = "running", "", None
            self._clock.restart(self._answers)
            self._state = self._snapshot()
            self._nudge()
            if self._thread is None:
                self._launch()
        self._tell()

    def _catch_up(self) -> None:
        """Another process may have gone on meanwhile."""
        if store.answered(self._session, self.id) != self._answers:
            works = Works(self._session, self._works.setup)
            works.take_up(store.load(self._session, self.id))
            self._works = works

    def cancel(self) -> None:
        """End it: calls under way are cut, what was bought stays."""
        with self._changed:
            if self._phase in ("done", "cancelled"):
                return
            self._rest(Halt("cancelled"))
            jobs = list(self._works.in_flight.values())
        for job in jobs:
            job.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing will happen by itself any more, at most ``timeout`` seconds; whether it is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._thread is None and self._phase in RESTING, timeout)

    def state(self) -> RunState:
        """How it stands."""
        return self._state

    def watch(self, watcher: Watcher) -> None:
        """Call ``watcher`` with every new state, about five times a second at most; it must be quick."""
        self._watchers = (*self._watchers, watcher)

    @property
    def evaluation(self) -> Evaluation:
        """What is known so far, as an object that does not change any more."""
        works = self._works
        found = Findings(works.setup, tuple(works.items or ()), dict(works.tally.answers), self._state)
        return Evaluation(self._session, found)

    def _launch(self) -> None:
        self._wake.set()
        self._thread = threading.Thread(target=self._drive, name="costmagic-evaluation", daemon=True)
        self._thread.start()

    def _drive(self) -> None:
        workers, rested = 0, True
        try:
            self._works.begin()
            with self._changed:
                if self._phase == "estimating":
                    self._phase = "running"
                    self._clock.restart(self._answers)
            for _ in range(self.definition.max_parallel):
                threading.Thread(target=self._work, name="costmagic-evaluation-call", daemon=True).start()
                workers += 1
            self._note_phase()
            while self._step():
                self._catch_up()
            self._note_phase()
        except CostmagicError as error:
            self.error = error
            with self._changed:
                self._rest(Halt("cancelled" if isinstance(error, UsageError) else "provider error", str(error)))
        except BaseException:
            rested = False
            raise
        finally:
            for _ in range(workers):
                self._jobs.put(None)
            with self._changed:
                self._thread = None
                if rested and self._phase == "running":
                    self._launch()  # somebody resumed it while this thread was ending
                else:
                    self._claim.give_back()
                self._state = self._snapshot()
                self._changed.notify_all()
            self._tell()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._works.carry(job)
            self._ended.append(job)  # without the lock, which is held while calls are handed out
            self._wake.set()

    def _step(self) -> bool:
        """Take in what has come, hand out what may go; whether the thread is still needed."""
        self._wake.wait(min(self._works.pace.wait_s(), IDLE_S) or IDLE_S)
        self._wake.clear()
        ended = [self._ended.popleft() for _ in range(len(self._ended))]
        halt = self._works.collect(ended, resting=self._phase != "running")
        with self._changed:
            if halt is None and self._phase == "running":
                halt = self._works.dispatch(self._jobs.put)
            if halt is not None and self._phase == "running":
                self._rest(halt)
            needed = self._phase == "running" or bool(self._works.in_flight)
        if time.monotonic() - self._told_at >= TELL_EVERY_S:
            self._state = self._snapshot()
            self._tell()
        return needed

    def _rest(self, halt: Halt) -> None:
        """Be in another phase; the lock is held."""
        self._phase, self._why = halt
        self._state = self._snapshot()
        self._nudge()
        self._tell()

    def _nudge(self) -> None:
        self._wake.set()
        self._changed.notify_all()

    def _note_phase(self) -> None:
        """Write down the phase; the ledger's reader sees how it stood."""
        state = self._snapshot()
        store.change(self._session, self.id, state.phase, summary_of(state))

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        state = self._state
        for watcher in self._watchers:
            watcher(state)

    @property
    def _answers(self) -> int:
        return len(self._works.tally.answers)

    def _snapshot(self) -> RunState:
        works = self._works
        left = works.tally.left() if self._phase == "running" else None
        eta = None if left is None else self._clock.eta_s(self._answers, left)
        in_flight, slowed = len(works.in_flight), works.pace.slowed
        return snapshot(works.setup, works.tally, works.purse, self._phase, self._why, eta, in_flight, slowed)
