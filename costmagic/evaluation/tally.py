"""Counts answers in the seeded order, whatever arrives first, so that every look at the verdict is a fair one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from .arms import AGAIN, BASELINE, Arm
from .plain_rule import PlainRule
from .progress import BaselineState, CandidateState
from .scorers import normal
from .verdict import PairedTest, shared_alpha

PER = 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What one call gave.

    Attributes:
        text: None where there is none, or texts are not kept.
        cost: paid; ``price``: what the call costs when no cache answers; USD, None when unpriced.
        score: against the expected answer, or the baseline's; None when there is nothing to score, or scoring failed.
        error: why the answer is lost.
    """

    text: str | None
    call_id: str | None
    cost: Decimal | None
    price: Decimal | None
    simulated: bool
    score: float | None = None
    error: str | None = None


@dataclass
class Sums:
    """What the answers of one arm add up to; ``scored`` of them have a score, ``priced`` a price."""

    calls: int = 0
    lost: int = 0
    scored: int = 0
    score: float = 0.0
    answered: int = 0
    priced: int = 0
    price: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)

    def add(self, answer: Answer) -> None:
        self.calls += 1
        self.cost += answer.cost or Decimal(0)
        self.lost += answer.error is not None
        if answer.score is not None:
            self.scored += 1
            self.score += answer.score
        # A call that failed tells nothing of what an answer costs.
        if answer.error is None:
            self.answered += 1
            self.priced += answer.price is not None
            self.price += answer.price or Decimal(0)

    @property
    def mean(self) -> float | None:
        """Mean score."""
        return self.score / self.scored if self.scored else None

    @property
    def cost_per_1000(self) -> Decimal | None:
        """USD for 1,000 calls like these; None when the price of any is unknown."""
        return self.price / self.priced * PER if self.answered and self.priced == self.answered else None


@dataclass
class Lane:
    """One candidate's pairs.

    Attributes:
        seen: positions that have been counted or given up, from the first on.
        ours, theirs: sums of the baseline's and the candidate's scores.
    """

    arm: Arm
    test: PairedTest
    seen: int = 0
    ours: float = 0.0
    theirs: float = 0.0
    lost: int = 0
    last_error: str | None = None
    _told: tuple[int, int | None, PlainRule | None] = (-1, None, None)

    def told(self) -> tuple[int | None, PlainRule | None]:
        """Forecast and plain rule; they take milliseconds, so they are worked out once for each new pair."""
        if self._told[0] != self.test.n:
            open_ = self.test.n and self.test.state == "undecided"
            forecast = self.test.forecast() if open_ else None
            self._told = (self.test.n, forecast, self.test.plain() if self.test.n else None)
        return self._told[1:]


