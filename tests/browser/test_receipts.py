"""Replies and receipts as a person sees them in JupyterLab."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
from browser.lab import Lab, Notebook

SHOTS = os.environ.get("COSTMAGIC_SHOTS")  # a folder to keep screenshots in, for people to look at

Open = Callable[[str, list[str]], Notebook]


def shot(notebook: Notebook, name: str) -> None:
    if SHOTS:
        notebook.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


def test_a_reply_grows_and_leaves_a_static_receipt(open_notebook: Open, lab: Lab) -> None:
    prompt = "%%llm --max-tokens 300\nExplain in a few sentences what a hash function is."
    notebook = open_notebook("reply.ipynb", ["%load_ext costmagic", prompt, prompt, "%llm"])
    notebook.run(0)
    output = notebook.run(1, wait=False)
    begun = output.locator(".jp-RenderedHTMLCommon p").first
    begun.wait_for(timeout=60_000)
    partial = begun.inner_text()
    notebook.wait_until_run(1)
    receipt = output.locator("details.costmagic-receipt")
    receipt.wait_for()
    assert partial.strip()
    assert partial.strip()[:20] in output.inner_text()
    assert re.search(r"smollm2-135m · \w+ \([a-z ]+\) · ", receipt.inner_text())
    assert " tok · $0 · " in receipt.inner_text()
    shot(notebook, "reply")
    receipt.locator("summary").click()
    assert "exactly what was sent" in receipt.inner_text()
    assert "Explain in a few sentences" in receipt.inner_text()
    shot(notebook, "reply-open")
    again = notebook.run(2)
    assert "HIT" in again.locator("summary").inner_text()
    notebook.run(3)
    shot(notebook, "hit-and-status")
    notebook.save()
    saved = nbformat.read(lab.root / "reply.ipynb", as_version=4)
    kinds = [set(o.data) for o in saved.cells[1].outputs]
    assert {"text/html", "text/markdown", "text/plain"} <= kinds[0]
    assert "application/vnd.costmagic.receipt+json" in kinds[1]
    assert not any("widget" in mime for kind in kinds for mime in kind)


def test_dollars_stay_dollars_and_formulas_become_formulas(open_notebook: Open) -> None:
    script = """
import costmagic as cm
cm.sim.script("sim:claude-opus-5-5", answers={"money": "It costs $5 today and $10 tomorrow; $e^{i\\\\pi}=-1$ stays."})
"""
    cells = ["%load_ext costmagic", script, "%%llm -m sim:claude-opus-5-5\nmoney", "%llm models opus", "%llm costs"]
    notebook = open_notebook("money.ipynb", cells)
    for index in (0, 1):
        notebook.run(index)
    output = notebook.run(2)
    output.locator("mjx-container").wait_for(timeout=20_000)
    assert output.locator("mjx-container").count() == 1
    assert "It costs $5 today and $10 tomorrow" in output.inner_text()
    assert "SIMULATED" in output.locator("summary").inner_text()
    assert "$0.000" in output.locator("summary").inner_text()
    notebook.run(3)
    notebook.run(4)
    notebook.page.wait_for_timeout(500)
    assert notebook.output(3).locator("mjx-container").count() == 0
    assert notebook.output(4).locator("mjx-container").count() == 0
    shot(notebook, "money")


def test_a_reply_can_not_run_code_in_the_page(open_notebook: Open) -> None:
    script = """
import costmagic as cm
evil = '''<script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">
[click](javascript:window.hacked=3)

```
$$
```
<script>window.hacked = 4</script> $$
'''
cm.sim.script("sim:claude-opus-5-5", answers={"evil": evil})
"""
    cells = ["%load_ext costmagic", script, "%%llm -m sim:claude-opus-5-5\nevil", "%%llm -m sim:claude-opus-5-5\nevil"]
    notebook = open_notebook("evil.ipynb", cells)
    for index in range(4):
        notebook.run(index)
    notebook.page.wait_for_timeout(500)
    assert notebook.page.evaluate("window.hacked") is None
    assert "<script>" in notebook.output(2).inner_text()
    assert notebook.output(2).locator("img").count() == 0
    shot(notebook, "evil")


def test_an_interrupt_keeps_the_partial_reply_and_the_next_cell_works(open_notebook: Open) -> None:
    script = """
import costmagic as cm
cm.sim.script("sim:claude-opus-5-5", answers=lambda prompt: "word " * 2000, tokens_per_s=20)
"""
    cells = ["%load_ext costmagic", script, "%%llm -m sim:claude-opus-5-5\nlong", "%llm costs --by model", "1 + 1"]
    notebook = open_notebook("interrupt.ipynb", cells)
    for index in (0, 1):
        notebook.run(index)
    output = notebook.run(2, wait=False)
    output.locator(".jp-RenderedHTMLCommon p").first.wait_for(timeout=60_000)
    notebook.page.wait_for_timeout(700)
    notebook.interrupt()
    notebook.wait_until_run(2)
    assert "word word" in output.inner_text()
    assert "INTERRUPTED" in output.locator("summary").inner_text()
    assert "Traceback" not in output.inner_text()
    assert "KeyboardInterrupt" in output.inner_text()
    shot(notebook, "interrupted")
    assert "sim:claude-opus-5-5" in notebook.run(3).inner_text()
    assert "2" in notebook.run(4).inner_text()


def test_mistakes_are_one_line(open_notebook: Open) -> None:
    notebook = open_notebook("mistakes.ipynb", ["%load_ext costmagic", "%%llm --tier hevy\nhello", "%%llm\n{{ nope }}"])
    notebook.run(0)
    for index, words in ((1, "did you mean 'heavy'"), (2, "'nope', which is not defined")):
        text = notebook.run(index).inner_text().strip()
        assert words in text
        assert "Traceback" not in text
        assert len(text.splitlines()) == 1
    shot(notebook, "mistakes")
