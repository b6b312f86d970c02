"""Why a prompt goes where it goes, and what it would cost elsewhere; nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .estimates import Estimates
from .tables import NO_MATH, html, money_safe, plain
from .types import Route

if TYPE_CHECKING:
    from .routing.examples import Example

EXCERPT = 80


@dataclass(frozen=True)
class Explanation:
    """The route of a prompt, its estimates on every tier, and the known prompts that a learned decision rests on."""

    route: Route
    estimates: Estimates
    examples: Sequence[Example] = ()

    @property
    def task(self) -> str | None:
        return self.route.task

    @property
    def tier(self) -> str | None:
        return self.route.tier

    @property
    def confidence(self) -> float | None:
        """The probability that what was learned gives its decision; None where a choice or a rule decided."""
        return self.route.confidence

    @property
    def line(self) -> str:
        """The decision as one sentence."""
        where = f"tier {self.route.tier} ({self.route.ref})" if self.route.tier else self.route.ref
        sure = "" if self.confidence is None else f" (confidence {self.confidence:.0%})"
        by = f"decided by {self.route.source}{sure}: {self.route.reason}"
        return f"task: {self.route.task or 'not known'} → {where}, {by}"

    def _nearest(self) -> list[list[str]]:
        rows = [[f"{e.similarity:.2f}", e.says, _excerpt(e.prompt)] for e in self.examples]
        return [["like", "which is", "nearest examples"], *rows] if rows else []

    def __repr__(self) -> str:
        nearest = self._nearest()
        return "\n\n".join([self.line, *([plain(nearest)] if nearest else []), repr(self.estimates)])

    def _repr_html_(self) -> str:
        nearest = self._nearest()
        examples = html(nearest) if nearest else ""
        return f"<p class='{NO_MATH}'>{money_safe(self.line)}</p>{examples}{self.estimates._repr_html_()}"


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1] + "…"
