"""The panel as a person uses it in JupyterLab, on simulated models whose accuracies are known."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browser.lab import NOTEBOOK, Lab, opened
from browser.shots import shot
from playwright.sync_api import Locator, Page, expect

# heavy errs on some tickets, standard on none, medium on every fifth. After 120 answers they crawl until there is a
# file GATE: whoever wants to see a run under way must not hurry.
SETUP = """
%load_ext costmagic
import itertools, pathlib, time
import costmagic as cm, pandas as pd
kinds = {"invoice": "billing", "crash": "technical", "parcel": "shipping", "password": "account"}
rows = [(f"Ticket {n}: my {list(kinds)[n % 4]} <b>again</b>", list(kinds.values())[n % 4]) for n in range(400)]
df = pd.DataFrame(rows, columns=["text", "department"])
right, asked = {f"Which department? {text}": department for text, department in rows}, itertools.count()
def answer(prompt):
    if next(asked) > 120 and not pathlib.Path("GATE").exists():
        time.sleep(2)
    return right[prompt]
for ref, accuracy in (("opus", 0.95), ("sonnet", 1.0), ("haiku", 0.8)):
    cm.sim.script(f"sim:claude-{ref}-5-5", answers=answer, accuracy=accuracy, latency=0.02)
"""
ASK = "%%llm --feature tickets\nWhich department? Ticket 1: my crash <b>again</b>"


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One server for all tests: each has a notebook of its own."""
    folder = tmp_path_factory.mktemp("panel")
    (folder / "home").mkdir()
    lab = Lab(folder, folder / "home", preset="sim", panel={"cap": 0.4})
    yield lab
    lab.close()


def filled_in(panel: Locator, feature: str = "tickets") -> None:
    """The form, so that only Run is left to be pressed."""
    expect(panel.get_by_label("Data").locator("option[value='frame:df']")).to_have_count(1, timeout=60_000)
    panel.get_by_label("Data").select_option("frame:df")
    panel.get_by_label("Prompt").fill("Which department? {{ text }}")
    panel.get_by_label("Feature").fill(feature)
    expect(panel.get_by_role("table", name="Estimated cost by model")).to_be_visible(timeout=60_000)
    run = panel.get_by_role("button", name="Run", exact=True)
    expect(run).to_have_attribute("aria-disabled", "false", timeout=60_000)


def row(panel: Locator, model: str) -> Locator:
    return panel.locator(f"tr[data-model={model}]")


def pairs(panel: Locator, model: str) -> int:
    return int(row(panel, model).locator("td[data-label=Pairs]").inner_text().split()[0])


def wait_for_pairs(panel: Locator, model: str, n: int) -> None:
    panel.page.wait_for_function(
        "([selector, n]) => parseInt(document.querySelector(selector)?.textContent ?? '0') >= n",
        arg=[f"#costmagic-panel tr[data-model={model}] td[data-label=Pairs]", n],
        timeout=60_000,
    )


def settled(panel: Locator, model: str) -> int:
    """The pairs of a paused run, once the calls that were under way have ended."""
    seen = -1
    for _ in range(5):
        panel.page.wait_for_timeout(3_000)
        if seen == (seen := pairs(panel, model)):
            return seen
    raise AssertionError("it does not pause")


