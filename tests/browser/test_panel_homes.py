"""Where the panel lives, what it shows without a kernel that it can talk to, and an evaluation of the local model."""

from __future__ import annotations

import json
import re
from pathlib import Path

from browser.lab import Lab, Notebook
from playwright.sync_api import Locator, Page, expect

# Stands for the kernels of other languages: it says that it is one of them.
FOREIGN = """
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
class Foreign(IPythonKernel):
    language_info = {"name": "R", "file_extension": ".r", "mimetype": "text/x-r-source"}
IPKernelApp.launch_instance(kernel_class=Foreign)
"""
# What the small model makes of it is beside the point: two tiers with one model are equally good.
LOCAL = """
%load_ext costmagic
import pandas as pd
texts = [f"My {('invoice', 'screen')[n % 2]} number {n} is wrong" for n in range(60)]
df = pd.DataFrame({"text": texts, "label": ["money", "device"] * 30})
"""


def command(page: Page, label: str) -> None:
    """Run a command as a person does, from the palette."""
    page.keyboard.press("Control+Shift+c")
    palette = page.locator(".lm-CommandPalette-input").last
    palette.fill(label)
    page.locator(".lm-CommandPalette-item", has_text=label).first.click()


def shown(page: Page, side: str) -> Locator:
    return page.locator(f"#jp-{side}-stack #costmagic-panel")


def test_it_opens_on_the_side_that_the_settings_name_and_is_there_again(tmp_path: Path, home: Path, page: Page) -> None:
    lab = Lab(tmp_path, home, preset="sim", panel={"area": "left"})
    try:
        lab.write("side.ipynb", ["1 + 1"])
        notebook = Notebook(page, lab, "side.ipynb")
        expect(page.locator("#costmagic-panel")).to_be_hidden()
        command(page, "Open the costmagic Panel")
        expect(shown(page, "left")).to_be_visible()
        expect(page.locator("#jp-right-stack #costmagic-panel")).to_have_count(0)
        # The layout is saved a moment after it has changed.
        page.wait_for_timeout(3_000)
        page.goto(f"{lab.url}/lab")
        notebook.wait_for_kernel("idle")
        expect(shown(page, "left")).to_be_visible(timeout=30_000)
        expect(shown(page, "left")).to_contain_text("costmagic is not loaded in this notebook", timeout=30_000)
    finally:
        lab.close()


