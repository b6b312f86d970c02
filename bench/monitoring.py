"""A ledger of a million calls: how long its questions take, and whether their answers are right."""

from __future__ import annotations

import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from costmagic import Session
from costmagic.accounting.database import connect
from costmagic.accounting.schema import calls
from costmagic.monitoring import days
from costmagic.monitoring.days import History
from costmagic.monitoring.rules import NEEDED
from costmagic.monitoring.six import BY, measure
from costmagic.monitoring.watching import judge

CALLS = 1_000_000
DAYS = 90
SHOWN = 30
TOP = 50
RUNS = 7
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


def spend_ms() -> dict[str, float]:
    """What the Spend tab asks for, p50 ms by its grouping, once the past has been summed up ("first": its seconds).

    All of it is checked against the plainest reckoning there is, call by call.
    """
    with tempfile.TemporaryDirectory() as home:
        now = datetime.now(UTC)
        fill(Path(home) / "ledger.db", CALLS, now)
        session = Session(Path(home), settings={"preset": "sim"})
        begin = time.perf_counter()
        history = _tab(session, "feature", now)
        result = {"first": time.perf_counter() - begin}
        check(session, history)
        for by in BY:
            times = []
            for _ in range(RUNS):
                begin = time.perf_counter()
                _tab(session, by, datetime.now(UTC))
                times.append((time.perf_counter() - begin) * 1000)
            result[by] = statistics.median(times)
        session.costs("model")  # sums up what is older than the tab looks back
        begin = time.perf_counter()
        session.costs("model")
        result["costs"] = (time.perf_counter() - begin) * 1000
        begin = time.perf_counter()
        assert len(session.ledger()) == CALLS
        result["frame"] = time.perf_counter() - begin
        return result


def _tab(session: Session, by: str, now: datetime) -> History:
    history = days.load(session, NEEDED, now)
    measure(session, history, SHOWN, by, TOP)
    judge(session, now, history)
    return history


def check(session: Session, history: History) -> None:
    """Raise AssertionError unless the sums of each day are those of its calls, taken one by one."""
    with sqlite3.connect(session.settings.home / "ledger.db") as database:
        database.row_factory = sqlite3.Row
        above = {row["id"]: row for row in database.execute("SELECT * FROM calls WHERE parent_id IS NULL")}
        expected: dict[Any, list[Any]] = {}
        actions: dict[Any, set[Any]] = {}
        for row in database.execute("SELECT * FROM calls"):
            at = datetime.fromisoformat(row["started_at"]).replace(tzinfo=UTC).astimezone().date()
            if at < history.dates[0]:
                continue
            root = above.get(row["parent_id"], row)
            paper = row["provider"] == "sim" or row["usage_source"] == "simulated"
            asked, sent = root is row and row["purpose"] == "user", row["cache"] == "none"
            tokens = (row["input_tokens"] + row["output_tokens"]) * sent
            cost = row["cost_nusd"] or 0
            judged = sent and row["quality"] is not None
            original = above[row["cache_of"]]["cost_nusd"] or 0 if not sent else 0
            figures = [asked, asked and not sent, 1, row["cost_nusd"] is None and not paper, tokens, cost, original]
            figures += [cost * (root["purpose"] == "eval"), judged, (row["quality"] or 0) * judged]
            total = expected.setdefault((at, paper, root["feature"], root["tier"]), [0] * len(figures))
            for i, figure in enumerate(figures):
                total[i] += figure
            if root["action"] is not None and root["purpose"] != "eval":
                actions.setdefault((at, paper, root["feature"]), set()).add(root["action"])
    found: dict[Any, list[Any]] = {}
    counted: dict[Any, int] = {}
    for at, day in zip(history.dates, history.summed, strict=True):
        for one in day.sums:
            tokens = one.input_tokens + one.output_tokens
            figures = [one.calls, one.hits, one.records, one.unpriced, tokens, one.cost_nusd, one.avoided_nusd]
            figures += [one.eval_nusd, one.judged, one.quality]
            total = found.setdefault((at, one.simulated, one.feature, one.tier), [0] * len(figures))
            for i, figure in enumerate(figures):
                total[i] += figure
        counted |= {(at, one.simulated, one.feature): one.actions for one in day.actions}
    assert found == expected, "the sums are not those of the calls"
    assert counted == {key: len(names) for key, names in actions.items()}, "the user actions are not those of the calls"
