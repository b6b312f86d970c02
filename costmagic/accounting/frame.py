"""Reading the ledger: as a DataFrame, call by call, and what estimates learn from it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Boolean, Engine, Float, Integer, cast, func, select

from ..types import UsageError
from .database import reading
from .schema import PUBLIC_COLUMNS, calls, texts

if TYPE_CHECKING:
    import pandas as pd


def naive_utc(moment: datetime | date | str) -> datetime:
    """How the ledger stores moments. A naive one is taken as local time, a date as its first moment.

    Raises UsageError for what is none of these, or not in ISO format.
    """
    try:
        if isinstance(moment, str):
            moment = datetime.fromisoformat(moment)
        if not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day)
        if moment.tzinfo is None:
            # By way of the timestamp: a local time that the clock skips is then the moment after the gap.
            moment = datetime.fromtimestamp(moment.timestamp(), UTC)
        return moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError, AttributeError):
        raise UsageError(f"since takes a date or a datetime, not {moment!r}") from None


def read(engine: Engine, since: datetime | None) -> pd.DataFrame:
    """The calls since ``since``, oldest first, with the columns of the table."""
    import pandas as pd

    statement = select(*(calls.c[name] for name in PUBLIC_COLUMNS)).order_by(calls.c.started_at, calls.c.id)
    if since is not None:
        statement = statement.where(calls.c.started_at >= naive_utc(since))
    with reading(engine) as connection:
        rows = connection.execute(statement).all()
    frame = pd.DataFrame.from_records([tuple(row) for row in rows], columns=list(PUBLIC_COLUMNS))
    for name in PUBLIC_COLUMNS:
        kind = calls.c[name].type
        if isinstance(kind, (Integer, BigInteger)):
            frame[name] = frame[name].astype("Int64")
        elif isinstance(kind, Boolean):
            frame[name] = frame[name].astype("bool")
        elif isinstance(kind, Float):
            frame[name] = frame[name].astype("Float64")
    frame["started_at"] = pd.to_datetime(frame["started_at"], utc=True)
    return frame


def count(engine: Engine) -> int:
    """How many calls there are."""
    with reading(engine) as connection:
        return int(connection.execute(select(func.count()).select_from(calls)).scalar_one())


def asked_features(engine: Engine, n: int = 20) -> list[str]:
    """Features that users have asked models for, the last first, at most ``n``."""
    asked = calls.c.feature.is_not(None) & (calls.c.purpose == "user") & (calls.c.status == "ok")
    statement = select(calls.c.feature).where(asked).group_by(calls.c.feature).order_by(func.max(calls.c.id).desc())
    with reading(engine) as connection:
        return list(connection.execute(statement.limit(n)).scalars())


def first_call(engine: Engine) -> datetime | None:
    """When the first call began (UTC), None when there is none."""
    with reading(engine) as connection:
        first: datetime | None = connection.execute(select(func.min(calls.c.started_at))).scalar_one()
    return first and first.replace(tzinfo=UTC)


def token_sums(engine: Engine, provider: str, model: str, recent: int) -> tuple[int, float, float, float, float]:
    """(n, Σx, Σy, Σx², Σxy) of counted (x) and reported (y) input tokens of the model's calls.

    Only calls among the ``recent`` last ones of all models are looked at.
    """
    last = select(calls).order_by(calls.c.id.desc()).limit(recent).subquery()
    x, y = cast(last.c.counted_tokens, Float), cast(last.c.input_tokens, Float)
    statement = select(func.count(), func.sum(x), func.sum(y), func.sum(x * x), func.sum(x * y)).where(
        last.c.provider == provider,
        last.c.model_requested == model,
        last.c.usage_source == "reported",
        last.c.status == "ok",
        last.c.cache == "none",
        last.c.counted_tokens > 0,
    )
    with reading(engine) as connection:
        n, *sums = connection.execute(statement).one()
    x1, y1, xx, xy = (value or 0.0 for value in sums)
    return int(n), x1, y1, xx, xy


def history(engine: Engine, n: int) -> list[dict[str, Any]]:
    """The last ``n`` calls, newest first, with the prompt and reply texts where they are kept."""
    original = texts.alias("original")
    statement = (
        select(
            *(calls.c[name] for name in PUBLIC_COLUMNS),
            func.coalesce(texts.c.request, original.c.request).label("request"),
            func.coalesce(texts.c.reply, original.c.reply).label("reply"),
        )
        .select_from(
            calls.outerjoin(texts, texts.c.call_id == calls.c.id).outerjoin(
                original, original.c.call_id == calls.c.cache_of
            )
        )
        .order_by(calls.c.id.desc())
        .limit(n)
    )
    with reading(engine) as connection:
        rows = [dict(row) for row in connection.execute(statement).mappings()]
    for row in rows:
        messages = json.loads(row["request"])["messages"] if row["request"] else []
        row["prompt"] = messages[-1]["content"] if messages else None
    return rows
