"""What the ledger knows about answers' quality: evaluations, votes and thumbs, one row per judged call."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from .database import reading
from .schema import calls, texts
from .store import Ledger, LedgerError


@dataclass(frozen=True)
class Judged:
    """One judged call.

    Attributes:
        prompt: its last message; None where texts are not kept.
        quality: 0 to 1.
        compared: False for a judgement of this answer alone, like a thumb; True for one side of an evaluation.
    """

    prompt_hash: str
    prompt: str | None
    feature: str | None
    task: str | None
    tier: str | None
    quality: float
    compared: bool


def judge(ledger: Ledger, call_id: str, quality: float | None) -> None:
    """Write down what a finished call's answer was found to be worth, 0 to 1; None takes a judgement back.

    Raises LedgerError when the ledger can't be written, or does not hold the call.
    """
    try:
        with ledger.transaction() as connection:
            found = connection.execute(calls.update().where(calls.c.id == call_id).values(quality=quality)).rowcount
    except (SQLAlchemyError, OSError) as error:
        reason = getattr(error, "orig", None) or error
        raise LedgerError(
            f"the ledger at {ledger.name} can't be written, so the judgement is not kept: {reason}"
        ) from None
    if not found:
        raise LedgerError(f"the ledger at {ledger.name} holds no call {call_id}")


def judged(engine: Engine, feature: str | None = None) -> list[Judged]:
    """The calls of purpose "user" or "eval" that have a quality, oldest first; of one feature, or of all."""
    original = texts.alias("original")
    c = calls.c
    statement = (
        select(
            *(c.prompt_hash, c.feature, c.task, c.tier, c.quality, c.purpose),
            func.coalesce(texts.c.request, original.c.request).label("request"),
        )
        .select_from(
            calls.outerjoin(texts, texts.c.call_id == c.id).outerjoin(original, original.c.call_id == c.cache_of)
        )
        .where(c.purpose.in_(("user", "eval")), c.status == "ok", c.quality.is_not(None))
        .order_by(c.id)
    )
    if feature is not None:
        statement = statement.where(c.feature == feature)
    with reading(engine) as connection:
        rows = connection.execute(statement).all()
    return [
        Judged(
            row.prompt_hash,
            _prompt(row.request),
            row.feature,
            row.task,
            row.tier,
            float(row.quality),
            row.purpose == "eval",
        )
        for row in rows
    ]


def _prompt(request: str | None) -> str | None:
    messages = json.loads(request)["messages"] if request else []
    return str(messages[-1]["content"]) if messages else None