class Tally:
    """All answers of a run, and what they add up to."""

    def __init__(
        self,
        items: int,
        baseline: Arm,
        candidates: Sequence[Arm],
        judged: bool,
        against_baseline: bool,
        margin: float,
        confidence: float,
    ) -> None:
        self.items = items
        self.baseline = baseline
        self.judged = judged
        self.against_baseline = against_baseline
        self.answers: dict[tuple[str, int], Answer] = {}
        alpha = shared_alpha(1 - confidence, len(candidates))
        self.lanes = {arm.name: Lane(arm, PairedTest(margin, alpha)) for arm in candidates}
        self._sums: defaultdict[str, Sums] = defaultdict(Sums)

    def add(self, arm: str, position: int, answer: Answer) -> None:
        """Take in an answer; ``count`` counts it when its turn has come."""
        self.answers[arm, position] = answer
        self._sums[arm].add(answer)

    def lost(self, arm: str, position: int) -> bool:
        """Whether the answer has come and is of no use."""
        answer = self.answers.get((arm, position))
        return answer is not None and answer.error is not None

    def count(self) -> None:
        """Count all pairs whose turn has come."""
        for lane in self.lanes.values():
            while lane.seen < self.items and self._step(lane, lane.seen):
                lane.seen += 1

    def same_text(self, name: str, position: int) -> bool:
        """Whether candidate and baseline answered the same: nobody need judge that."""
        one, other = self.answers[BASELINE, position].text, self.answers[name, position].text
        return normal(one or "") == normal(other or "")

    def _step(self, lane: Lane, position: int) -> bool:
        """Count one position, or give it up; False while it is too early."""
        ours, theirs = self.answers.get((BASELINE, position)), self.answers.get((lane.arm.name, position))
        if ours is None:
            return False
        if ours.error is not None:
            return self._lose(lane, ours.error)
        if theirs is None:
            return False
        if theirs.error is not None:
            return self._lose(lane, theirs.error)
        if self.judged:
            return self._step_judged(lane, position)
        if theirs.score is None or (ours.score is None and not self.against_baseline):
            return self._lose(lane, "no score")
        first = 1.0 if self.against_baseline or ours.score is None else ours.score
        self._pair(lane, first, theirs.score)
        return True

    def _step_judged(self, lane: Lane, position: int) -> bool:
        if self.same_text(lane.arm.name, position):
            self._pair(lane, 0.5, 0.5)
            return True
        opinions = [self.answers.get((f"judge:{lane.arm.name}:{order}", position)) for order in (1, 2)]
        if any(opinion is None for opinion in opinions):
            return False
        scores = [opinion.score for opinion in opinions if opinion is not None]
        if any(score is None for score in scores):
            error = next((o.error for o in opinions if o is not None and o.error), "the judge gave no verdict")
            return self._lose(lane, error)
        won = sum(score for score in scores if score is not None) / 2
        self._pair(lane, 1 - won, won)
        return True

    def _pair(self, lane: Lane, baseline: float, candidate: float) -> None:
        lane.ours += baseline
        lane.theirs += candidate
        lane.test.add(baseline, candidate)

    def _lose(self, lane: Lane, error: str) -> bool:
        lane.lost += 1
        lane.last_error = error
        return True

    def left(self) -> int:
        """Answers that are still needed, if things go on as they did."""
        calls, furthest = 0, 0
        for lane in self.lanes.values():
            if lane.test.state != "undecided":
                continue
            rest = self.items - lane.seen
            forecast, _ = lane.told()
            pairs = rest if forecast is None else min(rest, forecast)
            furthest = max(furthest, lane.seen + pairs)
            calls += pairs * (3 if self.judged else 1)
        return calls + max(0, furthest - self._sums[BASELINE].calls)

    def baseline_state(self) -> BaselineState:
        """How the baseline stands."""
        arm, mine, again = self.baseline, self._sums[BASELINE], self._sums[AGAIN]
        return BaselineState(
            tier=arm.tier,
            ref=arm.ref,
            simulated=arm.simulated,
            n=mine.calls - mine.lost,
            accuracy=None if self.against_baseline else mine.mean,
            ceiling=again.mean,
            ceiling_n=again.scored,
            cost_per_1000=mine.cost_per_1000,
            calls=mine.calls + again.calls,
            errors=mine.lost,
        )

    def candidate_state(self, name: str) -> CandidateState:
        """How a candidate stands."""
        lane, mine = self.lanes[name], self._sums[name]
        arm, test = lane.arm, lane.test
        low, high = test.interval if test.n else (None, None)
        forecast, plain = lane.told()
        judges = [self._sums[f"judge:{name}:{order}"] for order in (1, 2)] if self.judged else []
        return CandidateState(
            tier=arm.tier,
            ref=arm.ref,
            simulated=arm.simulated,
            n=test.n,
            accuracy=lane.theirs / test.n if test.n else None,
            baseline_accuracy=lane.ours / test.n if test.n else None,
            drop=test.drop if test.n else None,
            low=low,
            high=high,
            cost_per_1000=mine.cost_per_1000,
            state=test.state,
            forecast=forecast,
            plain=plain,
            calls=mine.calls + sum(judge.calls for judge in judges),
            errors=lane.lost,
            last_error=lane.last_error,
            judge_cost=sum((judge.cost for judge in judges), Decimal(0)),
        )
