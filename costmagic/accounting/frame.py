"""Reading the ledger: as a DataFrame, summed up, and what estimates learn from it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Boolean, Engine, Float, Integer, Select, case, cast, func, select

from ..types import UsageError, did_you_mean
from .database import reading
from .money import from_nusd
from .schema import PUBLIC_COLUMNS, calls, texts

if TYPE_CHECKING:
    import pandas as pd

GROUPS = ("feature", "model", "tier", "day", "action")


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


def _sums() -> list[Any]:
    """What is summed per group; simulated money is kept apart from real money."""
    paid = calls.c.cache == "none"
    simulated = func.coalesce(calls.c.usage_source, "") == "simulated"
    hits = calls.alias("original")
    avoided = select(hits.c.cost_nusd).where(hits.c.id == calls.c.cache_of).scalar_subquery()

    def total(condition: Any, value: Any) -> Any:
        return func.coalesce(func.sum(case((condition, value), else_=0)), 0)

    return [
        func.count().label("calls"),
        total(~paid, 1).label("hits"),
        total(calls.c.status.in_(("error", "interrupted")), 1).label("failed"),
        total(paid, calls.c.input_tokens).label("input_tokens"),
        total(paid, calls.c.output_tokens).label("output_tokens"),
        total(paid & ~simulated, calls.c.cost_nusd).label("cost"),
        total(~paid & ~simulated, avoided).label("avoided"),
        total(simulated, calls.c.cost_nusd).label("simulated_cost"),
        total(~paid & simulated, avoided).label("simulated_avoided"),
        total(calls.c.cost_nusd.is_(None) & ~simulated, 1).label("unpriced"),
        total(calls.c.usage_source == "estimated", 1).label("estimated"),
    ]


MONEY = ("cost", "avoided", "simulated_cost", "simulated_avoided")


def costs(engine: Engine, by: str, since: datetime | None) -> pd.DataFrame:
    """Calls, tokens and USD per feature, model, tier, local day or action; dearest first.

    ``cost``, ``avoided`` and their ``simulated_`` twins are ``Decimal``. A group with ``unpriced`` calls has
    cost at least that much.

    Raises UsageError for any other ``by``.
    """
    import pandas as pd

    if not isinstance(by, str) or by not in GROUPS:
        by = str(by)
        raise UsageError(f"costs can't be grouped by '{by}'{did_you_mean(by, GROUPS)}")
    if by == "day":
        records = _daily(engine, since)
    else:
        key = calls.c.provider + ":" + calls.c.model_requested if by == "model" else calls.c[by]
        records = [(row[0], *row[1:]) for row in _grouped(engine, select(key, *_sums()).group_by(key), since)]
    columns = [by, *(column.name for column in _sums())]
    frame = pd.DataFrame.from_records(records, columns=columns)
    for name in MONEY:
        frame[name] = frame[name].map(lambda nusd: from_nusd(int(nusd)))
    frame = frame.sort_values("cost", ascending=False, kind="stable") if by != "day" else frame.sort_values(by)
    return frame.set_index(by)


def totals(engine: Engine, since: datetime) -> dict[str, Any]:
    """The columns of ``costs`` over all calls since ``since``."""
    row = _grouped(engine, select(*_sums()), since)[0]._mapping
    return {name: from_nusd(int(value)) if name in MONEY else int(value) for name, value in row.items()}


def asked_features(engine: Engine, n: int = 20) -> list[str]:
    """Features that users have asked models for, the last first, at most ``n``."""
    asked = calls.c.feature.is_not(None) & (calls.c.purpose == "user") & (calls.c.status == "ok")
    statement = select(calls.c.feature).where(asked).group_by(calls.c.feature).order_by(func.max(calls.c.id).desc())
    return [row[0] for row in _grouped(engine, statement.limit(n), None)]


def _grouped(engine: Engine, statement: Select[Any], since: datetime | None) -> list[Any]:
    if since is not None:
        statement = statement.where(calls.c.started_at >= naive_utc(since))
    with reading(engine) as connection:
        return list(connection.execute(statement).all())


def _daily(engine: Engine, since: datetime | None) -> list[tuple[Any, ...]]:
    """Sums per local day: the user's calendar, whatever the clock changes. Empty days are leapt over."""
    records = []
    moment = _grouped(engine, select(func.min(calls.c.started_at)), since)[0][0]
    while moment is not None:
        day = moment.replace(tzinfo=UTC).astimezone().date()
        start, end = (datetime(d.year, d.month, d.day) for d in (day, day + timedelta(days=1)))
        within = (calls.c.started_at >= naive_utc(start)) & (calls.c.started_at < naive_utc(end))
        records.append((day, *_grouped(engine, select(*_sums()).where(within), since)[0]))
        later = select(func.min(calls.c.started_at)).where(calls.c.started_at >= naive_utc(end))
        moment = _grouped(engine, later, since)[0][0]
    return records


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
