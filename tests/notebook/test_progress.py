"""An evaluation in a real kernel: a line that grows, a report, a policy that the next cell obeys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from real_kernel import Kernel, receipts

SETUP = """
import costmagic as cm
%load_ext costmagic
for name in ("claude-opus-5-5", "claude-haiku-5-5"):
    cm.sim.script(f"sim:{name}", answers=lambda prompt: "yes", latency=0.02)
rows = [{"text": str(n), "label": "yes"} for n in range(60)]
"""
EVALUATE = (
    "ev = cm.evaluate(rows, 'Is it? {{ text }}', expected='label', feature='asks', candidates='medium', margin=0.1)"
)


@pytest.fixture
def kernel(home: Path) -> Iterator[Kernel]:
    Path("costmagic.toml").write_text('preset = "sim"\n')
    kernel = Kernel()
    yield kernel
    kernel.close()


def test_a_cell_that_evaluates_shows_how_far_it_is_and_what_it_found(kernel: Kernel) -> None:
    assert kernel.run(SETUP)[0] == "ok"
    status, published = kernel.run(EVALUATE)
    assert status == "ok"
    lines = [p["data"]["text/plain"] for p in published if "text/plain" in p.get("data", {})]
    assert any("pairs" in line and "SIMULATED" in line for line in lines)
    assert "medium is the cheapest that passes" in lines[-1]
    assert len({p["transient"]["display_id"] for p in published if p.get("transient")}) == 1
    _, shown = kernel.run("ev")
    (report,) = [p["data"] for p in shown if "text/html" in p.get("data", {})]
    assert "medium is the cheapest that passes" in report["text/html"]
    assert kernel.run("ev.adopt()")[0] == "ok"
    _, asked = kernel.run("%%llm --feature asks\nIs it? me")
    (figures,) = receipts(asked)
    assert (figures["tier"], figures["route"]["source"], figures["route"]["stale"]) == ("medium", "policy", [])
    _, listed = kernel.run("%llm policy")
    assert any("heavy" in p["data"]["text/plain"] for p in listed if "data" in p)


def test_an_interrupt_is_a_line_that_says_how_to_go_on(kernel: Kernel) -> None:
    assert kernel.run(SETUP.replace("0.02", "0.5"))[0] == "ok"
    message = kernel.client.execute(EVALUATE)
    for published in kernel.published(message):
        if "pairs" in published.get("data", {}).get("text/plain", ""):
            break
    kernel.manager.interrupt_kernel()
    status, published = kernel.finish(message)
    assert status == "error"
    (error,) = [p for p in published if p["type"] == "error"]
    (line,) = error["traceback"]
    assert line.startswith("Paused")
    run_id = line.split('resume="')[1].split('"')[0]
    _, resumed = kernel.run(f"cm.evaluate(resume='{run_id}').verdicts['medium'].state")
    assert any(p.get("data", {}).get("text/plain") == "'pass'" for p in resumed)
