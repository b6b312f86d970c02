"""The downgrades in force, as the panel shows them."""

from __future__ import annotations

from ..session import Session
from .panel_fields import Fields
from .panel_wire import Policies


def policies(session: Session, asked: Fields) -> Policies:
    """All downgrades of ``costmagic.toml``."""
    return {"policies": [], "file": None}
