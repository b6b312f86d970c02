"""The pictures in README.md: what they show is there. ``make pictures`` takes them anew."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from browser.lab import Lab, Notebook
from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page, expect

PICTURES = os.environ.get("COSTMAGIC_PICTURES")  # the folder to put them into

ROOT = Path(__file__).parents[2]
PROMPT = "Which department should handle this ticket? Answer with one word.\n\n{{ text }}"

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


def test_binder_opens_with_the_panel(tmp_path: Path, local_home: Path, page: Page) -> None:
    """What the badge in README.md leads to, but for the models: simulated ones, which err as they are known to."""
    config = {**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    command = [sys.executable, "-m", "jupyter", "lab", "workspaces", "import", str(ROOT / "binder" / "workspace.json")]
    subprocess.run(command, env=config, check=True, capture_output=True)
    lab = Lab(tmp_path, local_home, preset="sim")
    try:
        shutil.copytree(ROOT / "notebooks", lab.root / "notebooks")
        address = (ROOT / "README.md").read_text("utf-8").partition("[binder]: ")[2].partition("urlpath=")[2].strip()
        page.set_viewport_size({"width": 1500, "height": 1180})
        page.goto(f"{lab.url}/{address}")
        panel = page.locator("#costmagic-panel")
        panel.get_by_role("button", name="Load costmagic").click(timeout=60_000)
        panel.get_by_label("Data").select_option("sample:sample", timeout=60_000)
        panel.get_by_label("Prompt").fill(PROMPT)
        panel.get_by_label("Feature").fill("tickets")
        panel.get_by_role("button", name="Run", exact=True).and_(page.locator("[aria-disabled=false]")).click()
        expect(panel.locator(".cm-phase")).to_have_text("Done", timeout=120_000)
        expect(panel.locator("tr[data-model=standard]")).to_contain_text("✓ passes")
        expect(panel.locator("tr[data-model=medium]")).to_contain_text("✗ fails")
        page.mouse.move(0, 0)
        picture(page, "panel", panel, panel)
    finally:
        lab.close()
