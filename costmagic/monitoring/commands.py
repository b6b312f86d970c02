"""``costmagic alerts``, ``report`` and ``ledger``: for cron and for terminals."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from ..accounting import fired
from ..accounting.exchange import bring, export, format_of
from ..accounting.retention import prune
from ..accounting.spent import midnight
from ..session import Session
from ..types import CostmagicError, UsageError
from . import days, watching, weekly
from .alert import Alert, from_json
from .board import worst
from .webhook import channel, post

# Exit codes: cron must not page anybody because of a misspelt option.
EXIT_CODES = {None: 0, "warning": 3, "critical": 4}
FAILED = 1

Print = Callable[[str], None]


def alerts(session: Session, webhook: str | None, say: Print, now: datetime | None = None) -> int:
    """Tell what stands, post what is new to ``webhook``; returns the exit code.

    What could not be posted stays, and is posted the next time.
    """
    now = now or datetime.now(UTC)
    where = channel(webhook) if webhook else f"console:{session.settings.user}"
    board, told = watching.tell(session, where, watching.judge(session, now), now)
    say(repr(board))
    ledger = session.engine.ledger
    new: list[Alert] = [from_json(one.body) for one in told]
    if board.trouble:  # nobody knows what was told: too often is better than never
        new = list(board.standing)
    reasons = []
    for alert in new:
        reason = post(webhook, alert) if webhook else None
        if reason is not None:
            reasons.append(reason)
        if not board.trouble:
            fired.settle(ledger, where, alert.key, reason is None)
    if webhook and new:
        say(f"{len(new) - len(reasons)} of {len(new)} posted.")
    if reasons:
        say(f"The webhook could not be reached: {reasons[-1]}. What is left is posted the next time.")
    return EXIT_CODES[worst(new)] or (FAILED if reasons else 0)


def ledger(session: Session, arguments: argparse.Namespace, say: Print) -> int:
    """Export, import or prune the ledger; returns the exit code.

    Raises UsageError for files that can't be read or written, LedgerError for such a ledger.
    """
    books = session.engine.ledger
    try:
        if arguments.action == "prune":
            keep = session.settings.keep_days
            if keep is None:
                raise UsageError("prune removes what is older than keep_days in costmagic.toml, and none is set")
            say(f"{prune(books, keep):,} calls of more than {keep:g} days ago removed.")
            return 0
        path = Path(arguments.file)
        format = format_of(path, arguments.format)
        if arguments.action == "export":
            first = None if arguments.since is None else days.first_day(arguments.since)
            say(f"{export(books, path, format, midnight(first) if first else None):,} calls written to {path}.")
            return 0
        new, old = bring(books, path, format)
        say(f"{new:,} calls read from {path}; {old:,} were there already.")
        return 0
    except CostmagicError:
        raise
    except Exception as error:
        reason = getattr(error, "orig", None) or error
        raise UsageError(f"the ledger at {books.name} can't be written: {reason}") from None


def report(session: Session, since: str, format: str, say: Print) -> int:
    """Write the review; returns the exit code. Raises UsageError for another ``since``."""
    say(weekly.review(session, days.since(since)).rendered(format))
    return 0
