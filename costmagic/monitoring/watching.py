"""Judges what the ledger holds, writes down what has come up, and tells it once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from ..accounting import fired
from ..accounting.fired import Fired
from ..session import Session
from ..staleness import Staleness
from ..types import CostmagicError, UsageError, did_you_mean
from . import days, rules, watches
from .alert import SEVERITIES, Alert, Unsure
from .board import Alerts, until

KINDS = (
    *("daily-spend", "budget-projection", "feature-growth"),
    *("tier-drift", "cache-collapse", "unpriced", "stale-policy"),
)

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(days=7)}
MAX_SILENCE = timedelta(days=365)


def judge(session: Session, now: datetime | None = None, history: days.History | None = None) -> list[Alert | Unsure]:
    """All alerts as things stand ``now`` (aware), worst first, and what can't be judged yet; nothing is written.

    ``history`` saves reading it again. Raises LedgerError when the ledger can't be read.
    """
    now = now or datetime.now(UTC)
    engine = session.engine
    history = (history or days.load(session, rules.NEEDED, now)).last(rules.NEEDED)
    watched = rules.Watched(history, engine.settings, tuple(engine.budgets.limits()))

    def cause(back: int) -> str | None:
        since = now - timedelta(days=back)
        return engine.similar.cache.told(since.timestamp())[0].cause()

    def every() -> Iterator[Alert | Unsure]:
        yield from rules.daily_spend(watched)
        yield from rules.budget_projection(watched)
        yield from rules.feature_growth(watched)
        yield from watches.tier_drift(watched)
        yield from watches.cache_collapse(watched, cause)
        yield from watches.unpriced(watched)
        yield from watches.stale_policy(watched, Staleness(engine.settings, engine.prices).of)

    return sorted(every(), key=lambda one: -SEVERITIES.index(one.severity) if isinstance(one, Alert) else 1)


def watch(session: Session, now: datetime | None = None, history: days.History | None = None) -> Alerts:
    """What stands ``now``; what has come up is written down, and what is new to this user's notebooks is told as that.

    ``history`` saves reading it again. Raises LedgerError when the ledger can't be read.
    """
    now = now or datetime.now(UTC)
    found = judge(session, now, history)
    board, told = tell(session, f"notebook:{session.settings.user}", found, now)
    for one in told:
        try:
            fired.settle(session.engine.ledger, f"notebook:{session.settings.user}", (one.name, one.occurrence), True)
        except Exception:  # it is told as new again
            break
    return board


def tell(session: Session, channel: str, found: list[Alert | Unsure], now: datetime) -> tuple[Alerts, list[Fired]]:
    """(what stands, what ``channel`` has to tell and then to ``settle``): what came up is told once there."""
    ledger = session.engine.ledger
    silences = fired.silenced(ledger, now)
    alerts = [one for one in found if isinstance(one, Alert)]
    quiet = {alert.name: end for alert in alerts if (end := until(alert.name, silences))}
    standing = tuple(alert for alert in alerts if alert.name not in quiet)
    told: list[Fired] = []
    trouble = None
    try:
        fired.note(ledger, [Fired(*a.key, now, a.severity, a.to_json()) for a in standing])
        told = fired.claim(
            ledger, channel, [a.key for a in standing], now, lambda name: until(name, silences) is not None
        )
    except Exception as error:
        # Whatever keeps the ledger from being written: the alerts themselves must come through.
        trouble = str(getattr(error, "orig", None) or error)
    keys = frozenset((one.name, one.occurrence) for one in told)
    return (
        Alerts(
            standing,
            frozenset(a.key for a in standing if a.key in keys or trouble),
            tuple((alert, quiet[alert.name]) for alert in alerts if alert.name in quiet),
            tuple(one for one in found if isinstance(one, Unsure)),
            trouble,
        ),
        told,
    )


def silence(session: Session, name: str, time: str, now: datetime | None = None) -> str:
    """Silence the alert ``name``, or all of its kind, for a ``time`` like 12h, 7d or 2w; "off" ends it.

    Returns what that means in a sentence. Raises UsageError for another name or time, or an unwritable ledger.
    """
    if name.partition(":")[0] not in KINDS:
        raise UsageError(f"unknown alert '{name}'{did_you_mean(name, KINDS)}")
    now = now or datetime.now(UTC)
    end = None if time == "off" else now + _time(time)
    try:
        fired.silence(session.engine.ledger, name, end)
    except CostmagicError:
        raise
    except Exception as error:
        reason = getattr(error, "orig", None) or error
        raise UsageError(f"the ledger can't be written, so nothing is silenced: {reason}") from None
    return f"{name} is told again." if end is None else f"{name} is silenced until {end.astimezone():%Y-%m-%d %H:%M}."


def _time(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,4})([hdw])", text)
    if not found or not int(found[1]) or (time := int(found[1]) * _UNITS[found[2]]) > MAX_SILENCE:
        raise UsageError(f"a time is a number of hours, days or weeks, like 12h, 7d or 2w, not '{text}'")
    return time
