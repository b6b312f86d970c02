"""Ledgers made by hand: rows with the figures that a test wants, and their texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from costmagic import Message, Request, Session
from costmagic.accounting.schema import metadata
from costmagic.accounting.sent import request_json
from costmagic.accounting.store import new_id
from costmagic.caching.key import prompt_hash

NOW = datetime.now(UTC).replace(tzinfo=None)
HAIKU = "anthropic:claude-haiku-4-5"  # $1 in, $5 out, $0.10 read, $1.25 and $2 written, per million; from 4,096 tokens


def call(
    prompt: str | None = "a question",
    *,
    ref: str = HAIKU,
    seconds_ago: float = 3_600,
    tokens: tuple[int, int] = (1_000, 100),
    nusd: int | None = 1_500_000,
    request: dict[str, Any] | None = None,
    **changes: Any,
) -> tuple[dict[str, Any], Request | None]:
    """A paid call's row, and what was sent; ``prompt`` None: its text is not kept."""
    provider, _, model = ref.partition(":")
    sent = Request(provider, model, (Message("user", prompt or "untold"),), **{"max_tokens": 4_096, **(request or {})})
    row: dict[str, Any] = dict.fromkeys(c.name for c in metadata.tables["calls"].columns)
    row |= {"id": new_id(), "started_at": NOW - timedelta(seconds=seconds_ago), "status": "ok", "purpose": "user"}
    row |= {"provider": provider, "model_requested": model, "model": model, "route_source": "rule", "cache": "none"}
    row |= {"usage_source": "simulated" if provider == "sim" else "reported", "cost_nusd": nusd, "latency_ms": 500.0}
    row |= {"input_tokens": tokens[0], "output_tokens": tokens[1], "cache_read_tokens": 0, "cache_write_tokens": 0}
    row |= {"first_token_ms": 100.0, "retries": 0, "batched": False, "prompt_hash": prompt_hash(sent), "tier": "medium"}
    return {**row, **changes}, sent if prompt is not None else None


def filled(*calls: tuple[dict[str, Any], Request | None], **settings: Any) -> Session:
    """A session whose ledger holds the calls."""
    session = Session(settings=settings)
    texts = {row["id"]: request_json(request) for row, request in calls if request}
    kept = [{"call_id": id_, "request": text, "reply": "a reply"} for id_, text in texts.items()]
    with session.engine.ledger.transaction() as connection:
        for table, rows in ((metadata.tables["calls"], [row for row, _ in calls]), (metadata.tables["texts"], kept)):
            if rows:
                connection.execute(table.insert(), rows)
    return session
