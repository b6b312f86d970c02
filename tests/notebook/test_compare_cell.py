"""``%%llm --compare`` in a real shell, and in real kernels."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from costmagic import Comparison, ProviderError, Session, UsageError, sim
from costmagic.notebook.side_by_side import MIME
from notebook.cells import run

OPUS, HAIKU = "sim:claude-opus-5-5", "sim:claude-haiku-5-5"


def test_a_terminal_prints_columns_as_they_end_and_then_the_table(shell: InteractiveShell) -> None:
    sim.script(OPUS, answers={"hello": "the slow one"}, latency=0.5)
    sim.script(HAIKU, answers={"hello": "the quick one"})
    stdout, outputs, _ = run(shell, "%%llm --compare heavy,medium -o both -f tries\nhello")
    assert outputs == []
    assert stdout.index("the quick one") < stdout.index("the slow one") < stdout.index("cost of 1,000 calls")
    assert stdout.count("the slow one") == 1
    assert stdout.count("SIMULATED") == 4
    assert isinstance(shell.user_ns["both"], Comparison)
    assert set(shell.user_ns["both"].replies["heavy"].request.messages[0].content.split()) == {"hello"}


def test_a_comparison_as_a_value_shows_the_static_table(shell: InteractiveShell) -> None:
    _, _, value = run(shell, f"import costmagic as cm\ncm.compare('hello', ['{OPUS}', '{HAIKU}'])")
    data, _ = shell.display_formatter.format(value)
    assert {"text/html", "text/markdown", "text/plain", MIME} == set(data)
    run(shell, "%llm vote 2 good")
    assert value.columns[1].vote is True
    grid = run(shell, f"cm.compare_many(['one', 'two'], ['{OPUS}', '{HAIKU}'])")[2]
    data, _ = shell.display_formatter.format(grid)
    assert "2 of 2 answered" in data["text/html"]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%%llm --compare heavy\nhi", "at least two"),
        ("%%llm --compare heavy,medum\nhi", "did you mean 'medium'"),
        ("%%llm --compare heavy,medium -t heavy\nhi", "leave tier out"),
        ("%%llm --compare heavy,medium --max-cost 0.000001\nhi", "2 calls together could cost"),
        ("%%llm --blind\nhi", "--blind hides"),
        ("%%llm --comapre heavy,medium\nhi", "did you mean '--compare'"),
        ("%llm vote 1 good", "nothing was compared yet"),
    ],
)
def test_mistakes_are_one_line_and_send_nothing(shell: InteractiveShell, cell: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        run(shell, cell)
    assert words in str(caught.value)
    assert len(Session().ledger()) == 0


def test_a_dry_run_compares_estimates(shell: InteractiveShell) -> None:
    _, _, table = run(shell, f"%%llm --compare heavy,{HAIKU} --dry-run\nhello")
    assert [name for name, _ in table.rows] == ["heavy", HAIKU]
    assert len(Session().ledger()) == 0


def test_votes_by_magic(shell: InteractiveShell) -> None:
    run(shell, "%%llm --compare heavy,medium -o both\nhello")
    _, _, said = run(shell, "%llm vote 2 good")
    assert repr(said) == "1. heavy: no vote; 2. medium: ✓ good enough"
    run(shell, "%llm vote heavy bad")
    run(shell, "%llm vote medium keep")
    assert [column.vote for column in shell.user_ns["both"].columns] == [False, True]
    assert shell.user_ns["both"].columns[1].kept
    run(shell, "%llm vote 1 none")
    assert shell.user_ns["both"].columns[0].vote is None
    for wrong, words in (("%llm vote 2", "like %llm vote 2 good"), ("%llm vote 2 goood", "did you mean 'good'")):
        with pytest.raises(UsageError, match=words):
            run(shell, wrong)
    run(shell, "%%llm --compare heavy,medium --blind -o both --fresh\nhello")
    _, _, said = run(shell, "%llm vote A good")
    assert "heavy" not in said
    _, _, said = run(shell, "%llm vote reveal")
    assert "heavy" in said


def test_when_no_column_answers_the_cell_fails(shell: InteractiveShell) -> None:
    for ref in (OPUS, HAIKU):
        sim.script(ref, fail=400)
    with pytest.raises(ProviderError, match="simulated failure"):
        run(shell, "%%llm --compare heavy,medium -o both\nhello")
    assert [column.state for column in shell.user_ns["both"].columns] == ["error", "error"]
    sim.script(HAIKU, answers={"hello": "one is enough"})
    stdout, _, _ = run(shell, "%%llm --compare heavy,medium\nhello")
    assert "one is enough" in stdout
    assert "ProviderError: sim (HTTP 400): simulated failure" in stdout


SCRIPT = """
%load_ext costmagic
import costmagic as cm
cm.sim.script("sim:claude-opus-5-5", answers=lambda p: "# A head\\n\\n" + "dear word " * 20, tokens_per_s=200)
cm.sim.script("sim:claude-haiku-5-5", answers=lambda p: "<script>alert(1)</script> cheap", tokens_per_s=200)
"""
CELL = f"%%llm --compare {OPUS},{HAIKU} -o both"


def executed(cells: list[str], **options: Any) -> nbformat.NotebookNode:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells])
    NotebookClient(notebook, timeout=240, kernel_name="python3", store_widget_state=False, **options).execute()
    return notebook


def test_what_stays_in_the_notebook_is_static_and_shows_later_votes(home: Path) -> None:
    notebook = executed([SCRIPT, f"{CELL}\nhello", "%llm vote 2 good", "both.vote(1, good=False)"])
    (output,) = notebook.cells[1].outputs
    assert set(output.data) == {"text/html", "text/markdown", "text/plain", MIME}
    opus, haiku = output.data[MIME]["columns"]
    assert (opus["state"], haiku["state"], opus["vote"], haiku["vote"]) == ("ok", "ok", False, True)
    assert "widgets" not in notebook.metadata
    frame = Session(home).ledger()
    assert list(frame["quality"]) == [0.0, 1.0]
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; cheap" in page
    cost = f"{float(haiku['cost']):.7f}".rstrip("0")
    for said in ("A head", "✓ good enough", "✗ not good enough", "SIMULATED", cost):
        assert said in page


def test_a_cell_with_a_local_model_and_simulated_ones(local_home: Path) -> None:
    cell = f"%%llm --compare local:smollm2-135m,{OPUS},{HAIKU} --max-tokens 30\nName three colours."
    notebook = executed([SCRIPT, cell])
    (output,) = notebook.cells[1].outputs
    local, opus, _ = output.data[MIME]["columns"]
    assert (local["state"], local["cost"], local["simulated"], opus["simulated"]) == ("ok", "0", False, True)
    assert local["token_source"] == "reported"
    assert local["text"].strip()
    assert "free" in output.data["text/plain"]
    assert output.data["text/html"].count("SIMULATED") == 2


INTERRUPT = """
import os, signal, threading, time
def later():
    while not (voting.last() and all(c.text for c in voting.last().columns)):
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)
from costmagic.notebook import voting
for ref in ("sim:claude-opus-5-5", "sim:claude-haiku-5-5"):
    cm.sim.script(ref, answers=lambda p: "word " * 5000, tokens_per_s=100)
