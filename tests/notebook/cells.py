"""Cells of a shell in this process."""

from __future__ import annotations

from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import RichOutput, capture_output


def run(shell: InteractiveShell, source: str) -> tuple[str, list[RichOutput], Any]:
    """(standard output, displayed outputs, value) of a cell; raises what the cell raised."""
    with capture_output() as captured:
        result = shell.run_cell(source, store_history=True)
    if result.error_in_exec or result.error_before_exec:
        raise result.error_in_exec or result.error_before_exec
    return captured.stdout, captured.outputs, result.result
