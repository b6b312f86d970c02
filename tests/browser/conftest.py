"""A real JupyterLab in a real headless Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser.lab import Lab, Notebook
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    yield page
    context.close()


@pytest.fixture
def settings() -> dict[str, object]:
    """Of JupyterLab; a module that needs others has its own fixture."""
    return {}


@pytest.fixture
def lab(tmp_path: Path, local_home: Path, settings: dict[str, object]) -> Iterator[Lab]:
    folder = tmp_path / "lab"
    folder.mkdir()
    lab = Lab(folder, local_home, settings)
    yield lab
    lab.close()


@pytest.fixture
def open_notebook(lab: Lab, page: Page) -> Callable[[str, list[str]], Notebook]:
    """Write a notebook with these cells and open it."""

    def opened(name: str, cells: list[str]) -> Notebook:
        lab.write(name, cells)
        return Notebook(page, lab, name)

    return opened