threading.Thread(target=later, daemon=True).start()
"""


def test_an_interrupt_stops_all_columns_and_keeps_what_arrived(home: Path) -> None:
    notebook = executed([SCRIPT, INTERRUPT, f"{CELL}\nhello", "[c.state for c in both.columns]"], allow_errors=True)
    table, error = notebook.cells[2].outputs
    assert error.traceback == ["KeyboardInterrupt: stopped; what had arrived is above and in the ledger"]
    for column in table.data[MIME]["columns"]:
        assert column["state"] == "interrupted"
        assert column["text"].startswith("word ")
    assert table.data["text/html"].count("INTERRUPTED") == 2
    frame = Session(home).ledger()
    assert list(frame["status"]) == ["interrupted", "interrupted"]
    assert frame["output_tokens"].min() > 0
    assert notebook.cells[3].outputs[0].data["text/plain"] == "['interrupted', 'interrupted']"


def test_a_terminal_shows_plain_text(home: Path) -> None:
    compare = f"get_ipython().run_cell_magic('llm', '--compare {OPUS},{HAIKU}', 'hello')"
    command = [sys.executable, "-m", "IPython", "--colors=nocolor", "--simple-prompt", "--no-banner"]
    done = subprocess.run(
        command, input=f"%load_ext costmagic\n{compare}\n%llm vote 1 good\n", capture_output=True, text=True, check=True
    )
    assert "cost of 1,000 calls" in done.stdout
    assert "<table" not in done.stdout
    assert "✓ good enough" in done.stdout
    assert done.stderr == ""
