"""The session to work on where none is given, for modules below it: imports point one way, this asks upward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Set by the package itself, to the maker of the session that `cm.ask` and the magics share.
default: Callable[[], Any]
