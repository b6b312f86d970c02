"""A ledger of a million calls, and how long its questions take."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from costmagic.accounting.database import connect
from costmagic.accounting.schema import calls

DAYS = 90
COLUMNS = [column.name for column in calls.columns]
FEATURES = ("tickets", "search", "reports", "translate", "extract", "chat", "notes", None)
# Tier → model and USD per token, in and out, in nano-dollars.
MODELS = {
    "heavy": ("anthropic", "claude-opus-5-5", 4_000, 20_000),
    "standard": ("anthropic", "claude-sonnet-5-5", 2_000, 10_000),
    "medium": ("anthropic", "claude-haiku-5-5", 100, 500),
    "coding": ("openai", "gpt-6.1-terra", 1_000, 5_000),
    "routing": ("openai", "gpt-6-luna", 100, 500),
    None: ("sim", "claude-opus-5-5", 4_000, 20_000),
}
WEIGHTS = (10, 20, 30, 10, 25, 5)


def rows(n: int, now: datetime, seed: int = 7) -> Iterator[dict[str, Any]]:
    """``n`` calls of the ``DAYS`` days up to ``now`` (UTC), oldest first, with all that a ledger may hold."""
    rng = random.Random(seed)
    base = dict.fromkeys(COLUMNS)
    base |= {"status": "ok", "purpose": "user", "route_source": "rule", "cache": "none", "retries": 0, "batched": False}
    start, step = now - timedelta(days=DAYS), timedelta(days=DAYS) / n
    last: list[dict[str, Any]] = []
    for i in range(n):
        at = start + step * i
        tier = rng.choices(list(MODELS), WEIGHTS)[0]
        provider, model, per_in, per_out = MODELS[tier]
        tokens_in, tokens_out = rng.randint(50, 4_000), rng.randint(1, 600)
        row = {**base, "id": f"{int(at.timestamp() * 1000):012x}{i:012x}", "started_at": at.replace(tzinfo=None)}
        row |= {"provider": provider, "model_requested": model, "model": model, "tier": tier, "latency_ms": 800.0}
        row |= {"feature": FEATURES[i // 3 % len(FEATURES)], "input_tokens": tokens_in, "output_tokens": tokens_out}
        row |= {"cost_nusd": tokens_in * per_in + tokens_out * per_out, "prompt_hash": f"{i % 5_000:x}"}
        row |= {"usage_source": "simulated" if provider == "sim" else "reported", "cache_read_tokens": 0}
        chance = rng.random()
        if chance < 0.6:
            row["action"] = f"answer {i // 3}"
        if 0.10 < chance < 0.25 and last:
            of = rng.choice(last)
            row |= {"cache": "exact", "cache_of": of["id"], "cost_nusd": 0, "usage_source": of["usage_source"]}
            row |= {"provider": of["provider"], "model_requested": of["model_requested"], "tier": of["tier"]}
        elif 0.25 < chance < 0.30 and last:
            row |= {
                "tier": "routing",
                "provider": "openai",
                "model_requested": "gpt-6-luna",
                "cost_nusd": tokens_in * 100,
            }
            row |= {
                "usage_source": "reported",
                "purpose": rng.choice(("route", "judge", "embed")),
                "parent_id": (above := rng.choice(last))["id"],
            }
            row |= {"feature": above["feature"], "action": above["action"]}
        elif 0.30 < chance < 0.32:
            row |= {"status": "error", "usage_source": "estimated", "retries": 2}
        elif 0.32 < chance < 0.33:
            row["cost_nusd"] = None
        elif 0.33 < chance < 0.36:
            row |= {"purpose": "eval", "quality": rng.choice((0.0, 0.5, 1.0))}
        elif 0.36 < chance < 0.38:
            row["quality"] = rng.choice((0.0, 0.25, 1.0))
        if row["cache"] == "none" and row["purpose"] == "user":
            last = [*last[-49:], row]
        yield row


def fill(path: Path, n: int, now: datetime) -> None:
    """Make the ledger at ``path`` and put ``n`` calls into it."""
    connect(path).dispose()
    marks = ", ".join(f":{name}" for name in COLUMNS)
    with sqlite3.connect(path) as database:
        database.executemany(
            f"INSERT INTO calls VALUES ({marks})",
            ({**row, "started_at": f"{row['started_at']:%Y-%m-%d %H:%M:%S.%f}"} for row in rows(n, now)),
        )
    database.close()
