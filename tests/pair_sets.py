"""The pairs of ``training/pairs``, and which of them the semantic cache serves."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from costmagic.caching.verify.decide import decide
from costmagic.embedding import MiniLM

_PAIRS = Path(__file__).parents[1] / "training" / "pairs"


@cache
def pairs_of(name: str) -> list[dict[str, Any]]:
    """All of one file."""
    return [json.loads(line) for line in (_PAIRS / f"{name}.jsonl").read_text("utf-8").splitlines()]


def cosines_of(pairs: list[dict[str, Any]], minilm: MiniLM) -> list[float]:
    """Of each pair."""
    a, b = (minilm.embed([pair[side] for pair in pairs]) for side in ("a", "b"))
    return [float(x @ y) for x, y in zip(a, b, strict=True)]


def served_of(pairs: list[dict[str, Any]], cosines: list[float], minilm: MiniLM, rate: float = 0.01) -> list[Any]:
    """Those whose two prompts may share an answer."""
    return [
        pair
        for pair, cosine in zip(pairs, cosines, strict=True)
        if not decide(pair["a"], pair["b"], cosine, "minilm", minilm.tokens, rate).refusal
    ]
