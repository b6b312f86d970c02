"""Whether an adopted policy still holds: the same items, asked anew."""

from __future__ import annotations

from .. import policy
from ..session import Session
from ..types import UsageError
from .runner import Run
from .runs import again


def recheck(session: Session, feature: str) -> Run:
    """A run, not yet started, that asks the items of the feature's policy anew: ``from`` against ``to``.

    Raises:
        UsageError: the feature has no policy, or one that rests on no evaluation, or the ledger does not hold it.
        LedgerError: the ledger can't be read.
    """
    entry = policy.entry(session, feature)
    if entry.evaluation is None:
        raise UsageError(f"the policy of feature '{feature}' was written by hand: there is no evaluation to repeat")
    return again(session, entry.evaluation, entry.downgrade.source, entry.downgrade.target)
