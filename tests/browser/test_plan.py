"""The Plan tab as a person uses it in JupyterLab, on simulated models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.lab import Lab, Notebook
from browser.shots import shot
from playwright.sync_api import Page, expect

SPEND = """
import costmagic as cm
for n in range(24):
    text = f"Which department should handle this ticket? Answer with one word.\\n\\nTicket {n % 20}: it broke"
    cm.ask(text, tier="heavy", feature="tickets", no_cache=True)
"""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    (tmp_path / "home").mkdir(exist_ok=True)
    folder = tmp_path / "lab"
    folder.mkdir()
    lab = Lab(folder, tmp_path / "home", preset="sim")
    yield lab
    lab.close()


def test_the_plan_goes_from_the_bill_to_cells_that_do_something_about_it(lab: Lab, page: Page) -> None:
    lab.write("plan.ipynb", [f"%load_ext costmagic\n{SPEND}", "cm.plan()"])
    notebook = Notebook(page, lab, "plan.ipynb")
    page.evaluate("() => window.jupyterapp.commands.execute('costmagic:open-panel')")
    panel = page.locator("#costmagic-panel")
    notebook.run(0)
    panel.get_by_role("tab", name="Plan").click(timeout=60_000)
    expect(panel.get_by_role("img", name="Waterfall")).to_be_visible(timeout=60_000)
    expect(panel).to_contain_text("SIMULATED")
    assumed = panel.get_by_role("listitem", name="tiering, not evaluated", exact=True)
    expect(assumed).to_contain_text("ASSUMED")
    expect(panel.get_by_role("listitem", name="exact cache", exact=True)).to_contain_text("measured")
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.use_theme(theme)
        bar = panel.locator(".cm-mod-bill rect")
        ground = panel.locator(".cm-panel")
        colours = [
            one.evaluate("(node, name) => getComputedStyle(node)[name]", name)
            for one, name in ((bar, "fill"), (ground, "backgroundColor"))
        ]
        assert colours[0] != colours[1]
    shot(page, "plan")
    assumed.get_by_role("button", name="Insert as code").click()
    cells = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell")
    expect(cells).to_have_count(3)
    expect(page.locator(".jp-NotebookPanel .jp-mod-active .cm-content")).to_contain_text("calls:tickets")
    output = notebook.run(1 if "cm.plan()" in notebook.cell(1).inner_text() else 2)
    expect(output.get_by_role("table")).to_contain_text("today's bill")
    output.locator("summary").nth(2).click()
    shot(page, "plan-cell")
