"""The notebooks of this repository: they run, and what is committed is what they show."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import executed
import nbformat
import pytest

from costmagic.embedding import MiniLM

# The quickstart runs as Binder would run it, in tests/distribution.
OTHERS = [file for file in executed.NOTEBOOKS if file.stem != "quickstart"]

# Of any machine, and of the one that this is.
PATHS = re.compile(r"/(?:home|root|tmp|Users|work|private|var)/|[A-Z]:\\\\|site-packages")

Run = Callable[[Path], nbformat.NotebookNode]


@pytest.fixture(scope="module")
def run(weights_file: Path, minilm: MiniLM, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A notebook, executed once."""
    return cache(lambda file: executed.execute(file, weights_file.parent, tmp_path_factory.mktemp(file.stem)))


def code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def kinds(cell: nbformat.NotebookNode) -> list[str]:
    """What sort of outputs a cell has."""
    return [",".join(sorted(output.data)) if "data" in output else output.output_type for output in cell.outputs]


@pytest.mark.parametrize("file", OTHERS, ids=lambda file: file.stem)
def test_it_runs_and_shows_what_is_committed(file: Path, run: Run) -> None:
    committed = code(nbformat.read(file, as_version=4))
    for cell, again in zip(committed, code(run(file)), strict=True):
        assert kinds(cell) == kinds(again), cell.source


@pytest.mark.parametrize("file", executed.NOTEBOOKS, ids=lambda file: file.stem)
def test_its_committed_outputs_are_of_one_run_and_of_no_machine(file: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    assert [cell.execution_count for cell in code(notebook)] == list(range(1, len(code(notebook)) + 1))
    shown = nbformat.writes(nbformat.from_dict({**notebook, "cells": [{**c, "source": ""} for c in notebook.cells]}))
    assert not PATHS.findall(shown)
    assert str(Path.home()) not in shown
    assert str(executed.ROOT) not in shown
    assert "widget-view" not in shown
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert not [cell for cell in notebook.cells if "execution" in cell.metadata]
    if "sim:" in shown:
        assert "SIMULATED" in shown


def text_of(notebook: nbformat.NotebookNode) -> str:
    """All outputs as a terminal would show them."""
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    return "\n".join(o.data.get("text/plain", "") if "data" in o else o.get("text", "") for o in outputs)


def test_the_caching_notebook_shows_each_layer(run: Run) -> None:
    said = text_of(run(executed.ROOT / "notebooks" / "caching.ipynb"))
    assert "exact cache: hit" in said
    assert "semantic cache: hit" in said
    assert re.search(r"refused +How can I change my delivery address\?", said)
    assert "again in 5 min" in said


def test_the_comparison_shows_votes_and_the_real_model(run: Run) -> None:
    said = text_of(run(executed.ROOT / "notebooks" / "compare-models.ipynb"))
    assert "── 3. local:smollm2-135m [CHEAPEST]" in said
    assert "2. sim:claude-haiku-5-5: ✓ good enough; 3. local:smollm2-135m: ✗ not good enough" in said


def test_the_evaluation_ends_in_a_policy_that_holds(run: Run) -> None:
    said = text_of(run(executed.ROOT / "notebooks" / "downgrade-evaluation.ipynb"))
    assert re.search(r"^standard: pass after \d+ tickets", said, re.MULTILINE)
    assert re.search(r"^medium: fail after \d+ tickets", said, re.MULTILINE)
    assert "claude-sonnet-5-5 · standard (downgrade)" in said
    assert re.search(r"^tickets +heavy +standard .* holds", said, re.MULTILINE)


def test_the_review_names_what_costs_and_what_would_help(run: Run) -> None:
    said = text_of(run(executed.ROOT / "notebooks" / "cost-review.ipynb"))
    assert re.search(r"^dashboard +20 +19 ", said, re.MULTILINE)
    assert re.search(r"^provider prompt caching +\$0\.15", said, re.MULTILINE)
    assert "help desk SIMULATED" in said
    assert "SIMULATED, not real money" in said
