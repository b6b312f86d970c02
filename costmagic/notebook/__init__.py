"""How costmagic shows in IPython and Jupyter: the only package that imports them."""

from __future__ import annotations

from typing import Any

from IPython.core.interactiveshell import InteractiveShell


def load(shell: InteractiveShell) -> None:
    """Register the magics and how replies are displayed."""
    from ..reply import Reply
    from .magics import register

    register(shell)
    if shell.display_formatter is not None:
        shell.display_formatter.mimebundle_formatter.for_type(Reply, _reply_bundle)


def unload(shell: InteractiveShell) -> None:
    """Undo ``load``."""
    from ..reply import Reply
    from .magics import unregister

    unregister(shell)
    if shell.display_formatter is not None:
        shell.display_formatter.mimebundle_formatter.pop(Reply, None)


def _reply_bundle(reply: Any, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    """A reply as the value of a cell: its text, then its receipt."""
    from . import receipt
    from .live import reply_bundle

    text, below = reply_bundle(reply.text), receipt.bundle(reply)
    joined = {mime: f"{text[mime]}\n\n{below[mime]}" for mime in text}
    return {**joined, receipt.MIME: below[receipt.MIME]}
