"""Comparisons as a person sees them in JupyterLab: while they run, after, and in the saved notebook."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
from browser.lab import NOTEBOOK, Lab, Notebook
from nbconvert import HTMLExporter
from playwright.sync_api import Locator, expect

SHOTS = os.environ.get("COSTMAGIC_SHOTS")  # a folder to keep screenshots in, for people to look at

Open = Callable[[str, list[str]], Notebook]

MIME = "application/vnd.costmagic.compare+json"
OPUS, HAIKU = "sim:claude-opus-5-5", "sim:claude-haiku-5-5"
SCRIPT = """
%load_ext costmagic
import costmagic as cm
def story(prompt):
    return "# The sea\\n\\n- *deep*\\n- blue\\n\\n```python\\nprint('$5')\\n```\\n" + "word after word. " * LENGTH
for ref, pace in (("sim:claude-opus-5-5", 24), ("sim:claude-haiku-5-5", 36)):
    cm.sim.script(ref, answers=story, tokens_per_s=pace, latency=0.5)
"""
ASK = f"%%llm --compare local:smollm2-135m,{OPUS},{HAIKU} --max-tokens 400 -o three\nTell me about the sea."


def shot(notebook: Notebook, name: str) -> None:
    if SHOTS:
        notebook.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


def running(notebook: Notebook, index: int) -> Locator:
    return notebook.output(index).get_by_role("group", name="Running comparison")


def begun(open_notebook: Open, name: str, length: int, *cells: str, ask: str = ASK) -> Notebook:
    """A notebook whose second cell is comparing, with its columns in sight."""
    notebook = open_notebook(name, [SCRIPT.replace("LENGTH", str(length)), ask, *cells])
    notebook.run(0)
    notebook.run(1, wait=False)
    running(notebook, 1).wait_for(timeout=60_000)
    return notebook


def dark(notebook: Notebook) -> None:
    """Switch to the dark theme, when screenshots are wanted."""
    if SHOTS:
        notebook.page.evaluate(
            "() => window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })"
        )
        notebook.page.wait_for_timeout(1_000)


def test_columns_stream_side_by_side_and_leave_a_static_table(open_notebook: Open, lab: Lab) -> None:
    notebook = begun(open_notebook, "three.ipynb", 100, "%llm vote 1 good", "three")
    view = running(notebook, 1)
    columns = view.locator("section")
    assert columns.count() == 3
    for column in columns.all():
        expect(column.locator(".cm-compare-body")).to_contain_text(re.compile(r"\w+ \w+"), timeout=60_000)
    expect(columns.nth(1)).to_contain_text("SIMULATED")
    expect(columns.nth(1).locator("h1")).to_have_text("The sea")
    expect(columns.nth(1).locator(".cm-compare-meter")).to_contain_text(re.compile(r"→ \d+ tok.*\$0\.\d+.*tok/s"))
    view.get_by_label("Show the differences from one reply").select_option("1")
    expect(columns.nth(0).locator("ins").first).to_be_visible()
    view.get_by_label("Show the differences from one reply").select_option("")
    shot(notebook, "compare-running")
    notebook.wait_until_run(1)
    output = notebook.output(1)
    expect(output.locator("table").first).to_contain_text("cost of 1,000 calls")
    assert view.count() == 0
    text = output.inner_text()
    assert text.count("SIMULATED") == 2
    assert "%llm vote 1 good" in text
    bar = output.get_by_role("group", name="Votes on the replies")
    good = bar.get_by_role("button", name=f"{HAIKU} is good enough")
    good.focus()
    notebook.page.keyboard.press("Enter")
    expect(good).to_have_attribute("aria-pressed", "true")
    bar.get_by_role("button", name=f"{OPUS} is not good enough").click()
    bar.get_by_role("button", name=f"Keep the reply of {HAIKU} as an evaluation item").click()
    expect(output.locator("table").first).to_contain_text("✓ good enough, kept for evaluation")
    expect(output.locator("table").first).to_contain_text("✗ not good enough")
    shot(notebook, "compare-done")
    notebook.run(2)
    expect(output.locator("table").first.get_by_text("✓ good enough")).to_have_count(2)
    notebook.run(3)
    dark(notebook)
    shot(notebook, "compare-done-dark")
    (items,) = lab.home.glob("evaluation/*.jsonl")
    assert json.loads(items.read_text("utf-8"))["accepted_from"] == HAIKU
    notebook.save()
    saved = nbformat.read(lab.root / "three.ipynb", as_version=4)
    assert "widget" not in json.dumps(saved)
    (table,) = saved.cells[1].outputs
    assert [column["vote"] for column in table.data[MIME]["columns"]] == [True, False, True]


def test_a_saved_comparison_shows_the_same_without_a_kernel_and_converted(open_notebook: Open, lab: Lab) -> None:
    notebook = begun(open_notebook, "saved.ipynb", 20, "three.vote(3)")
    notebook.wait_until_run(1)
    notebook.run(2)
    expect(notebook.output(1)).to_contain_text("✓ good enough")
    notebook.save()
    saved = nbformat.read(lab.root / "saved.ipynb", as_version=4)
    costs = [column["cost"] for column in saved.cells[1].outputs[0].data[MIME]["columns"]]
    shown = notebook.output(1).locator("table").first.inner_text()
    saved.metadata.kernelspec = {"name": "none", "display_name": "None", "language": "none"}
    saved.metadata.language_info = {"name": "none"}
    nbformat.write(saved, lab.root / "reopened.ipynb")
    page = notebook.page
    page.goto("about:blank")
    page.goto(f"{lab.url}/lab/tree/reopened.ipynb?reset")
    page.locator(".jp-Dialog select").first.select_option(label="No Kernel", timeout=60_000)
    page.locator(".jp-Dialog .jp-mod-accept").click()
    again = page.locator(f"{NOTEBOOK} .jp-Cell").nth(1).locator(".jp-Cell-outputArea")
    expect(again.locator("table").first).to_contain_text("cost of 1,000 calls", timeout=60_000)
    assert again.locator("table").first.inner_text() == shown
    assert again.get_by_role("group", name="Votes on the replies").count() == 0
    assert "Error displaying widget" not in again.inner_text()
    shot(notebook, "compare-no-kernel")
    converted, _ = HTMLExporter().from_notebook_node(saved)
    for word in re.findall(r"\$[0-9.]+|✓ good enough|SIMULATED", shown):
        assert word in re.sub(r"<[^>]*>", "", converted)
    assert len([cost for cost in costs if cost is not None]) == 3


def test_one_column_is_stopped_then_all(open_notebook: Open, lab: Lab) -> None:
    ask = f"%%llm --compare {OPUS},{HAIKU} -o both\nTell me about the sea."
    notebook = begun(open_notebook, "stop.ipynb", 3_000, "%llm history", "1 + 1", ask=ask)
    view = running(notebook, 1)
    one, other = view.locator("section").all()
    for column in (one, other):
        expect(column.locator(".cm-compare-body")).to_contain_text("word after word", timeout=60_000)
    dark(notebook)
    one.get_by_role("button", name=f"Stop {OPUS}").click()
    expect(one).to_contain_text("INTERRUPTED", timeout=10_000)
    before = len(other.locator(".cm-compare-body").inner_text())
    notebook.page.wait_for_function(
        "([node, length]) => node.innerText.length > length",
        arg=[other.locator(".cm-compare-body").element_handle(), before],
    )
    shot(notebook, "compare-one-stopped-dark")
    view.get_by_role("button", name="Stop all").click()
    notebook.wait_until_run(1)
    output = notebook.output(1)
    expect(output).to_contain_text("KeyboardInterrupt: all columns were stopped")
    assert output.inner_text().count("INTERRUPTED") == 2
    assert "word after word" in output.inner_text()
    assert view.count() == 0
    assert notebook.run(2).inner_text().count("interrupted") == 2
    assert "2" in notebook.run(3).inner_text()


def test_a_slow_press_on_stop_counts_while_the_reply_grows(open_notebook: Open) -> None:
    ask = f"%%llm --compare {OPUS},{HAIKU}\nTell me about the sea."
    notebook = begun(open_notebook, "slow.ipynb", 3_000, ask=ask)
    column = running(notebook, 1).locator("section").first
    body = column.locator(".cm-compare-body")
    expect(body).to_contain_text("word after word", timeout=60_000)
    column.get_by_role("button", name=f"Stop {OPUS}").hover()
    height = body.bounding_box()
    notebook.page.mouse.down()
    expect(body).to_contain_text("word after word. " * 12, timeout=60_000)
    notebook.page.mouse.up()
    assert height != body.bounding_box()
    expect(column).to_contain_text("INTERRUPTED", timeout=10_000)
    notebook.interrupt()
    notebook.wait_until_run(1)


FOUR = """
%load_ext costmagic
import costmagic as cm
models = ["sim:claude-opus-5-5", "sim:claude-haiku-5-5", "sim:claude-sonnet-5-5", "sim:gpt-6-luna"]
for ref in models:
    cm.sim.script(ref, answers=lambda prompt: "Some **bold** words and `code` here. " * 400, tokens_per_s=200)
