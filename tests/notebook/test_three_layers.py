"""Exact, semantic and provider hits in one notebook run: the ledger knows each for what it is, and savings add up."""

from __future__ import annotations

import json
import sqlite3
from decimal import Decimal
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from scripted_http import ScriptedServer, Sse, claude

from costmagic import Session
from costmagic.notebook.receipt import MIME

# $1 in, $5 out, $0.10 read, $1.25 written, per million tokens; it caches prefixes from 4,096 tokens on.
ASK = "%%llm -m anthropic:claude-haiku-4-5 -s rules\n"
CELLS = [
    "%load_ext costmagic\nrules = 'You are a clerk. ' * 1_100",
    f"{ASK}How do I reset my password?",
    f"{ASK}Which payment methods do you take?",
    f"{ASK}How can I change my delivery address?",
    f"{ASK}How do I reset my password?",
    f"{ASK}How do I change my delivery address?",
    "%llm cache stats",
]


def reported(plain: int, read: int = 0, written: int = 0) -> Sse:
    """A reply of 100 tokens, with Anthropic's counters."""
    usage = {"input_tokens": plain, "cache_read_input_tokens": read, "cache_creation_input_tokens": written}
    return Sse(claude("Hi", usage={**usage, "output_tokens": 1}))


def test_three_layers_in_one_notebook(minilm_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    with ScriptedServer() as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-0123456789")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        server.play(reported(5_520), reported(20, written=5_501), reported(21, read=5_501))
        NotebookClient(notebook, timeout=240, kernel_name="python3").execute()
        assert len(server.received) == 3
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    receipts = [output.data[MIME] for output in outputs if MIME in output.get("data", {})]
    assert [r["cache"]["layer"] for r in receipts] == [None, None, None, "exact", "semantic"]
    ledger = Session(minilm_home).ledger()
    assert ledger["cache"].tolist() == ["none", "none", "none", "exact", "semantic"]
    assert ledger["cache_read_tokens"].tolist()[:3] == [0, 0, 5_501]
    assert ledger["cache_write_tokens"].tolist()[:3] == [0, 5_501, 0]
    ids = ledger["id"].tolist()
    assert ledger["cache_of"].tolist()[3:] == [ids[0], ids[2]]
    assert [r["id"] for r in receipts] == ids

    saved = sum(Decimal(r["cache"]["avoided"] or 0) for r in receipts)
    saved += sum(Decimal((r["prefix"] or {}).get("saved") or 0) for r in receipts)
    with sqlite3.connect(minilm_home / "ledger.db") as connection:
        (avoided,) = connection.execute(
            "SELECT sum(paid.cost_nusd) FROM calls JOIN calls paid ON paid.id = calls.cache_of"
        ).fetchone()
        (read,) = connection.execute("SELECT sum(cache_read_tokens) * 900 FROM calls WHERE cache = 'none'").fetchone()
        (cost,) = connection.execute("SELECT sum(cost_nusd) FROM calls").fetchone()
    assert saved * 10**9 == avoided + read
    # By hand: 5,520 × 1 + 500 and 21 × 1 + 5,501 × 0.1 + 500 avoided, 5,501 × 0.9 not paid for reading.
    assert (avoided, read) == (6_020_000 + 1_071_100, 4_950_900)
    assert sum(Decimal(r["cost"]) for r in receipts) * 10**9 == cost
    stats = json.dumps([output.get("data", {}).get("text/plain", "") for output in notebook.cells[-1].outputs])
    for layer in ("exact", "semantic", "provider"):
        assert layer in stats.lower()