def test_it_says_what_to_do_without_a_kernel_and_with_one_of_another_language(
    tmp_path: Path, home: Path, page: Page
) -> None:
    spec = tmp_path / "data/kernels/foreign"
    spec.mkdir(parents=True)
    argv = ["python", "-c", FOREIGN, "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "foreign", "language": "R"}))
    lab = Lab(tmp_path, home, preset="sim")
    try:
        lab.write("foreign.ipynb", ["1 + 1"], "foreign")
        Notebook(page, lab, "foreign.ipynb")
        command(page, "Open the costmagic Panel")
        panel = shown(page, "right")
        expect(panel).to_contain_text("the kernel of this notebook is of another language", timeout=30_000)
        lab.write("none.ipynb", ["1 + 1"])
        notebook = Notebook(page, lab, "none.ipynb")
        command(page, "Open the costmagic Panel")
        expect(panel).to_contain_text("costmagic is not loaded", timeout=30_000)
        notebook.shut_down()
        expect(panel).to_contain_text("This notebook has no kernel", timeout=30_000)
        start_a_kernel(panel)
        expect(panel).to_contain_text("costmagic is not loaded", timeout=60_000)
        page.evaluate(  # from elsewhere: the list of running kernels, a script
            "async () => { await window.jupyterapp.serviceManager.sessions.shutdownAll(); }"
        )
        expect(panel).to_contain_text("This notebook has no kernel", timeout=60_000)
        start_a_kernel(panel)
        panel.get_by_role("button", name="Load costmagic").click()
        expect(panel.get_by_label("Spending cap")).to_have_value("0.5", timeout=60_000)
    finally:
        lab.close()


def test_it_is_in_notebook_7_too(tmp_path: Path, home: Path, page: Page) -> None:
    lab = Lab(tmp_path, home, preset="sim", app="notebook")
    try:
        lab.write("seven.ipynb", ["%%llm --feature seven\nHello"])
        page.goto(f"{lab.url}/notebooks/seven.ipynb")
        page.wait_for_selector(".jp-Cell", timeout=60_000)
        Notebook.wait_for_kernel(_open(page), "idle")
        command(page, "Open the costmagic Panel")
        panel = shown(page, "right")
        panel.get_by_role("button", name="Load costmagic").click(timeout=60_000)
        expect(panel.get_by_label("Spending cap")).to_have_value("0.5", timeout=60_000)
        box = panel.bounding_box()
        assert box is not None
        assert 250 < box["width"] < 640  # beside the notebook, not over it
        page.locator(".jp-Cell").first.click()
        page.keyboard.press("Control+Enter")
        expect(page.locator(".jp-Cell details.costmagic-receipt")).to_be_visible(timeout=60_000)
        panel.get_by_role("tab", name="Spend").click()
        expect(panel.get_by_role("tabpanel", name="Spend")).to_contain_text("seven", timeout=60_000)
    finally:
        lab.close()


def test_an_evaluation_of_the_local_model(lab: Lab, page: Page) -> None:
    ask = "%%llm --feature local\nIs it about money or about a device? One word. My invoice number 1 is wrong"
    lab.write("local.ipynb", [LOCAL, ask])
    notebook = Notebook(page, lab, "local.ipynb")
    notebook.run(0)
    command(page, "Find a Cheaper Model that Is Good Enough")
    panel = shown(page, "right")
    expect(panel.get_by_label("Data").locator("option[value='frame:df']")).to_have_count(1, timeout=60_000)
    panel.get_by_label("Data").select_option("frame:df")
    panel.get_by_label("Prompt").fill("Is it about money or about a device? One word. {{ text }}")
    panel.get_by_label("Feature").fill("local")
    panel.get_by_label("Scorer").select_option("contains")
    panel.get_by_label("Margin").fill("25")
    expect(panel.get_by_role("group", name="Candidates")).to_contain_text("All tiers are one model here")
    panel.get_by_role("checkbox", name="medium").check()
    run = panel.get_by_role("button", name="Run", exact=True)
    expect(run).to_have_attribute("aria-disabled", "false", timeout=60_000)
    run.click()
    expect(panel.locator(".cm-phase")).to_have_text("Running", timeout=60_000)
    row = panel.locator("tr[data-model=medium]")
    expect(row.locator("td[data-label=Pairs]")).to_have_text(re.compile("[1-9]"), timeout=120_000)
    panel.get_by_role("button", name="Pause").click()
    expect(panel.locator(".cm-phase")).to_have_text("Paused", timeout=60_000)
    notebook.restart()
    notebook.run(0)
    expect(panel.locator(".cm-phase")).to_have_text("Paused", timeout=60_000)
    panel.get_by_role("button", name="Resume").click()
    expect(row).to_contain_text("✓ passes", timeout=180_000)
    expect(panel.locator(".cm-phase")).to_have_text("Done", timeout=60_000)
    expect(panel).to_contain_text("medium is the baseline's own model here")
    panel.get_by_role("button", name="Adopt medium for local").click()
    expect(panel).to_contain_text("Adopted: heavy → medium for feature 'local'")
    receipt = notebook.run(1).locator("details.costmagic-receipt")
    receipt.locator("summary").click()
    expect(receipt).to_contain_text("heavy → medium for feature 'local'")


def start_a_kernel(panel: Locator) -> None:
    panel.get_by_role("button", name="Start a kernel").click()
    panel.page.locator(".jp-Dialog").get_by_role("button", name="Select Kernel").last.click()


def _open(page: Page) -> Notebook:
    """The notebook that the page shows, which is not JupyterLab's."""
    notebook = Notebook.__new__(Notebook)
    notebook.page = page
    return notebook
