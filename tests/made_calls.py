"""Ledgers made by hand: every row is written out, so that what comes of it can be computed by hand."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from costmagic import Session
from costmagic.accounting.schema import calls
from costmagic.accounting.store import new_id

USD = 1_000_000_000


def row(at: datetime, **changes: Any) -> dict[str, Any]:
    """A whole row of a finished call that began ``at`` (aware) and cost one dollar."""
    base = dict.fromkeys(column.name for column in calls.columns)
    base |= {"id": new_id(), "started_at": at.astimezone(UTC).replace(tzinfo=None), "status": "ok", "purpose": "user"}
    base |= {"provider": "openai", "model_requested": "m", "model": "m", "route_source": "rule", "cache": "none"}
    base |= {"input_tokens": 100, "output_tokens": 50, "cache_read_tokens": 0, "usage_source": "reported"}
    base |= {"cost_nusd": USD, "latency_ms": 1.0, "retries": 0, "batched": False, "prompt_hash": "h"}
    return {**base, **changes}


def put(session: Session, at: datetime, n: int = 1, **changes: Any) -> Mapping[str, Any]:
    """Record ``n`` such calls; returns the last row."""
    with session.engine.ledger.transaction() as connection:
        rows = [row(at, **changes) for _ in range(n)]
        connection.execute(calls.insert(), rows)
    return rows[-1]


def usd(amount: float | str) -> int:
    """USD as the ledger keeps them."""
    return int(Decimal(str(amount)) * USD)


@contextmanager
def in_zone(name: str) -> Iterator[None]:
    """The user's clock is that of a place, like Europe/Berlin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", name)
        time.tzset()
        yield
    time.tzset()
