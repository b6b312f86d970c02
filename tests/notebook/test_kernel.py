"""Real kernels, and a real front end without a browser: terminal IPython."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from real_kernel import Kernel, receipts

from costmagic import Session
from costmagic.notebook.receipt import MIME


@pytest.fixture
def kernel(local_home: Path) -> Iterator[Kernel]:
    kernel = Kernel()
    status, published = kernel.run("%load_ext costmagic")
    assert status == "ok", published
    yield kernel
    kernel.close()


def test_a_reply_updates_one_output_and_ends_with_a_receipt(kernel: Kernel) -> None:
    status, published = kernel.run("%%llm --max-tokens 80\nTell me about the sea.")
    assert status == "ok"
    first = next(p for p in published if p["type"] == "display_data")
    updates = [p for p in published if p["type"] == "update_display_data"]
    assert updates
    assert {u["transient"]["display_id"] for u in updates} == {first["transient"]["display_id"]}
    assert len(updates[-1]["data"]["text/markdown"]) > len(first["data"]["text/markdown"])
    (figures,) = receipts(published)
    assert (figures["provider"], figures["usage"]["source"], figures["cost"]) == ("local", "reported", "0")


@pytest.mark.parametrize("model", ["local:smollm2-135m", "openai:gpt-6-luna", "anthropic:claude-haiku-4-5"])
def test_an_interrupt_stops_the_request_and_keeps_what_arrived(
    request: pytest.FixtureRequest, local_home: Path, model: str
) -> None:
    request.getfixturevalue("real_server")
    kernel = Kernel()
    try:
        kernel.run("%load_ext costmagic")
        prompt = "Write a very long story about a ship, with many chapters."
        message_id = kernel.client.execute(f"%%llm -m {model} --max-tokens 1500\n{prompt}")
        shown: list[dict[str, Any]] = []
        for published in kernel.published(message_id):
            shown.append(published)
            if published["type"] == "update_display_data" and "interrupted" not in shown[-1]:
                kernel.manager.interrupt_kernel()
                break
        status, rest = kernel.finish(message_id, 60)
        assert status == "error"
        (figures,) = receipts(rest)
        assert (figures["status"], figures["usage"]["source"]) == ("interrupted", "estimated")
        error = next(p for p in rest if p["type"] == "error")
        assert error["traceback"] == ["KeyboardInterrupt: stopped; what had arrived is above and in the ledger"]
        text = [p for p in shown + rest if "text/markdown" in p.get("data", {}) and MIME not in p["data"]]
        assert text[-1]["data"]["text/markdown"]
        row = Session(local_home).engine.ledger.history(1)[0]
        assert (row["status"], row["usage_source"]) == ("interrupted", "estimated")
        assert row["reply"] == text[-1]["data"]["text/markdown"]
        assert row["output_tokens"] > 0
        status, again = kernel.run(f"%%llm -m {model} --max-tokens 5\nSay hello.")
        assert status == "ok"
        assert receipts(again)[0]["status"] == "ok"
    finally:
        kernel.close()


def test_two_kernels_share_ledger_and_cache(kernel: Kernel, local_home: Path) -> None:
    other = Kernel()
    try:
        other.run("%load_ext costmagic")
        cell = "%%llm -m sim:claude-haiku-4-5\nName a colour."
        assert receipts(kernel.run(cell)[1])[0]["cache"]["layer"] is None
        assert receipts(other.run(cell)[1])[0]["cache"]["layer"] == "exact"
        loop = "import costmagic as cm\nfor i in range(100): cm.ask(f'{0} {i}', model='sim:claude-haiku-4-5')"
        ids = [k.client.execute(loop.replace("{0}", name)) for k, name in ((kernel, "a"), (other, "b"))]
        assert [k.finish(i)[0] for k, i in zip((kernel, other), ids, strict=True)] == ["ok", "ok"]
        assert len(Session(local_home).ledger()) == 202
    finally:
        other.close()


def test_a_terminal_shows_plain_text(local_home: Path) -> None:
    ask = "get_ipython().run_cell_magic('llm', '--max-tokens 40', 'Name three colours.')"
    script = f"%load_ext costmagic\n{ask}\n%llm costs\n"
    command = [sys.executable, "-m", "IPython", "--colors=nocolor", "--simple-prompt", "--no-banner"]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=True)
    assert re.search(r"smollm2-135m · \w+ \([a-z ]+\) · ", done.stdout)
    assert done.stdout.count("exact cache: miss") == 1
    assert "<details" not in done.stdout
    assert "(none)" in done.stdout
    assert done.stderr == ""
