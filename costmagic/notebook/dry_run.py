"""``%%llm --dry-run``: the route, exactly what would be sent, and its cost on every tier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from ..accounting.sent import request_json
from ..estimates import Estimates
from ..session import Session
from ..tables import NO_MATH, WRAPPED, money_safe
from ..types import Request, Route


@dataclass(frozen=True)
class DryRun:
    """What a cell would do. ``request`` is complete: nothing is added on the way."""

    route: Route
    request: Request
    estimates: Estimates

    @classmethod
    def of(cls, session: Session, prompt: str, options: Mapping[str, Any]) -> DryRun:
        """Raises UsageError as the real run would, but for missing keys: nothing is sent."""
        explained = session.route(prompt, **options)
        request = session.engine.prefixes.plan(session.rehearse(prompt, **options).request).request
        return cls(explained.route, request, explained.estimates)

    def _head(self) -> str:
        tier = f"tier {self.route.tier}, " if self.route.tier else ""
        return f"Nothing was sent. It would go to {self.request.ref} ({tier}{self.route.source}: {self.route.reason})."

    def __repr__(self) -> str:
        return f"{self._head()}\n\n{request_json(self.request)}\n\n{self.estimates!r}"

    def _repr_html_(self) -> str:
        return (
            f"<div class='{NO_MATH}'><p>{escape(self._head())}</p>"
            f"<pre style='{WRAPPED}'>{money_safe(request_json(self.request, indent=2))}</pre></div>"
            f"{self.estimates._repr_html_()}"
        )
