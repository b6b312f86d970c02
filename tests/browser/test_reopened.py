"""A notebook that is opened again, with the kernel that it was saved by or with another one."""

from __future__ import annotations

from collections.abc import Callable

from browser.lab import Lab, Notebook

Open = Callable[[str, list[str]], Notebook]


def test_a_running_total_becomes_a_table_when_its_kernel_has_gone(open_notebook: Open, lab: Lab) -> None:
    notebook = open_notebook("reopened.ipynb", ["%load_ext costmagic", "%llm meter"])
    figures = notebook.output(1).get_by_role("group", name="Running total")
    table = notebook.output(1).locator("table")
    notebook.run(0)
    notebook.run(1)
    figures.wait_for(timeout=60_000)
    notebook.restart()
    table.wait_for(timeout=60_000)
    assert figures.count() == 0
    notebook.run(0)
    notebook.run(1)
    figures.wait_for()
    notebook.save()
    notebook = Notebook(notebook.page, lab, "reopened.ipynb")
    figures.wait_for(timeout=60_000)  # the kernel is the same
    notebook.shut_down()
    notebook = Notebook(notebook.page, lab, "reopened.ipynb")
    table.wait_for(timeout=60_000)
    assert "hit rate" in notebook.output(1).inner_text()
    assert "Error" not in notebook.output(1).inner_text()
    assert not notebook.page.evaluate("window.jupyterapp.shell.currentWidget.context.model.dirty")
