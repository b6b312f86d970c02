"""What one text says otherwise than another, word by word, as safe HTML."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from ..tables import money_safe

# Comparing takes up to the square of this many steps.
MAX_WORDS = 5_000


def words_html(old: str, new: str) -> str:
    """``new`` with what it lacks of ``old`` struck out and what it adds underlined; both are text, never markup."""
    before, after = re.findall(r"\S+\s*|\s+", old), re.findall(r"\S+\s*|\s+", new)
    if max(len(before), len(after)) > MAX_WORDS:
        return f"<p><em>longer than {MAX_WORDS:,} words: not compared word by word</em></p>"
    parts = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after).get_opcodes():
        if kind == "equal":
            parts.append(money_safe("".join(after[c:d])))
            continue
        if a < b:
            parts.append(f"<del>{money_safe(''.join(before[a:b]))}</del>")
        if c < d:
            parts.append(f"<ins>{money_safe(''.join(after[c:d]))}</ins>")
    return f"<div style='white-space:pre-wrap;overflow-wrap:anywhere'>{''.join(parts)}</div>"
