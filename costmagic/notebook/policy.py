"""``%llm policy``: which features go to a cheaper model, on what evidence; take one back, or check it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..policy import entry, policy, remove
from ..session import Session
from ..types import UsageError, did_you_mean
from .shown import Shown

ACTIONS = ("list", "remove", "recheck")


def command(session: Session, words: Sequence[str]) -> Any:
    """``policy [remove FEATURE|recheck FEATURE]``: adopted downgrades and their evidence; recheck asks anew."""
    action, rest = (words[0], words[1:]) if words else ("list", [])
    if action not in ACTIONS:
        raise UsageError(f"policy takes remove or recheck, not '{action}'{did_you_mean(action, list(ACTIONS))}")
    if action == "list":
        if rest:
            raise UsageError(f"policy list takes nothing more, not '{' '.join(rest)}'")
        return policy(session)
    if len(rest) != 1:
        raise UsageError(f"policy {action} takes one feature: %llm policy {action} FEATURE")
    return _remove(session, rest[0]) if action == "remove" else _recheck(session, rest[0])


def _remove(session: Session, feature: str) -> Shown:
    was = entry(session, feature).downgrade
    path = remove(session, feature)
    return Shown([[]], [f"Removed from {path}: {was}. Calls of '{feature}' are routed as usual again."])


def _recheck(session: Session, feature: str) -> Any:
    from ..evaluation import finished, recheck

    return finished(recheck(session, feature).start())
