"""The comparisons that this kernel has shown: the last one for ``%llm vote``, all of them for clicks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from ..comparison import Comparison

VERDICTS: Mapping[str, bool | None] = {"good": True, "bad": False, "none": None}

# Older ones can no longer be voted on by a click; their replies stay in the notebook and in the ledger.
MAX_SHOWN = 50

_shown: OrderedDict[str, Comparison] = OrderedDict()
_last: list[Comparison] = []


def remember(comparison: Comparison) -> None:
    """Make it the last one, and open to clicks: its table follows every vote."""
    _shown[comparison.id] = comparison
    while len(_shown) > MAX_SHOWN:
        _shown.popitem(last=False)
    point_at(comparison)


def point_at(comparison: Comparison) -> None:
    """Make it the last one, which ``%llm vote`` means: the value of a cell, whose table stays as it is."""
    _last[:] = [comparison]


def last() -> Comparison | None:
    """The comparison that a cell showed last, None when none did."""
    return _last[0] if _last else None


def shown(comparison_id: str) -> Comparison | None:
    """The comparison of that id, None when this kernel does not know it (any more)."""
    return _shown.get(comparison_id)


def forget() -> None:
    """Forget all."""
    _shown.clear()
    _last.clear()
