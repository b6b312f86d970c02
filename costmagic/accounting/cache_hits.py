"""What the ledger knows of cache hits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, case, func, select

from .database import reading
from .frame import naive_utc
from .schema import calls

# Ages of more hits than this are taken from the last ones.
MAX_AGES = 10_000


@dataclass(frozen=True, slots=True)
class LayerHits:
    """Hits of one of the own layers. Money is nano-dollars, simulated money apart."""

    hits: int
    tokens: int
    avoided_nusd: int
    simulated_nusd: int
    unpriced: int
    ages_s: Sequence[float]


@dataclass(frozen=True, slots=True)
class ProviderHits:
    """Calls of one model that the provider's own prompt cache helped: tokens read from it and written to it."""

    ref: str
    hits: int
    read: int
    written: int


def sent(engine: Engine, since: datetime) -> int:
    """Calls since ``since`` that went to a model; embeddings are none."""
    with reading(engine) as connection:
        return int(
            connection.execute(
                select(func.count())
                .select_from(calls)
                .where(calls.c.started_at >= naive_utc(since), calls.c.cache == "none", calls.c.purpose != "embed")
            ).scalar_one()
        )


def layer(engine: Engine, name: str, since: datetime) -> LayerHits:
    """The hits of the layer "exact" or "semantic"."""
    original = calls.alias("original")
    simulated = func.coalesce(calls.c.usage_source, "") == "simulated"
    joined = calls.outerjoin(original, original.c.id == calls.c.cache_of)
    mine = (calls.c.started_at >= naive_utc(since), calls.c.cache == name)

    def total(value: object) -> object:
        return func.coalesce(func.sum(value), 0)

    sums = select(
        func.count(),
        total(calls.c.input_tokens + calls.c.output_tokens),
        total(case((~simulated, original.c.cost_nusd), else_=0)),
        total(case((simulated, original.c.cost_nusd), else_=0)),
        total(case((original.c.cost_nusd.is_(None), 1), else_=0)),
    )  # type: ignore[call-overload]
    ages = select(calls.c.started_at, original.c.started_at).order_by(calls.c.id.desc()).limit(MAX_AGES)
    with reading(engine) as connection:
        row = connection.execute(sums.select_from(joined).where(*mine)).one()
        pairs = connection.execute(ages.select_from(joined).where(*mine, original.c.id.is_not(None))).all()
    hits, tokens, avoided, simulated_nusd, unpriced = map(int, row)
    return LayerHits(
        hits, tokens, avoided, simulated_nusd, unpriced, [max(0.0, (a - b).total_seconds()) for a, b in pairs]
    )


def provider(engine: Engine, since: datetime) -> list[ProviderHits]:
    """Calls that read from or wrote to a provider's prompt cache, by model; simulated ones are left out."""
    ref = calls.c.provider + ":" + calls.c.model_requested
    statement = (
        select(
            ref,
            func.sum(case((calls.c.cache_read_tokens > 0, 1), else_=0)),
            func.coalesce(func.sum(calls.c.cache_read_tokens), 0),
            func.coalesce(func.sum(calls.c.cache_write_tokens), 0),
        )
        .where(
            calls.c.started_at >= naive_utc(since),
            calls.c.cache == "none",
            calls.c.provider != "sim",
            (calls.c.cache_read_tokens > 0) | (calls.c.cache_write_tokens > 0),
        )
        .group_by(ref)
    )
    with reading(engine) as connection:
        return [
            ProviderHits(str(row[0]), int(row[1]), int(row[2]), int(row[3])) for row in connection.execute(statement)
        ]
