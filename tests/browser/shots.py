"""Screenshots for people to look at, where COSTMAGIC_SHOTS names a folder to keep them in."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page

SHOTS = os.environ.get("COSTMAGIC_SHOTS")


def shot(page: Page, name: str) -> None:
    """Both themes at two widths, and at 150 % of the smaller one, when screenshots are wanted."""
    if not SHOTS:
        return
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        page.evaluate("name => window.jupyterapp.commands.execute('apputils:change-theme', { theme: name })", theme)
        page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=theme)
        for width, height in ((1920, 1000), (853, 667), (1280, 1000)):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(300)
            page.screenshot(path=str(Path(SHOTS) / f"{name}-{theme.split()[1].lower()}-{width}.png"))
