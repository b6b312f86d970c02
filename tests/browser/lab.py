"""A real JupyterLab server, and a notebook open in it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
from playwright.sync_api import Locator, Page

QUIET = {"notification": {"fetchNews": "false", "checkForUpdates": False}}
NOTEBOOK = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook"


class Lab:
    """A JupyterLab server on a free loopback port, with folders of its own.

    Args:
        settings: of JupyterLab's apputils, by the name of their file.
        preset: which models the tiers are.
        panel: settings of the panel.
        app: ``notebook`` for Notebook 7 in JupyterLab's place.
    """

    def __init__(
        self,
        folder: Path,
        home: Path,
        settings: dict[str, object] | None = None,
        preset: str = "local",
        panel: dict[str, object] | None = None,
        app: str = "lab",
    ) -> None:
        self.home = home
        self.root = folder / "notebooks"
        self.root.mkdir()
        environment = {**os.environ, "COSTMAGIC_HOME": str(home), "COSTMAGIC_PRESET": preset}
        for kind in ("CONFIG", "DATA", "RUNTIME"):
            environment[f"JUPYTER_{kind}_DIR"] = str(folder / kind.lower())
        environment["IPYTHONDIR"] = str(folder / "ipython")
        files = {f"@jupyterlab/apputils-extension/{name}": of for name, of in {**QUIET, **(settings or {})}.items()}
        for name, values in {**files, "costmagic/panel": panel or {}}.items():
            file = folder / f"config/lab/user-settings/{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values))
        self._log = (folder / "lab.log").open("wb")
        command = [sys.executable, "-m", "jupyter", app, "--no-browser", "--allow-root"]
        command += [
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port=0",
            "--IdentityProvider.token=",
            "--ServerApp.password=",
        ]
        exposed = {"lab": "LabApp", "notebook": "JupyterNotebookApp"}[app]
        command += [f"--ServerApp.root_dir={self.root}", f"--{exposed}.expose_app_in_browser=True"]
        self._process = subprocess.Popen(
            command, env=environment, stdout=self._log, stderr=subprocess.STDOUT, start_new_session=True
        )
        self.url = self._wait(folder / "runtime")

    def _wait(self, runtime: Path) -> str:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for info in runtime.glob("jpserver-*.json"):
                try:
                    url = str(json.loads(info.read_text())["url"]).rstrip("/")
                    urllib.request.urlopen(f"{url}/api/status", timeout=2).read()
                    return url
                except (OSError, ValueError):
                    pass  # it is being written, or not listening yet
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError("JupyterLab did not start")

    def write(self, name: str, cells: list[str], kernel_name: str = "python3") -> None:
        """A notebook with these code cells."""
        kernel = {"name": kernel_name, "display_name": kernel_name, "language": "python"}
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
        notebook.cells = [nbformat.v4.new_code_cell(source) for source in cells]
        nbformat.write(notebook, self.root / name)

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._log.close()


class Notebook:
    """A notebook open in the page."""

    def __init__(self, page: Page, lab: Lab, name: str) -> None:
        self.page = page
        page.goto(f"{lab.url}/lab/tree/{name}?reset")
        page.wait_for_selector(f"{NOTEBOOK} .jp-Cell", timeout=60_000)
        self.wait_for_kernel("idle")

    def wait_for_kernel(self, status: str) -> None:
        """Clicks before the kernel is connected do nothing, silently."""
        self.page.wait_for_function(
            """status => {
                const widget = window.jupyterapp?.shell.currentWidget;
                const kernel = widget?.sessionContext?.session?.kernel;
                return kernel?.connectionStatus === 'connected' && kernel.status === status && widget.context.isReady;
            }""",
            arg=status,
            timeout=60_000,
        )

    def cell(self, index: int) -> Locator:
        return self.page.locator(f"{NOTEBOOK} .jp-Cell").nth(index)

    def output(self, index: int) -> Locator:
        return self.cell(index).locator(".jp-Cell-outputArea")

    def run(self, index: int, wait: bool = True) -> Locator:
        """Run one cell; returns its output area."""
        self.cell(index).locator(".jp-InputArea-prompt").click()
        self.page.keyboard.press("Control+Enter")
        if wait:
            self.wait_until_run(index)
        return self.output(index)

    def wait_until_run(self, index: int) -> None:
        self.page.wait_for_function(
            """([selector, index]) => {
                const cell = document.querySelectorAll(selector)[index];
                return /\\[\\d+\\]/.test(cell.querySelector('.jp-InputPrompt').textContent);
            }""",
            arg=[f"{NOTEBOOK} .jp-Cell", index],
            timeout=120_000,
        )

    def interrupt(self) -> None:
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()")

    def forbid_interrupts(self) -> None:
        """From here on nothing in the page can interrupt the kernel."""
        self.page.evaluate(
            "() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt = async () => {}; }"
        )

    def use_theme(self, name: str) -> None:
        self.page.evaluate("name => window.jupyterapp.commands.execute('apputils:change-theme', { theme: name })", name)
        self.page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=name)

    def shut_down(self) -> None:
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")

    def restart(self) -> None:
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
        self.wait_for_kernel("idle")

    def save(self) -> None:
        self.page.evaluate("async () => { await window.jupyterapp.shell.currentWidget.context.save(); }")


def opened(page: Page, lab: Lab, name: str, cells: list[str]) -> tuple[Notebook, Locator]:
    """A notebook with the panel beside it."""
    lab.write(name, cells)
    notebook = Notebook(page, lab, name)
    page.evaluate("() => window.jupyterapp.commands.execute('costmagic:evaluate')")
    panel = page.locator("#costmagic-panel")
    panel.wait_for()
    return notebook, panel
