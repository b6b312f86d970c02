"""Buys one answer: prepares the request, sends it, scores what came, and says what a failure means."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from ..call import Call
from ..estimates import Size
from ..prices import Prices
from ..request import Prepared
from ..session import Session
from ..types import BudgetError, MissingKeyError, ProviderError, Request, UsageError
from .arms import AGAIN, BASELINE, Arm
from .items import Item
from .judging import SYSTEM, question, share_won
from .pace import RATE_LIMITED
from .schedule import Slot
from .scorers import Scorer
from .setup import Setup
from .tally import Answer, Tally

# What no other item would fare better with: key, payment, permission, the model itself.
FATAL = (401, 402, 403, 404, 410)

Failure = Literal["fatal", "budget", "rate limit", "lost", "stopped"]


@dataclass(eq=False)
class Job:
    """A slot under way.

    Attributes:
        worst: USD set aside for it; None when unpriced.
        answer: set when an answer was bought; ``failure`` and ``message`` when not.
        sent_at, ended_at: by the monotonic clock, seconds.
    """

    slot: Slot
    prepared: Prepared
    worst: Decimal | None
    call: Call | None = None
    sent_at: float = field(default_factory=time.monotonic)
    ended_at: float = float("inf")
    answer: Answer | None = None
    failure: Failure | None = None
    message: str = ""

    @property
    def cost(self) -> tuple[Decimal | None, bool]:
        """(USD that it has cost however it ended, whether they are simulated)."""
        reply = self.call.reply if self.call else None
        return (Decimal(0), False) if reply is None else (reply.cost, reply.simulated)

    def lost(self) -> Answer:
        """A job that failed, as the answer that it is: none, and why."""
        cost, simulated = self.cost
        call_id = self.call.id if self.call and self.call.reply else None
        return Answer(None, call_id, cost, None, simulated, None, self.message)

    def stop(self) -> None:
        """Cut it."""
        self.failure, self.message = "stopped", "stopped"
        if self.call is not None:
            self.call.stop.set()


class Buyer:
    """Knows how each slot of a run is asked and scored. Its methods may be called from any thread."""

    def __init__(self, session: Session, setup: Setup, items: Sequence[Item], scorer: Scorer, tally: Tally) -> None:
        self._session = session
        self._setup = setup
        self._items = items
        self._arms = {arm.name: arm for arm in setup.candidates}
        self._scorer = scorer
        self._tally = tally
        self._priced: dict[tuple[Prices, str, Size], Decimal | None] = {}

    def job(self, slot: Slot) -> Job:
        """The slot's checked request and its worst cost. Raises UsageError; sends nothing."""
        definition, item = self._setup.definition, self._items[slot.position]
        parent = f"{self._setup.id}/{slot.arm}/{slot.position}"
        if slot.judged is not None:
            assert self._setup.judge is not None
            name, order = slot.judged
            candidate, baseline = (self._tally.answers[arm, slot.position].text or "" for arm in (name, BASELINE))
            prompt = question(item, candidate, baseline) if order == 1 else question(item, baseline, candidate)
            prepared = self._setup.judge.prepare_judge(self._session, prompt, SYSTEM, definition, parent)
        else:
            prepared = self._arm(slot).prepare(self._session, item, definition, parent, slot.arm == AGAIN)
        return Job(slot, prepared, self._most(prepared.request))

    def _most(self, request: Request) -> Decimal | None:
        """What the request can cost at most. Short answers to like prompts come in few sizes: each is priced once."""
        engine = self._session.engine
        size = engine.estimator.size(request)
        key = (engine.prices, request.ref, size)  # other settings, other prices
        if key not in self._priced:
            self._priced[key] = engine.estimator.most(request, size)
        return self._priced[key]

    def carry(self, job: Job) -> None:
        """Send the job's request and put answer or failure into it."""
        stream = self._session.run(job.prepared)
        job.call, job.sent_at = stream.call, time.monotonic()
        if job.failure is not None:
            return  # it was stopped before it was sent
        stream.call.begin()
        try:
            for _ in stream:
                pass
            reply = stream.reply
            price = reply.avoided if reply.cache else reply.cost
            bought = Answer(reply.text, stream.call.id, reply.cost, price, reply.simulated)
            job.answer = self.scored(job.slot, bought)
        except BaseException as error:
            job.failure, job.message = _meaning(error), str(error) or type(error).__name__
        finally:
            job.ended_at = time.monotonic()

    def scored(self, slot: Slot, bought: Answer) -> Answer:
        """An answer with its score. A scorer that raises loses this answer only."""
        try:
            return replace(bought, score=self._score(slot, bought.text or ""))
        except Exception as error:
            return replace(bought, error=f"the scorer raised {type(error).__name__}: {error}")

    def scorable(self, slot: Slot) -> bool:
        """Whether everything is there that the slot is asked with and compared with."""
        if slot.judged is not None:
            return all((arm, slot.position) in self._tally.answers for arm in (slot.judged[0], BASELINE))
        alone = slot.arm == BASELINE or not self._tally.against_baseline
        return alone or (BASELINE, slot.position) in self._tally.answers

    def simulated(self, slot: Slot) -> bool:
        """Whether a simulated model is asked."""
        judge = self._setup.judge
        return judge.simulated if slot.judged and judge else self._arm(slot).simulated

    def _arm(self, slot: Slot) -> Arm:
        return self._arms.get(slot.arm, self._setup.baseline)

    def _score(self, slot: Slot, text: str) -> float | None:
        if slot.judged is not None:
            return share_won(text, slot.judged[1] == 1)
        if self._scorer.judge is not None:
            return None
        expected = self._items[slot.position].expected
        if expected is not None:
            return self._scorer(text, expected)
        if slot.arm == BASELINE:
            return None
        return self._scorer(text, self._tally.answers[BASELINE, slot.position].text or "")


def _meaning(error: BaseException) -> Failure:
    if isinstance(error, BudgetError):
        return "budget"
    if isinstance(error, ProviderError):
        if error.status in RATE_LIMITED:
            return "rate limit"
        return "fatal" if error.status in FATAL else "lost"
    if isinstance(error, MissingKeyError):
        return "fatal"
    if isinstance(error, (UsageError, Exception)):
        return "lost"
    return "stopped"  # an interrupt: this call was asked to end
