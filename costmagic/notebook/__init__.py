"""How costmagic shows in IPython and Jupyter: the only package that imports them."""

from __future__ import annotations

from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from .. import current

# By name: loading the extension imports no comparison.
COMPARISON = "costmagic.comparison.result.Comparison"
GRID = "costmagic.comparison.grid.Grid"


def load(shell: InteractiveShell) -> None:
    """Register the magics and how replies are displayed."""
    from ..reply import Reply
    from . import compare_comm, panel
    from .magics import register

    current.progress = _progress
    register(shell)
    compare_comm.register(shell)
    panel.register(shell)
    if shell.display_formatter is not None:
        shell.display_formatter.mimebundle_formatter.for_type(Reply, _reply_bundle)
        shell.display_formatter.mimebundle_formatter.for_type(COMPARISON, _comparison_bundle)
        shell.display_formatter.mimebundle_formatter.for_type(GRID, _grid_bundle)


def unload(shell: InteractiveShell) -> None:
    """Undo ``load``."""
    from ..reply import Reply
    from . import compare_comm, panel
    from .magics import unregister

    current.progress = None
    unregister(shell)
    compare_comm.unregister(shell)
    panel.unregister(shell)
    if shell.display_formatter is not None:
        for shown in (Reply, COMPARISON, GRID):
            shell.display_formatter.mimebundle_formatter.pop(shown, None)


def _progress() -> Any:
    """What shows the state of an evaluation under the cell."""
    from .progress import watching

    return watching()


def _reply_bundle(reply: Any, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    """A reply as the value of a cell: its text, then its receipt."""
    from . import receipt
    from .live import reply_bundle

    text, below = reply_bundle(reply.text), receipt.bundle(reply)
    joined = {mime: f"{text[mime]}\n\n{below[mime]}" for mime in text}
    return {**joined, receipt.MIME: below[receipt.MIME]}


def _comparison_bundle(comparison: Any, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    """A comparison as the value of a cell."""
    from .side_by_side import bundle
    from .voting import point_at

    point_at(comparison)
    return bundle(comparison)


def _grid_bundle(grid: Any, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    """Several comparisons as the value of a cell."""
    from .side_by_side import grid_bundle

    return grid_bundle(grid)
