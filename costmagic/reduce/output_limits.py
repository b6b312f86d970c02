"""How long a reply may become, by what was asked for: a label needs ten tokens, not four thousand."""

from __future__ import annotations

import re
from collections.abc import Mapping

CHARACTERS_PER_TOKEN = 3  # fewer than usual: the limit must rather be too wide

NARROW = 24  # tokens: a label, a yes or no, a single value, and a word of politeness

# Task → (tokens that any such reply may have, more tokens for each token of the prompt). The reply to these tasks is
# bounded by the material that stands in the prompt; all others have the usual limit.
LIMITS: Mapping[str, tuple[int, float]] = {
    "classification": (128, 1.0),
    "extraction": (512, 2.0),
    "summarization": (1_024, 1.0),
    "translation": (512, 4.0),
    "rewriting": (768, 3.0),
}

# Models that think before they answer spend tokens of the same limit on it.
_THINKS = re.compile(
    r"(^|[/:-])(o\d|gpt-[5-9]|deepseek-(r\d|reasoner)|qwq|grok-[4-9]|gemini-[2-9]|magistral)|think|reason"
)


def output_limit(
    ref: str, task: str | None, narrow: bool, prompt: str, own: Mapping[str, int] | None, most: int
) -> int | None:
    """Tokens that a reply to ``prompt`` needs at the most; None where ``most`` should stay the limit.

    Args:
        ref: the model, ``provider:model``.
        task: what the prompt asks for.
        narrow: whether a label or a single value was asked for.
        own: the user's limits by task, over the built-in ones; None switches all limits off.
        most: the limit without this.
    """
    if own is None:
        return None
    if task is not None and task in own:
        return own[task]
    if _THINKS.search(ref):
        return None
    if narrow:
        return min(NARROW, most)
    if task is None or task not in LIMITS:
        return None
    floor, factor = LIMITS[task]
    limit = floor + int(factor * len(prompt) / CHARACTERS_PER_TOKEN)
    return limit if limit < most else None
