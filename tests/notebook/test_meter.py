"""The live meter as a kernel publishes it, and what its Stop does, without a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from real_kernel import Kernel, receipts

from costmagic import Session
from costmagic.notebook.meter import LiveMeter
from costmagic.notebook.stopping import Stopping
from costmagic.notebook.widgets import VIEW
from costmagic.providers import sim

SCRIPT = (
    "import costmagic as cm\n"
    "cm.sim.script('sim:claude-opus-5-5', answers=lambda p: 'word ' * int(p), tokens_per_s={pace}, latency={latency})"
)
ASK = "%%llm -m sim:claude-opus-5-5\n{words}"


@pytest.fixture
def kernel(home: Path) -> Iterator[Kernel]:
    kernel = Kernel(person=True)
    assert kernel.run("%load_ext costmagic")[0] == "ok"
    yield kernel
    kernel.close()


def script(kernel: Kernel, pace: float | None = None, latency: float = 0.0) -> None:
    kernel.run(SCRIPT.format(pace=pace, latency=latency))


def of_meter(published: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was published on the meter's comm."""
    opened = [p for p in published if p["type"] == "comm_open" and "phase" in p["data"]["state"].get("state", {})]
    return [p for p in published if opened and p.get("comm_id") == opened[0]["comm_id"]]


def states(published: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [p["data"]["state"]["state"] for p in of_meter(published) if "state" in p.get("data", {}).get("state", {})]


def final_outputs(published: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The data of a cell's outputs as they stand in the end."""
    outputs: dict[str, dict[str, Any]] = {}
    for p in published:
        if p["type"] in ("display_data", "update_display_data"):
            outputs[p["transient"].get("display_id", str(len(outputs)))] = p["data"]
    return list(outputs.values())


def test_a_meter_lives_above_the_reply_and_dies_with_the_call(kernel: Kernel) -> None:
    script(kernel, pace=60, latency=0.5)
    status, published = kernel.run(ASK.format(words=60))
    assert status == "ok"
    kinds = [p["type"] for p in of_meter(published)]
    assert (kinds[0], kinds[-1]) == ("comm_open", "comm_close")
    everything = [p["type"] for p in published]
    assert everything.count("comm_open") == everything.count("comm_close")
    first = next(p for p in published if p["type"] == "display_data")
    assert VIEW in first["data"]
    seen = states(published)
    assert [seen[0]["phase"], seen[-1]["phase"]] == ["waiting", "done"]
    assert "streaming" in {state["phase"] for state in seen}
    tokens = [state["output_tokens"] for state in seen]
    assert tokens == sorted(tokens)
    (figures,) = receipts(published)
    assert (seen[-1]["cost"], seen[-1]["output_tokens"]) == (figures["cost"], figures["usage"]["output_tokens"])
    reply, receipt = final_outputs(published)
    assert reply["text/markdown"].startswith("word word")
    assert "receipt" in receipt["text/html"]
    assert VIEW not in {**reply, **receipt}


@pytest.mark.parametrize("pace", [3_000, 100])
def test_updates_are_few_however_fast_the_stream(kernel: Kernel, pace: float) -> None:
    script(kernel, pace=pace)
    _, published = kernel.run(ASK.format(words=pace))
    (figures,) = receipts(published)
    seen = states(published)
    assert 3 < len(seen) <= 20 * figures["latency_ms"] / 1000 + 2


def test_a_call_that_is_over_at_once_has_no_meter(session: Session) -> None:
    shown: list[Any] = []
    before = set(threading.enumerate())
    stream = session.stream("Hello", model="sim:claude-opus-5-5")
    meter = LiveMeter(session.engine, stream.call, lambda *bundle: shown.append(bundle))
    with meter:
        (thread,) = set(threading.enumerate()) - before
    meter.finish()
    meter.close()
    thread.join(30)
    assert not thread.is_alive()
    assert shown == []


def test_a_call_that_fails_before_its_first_word_leaves_only_its_receipt(kernel: Kernel) -> None:
    kernel.run("import costmagic as cm, time\ncm.sim.script('sim:claude-opus-5-5', latency=0)")
    kernel.run("def slow(prompt, attempt):\n    time.sleep(0.6)\n    return 400")
    kernel.run("cm.sim.script('sim:claude-opus-5-5', fail=slow)")
    status, published = kernel.run(ASK.format(words=3))
    assert status == "error"
    assert of_meter(published)
    (receipt,) = final_outputs(published)
    assert "ERROR" in receipt["text/plain"]


def test_a_headless_run_has_no_meter_and_keeps_no_widget(home: Path) -> None:
    notebook = nbformat.v4.new_notebook()
    cells = ["%load_ext costmagic", SCRIPT.format(pace=30, latency=0.5), ASK.format(words=20), "%llm meter"]
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in cells]
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    assert "widgets" not in notebook.metadata
    assert "widget" not in nbformat.writes(notebook)
    assert "SIMULATED spend" in notebook.cells[3].outputs[0].data["text/html"]


def test_stop_interrupts_the_main_thread_wherever_the_call_waits(session: Session) -> None:
    sim.script("sim:claude-opus-5-5", answers=lambda prompt: "word " * 1_000, tokens_per_s=50)
    stream = session.stream("Hello", model="sim:claude-opus-5-5")
    stopping = Stopping(stream.call)
    texts: list[str] = []

    def run() -> None:
        with stopping.possible():
            for text in stream:
                texts.append(text)
                if len(texts) == 3:
                    threading.Thread(target=stopping.stop).start()

    with pytest.raises(KeyboardInterrupt):
        run()
    assert stopping.asked
    stream.close()
    (row,) = session.engine.ledger.history(2)
    assert (row["status"], row["reply"]) == ("interrupted", "".join(texts))


def test_stop_does_nothing_before_or_after_the_call(session: Session) -> None:
    stream = session.stream("Hello", model="sim:claude-opus-5-5")
    stopping = Stopping(stream.call)
    stopping.stop()
    with stopping.possible():
        list(stream)
    stopping.stop()
    assert not stopping.asked
    assert stream.reply.status == "ok"


def test_stop_ends_a_call_in_another_thread_by_its_own_flag(session: Session) -> None:
    sim.script("sim:claude-opus-5-5", answers=lambda prompt: "word " * 1_000, tokens_per_s=50)
    stream = session.stream("Hello", model="sim:claude-opus-5-5")
    stopping = Stopping(stream.call)
    begun, ended = threading.Event(), []

    def run() -> None:
        try:
            with stopping.possible():
                for _ in stream:
                    begun.set()
        except KeyboardInterrupt:
            ended.append("interrupted")

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(30)
    stopping.stop()
    thread.join(30)
    assert ended == ["interrupted"]
    assert stream.reply.status == "interrupted"
