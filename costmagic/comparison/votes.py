"""Votes on replies: feedback in the ledger, and evaluation items in a file."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..accounting.store import Ledger
from ..types import UsageError
from .columns import Column

ITEMS = "comparisons.jsonl"


def cast(ledger: Ledger, column: Column, good: bool | None) -> None:
    """Write a vote into the ledger as the quality of the call. Raises as ``Comparison.vote`` does."""
    from ..accounting.labels import judge

    if column.reply is None or column.reply.id is None or column.state not in ("ok", "refused"):
        raise UsageError(f"there is no whole answer to vote on: that column is {column.state}")
    judge(ledger, column.reply.id, None if good is None else float(good))
    column.vote = None if good is None else bool(good)


def keep(home: Path, comparison_id: str, column: Column, columns: Sequence[Column]) -> None:
    """Append the reply of ``column`` to the evaluation items, once. Raises UsageError when they can't be written."""
    if column.kept:
        return
    path = home / "evaluation" / ITEMS
    line = json.dumps(_item(comparison_id, column, columns), ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # One write at the end of the file: two notebooks that keep at once do not mix their lines.
        file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        try:
            os.write(file, line)
        finally:
            os.close(file)
    except OSError as error:
        raise UsageError(f"the evaluation items in {path} can't be written: {error.strerror}") from None
    column.kept = True


def _item(comparison_id: str, column: Column, columns: Sequence[Column]) -> dict[str, Any]:
    ask, reply = column.prepared.ask, column.reply
    assert reply is not None
    return {
        "version": 1,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "comparison": comparison_id,
        "feature": ask.feature,
        "system": ask.system,
        "prompt": ask.prompt,
        "accepted": column.text,
        "accepted_from": column.ref,
        "accepted_call": reply.id,
        "simulated": column.simulated,
        "refs": [{"name": c.name, "model": c.ref, "good": c.vote} for c in columns],
    }
