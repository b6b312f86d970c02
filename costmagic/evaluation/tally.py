"""Counts answers in the seeded order, whatever arrives first, so that every look at the verdict is a fair one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from .arms import AGAIN, BASELINE, Arm
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
class Lane:
    """One candidate's pairs.

    Attributes:
        seen: positions that have been counted or given up, from the first on.
        pairs: (position, baseline's score, candidate's score).
    """

    arm: Arm
    test: PairedTest
    seen: int = 0
    pairs: list[tuple[int, float, float]] = field(default_factory=list)
    lost: int = 0
    last_error: str | None = None


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
        self._by_arm: dict[str, list[Answer]] = {}

    def add(self, arm: str, position: int, answer: Answer) -> None:
        """Take in an answer; ``count`` counts it when its turn has come."""
        self.answers[arm, position] = answer
        self._by_arm.setdefault(arm, []).append(answer)

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
        self._pair(lane, position, first, theirs.score)
        return True

    def _step_judged(self, lane: Lane, position: int) -> bool:
        if self.same_text(lane.arm.name, position):
            self._pair(lane, position, 0.5, 0.5)
            return True
        opinions = [self.answers.get((f"judge:{lane.arm.name}:{order}", position)) for order in (1, 2)]
        if any(opinion is None for opinion in opinions):
            return False
        scores = [opinion.score for opinion in opinions if opinion is not None]
        if any(score is None for score in scores):
            error = next((o.error for o in opinions if o is not None and o.error), "the judge gave no verdict")
            return self._lose(lane, error)
        won = sum(score for score in scores if score is not None) / 2
        self._pair(lane, position, 1 - won, won)
        return True

    def _pair(self, lane: Lane, position: int, baseline: float, candidate: float) -> None:
        lane.pairs.append((position, baseline, candidate))
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
            forecast = lane.test.forecast() if lane.test.n else None
            pairs = rest if forecast is None else min(rest, forecast)
            furthest = max(furthest, lane.seen + pairs)
            calls += pairs * (3 if self.judged else 1)
        return calls + max(0, furthest - len(self._by_arm.get(BASELINE, [])))

    def baseline_state(self) -> BaselineState:
        """How the baseline stands."""
        mine = self._by_arm.get(BASELINE, [])
        scores = [] if self.against_baseline else [a.score for a in mine if a.score is not None]
        again = [a.score for a in self._by_arm.get(AGAIN, []) if a.score is not None]
        arm = self.baseline
        return BaselineState(
            tier=arm.tier,
            ref=arm.ref,
            simulated=arm.simulated,
            n=len([a for a in mine if a.error is None]),
            accuracy=_mean(scores),
            ceiling=_mean(again),
            ceiling_n=len(again),
            cost_per_1000=_per_1000(mine),
            calls=len(mine) + len(self._by_arm.get(AGAIN, [])),
            errors=len([a for a in mine if a.error is not None]),
        )

    def candidate_state(self, name: str) -> CandidateState:
        """How a candidate stands."""
        lane = self.lanes[name]
        arm, test, mine = lane.arm, lane.test, self._by_arm.get(name, [])
        low, high = test.interval if test.n else (None, None)
        judged = [a for order in (1, 2) for a in self._by_arm.get(f"judge:{name}:{order}", [])]
        return CandidateState(
            tier=arm.tier,
            ref=arm.ref,
            simulated=arm.simulated,
            n=test.n,
            accuracy=_mean([theirs for _, _, theirs in lane.pairs]),
            baseline_accuracy=_mean([ours for _, ours, _ in lane.pairs]),
            drop=test.drop if test.n else None,
            low=low,
            high=high,
            cost_per_1000=_per_1000(mine),
            state=test.state,
            forecast=test.forecast() if test.n and test.state == "undecided" else None,
            plain=test.plain() if test.n else None,
            calls=len(mine) + len(judged),
            errors=lane.lost,
            last_error=lane.last_error,
            judge_cost=sum((a.cost for a in judged if a.cost is not None), Decimal(0)),
        )


def _mean(scores: Sequence[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else None


def _per_1000(answers: Sequence[Answer]) -> Decimal | None:
    """USD for 1,000 calls like these; None when the price of any is unknown."""
    answered = [a for a in answers if (a.call_id is not None and a.text is not None) or a.score is not None]
    prices = [a.price for a in answered if a.price is not None]
    if not answered or len(prices) < len(answered):
        return None
    return sum(prices, Decimal(0)) / len(prices) * PER