def test_the_panel_loads_costmagic_and_shows_what_was_spent(shared_lab: Lab, page: Page) -> None:
    call = "%%llm --feature greeting\nHello"
    notebook, panel = opened(page, shared_lab, "load.ipynb", [call, "%llm panel", "import time; time.sleep(600)"])
    expect(panel).to_contain_text("costmagic is not loaded in this notebook", timeout=60_000)
    shot(page, "absent")
    panel.get_by_role("button", name="Load costmagic").click()
    expect(panel.get_by_label("Spending cap")).to_have_value("0.4", timeout=60_000)  # of the settings
    expect(panel).to_contain_text("There is no DataFrame in this notebook yet")
    shot(page, "nothing-yet")
    notebook.run(0)
    status = page.get_by_role("button", name="Spent on language models today")
    expect(status).to_have_attribute("title", re.compile(r"SIMULATED besides: \$0\.0"), timeout=60_000)
    status.click()
    expect(panel.get_by_role("tabpanel", name="Spend")).to_contain_text("greeting", timeout=60_000)
    shot(page, "spend")
    panel.get_by_role("tab", name="Spend").press("ArrowRight")
    expect(panel.get_by_role("tab", name="Policy")).to_be_focused()
    expect(panel).to_contain_text("Nothing is adopted yet")
    # The same in a cell, where the kernel is busy with another one.
    notebook.run(1)
    cell = notebook.output(1).locator(".cm-panel")
    cell.get_by_role("tab", name="Evaluate").wait_for(timeout=60_000)
    notebook.run(2, wait=False)
    cell.get_by_role("tab", name="Spend").click()
    expect(cell.get_by_role("tabpanel", name="Spend")).to_contain_text("greeting", timeout=60_000)
    shot(page, "cell")
    notebook.interrupt()


def test_from_the_data_to_a_policy_while_a_cell_runs(shared_lab: Lab, page: Page) -> None:
    cells = [SETUP.replace("GATE", "journey"), "import time; time.sleep(600)", ASK]
    notebook, panel = opened(page, shared_lab, "journey.ipynb", cells)
    notebook.run(0)
    expect(panel.get_by_role("button", name="Run", exact=True)).to_have_attribute("aria-disabled", "true")
    filled_in(panel)
    expect(panel.get_by_label("What is right")).to_have_value("=department")
    expect(panel.get_by_role("group", name="First rows")).to_contain_text("<b>again</b>")
    expect(panel.locator(".cm-estimate")).to_contain_text(
        re.compile(r"≈ \$\d\.\d+ or \$\d\.\d+ if all models agree. It stops at the cap of \$0.40.")
    )
    shot(page, "estimate")
    notebook.run(1, wait=False)
    notebook.wait_for_kernel("busy")
    panel.get_by_role("button", name="Run", exact=True).click()
    expect(panel.locator(".cm-phase")).to_have_text("Running", timeout=60_000)
    wait_for_pairs(panel, "medium", 10)
    shot(page, "running")
    panel.get_by_role("button", name="Pause").click()
    expect(panel.locator(".cm-phase")).to_have_text("Paused")
    before = settled(panel, "heavy")
    shot(page, "paused")
    (shared_lab.root / "journey").touch()
    panel.get_by_role("button", name="Resume").click()
    expect(row(panel, "standard")).to_contain_text("✓ passes", timeout=120_000)
    expect(row(panel, "medium")).to_contain_text("✗ fails")
    expect(panel.locator(".cm-phase")).to_have_text("Done", timeout=60_000)
    assert pairs(panel, "heavy") > before
    expect(panel.get_by_role("img", name="Accuracy over cost")).to_be_visible()
    shot(page, "done")
    items = panel.get_by_role("region", name="Disagreements")
    expect(items).to_contain_text("1 of ")
    expect(items).to_contain_text("<b>again</b>")
    items.get_by_label("Candidate").select_option("medium")
    expect(items).to_contain_text(re.compile(r"medium wrong"))
    first = items.get_by_role("group", name="Prompt").inner_text()
    items.get_by_role("button", name="Next").click()
    expect(items).to_contain_text("2 of ")
    assert items.get_by_role("group", name="Prompt").inner_text() != first
    expect(items.locator("del").first).to_be_visible()
    items.scroll_into_view_if_needed()
    shot(page, "disagreements")
    panel.get_by_role("button", name="Adopt standard for tickets").click()
    expect(panel).to_contain_text("Adopted: heavy → standard for feature 'tickets'")
    panel.get_by_role("tab", name="Policy").click()
    policy = panel.get_by_role("listitem", name="tickets")
    expect(policy).to_contain_text("heavy → standard")
    expect(policy).not_to_contain_text("STALE")
    shot(page, "policy")
    notebook.interrupt()
    notebook.wait_until_run(1)
    output = notebook.run(2)
    receipt = output.locator("details.costmagic-receipt")
    expect(receipt.locator("summary")).to_contain_text("claude-sonnet-5-5 · standard")
    receipt.locator("summary").click()
    expect(receipt).to_contain_text("heavy → standard for feature 'tickets', drop")
    panel.get_by_role("tab", name="Evaluate").click()
    panel.get_by_role("button", name="Insert as code").click()
    inserted = page.locator(f"{NOTEBOOK} .jp-Cell").filter(has_text="cm.evaluate(")
    expect(inserted).to_contain_text("feature='tickets'")
    assert "<b>" not in panel.inner_html().replace("&lt;b&gt;", "")
    panel.get_by_role("tab", name="Policy").click()
    policy.get_by_role("button", name="Remove tickets").click()
    policy.get_by_role("button", name="Yes, remove tickets").click()
    expect(panel).to_contain_text("Nothing is adopted yet")