"""
ASK_FOUR = f"%%llm --compare {OPUS},{HAIKU},sim:claude-sonnet-5-5,sim:gpt-6-luna\nGo on."

# Presses the fold button once every 100 ms for 3 s, and tells how long each press took to be painted.
MEASURE = """async () => {
    const button = document.querySelector('.cm-compare-fold');
    const section = button.closest('section');
    const waits = [];
    let updates = 0;
    const observer = new MutationObserver(() => updates++);
    observer.observe(document.querySelector('.cm-compare-columns'), { childList: true, subtree: true });
    const began = performance.now();
    while (performance.now() - began < 3000) {
        const pressed = performance.now();
        await new Promise(done => setTimeout(done, 0));  // as a click: after whatever is being done
        button.click();
        await new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)));
        waits.push(performance.now() - pressed);
        await new Promise(done => setTimeout(done, 100));
    }
    observer.disconnect();
    waits.sort((a, b) => a - b);
    return { median: waits[Math.floor(waits.length / 2)], most: waits[waits.length - 1], updates, n: waits.length };
}"""


def test_four_fast_columns_leave_the_page_responsive(open_notebook: Open) -> None:
    notebook = open_notebook("four.ipynb", [FOUR, ASK_FOUR])
    notebook.run(0)
    notebook.run(1, wait=False)
    view = running(notebook, 1)
    view.wait_for(timeout=60_000)
    for column in view.locator("section").all():
        expect(column.locator("strong").first).to_be_visible(timeout=60_000)
    measured = notebook.page.evaluate(MEASURE)
    tokens = re.findall(r"→ ([0-9,]+) tok", view.inner_text())
    assert len(tokens) == 4
    assert min(int(number.replace(",", "")) for number in tokens) > 200  # all that came in 3 s and more is shown
    if SHOTS:
        (Path(SHOTS) / "compare-four.json").write_text(json.dumps(measured))
    shot(notebook, "compare-four")
    assert measured["updates"] / 3 <= 20 * 4  # at most 20 a second, each of four columns
    assert measured["median"] < 1_000
    view.get_by_role("button", name="Stop all").click()
    notebook.wait_until_run(1)


def test_a_blind_comparison_is_revealed_by_its_votes(open_notebook: Open, lab: Lab) -> None:
    ask = f"%%llm --compare {OPUS},{HAIKU} --blind\nTell me about the sea."
    notebook = begun(open_notebook, "blind.ipynb", 40, ask=ask)
    view = running(notebook, 1)
    expect(view.locator(".cm-compare-body").first).to_contain_text("word", timeout=60_000)
    assert "claude" not in view.inner_text()
    assert "$0" not in view.inner_text()
    shot(notebook, "compare-blind-running")
    notebook.wait_until_run(1)
    output = notebook.output(1)
    expect(output.locator("table").first).to_be_visible()
    assert "claude" not in output.inner_text()
    bar = output.get_by_role("group", name="Votes on the replies")
    bar.get_by_role("button", name="A is good enough").click()
    expect(output.locator("table").first).to_contain_text("✓ good enough")
    assert "claude" not in output.inner_text()
    shot(notebook, "compare-blind")
    bar.get_by_role("button", name="B is not good enough").click()
    expect(output.locator("table").first).to_contain_text(OPUS)
    expect(output.locator("table").first).to_contain_text("cost of 1,000 calls")
