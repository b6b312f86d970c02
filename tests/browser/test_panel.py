"""The panel as a person uses it in JupyterLab, on simulated models whose accuracies are known."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.lab import Lab, Notebook
from playwright.sync_api import Locator, Page, expect

SHOTS = os.environ.get("COSTMAGIC_SHOTS")  # a folder to keep screenshots in, for people to look at


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One server for all tests: each has a notebook of its own."""
    folder = tmp_path_factory.mktemp("panel")
    (folder / "home").mkdir()
    lab = Lab(folder, folder / "home", preset="sim")
    yield lab
    lab.close()


def shot(page: Page, name: str) -> None:
    """Both themes at two widths, when screenshots are wanted."""
    if SHOTS:
        for theme in ("JupyterLab Dark", "JupyterLab Light"):
            page.evaluate("name => window.jupyterapp.commands.execute('apputils:change-theme', { theme: name })", theme)
            page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=theme)
            for width in (1280, 1920):
                page.set_viewport_size({"width": width, "height": 1000})
                page.wait_for_timeout(300)
                page.screenshot(path=str(Path(SHOTS) / f"{name}-{theme.split()[1].lower()}-{width}.png"))


def opened(page: Page, lab: Lab, name: str, cells: list[str]) -> tuple[Notebook, Locator]:
    """A notebook with the panel beside it."""
    lab.write(name, cells)
    notebook = Notebook(page, lab, name)
    page.evaluate("() => window.jupyterapp.commands.execute('costmagic:open-panel')")
    panel = page.locator("#costmagic-panel")
    panel.wait_for()
    return notebook, panel


def test_the_panel_loads_costmagic_and_shows_what_it_spent(shared_lab: Lab, page: Page) -> None:
    notebook, panel = opened(page, shared_lab, "load.ipynb", ["%%llm --feature tickets\nHello"])
    expect(panel).to_contain_text("costmagic is not loaded in this notebook")
    shot(page, "absent")
    panel.get_by_role("button", name="Load costmagic").click()
    panel.get_by_role("tab", name="Evaluate").wait_for(timeout=60_000)
    shot(page, "form-empty")
    notebook.run(0)
    panel.get_by_role("tab", name="Spend").click()
    expect(panel.get_by_role("table")).to_contain_text("tickets", timeout=60_000)
    shot(page, "spend")
