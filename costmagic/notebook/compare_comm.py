"""Clicks on the votes below a finished comparison: they reach the kernel by a comm that the front end opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from ..types import CostmagicError
from .compare_wire import Judged

TARGET = "costmagic.compare"


def register(shell: InteractiveShell) -> None:
    """Listen to the front end, where there is one."""
    if getattr(shell, "kernel", None) is None:
        return
    from comm import get_comm_manager

    get_comm_manager().register_target(TARGET, _opened)


def unregister(shell: InteractiveShell) -> None:
    """Listen no more."""
    if getattr(shell, "kernel", None) is None:
        return
    from comm import get_comm_manager

    get_comm_manager().targets.pop(TARGET, None)


def _opened(comm: Any, message: Any) -> None:
    comm.on_msg(lambda message: comm.send(answer(message["content"]["data"])))


def answer(asked: Mapping[str, Any]) -> Judged:
    """Carry out a ``compare_wire.Judging``; never raises."""
    from .compare_live import judge
    from .voting import shown

    name = str(asked.get("comparison"))
    comparison, do = shown(name), asked.get("do")
    error = None
    if comparison is not None and isinstance(do, dict):
        try:
            judge(comparison, do)
        except CostmagicError as problem:
            error = str(problem)
    return {"comparison": name, "known": comparison is not None, "error": error}
