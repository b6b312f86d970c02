"""The prompts, and how they are disturbed in training so that only the request counts."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "prompts"


def load(paths: list[Path]) -> list[dict[str, Any]]:
    """The lines of the files, each with the name of its file."""
    lines = [(path.stem, line) for path in paths for line in path.read_text("utf-8").split("\n") if line.strip()]
    return [json.loads(line) | {"file": file} for file, line in lines]


_MATERIAL = re.compile(r'"[^"\n]{15,}"|“[^”]{15,}”|«[^»]{15,}»|(?<=:\n)[^\0]{30,}|(?<=\n\n)[^\0]{40,}')
_QUOTES = {'"': '"', "“": "”", "«": "»"}


class Disturbance:
    """Makes of a prompt another that asks for the same: other material, no punctuation, a typo, something added."""

    def __init__(self, texts: list[str], rng: random.Random) -> None:
        self._rng = rng
        self._spans = {text: [match.span() for match in _MATERIAL.finditer(text)] for text in texts}
        self._materials = [text[a:b].strip('"“”«»') for text, spans in self._spans.items() for a, b in spans]

    def __call__(self, text: str) -> str:
        rng, chance = self._rng, self._rng.random()
        if chance < 0.3 and self._spans[text]:
            start, end = rng.choice(self._spans[text])
            quote = text[start] if text[start] in _QUOTES else ""
            return f"{text[:start]}{quote}{rng.choice(self._materials)}{_QUOTES.get(quote, '')}{text[end:]}"
        if 0.3 <= chance < 0.4:
            return re.sub(r"[^\w\s]", " ", text)
        if 0.4 <= chance < 0.47 and text:
            k = rng.randrange(len(text))
            return text[:k] + text[k + 1 : k + 2] + text[k : k + 1] + text[k + 2 :]
        if 0.47 <= chance < 0.55 and len(text) > 100:
            other = rng.choice(self._materials)[: rng.randrange(50, 600)]
            return f"{text}\n\n{other}" if rng.random() < 0.5 else f"{other}\n\n{text}"
        return text
