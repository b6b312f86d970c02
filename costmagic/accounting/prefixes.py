"""What the ledger knows of prompts' prefixes: who sent them when, and what the provider's cache made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from .database import reading
from .schema import calls
from .store import Ledger, LedgerError
from .sums import SIMULATED

c = calls.c

# What decides is how a prefix is used lately; more calls would only take longer to read.
RECENT = 50

_COLUMNS = (
    *(c.started_at, c.first_token_ms, c.provider, c.model_requested, c.usage_source),
    *(c.prefix_hash, c.prefix_tokens, c.turns_hash, c.turns_tokens, c.cache_after),
    *(c.cache_read_tokens, c.cache_write_tokens, c.prefix_saved_nusd, c.prefix_premium_nusd),
)


def _reached_the_provider() -> ColumnElement[bool]:
    """Not answered from here, and not refused before the model read the prompt."""
    return (c.cache == "none") & ((c.status != "error") | c.first_token_ms.is_not(None))


def _past_of(column: ColumnElement[str]) -> Select[Any]:
    return (
        select(*_COLUMNS)
        .where(column == bindparam("digest"), c.provider == bindparam("provider"))
        .where(c.model_requested == bindparam("model"), c.started_at >= bindparam("since"), _reached_the_provider())
        .order_by(c.started_at.desc())
        .limit(RECENT)
    )


# Made once: this is on the way of every long prompt.
_PAST = {False: _past_of(c.prefix_hash), True: _past_of(c.turns_hash)}


def past(ledger: Ledger, provider: str, model: str, digest: str, conversation: bool, since: datetime) -> Sequence[Any]:
    """The last calls since ``since`` (naive UTC) that sent the model this conversation or system prompt, newest first.

    Nothing where the ledger can't be read: without experience, nothing is cached.
    """
    wanted = {"digest": digest, "provider": provider, "model": model, "since": since}
    return _rows(ledger, _PAST[conversation], wanted)


def last_was_read(ledger: Ledger, provider: str, model: str, feature: str, since: datetime) -> bool:
    """Whether the provider's cache served the feature's last call to the model, and that was since ``since``."""
    statement = (
        select(c.cache_read_tokens)
        .where(c.feature == feature, c.provider == provider, c.model_requested == model)
        .where(c.started_at >= since, _reached_the_provider(), c.first_token_ms.is_not(None))
        .order_by(c.started_at.desc())
        .limit(1)
    )
    return any(row.cache_read_tokens for row in _rows(ledger, statement))


def _rows(ledger: Ledger, statement: Any, parameters: Mapping[str, Any] | None = None) -> Sequence[Any]:
    try:
        with reading(ledger.engine()) as connection:
            return connection.execute(statement, parameters).all()
    except (SQLAlchemyError, OSError):
        return []


@dataclass(frozen=True, slots=True)
class Booked:
    """What the ledger knows of some days.

    Attributes:
        uses: every call that sent a stable prefix, oldest first.
        saved_nusd, premium_nusd: what the provider's prompt cache saved by reads and cost for writes, in all calls
            that were not simulated.
        unpriced: of these, calls that read or wrote, on models without a known price.
    """

    uses: Sequence[Any]
    saved_nusd: int
    premium_nusd: int
    unpriced: int


def booked(ledger: Ledger, since: datetime) -> Booked:
    """What happened since ``since`` (naive UTC). Raises LedgerError when the ledger can't be read."""
    asked = (c.started_at >= since) & (c.cache == "none") & ~SIMULATED
    uses = (
        select(*_COLUMNS)
        .where(or_(c.prefix_hash.is_not(None), c.turns_hash.is_not(None)))
        .where(c.started_at >= since, _reached_the_provider())
        .order_by(c.started_at)
    )
    sums = select(
        func.coalesce(func.sum(c.prefix_saved_nusd), 0), func.coalesce(func.sum(c.prefix_premium_nusd), 0)
    ).where(asked)
    cached = (c.cache_read_tokens > 0) | (c.cache_write_tokens > 0)
    unpriced = select(func.count()).select_from(calls).where(asked, cached, c.prefix_saved_nusd.is_(None))
    try:
        with reading(ledger.engine()) as connection:
            saved, premium = connection.execute(sums).one()
            count = int(connection.execute(unpriced).scalar_one())
            return Booked(connection.execute(uses).all(), int(saved), int(premium), count)
    except (SQLAlchemyError, OSError) as error:
        reason = getattr(error, "orig", None) or error
    raise LedgerError(f"the ledger at {ledger.name} can't be read: {reason}")
