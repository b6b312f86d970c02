"""The live meter: seen and stopped while its cell runs, gone when it is done."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import nbformat
from browser.lab import Lab, Notebook
from playwright.sync_api import Locator

SHOTS = os.environ.get("COSTMAGIC_SHOTS")  # a folder to keep screenshots in, for people to look at

Open = Callable[[str, list[str]], Notebook]

SCRIPT = """
import costmagic as cm
cm.sim.script("sim:claude-opus-5-5", answers=lambda prompt: "word " * 2000, tokens_per_s=40, latency=1.0)
"""
ASK = "%%llm -m sim:claude-opus-5-5\nlong"
RECEIPT = "details.costmagic-receipt"


def shot(notebook: Notebook, name: str) -> None:
    if SHOTS:
        notebook.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


def meter(notebook: Notebook, index: int) -> Locator:
    return notebook.output(index).get_by_role("group", name="Running call")


def begun(open_notebook: Open, name: str, cells: list[str]) -> Notebook:
    """A notebook whose third cell is streaming, with its meter in sight."""
    notebook = open_notebook(name, ["%load_ext costmagic", SCRIPT, ASK, *cells])
    for index in (0, 1):
        notebook.run(index)
    notebook.run(2, wait=False)
    meter(notebook, 2).wait_for(timeout=60_000)
    return notebook


def test_the_meter_shows_a_running_call_and_stop_ends_it(open_notebook: Open, lab: Lab) -> None:
    notebook = begun(open_notebook, "stop.ipynb", ["%llm history", "1 + 1"])
    shown = meter(notebook, 2)
    assert "SIMULATED" in shown.inner_text()
    assert "sim:claude-opus-5-5" in shown.inner_text()
    notebook.output(2).locator("p", has_text="word word").wait_for(timeout=60_000)
    notebook.page.wait_for_timeout(1_500)
    shot(notebook, "meter-running")
    assert "tok/s" in shown.inner_text()
    shown.get_by_role("button", name="Stop").click()
    notebook.wait_until_run(2)
    output = notebook.output(2)
    assert "word word" in output.inner_text()
    assert "INTERRUPTED" in output.locator(f"{RECEIPT} summary").inner_text()
    assert "KeyboardInterrupt: stopped" in output.inner_text()
    assert "Traceback" not in output.inner_text()
    shot(notebook, "meter-stopped")
    assert shown.count() == 0
    assert "interrupted" in notebook.run(3).inner_text()
    assert "2" in notebook.run(4).inner_text()
    notebook.save()
    saved = nbformat.read(lab.root / "stop.ipynb", as_version=4)
    assert [o.output_type for o in saved.cells[2].outputs] == ["display_data", "display_data", "error"]
    assert "widget" not in json.dumps(saved)
