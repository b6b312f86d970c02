"""The bundled sample: support tickets and the departments that handle them."""

from __future__ import annotations

from typing import Any


def sample() -> list[dict[str, Any]]:
    """Tickets with the columns ``text`` and ``department``."""
    kinds = (("The invoice shows the wrong amount", "billing"), ("The app crashes when I log in", "technical"))
    return [{"text": f"{text} (order {n})", "department": department} for n in range(150) for text, department in kinds]
