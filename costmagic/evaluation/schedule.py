"""What is asked next: cheapest candidate first, no candidate longer than needed, the baseline only once."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from .arms import AGAIN, BASELINE, JUDGE
from .tally import Tally

# So many positions beyond the first open one are looked at for one that is ready.
AHEAD = 256


class Slot(NamedTuple):
    """One answer to buy: which arm ("judge:NAME:1" and ":2" for judges) on which item."""

    arm: str
    position: int

    @property
    def judged(self) -> tuple[str, int] | None:
        """The candidate that a judge compares, and whether it stands first (1) or second (2); None for an answer."""
        if not self.arm.startswith(f"{JUDGE}:"):
            return None
        name, _, order = self.arm.removeprefix(f"{JUDGE}:").rpartition(":")
        return name, int(order)


class Schedule:
    """Hands out slots; ``tally`` says which are answered, and which candidates are decided.

    Args:
        order: names of the candidates, cheapest first.
        ceiling: of so many items the baseline is asked twice.
    """

    def __init__(self, tally: Tally, order: Sequence[str], ceiling: int) -> None:
        self._tally = tally
        self._order = order
        self._ceiling = ceiling
        self._taken: set[Slot] = {Slot(*key) for key in tally.answers}
        self._next: dict[str, int] = {}
        self._again: deque[Slot] = deque()
        self._judges: deque[Slot] = deque()
        for name in order:
            for position in range(tally.items):
                self._maybe_judge(name, position)

    def next(self) -> Slot | None:
        """What to ask now; None when there is nothing, perhaps until answers that are under way have come."""
        while self._again:
            slot = self._again.popleft()
            if self._wanted(slot):
                return slot
        slot = self._of_ceiling() or self._of_judges() or self._of_candidates()
        if slot is not None:
            self._taken.add(slot)
        return slot

    def put_back(self, slot: Slot) -> None:
        """The slot could not be asked, or not now."""
        self._again.appendleft(slot)

    def answered(self, slot: Slot) -> None:
        """Note that an answer has come: a judge may be needed."""
        if slot.arm == BASELINE:
            for name in self._order:
                self._maybe_judge(name, slot.position)
        elif slot.judged is None and slot.arm != AGAIN:
            self._maybe_judge(slot.arm, slot.position)

    def _wanted(self, slot: Slot) -> bool:
        """Whether an answer is still of use."""
        name = slot.judged[0] if slot.judged else slot.arm
        lane = self._tally.lanes.get(name)
        return lane is None or lane.test.state == "undecided"

    def _maybe_judge(self, name: str, position: int) -> None:
        if not self._tally.judged:
            return
        both = [self._tally.answers.get((arm, position)) for arm in (BASELINE, name)]
        if any(a is None or a.error is not None for a in both) or self._tally.same_text(name, position):
            return
        for order in (1, 2):
            slot = Slot(f"{JUDGE}:{name}:{order}", position)
            if slot not in self._taken:
                self._taken.add(slot)
                self._judges.append(slot)

    def _of_judges(self) -> Slot | None:
        while self._judges:
            slot = self._judges.popleft()
            if self._wanted(slot):
                return slot
        return None

    def _of_ceiling(self) -> Slot | None:
        for arm in (BASELINE, AGAIN):
            position = self._free(arm)
            if position < self._ceiling and (arm == BASELINE or (BASELINE, position) in self._tally.answers):
                return Slot(arm, position)
        return None

    def _of_candidates(self) -> Slot | None:
        for name in self._order:
            if self._tally.lanes[name].test.state != "undecided":
                continue
            first = self._free(name)
            # Not the first alone: one slow answer of the baseline must not hold up the rest.
            for position in range(first, min(first + AHEAD, self._tally.items)):
                if Slot(name, position) not in self._taken and self._ready(position):
                    return Slot(name, position)
            if first >= self._tally.items:
                continue
            if (free := self._free(BASELINE)) < self._tally.items:
                return Slot(BASELINE, free)
        return None

    def _ready(self, position: int) -> bool:
        """Whether a candidate may be asked: what it is compared with is there, or at least on its way."""
        if self._tally.lost(BASELINE, position):
            return False
        if self._tally.against_baseline:
            return (BASELINE, position) in self._tally.answers
        return Slot(BASELINE, position) in self._taken

    def _free(self, arm: str) -> int:
        """The first position that has not been asked of ``arm``; those that the baseline lost are passed over."""
        position = self._next.get(arm, 0)
        while position < self._tally.items and (
            Slot(arm, position) in self._taken or (arm != BASELINE and self._tally.lost(BASELINE, position))
        ):
            position += 1
        self._next[arm] = position
        return position
