"""The bundled sample, as data to evaluate on."""

from __future__ import annotations

from ..tickets import tickets


def sample() -> list[dict[str, str]]:
    """300 support tickets with the columns ``text`` and ``department`` (six of them, 50 tickets each)."""
    return [{"text": ticket.text, "department": ticket.department} for ticket in tickets()]
