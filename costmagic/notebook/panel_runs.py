"""Evaluations that the panel starts, follows and looks into."""

from __future__ import annotations

from ..session import Session
from .panel_fields import Fields
from .panel_wire import Runs


def listed(session: Session, asked: Fields) -> Runs:
    """The last runs."""
    return {"runs": []}
