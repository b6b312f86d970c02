"""Models whose answers are known, for the tests of evaluations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from costmagic import sim

DEPARTMENTS = ("billing", "sales", "technical", "people")
PROMPT = "Which department? {{ text }}"
HEAVY, STANDARD, MEDIUM, ROUTING = (
    *(f"sim:claude-{name}-5-5" for name in ("opus", "sonnet", "haiku")),
    "sim:claude-haiku-4-5",
)


def tickets(n: int) -> pd.DataFrame:
    """``text`` and the right ``label``."""
    labels = [DEPARTMENTS[i % 4] for i in range(n)]
    return pd.DataFrame({"text": [f"ticket {i}" for i in range(n)], "label": labels})


def script(frame: pd.DataFrame, latency: float = 0.0, fail: dict[str, Any] | None = None, **accuracy: float) -> None:
    """Let the models answer by the labels, with these accuracies (by tier; 1 where nothing is said)."""
    answers = {f"Which department? {text}": label for text, label in zip(frame["text"], frame["label"], strict=True)}
    for name, ref in (("heavy", HEAVY), ("standard", STANDARD), ("medium", MEDIUM), ("routing", ROUTING)):
        failing: Callable[[str, int], Any] | None = (fail or {}).get(name)
        sim.script(ref, answers=answers, accuracy=accuracy.get(name, 1.0), latency=latency, fail=failing)
