"""The pictures in README.md: what they show is there. ``make pictures`` takes them anew."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

from browser.lab import Notebook
from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page, expect

PICTURES = os.environ.get("COSTMAGIC_PICTURES")  # the folder to put them into

Open = Callable[[str, list[str]], Notebook]

LOAD = """
import os
os.environ["COSTMAGIC_PRESET"] = "sim"
%load_ext costmagic
import costmagic as cm
ticket = "I was charged twice for order 4711, and nobody answers the phone. Please send one of the two payments back."
answers = {"department": "**Billing**: a payment was taken twice.", "sentence": "SUMMARY"}
short = "Charged twice for order 4711; wants one payment back."
long = "The customer was charged twice for order 4711, reached nobody by phone, and asks for one payment back."
for ref in ("sim:claude-haiku-5-5", cm.route("Which department?").route.ref):
    cm.sim.script(ref, answers={**answers, "sentence": short})
cm.sim.script("sim:claude-opus-5-5", answers={**answers, "sentence": long})
"""
ASK = "%%llm --feature tickets\nWhich department should handle this ticket? {{ ticket }}"
COMPARE = (
    "%%llm --compare sim:claude-opus-5-5,sim:claude-haiku-5-5,local:smollm2-135m --max-tokens 60\n"
    "Summarize this ticket in one sentence: {{ ticket }}"
)


def picture(page: Page, name: str, first: Locator, last: Locator) -> None:
    """What lies between two elements, in few colours: the file is small."""
    if PICTURES is None:
        return
    page.wait_for_timeout(500)
    top, bottom = first.bounding_box(), last.bounding_box()
    assert top is not None
    assert bottom is not None
    area: FloatRect = {**top, "height": bottom["y"] + bottom["height"] - top["y"]}
    shot = Image.open(io.BytesIO(page.screenshot(clip=area)))
    shot.convert("RGB").quantize(160).save(Path(PICTURES) / f"{name}.png", optimize=True)


def test_receipt_and_comparison(open_notebook: Open) -> None:
    notebook = open_notebook("pictures.ipynb", [LOAD, ASK, ASK, COMPARE])
    page = notebook.page
    page.set_viewport_size({"width": 1200, "height": 1400})
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    assert "Error" not in notebook.run(0).inner_text()
    expect(notebook.run(1).locator("summary")).to_contain_text("heavy would cost ≈ $")
    expect(notebook.run(2).locator("summary")).to_contain_text("avoided $")
    picture(page, "receipt", notebook.cell(1), notebook.cell(2))
    output = notebook.run(3)
    expect(output.get_by_role("table").last).to_contain_text("cost of 1,000 calls")
    expect(output).to_contain_text("SIMULATED")
    notebook.cell(3).scroll_into_view_if_needed()
    picture(page, "comparison", notebook.cell(3), notebook.cell(3))
