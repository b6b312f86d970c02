"""What the ledger keeps of evaluations: how they are defined, what they ask, and every answer they bought."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from .database import reading
from .frame import naive_utc
from .schema import calls, evaluation_answers, evaluation_items, evaluations, texts
from .store import Ledger, LedgerError

Record = Mapping[str, Any]

# Past calls that become the items of an evaluation, the newest.
MAX_PAST = 20_000


@contextmanager
def _writing(ledger: Ledger) -> Iterator[Connection]:
    try:
        with ledger.transaction() as connection:
            yield connection
    except (SQLAlchemyError, OSError) as error:
        reason = getattr(error, "orig", None) or error
        raise LedgerError(
            f"the ledger at {ledger.name} can't be written, and an evaluation needs it: {reason}"
        ) from None


def create(ledger: Ledger, run: Record, items: Sequence[Record]) -> None:
    """Write down a run (columns ``id, notebook, feature, phase, definition, arms``) and what it will ask.

    Raises LedgerError when the ledger can't be written, like all that write here.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    with _writing(ledger) as connection:
        connection.execute(evaluations.insert(), {**run, "created_at": now, "changed_at": now})
        if items:
            connection.execute(evaluation_items.insert(), list(items))


def change(ledger: Ledger, run_id: str, **values: Any) -> None:
    """Change columns of a run."""
    now = datetime.now(UTC).replace(tzinfo=None)
    with _writing(ledger) as connection:
        connection.execute(evaluations.update().where(evaluations.c.id == run_id).values(changed_at=now, **values))


def add_answers(ledger: Ledger, answers: Sequence[Record], qualities: Mapping[str, float]) -> None:
    """Write down answers, and the quality of the calls (call id → 0 to 1) that gave them: one transaction."""
    with _writing(ledger) as connection:
        connection.execute(evaluation_answers.insert(), list(answers))
        for call_id, quality in qualities.items():
            connection.execute(calls.update().where(calls.c.id == call_id).values(quality=quality))


def runs(ledger: Ledger, n: int) -> list[dict[str, Any]]:
    """The last ``n`` runs, newest first. Raises LedgerError, like all that read here."""

    def read(engine: Any) -> list[dict[str, Any]]:
        with reading(engine) as connection:
            statement = select(evaluations).order_by(evaluations.c.id.desc()).limit(n)
            return [dict(row) for row in connection.execute(statement).mappings()]

    return ledger.reading(read)


def count_answers(ledger: Ledger, run_id: str) -> int:
    """How many answers are written down for a run."""

    def read(engine: Any) -> int:
        with reading(engine) as connection:
            mine = evaluation_answers.c.run_id == run_id
            return int(
                connection.execute(select(func.count()).select_from(evaluation_answers).where(mine)).scalar_one()
            )

    return ledger.reading(read)


def run(ledger: Ledger, run_id: str) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]] | None:
    """A run, its items in order, and its answers; None when there is no such run."""

    def read(engine: Any) -> Any:
        with reading(engine) as connection:
            found = connection.execute(select(evaluations).where(evaluations.c.id == run_id)).mappings().one_or_none()
            if found is None:
                return None
            tables = []
            for table in (evaluation_items, evaluation_answers):
                statement = select(table).where(table.c.run_id == run_id).order_by(table.c.position)
                tables.append([dict(row) for row in connection.execute(statement).mappings()])
            return dict(found), *tables

    found: tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]] | None = ledger.reading(read)
    return found


def calls_of(ledger: Ledger, run_id: str) -> list[dict[str, Any]]:
    """Every call that a run has made, however it ended, with ``reply``, the text that was received."""
    original = texts.alias("original")
    columns = (
        *("id", "parent_id", "status", "provider", "cache", "cache_of", "usage_source"),
        *("cost_nusd", "latency_ms", "retries"),
    )
    statement = (
        select(*(calls.c[name] for name in columns), func.coalesce(texts.c.reply, original.c.reply).label("reply"))
        .select_from(
            calls.outerjoin(texts, texts.c.call_id == calls.c.id).outerjoin(
                original, original.c.call_id == calls.c.cache_of
            )
        )
        .order_by(calls.c.id)
    )

    def read(engine: Any) -> list[dict[str, Any]]:
        # PostgreSQL's locale may put "/" anywhere.
        parent = calls.c.parent_id.collate("C") if engine.dialect.name == "postgresql" else calls.c.parent_id
        mine = statement.where(parent >= f"{run_id}/", parent < f"{run_id}0")  # "0" comes after "/"
        with reading(engine) as connection:
            return [dict(row) for row in connection.execute(mine).mappings()]

    return ledger.reading(read)


def past(ledger: Ledger, feature: str) -> list[dict[str, Any]]:
    """What users asked for ``feature``, newest first, each different ``prompt`` and ``system`` once, with ``reply``."""
    statement = (
        select(calls.c.id, calls.c.started_at, calls.c.prompt_hash, texts.c.request, texts.c.reply)
        .select_from(calls.join(texts, texts.c.call_id == calls.c.id))
        .where(calls.c.feature == feature, calls.c.purpose == "user", calls.c.status == "ok")
        .order_by(calls.c.id.desc())
        .limit(MAX_PAST)
    )

    def read(engine: Any) -> list[dict[str, Any]]:
        with reading(engine) as connection:
            rows = connection.execute(statement).all()
        found: dict[str, dict[str, Any]] = {}
        for row in rows:
            request = json.loads(row.request)
            if row.prompt_hash in found or len(request["messages"]) != 1:
                continue
            prompt = request["messages"][0]["content"]
            found[row.prompt_hash] = {"prompt": prompt, "system": request.get("system"), "reply": row.reply}
        return list(found.values())

    return ledger.reading(read)


def volume(ledger: Ledger, feature: str, days: int) -> tuple[int, float]:
    """(calls of users for ``feature`` in the last ``days``, cache hits left out; days since the first of them)."""
    since = naive_utc(datetime.now(UTC) - timedelta(days=days))
    statement = select(func.count(), func.min(calls.c.started_at)).where(
        calls.c.feature == feature,
        calls.c.purpose == "user",
        calls.c.cache == "none",
        calls.c.status == "ok",
        calls.c.started_at >= since,
    )

    def read(engine: Any) -> tuple[int, float]:
        with reading(engine) as connection:
            count, first = connection.execute(statement).one()
        now = datetime.now(UTC).replace(tzinfo=None)
        return int(count), (now - first).total_seconds() / 86_400 if first else 0.0

    return ledger.reading(read)


def output_tokens(ledger: Ledger, feature: str | None) -> dict[str, float]:
    """Model reference → mean tokens of its replies among the last calls of ``feature``; "" → of all of them."""
    recent = select(calls).where(calls.c.status == "ok", calls.c.cache == "none").where(calls.c.feature == feature)
    last = recent.order_by(calls.c.id.desc()).limit(5_000).subquery()
    ref = last.c.provider + ":" + last.c.model_requested
    statement = select(ref, func.count(), func.sum(last.c.output_tokens)).group_by(ref)

    def read(engine: Any) -> dict[str, float]:
        with reading(engine) as connection:
            rows = [(str(name), int(n), float(total or 0)) for name, n, total in connection.execute(statement)]
        means = {name: total / n for name, n, total in rows}
        if rows:
            means[""] = sum(total for _, _, total in rows) / sum(n for _, n, _ in rows)
        return means

    return ledger.reading(read)
