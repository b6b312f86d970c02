"""The ledger's answers: what things cost, what is out of line, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..session import Session, default
from ..types import UsageError, did_you_mean

if TYPE_CHECKING:
    from .board import Alerts
    from .measured import Metrics

__all__ = ["alerts", "metrics"]


def alerts(*, session: Session | None = None) -> Alerts:
    """What is out of line: spend, budgets, features, tiers, caches, prices and policies; worst first.

    Each alert carries the figures that caused it and is new only once; ``%llm alerts silence NAME 7d`` silences one.
    ``session``: whose ledger; default: that of ``cm.ask`` and the magics.

    Raises:
        LedgerError: the ledger can't be read.
    """
    from .watching import watch

    return watch(session or default())


def metrics(
    days: int = 30, by: str = "feature", *, session: Session | None = None, limit: int | None = None
) -> Metrics:
    """The six measures of the last ``days`` local days, today included.

    Cost per call and per user action, quality per token, the cache's hit rate, the tiers' shares of the calls and
    the features' of the money; each with ``.to_frame()`` and ``.plot()``.

    Args:
        days: whole days of the user's own calendar.
        by: "feature", "model", "tier", "day" or "action".
        session: whose ledger; default: that of ``cm.ask`` and the magics.
        limit: of user actions, tell no more than the dearest; default: all.

    Raises:
        UsageError: another ``by``, or ``days`` is not a whole number above 0.
        LedgerError: the ledger can't be read.
    """
    from . import days as calendar
    from . import six

    if by not in six.BY:
        raise UsageError(f"metrics can't be grouped by '{by}'{did_you_mean(str(by), six.BY)}")
    session = session or default()
    return six.measure(session, calendar.load(session, 2 * calendar.checked(days)), days, by, limit)
