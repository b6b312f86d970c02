"""The live meter: seen and stopped while its cell runs, gone when it is done."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
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
    notebook.forbid_interrupts()  # a message alone must do
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


@pytest.mark.parametrize("settings", [{"kernels-settings": {"commsOverSubshells": "disabled"}}])
def test_where_messages_wait_for_the_cell_stop_becomes_an_interrupt(
    open_notebook: Open, settings: dict[str, object]
) -> None:
    notebook = begun(open_notebook, "fallback.ipynb", ["1 + 1"])
    meter(notebook, 2).get_by_role("button", name="Stop").click()
    notebook.wait_until_run(2)
    assert "INTERRUPTED" in notebook.output(2).locator(f"{RECEIPT} summary").inner_text()
    # The message arrives now, when its call is over, and must not touch the next cell.
    assert "2" in notebook.run(3).inner_text()


def test_stop_works_from_the_keyboard_before_the_first_word(open_notebook: Open) -> None:
    notebook = open_notebook("keys.ipynb", ["%load_ext costmagic", SCRIPT.replace("latency=1.0", "latency=60"), ASK])
    for index in (0, 1):
        notebook.run(index)
    notebook.run(2, wait=False)
    stop = meter(notebook, 2).get_by_role("button", name="Stop")
    meter(notebook, 2).get_by_text("$").wait_for(timeout=60_000)
    stop.focus()
    notebook.page.wait_for_timeout(300)
    shot(notebook, "meter-focus")
    notebook.page.keyboard.press("Enter")
    notebook.wait_until_run(2)
    assert "INTERRUPTED" in notebook.output(2).locator(f"{RECEIPT} summary").inner_text()
    assert notebook.output(2).locator("details").count() == 1
    assert notebook.page.evaluate("document.activeElement.closest('.jp-Notebook') !== null")


def test_both_themes_and_narrow_cells(open_notebook: Open) -> None:
    notebook = begun(open_notebook, "themes.ipynb", [])
    notebook.output(2).locator("p", has_text="word word").wait_for(timeout=60_000)
    light = meter(notebook, 2).evaluate("node => getComputedStyle(node).color")
    notebook.use_theme("JupyterLab Dark")
    assert meter(notebook, 2).evaluate("node => getComputedStyle(node).color") != light
    shot(notebook, "meter-dark")
    notebook.page.set_viewport_size({"width": 720, "height": 800})
    notebook.page.wait_for_timeout(500)
    shot(notebook, "meter-narrow")
    stop = meter(notebook, 2).get_by_role("button", name="Stop")
    assert stop.is_visible()
    stop.click()
    notebook.wait_until_run(2)


TOTALS = """
import costmagic as cm, threading
threading.Thread(target=lambda: [cm.ask(f"Name colour {i}", model="sim:claude-opus-5-5") for i in range(20)]).start()
"""


def test_the_running_total_goes_on_from_any_cell_and_thread(open_notebook: Open, lab: Lab) -> None:
    ask = "%%llm -m sim:claude-haiku-4-5\nSay hello."
    cells = ["%load_ext costmagic", "%llm meter", ask, ask, TOTALS, "%llm budget 5/day", "%llm meter"]
    notebook = open_notebook("totals.ipynb", cells)
    notebook.run(0)
    total = notebook.run(1).get_by_role("group", name="Running total")
    total.wait_for(timeout=60_000)
    assert total.get_by_text("spend", exact=True).is_visible()
    assert not total.get_by_text("SIMULATED spend").is_visible()
    for index in (2, 3):
        notebook.run(index)
    total.get_by_text("50%").wait_for()
    notebook.run(4)
    total.get_by_text("22", exact=True).wait_for()
    assert total.get_by_text("SIMULATED spend").is_visible()
    assert total.get_by_role("meter").count() == 0
    notebook.run(5)
    total.get_by_role("meter", name="day").wait_for()
    assert "$5.00 of $5.00 left" in total.inner_text()
    again = notebook.run(6).get_by_role("group", name="Running total")
    again.wait_for()
    assert again.inner_text() == total.inner_text()
    shot(notebook, "totals")
    notebook.use_theme("JupyterLab Dark")
    shot(notebook, "totals-dark")
    notebook.save()
    saved = nbformat.read(lab.root / "totals.ipynb", as_version=4)
    assert "widgets" not in saved.metadata
    assert "hit rate" in saved.cells[6].outputs[0].data["text/html"]
