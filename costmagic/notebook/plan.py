"""``%llm plan``: what each technique would save, from the ledger's own calls."""

from __future__ import annotations

from collections.abc import Sequence

from ..savings import SavingsPlan
from ..savings import plan as planned
from ..session import Session
from ..types import UsageError


def plan(session: Session, words: Sequence[str]) -> SavingsPlan:
    """``plan [--days N]``: what each technique would have saved on your own calls, from the least effort on"""
    rest = [part for word in words for part in word.split("=", 1)]
    if not rest:
        return planned(session=session)
    if rest[0] != "--days" or len(rest) != 2:
        raise UsageError(f"plan takes --days N, not '{' '.join(words)}'")
    try:
        days = float(rest[1])
    except ValueError:
        raise UsageError(f"--days takes a number, not '{rest[1]}'") from None
    return planned(days, session=session)
