"""Widgets of the notebook: Python holds one dict, the browser shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython

STATIC = Path(__file__).parent.parent / "static"

VIEW = "application/vnd.jupyter.widget-view+json"


def can_show() -> bool:
    """Whether the request that runs now comes from a front end where a person sits, not from a headless run.

    Kernels are not told what their front end can show. Who executes notebooks headless (nbclient, nbconvert,
    papermill) does not let code ask for input, and would keep a widget's state in the notebook.
    """
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return False
    return bool(kernel.get_parent().get("content", {}).get("allow_stdin"))


class Widget:
    """One widget of the front end: ``labextension/src/NAME`` shows its state.

    Messages arrive in a subshell's thread where the front end has subshells, so also while a cell runs.

    Args:
        name: of the widget in ``static``.
        state: what it shows first; see ``wire`` for the shapes.
        on_message: called with what the front end sends.
    """

    def __init__(
        self, name: str, state: Mapping[str, Any], on_message: Callable[[dict[str, Any]], None] | None = None
    ) -> None:
        self._name = name
        self._widget = load(name)(state=dict(state))
        _route_to_subshell(self._widget)
        if on_message is not None:
            self._widget.on_msg(lambda widget, content, buffers: on_message(content))

    @property
    def metadata(self) -> dict[str, Any]:
        """Of the output that shows the widget: by it the plugin knows what to replace when the kernel has gone."""
        return {"costmagic": {"widget": self._name}}

    def bundle(self, **static: str) -> dict[str, Any]:
        """What shows the widget, beside what stands for it where there are no widgets (``html``, ``plain``)."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self._widget.model_id}
        twins = {f"text/{kind}": text for kind, text in {"plain": "", **static}.items()}
        return {VIEW: view, **twins}

    def push(self, state: Mapping[str, Any]) -> None:
        """Show another state; from any thread."""
        self._widget.state = dict(state)

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message to all views; from any thread."""
        self._widget.send(dict(message))

    def close(self) -> None:
        """Take the model out of the front end: nothing of it is saved."""
        layout = self._widget.layout
        self._widget.close()
        layout.close()


@cache
def load(name: str) -> type[Any]:
    """The class behind a widget; the first time it imports ipywidgets, which takes a second."""
    import anywidget
    import traitlets

    body = {
        "__module__": __name__,
        "_esm": STATIC / f"{name}.js",
        "_css": STATIC / f"{name}.css",
        "state": traitlets.Dict().tag(sync=True),
    }
    return type(name.capitalize(), (anywidget.AnyWidget,), body)


def _route_to_subshell(widget: Any) -> None:
    # Since 7.4 ipykernel hands a message to the shell that last published on its comm: here that is the main
    # shell, which is busy until the cell ends. Before 7.4 the front end's choice counts, a subshell.
    if hasattr(widget.comm, "_reply_subshell_for"):
        widget.comm._reply_subshell_for = lambda data, default: default
