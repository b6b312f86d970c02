"""The task classifier that costmagic brings: what a prompt asks for, in about a millisecond, on NumPy alone.

``training/`` holds the prompts that it was trained on, all written for this project, and what makes its weights.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from ..examples import SHOWN, Example
from ..verdict import Verdict
from .classifier import Floats, TaskClassifier
from .reading import HEAD_CHARS, TAIL_CHARS

WEIGHTS = Path(__file__).with_name("weights.npz")
EXAMPLES = Path(__file__).with_name("examples.json")


def classify(prompt: str) -> Verdict:
    """The verdict on ``prompt``, of any length: its beginning and its end decide."""
    if len(prompt) > 2 * (HEAD_CHARS + TAIL_CHARS):
        prompt = f"{prompt[:HEAD_CHARS]}\n{prompt[-TAIL_CHARS:]}"
    return _verdict(prompt)


def nearest(prompt: str) -> tuple[Example, ...]:
    """The known prompts that the classifier finds most like ``prompt``."""
    texts, directions = _examples()
    likeness = directions @ _classifier().directions([prompt])[0]
    best = sorted(range(len(texts)), key=lambda i: -likeness[i])[:SHOWN]
    return tuple(Example(texts[i]["prompt"], texts[i]["task"], float(likeness[i])) for i in best)


@functools.lru_cache(maxsize=1_024)
def _verdict(prompt: str) -> Verdict:
    chances, difficulties = _classifier().predict([prompt])
    return Verdict(tuple(map(float, chances[0])), round(float(difficulties[0])))


@functools.cache
def _classifier() -> TaskClassifier:
    return TaskClassifier(WEIGHTS)


@functools.cache
def _examples() -> tuple[list[dict[str, Any]], Floats]:
    texts = json.loads(EXAMPLES.read_text("utf-8"))
    return texts, _classifier().directions([text["prompt"] for text in texts])
