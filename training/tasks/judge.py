"""Judges the task classifier's weights: ``python training/tasks/judge.py [FILE …]`` (default: the held-out prompts)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from collection import FOLDER, load

from costmagic.routing.tasks import WEIGHTS
from costmagic.routing.tasks.classifier import TaskClassifier
from costmagic.types import TASKS


def judge(classifier: TaskClassifier, prompts: list[dict[str, Any]]) -> None:
    """Prints, for each file, the shares of tasks, of code or not, and of difficulties that are right; and what is
    confused with what (rows are the truth)."""
    for file in sorted({prompt["file"] for prompt in prompts}):
        chosen = [prompt for prompt in prompts if prompt["file"] == file]
        chances, difficulties = classifier.predict([prompt["text"] for prompt in chosen])
        truth = np.array([TASKS.index(prompt["task"]) for prompt in chosen])
        level = np.array([prompt["difficulty"] for prompt in chosen])
        guess, code = chances.argmax(1), TASKS.index("code")
        measures = {
            "task": guess == truth,
            "code or not": (guess == code) == (truth == code),
            "certainty": chances.max(1),
            "difficulty": np.round(difficulties) == level,
            "off by": np.abs(difficulties - level),
        }
        told = ", ".join(f"{name} {value.mean():.4f}" for name, value in measures.items())
        print(f"{file}: {len(chosen)} prompts, {told}")
        confused = np.zeros((len(TASKS), len(TASKS)), dtype=int)
        np.add.at(confused, (truth, guess), 1)
        print("  " + " " * 22 + "".join(f"{name[:5]:>7}" for name in TASKS))
        for name, row in zip(TASKS, confused, strict=True):
            print(f"  {name:<22}" + "".join(f"{n or '·':>7}" for n in row))


if __name__ == "__main__":
    paths = [Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("held-out*.jsonl"))
    judge(TaskClassifier(WEIGHTS), load(paths))
