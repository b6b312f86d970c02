"""What a forked child must begin anew: locks that other threads held, and what other threads were doing."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Protocol


class Renewable(Protocol):
    """An object with locks, or with connections that only one process may use."""

    def renew_after_fork(self) -> None:
        """Begin anew in the child; nothing that the parent still uses is closed."""


_objects: weakref.WeakSet[Renewable] = weakref.WeakSet()
_functions: list[Callable[[], None]] = []


def renew(renewable: Renewable) -> None:
    """Have ``renewable`` renewed in every child that is forked while it lives."""
    _objects.add(renewable)


def call_after_fork(function: Callable[[], None]) -> None:
    """Call ``function`` in every forked child: for what a module keeps."""
    _functions.append(function)


def _renew_all() -> None:
    for function in _functions:
        function()
    for renewable in list(_objects):
        renewable.renew_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
