"""The panel's door to the kernel: every request that arrives by a comm gets one answer.

The panel opens the comm, and the kernel publishes on it in answer only. JupyterLab sends what it carries to a subshell,
so that requests are answered while a cell runs; a kernel that spoke first would draw them to the busy main shell.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from ..types import CostmagicError
from .panel_wire import Answer
from .widgets import can_show

# The comm that the panel opens, and the one by which the kernel says that costmagic is there.
TARGET = "costmagic.panel"
HERE = "costmagic.here"

_here: Any = None


def register(shell: InteractiveShell) -> None:
    """Listen to the panel, and tell it that costmagic is there, where there is a front end."""
    global _here
    if getattr(shell, "kernel", None) is None:
        return
    from comm import create_comm, get_comm_manager

    get_comm_manager().register_target(TARGET, _opened)
    # Nobody listens where nobody sits: then it is only listed, for a panel that comes later and looks.
    _here = create_comm(target_name=HERE, primary=can_show())


def unregister(shell: InteractiveShell) -> None:
    """Listen no more."""
    global _here
    if getattr(shell, "kernel", None) is None:
        return
    from comm import get_comm_manager

    get_comm_manager().targets.pop(TARGET, None)
    if _here is not None:
        _here.close()
        _here = None


def _opened(comm: Any, message: Any) -> None:
    comm.on_msg(lambda message: serve(message["content"]["data"], comm.send))


def serve(message: Any, send: Callable[[dict[str, Any]], None]) -> None:
    """Answer in a thread of its own: an estimate that takes a second keeps no click on Pause waiting.

    The thread has the context of the message, so that its answer goes where the message came from.
    """
    context = contextvars.copy_context()
    work = threading.Thread(target=context.run, args=(lambda: send({**answer(message)}),), name="costmagic-panel")
    work.daemon = True
    work.start()


def answer(message: Any) -> Answer:
    """What a request is answered; never raises, whatever the request is."""
    from . import panel_requests
    from .panel_fields import Malformed

    fields = message if isinstance(message, dict) else {}
    number = fields.get("id")
    known = number if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**53 else None
    try:
        if known is None:
            raise Malformed("a request has an id, a whole number from 0")
        return {"id": known, "error": None, "body": panel_requests.carry_out(fields)}
    except CostmagicError as error:
        return {"id": known, "error": str(error), "body": None}
    except Exception as error:
        # A mistake of this program must not leave the panel waiting.
        return {"id": known, "error": f"{type(error).__name__}: {error}", "body": None}