def test_a_run_goes_on_after_the_kernel_has_been_restarted(shared_lab: Lab, page: Page) -> None:
    notebook, panel = opened(page, shared_lab, "restart.ipynb", [SETUP.replace("GATE", "restart")])
    notebook.run(0)
    filled_in(panel, "restarted")
    panel.get_by_role("button", name="Run", exact=True).click()
    wait_for_pairs(panel, "medium", 10)
    notebook.restart()
    expect(panel).to_contain_text("costmagic is not loaded", timeout=60_000)
    notebook.run(0)
    expect(panel.locator(".cm-phase")).to_have_text("Paused", timeout=60_000)
    assert pairs(panel, "medium") >= 10
    panel.get_by_role("button", name="← New evaluation").click()
    stored = panel.get_by_role("region", name="Earlier runs").get_by_role("listitem").first
    expect(stored).to_contain_text("restarted heavy → standard, medium")
    stored.get_by_role("button", name="Resume").click()
    expect(panel.locator(".cm-phase")).to_have_text("Running", timeout=60_000)
    panel.get_by_role("button", name="Cancel").click()
    expect(panel.locator(".cm-phase")).to_have_text("Cancelled")


def test_it_follows_the_notebook_in_front_and_survives_odd_messages(shared_lab: Lab, page: Page) -> None:
    shared_lab.write("other.ipynb", ["1 + 1"])
    notebook, panel = opened(page, shared_lab, "front.ipynb", [SETUP])
    notebook.run(0)
    filled_in(panel, "front")
    page.locator(".jp-DirListing-item", has_text="other.ipynb").dblclick()
    expect(panel.locator(".cm-panel-notebook")).to_have_text("other.ipynb", timeout=60_000)
    expect(panel).to_contain_text("costmagic is not loaded in this notebook", timeout=60_000)
    page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab", has_text="front.ipynb").click()
    expect(panel.get_by_label("Feature")).to_have_value("front")
    answers = page.evaluate(
        """async () => {
            const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const comm = kernel.createComm('costmagic.panel');
            await comm.subshellStarted;
            const answers = [];
            comm.onMsg = message => { answers.push(message.content.data); };
            comm.open();
            const odd = ['text', { id: 1, type: 'odd' }, { id: 2, type: 'watch' }, { type: 'today' }];
            for (const message of odd) comm.send(message);
            while (answers.length < 4) await new Promise(resolve => setTimeout(resolve, 50));
            comm.close();
            return answers;
        }"""
    )
    assert all(answer["error"] and answer["body"] is None for answer in answers)
    assert sorted((answer["id"] for answer in answers), key=str) == [1, 2, None, None]
    panel.get_by_role("tab", name="Spend").click()
    expect(panel.get_by_label("Period")).to_be_visible()
    for name in ("front.ipynb", "other.ipynb"):
        tab = page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab", has_text=name)
        tab.click()
        expect(panel.locator(".cm-panel-notebook")).to_have_text(name)
        notebook.save()
        tab.locator(".lm-TabBar-tabCloseIcon").click()
    expect(panel).to_contain_text("Open a notebook")
