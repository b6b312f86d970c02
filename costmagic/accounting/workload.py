"""What a plan of savings reads: the calls of some days, their texts, and how many there are of which kind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, case, func, literal_column, select

from .database import reading
from .schema import calls, texts

c = calls.c

# Prompts that are longer are not read: a plan needs many calls rather than every word.
MAX_CHARACTERS = 200_000

# Of a prompt's last message this much is kept: what a template and a short question are told by.
HEAD, TAIL = 4_000, 500

# Ids that go into one statement; SQLite takes 32,766 parameters.
BATCH = 5_000

_COLUMNS = (
    *(c.id, c.started_at, c.status, c.purpose, c.feature, c.task, c.tier, c.provider, c.model_requested, c.model),
    *(c.route_source, c.input_tokens, c.cache_read_tokens, c.cache_write_tokens, c.cache_write_1h_tokens),
    *(c.output_tokens, c.usage_source, c.cost_nusd, c.first_token_ms, c.latency_ms, c.batched, c.prompt_hash),
    *(c.prefix_hash, c.prefix_tokens, c.turns_hash, c.turns_tokens, c.cache_after),
)


@dataclass(frozen=True, slots=True)
class Tally:
    """Calls of some days, of one kind: simulated, or real.

    Attributes:
        paid: calls that went to a model; ``hits``: those that a cache answered.
        unpriced: paid calls without a known price; ``cost_nusd`` is that of the others, ``avoided_nusd`` what the
            hits would have cost.
    """

    paid: int = 0
    hits: int = 0
    unpriced: int = 0
    cost_nusd: int = 0
    avoided_nusd: int = 0


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the ledger keeps of a prompt.

    Attributes:
        text: the last message; of one longer than HEAD and TAIL together, only these.
        length: of the whole last message, in characters.
        settings: SHA-256 of all else that the answer depends on besides the model; ``manner``: the same without the
            limit of the reply's length, which may follow from the length of the prompt.
        turns: how many messages came before the last.
    """

    text: str
    length: int
    settings: str
    manner: str
    turns: int
    role: str
    temperature: float | None


def tallies(engine: Engine, since: datetime) -> dict[bool, Tally]:
    """Simulated? → what there is since ``since`` (naive UTC)."""
    original = calls.alias("original")
    avoided = select(original.c.cost_nusd).where(original.c.id == c.cache_of).scalar_subquery()
    simulated = c.provider == literal_column("'sim'")  # no parameter: the same words where it is grouped by
    paid = c.cache == "none"

    def total(condition: Any, value: Any) -> Any:
        return func.coalesce(func.sum(case((condition, value), else_=0)), 0)

    statement = (
        select(
            simulated,
            total(paid, 1),
            total(~paid, 1),
            total(paid & c.cost_nusd.is_(None), 1),
            total(paid, c.cost_nusd),
            total(~paid, avoided),
        )
        .where(c.started_at >= since)
        .group_by(simulated)
    )
    with reading(engine) as connection:
        return {bool(row[0]): Tally(*map(int, row[1:])) for row in connection.execute(statement)}


def newest(engine: Engine, since: datetime, simulated: bool, n: int) -> list[Any]:
    """The last ``n`` paid calls since ``since`` (naive UTC), simulated ones or real ones, oldest first."""
    kind = c.provider == "sim" if simulated else c.provider != "sim"
    statement = (
        select(*_COLUMNS)
        .where(c.started_at >= since, kind, c.cache == "none")
        .order_by(c.started_at.desc(), c.id.desc())
        .limit(n)
    )
    with reading(engine) as connection:
        return list(reversed(connection.execute(statement).all()))


def prompts(engine: Engine, ids: Sequence[str]) -> Iterator[tuple[str, Prompt]]:
    """(id, prompt) of those calls whose text is kept and not overlong, in no order."""
    for start in range(0, len(ids), BATCH):
        statement = select(texts.c.call_id, texts.c.request).where(
            texts.c.call_id.in_(ids[start : start + BATCH]), func.length(texts.c.request) <= MAX_CHARACTERS
        )
        with reading(engine) as connection:
            for id_, request in connection.execute(statement):
                if (prompt := _prompt(request)) is not None:
                    yield id_, prompt


def tokens_of(engine: Engine, provider: str, model: str, since: datetime) -> tuple[int, int]:
    """(input, output) tokens of all paid calls to a model since ``since`` (naive UTC)."""
    total = (func.coalesce(func.sum(column), 0) for column in (c.input_tokens, c.output_tokens))
    mine = (c.provider == provider, c.model_requested == model, c.started_at >= since, c.cache == "none")
    with reading(engine) as connection:
        row = connection.execute(select(*total).where(*mine)).one()
    return int(row[0]), int(row[1])


def _prompt(request: str) -> Prompt | None:
    try:
        body = json.loads(request)
        *older, last = body["messages"]
        text: str = last["content"]
        rest = {key: body.get(key) for key in ("system", "temperature", "stop", "json")}
        manner = [rest, older]
        return Prompt(
            text=text if len(text) <= HEAD + TAIL else text[:HEAD] + text[-TAIL:],
            length=len(text),
            settings=_digest([manner, body.get("max_tokens")]),
            manner=_digest(manner),
            turns=len(older),
            role=last["role"],
            temperature=rest["temperature"],
        )
    except (ValueError, KeyError, TypeError):
        return None  # not written by this program


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
