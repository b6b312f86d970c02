"""What modules ask of those above them: the session to work on where none is given, who shows progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Set by the package itself, to the maker of the session that `cm.ask` and the magics share.
default: Callable[[], Any]

# Set where there is somebody to watch: makes what shows the state of an evaluation, again and again.
progress: Callable[[], Callable[[Any], None]] | None = None
