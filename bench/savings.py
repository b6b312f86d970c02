"""How long a plan takes on a ledger of a million calls."""

from __future__ import annotations

import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from costmagic import Message, Request, Session
from costmagic.accounting.schema import calls, texts
from costmagic.accounting.sent import request_json
from costmagic.caching.key import prompt_hash
from costmagic.savings import SavingsPlan, plan

ROWS = 1_000_000
CHUNK = 50_000
MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-4-5")  # $4/20, $2/10 and $1/5 per million
FEATURES = ("tickets", "reports", "search", None)
TASKS = ("classification", "summarization", "question answering", None)
TEMPLATE = "Which department should handle this ticket? Answer with one word.\n\n"


def plan_s(rows: int = ROWS) -> tuple[float, SavingsPlan]:
    """(seconds of ``plan`` on ``rows`` calls of the last 30 days, the texts of the newest 50,000 kept; the plan)."""
    with tempfile.TemporaryDirectory() as home, Session(home) as session:
        _fill(session, rows)
        begin = time.perf_counter()
        made = plan(session=session)
        return time.perf_counter() - begin, made


def _fill(session: Session, rows: int) -> None:
    dice = random.Random(1)
    now = datetime.now(UTC).replace(tzinfo=None)
    step = timedelta(days=29.9) / rows
    for start in range(0, rows, CHUNK):
        made = [_call(dice, n, now - step * (rows - n)) for n in range(start, min(start + CHUNK, rows))]
        kept = start + CHUNK >= rows
        with session.engine.ledger.transaction() as connection:
            connection.execute(calls.insert(), [row for row, _ in made])
            if kept:
                connection.execute(texts.insert(), [{"call_id": r["id"], "request": t, "reply": ""} for r, t in made])


def _call(dice: random.Random, n: int, at: datetime) -> tuple[dict[str, Any], str]:
    model, tokens, output = dice.choice(MODELS), dice.randint(50, 3_000), dice.randint(1, 400)
    text = f"{TEMPLATE}ticket {dice.randint(0, 300_000)}" if dice.random() < 0.5 else f"Question number {n}: why?"
    request = Request("anthropic", model, (Message("user", text),), max_tokens=4_096)
    system = dice.choice("abcdef") if dice.random() < 0.5 else None
    row: dict[str, Any] = dict.fromkeys(c.name for c in calls.columns)
    row |= {"id": f"{n:024x}", "started_at": at, "status": "ok", "purpose": "user", "provider": "anthropic"}
    row |= {"model_requested": model, "model": model, "route_source": "rule", "cache": "none", "retries": 0}
    row |= {"feature": dice.choice(FEATURES), "task": dice.choice(TASKS), "tier": "medium", "batched": False}
    row |= {"input_tokens": tokens + (6_000 if system else 0), "output_tokens": output, "usage_source": "reported"}
    row |= {"cache_read_tokens": 0, "cache_write_tokens": 0, "latency_ms": 400.0, "first_token_ms": 100.0}
    row |= {"prefix_hash": system and system * 64, "prefix_tokens": 6_000 if system else None}
    row |= {"cost_nusd": (4_000, 2_000, 1_000)[MODELS.index(model)] * (row["input_tokens"] + 5 * output)}
    row["prompt_hash"] = prompt_hash(request)
    return row, request_json(request)


if __name__ == "__main__":
    seconds, made = plan_s()
    print(f"{seconds:.1f} s\n{made}")
    made.plot().savefig(Path(tempfile.gettempdir()) / "waterfall.png")
