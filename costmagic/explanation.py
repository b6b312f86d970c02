"""Why a prompt goes where it goes, and what it would cost elsewhere; nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from .estimates import Estimates
from .types import Route


@dataclass(frozen=True)
class Explanation:
    """The route of a prompt and its estimates on every tier."""

    route: Route
    estimates: Estimates

    @property
    def task(self) -> str | None:
        return self.route.task

    @property
    def tier(self) -> str | None:
        return self.route.tier

    @property
    def line(self) -> str:
        """The decision as one sentence."""
        where = f"tier {self.route.tier} ({self.route.ref})" if self.route.tier else self.route.ref
        return f"task: {self.route.task or 'not known'} → {where}, decided by {self.route.source}: {self.route.reason}"

    def __repr__(self) -> str:
        return f"{self.line}\n\n{self.estimates!r}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.line)}</p>{self.estimates._repr_html_()}"
