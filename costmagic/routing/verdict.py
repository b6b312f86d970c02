"""What the learned routers say of a prompt, and the tier that this makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..types import TASKS

# Task → tier for what a small (1), a mid-size (2) and a strong model (3) does well. Narrow output goes to the cheapest;
# multi-step reasoning is where a dear model earns its cost.
TIER_OF: Mapping[str, tuple[str, str, str]] = {
    "classification": ("routing", "routing", "medium"),
    "extraction": ("medium", "medium", "standard"),
    "summarization": ("medium", "medium", "standard"),
    "question answering": ("medium", "medium", "standard"),
    "translation": ("medium", "medium", "standard"),
    "rewriting": ("medium", "medium", "standard"),
    "creative writing": ("standard", "standard", "standard"),
    "code": ("coding", "coding", "coding"),
    "math and reasoning": ("medium", "standard", "heavy"),
    "analysis and planning": ("standard", "standard", "heavy"),
    "chat": ("medium", "medium", "medium"),
}
LEVELS = ("a small", "a mid-size", "a strong")


@dataclass(frozen=True)
class Verdict:
    """What a prompt asks for.

    Attributes:
        chances: the probability of each of TASKS, in that order; they sum to 1.
        difficulty: 1 a small model does it, 2 a mid-size one, 3 a strong one.
    """

    chances: tuple[float, ...]
    difficulty: int

    @classmethod
    def certain(cls, task: str, difficulty: int) -> Verdict:
        """The verdict of somebody who does not doubt."""
        return cls(tuple(float(name == task) for name in TASKS), difficulty)

    @property
    def task(self) -> str:
        return self.ranked()[0][0]

    @property
    def probability(self) -> float:
        return max(self.chances)

    @property
    def tier(self) -> str:
        return TIER_OF[self.task][self.difficulty - 1]

    def ranked(self) -> list[tuple[str, float]]:
        """(task, probability), most probable first."""
        return sorted(zip(TASKS, self.chances, strict=True), key=lambda pair: -pair[1])
