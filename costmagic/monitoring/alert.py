"""Something that is out of line, with the figures that say so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..money import dollars

# From the mildest to the worst.
SEVERITIES = ("warning", "critical")


@dataclass(frozen=True, slots=True)
class Driver:
    """Who spent how much (USD), and what to do about it."""

    feature: str | None
    ref: str
    cost: Decimal
    advice: str


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert.

    Attributes:
        name: what it is silenced by: its kind, and after a colon what it is about ("tier-drift:heavy").
        occurrence: what makes the same alert another one that fires anew: its day, week or month, or the reasons.
        severity: "critical" is worth waking somebody for, "warning" a look.
        title: one sentence with the figures that count.
        figures: all that caused it: USD are ``Decimal``, shares from 0 to 1.
        drivers: who spent the most, dearest first.
        advice: what to do.
    """

    name: str
    occurrence: str
    severity: str
    title: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    drivers: tuple[Driver, ...] = ()
    advice: str = ""

    @property
    def kind(self) -> str:
        """The name without what it is about."""
        return self.name.partition(":")[0]

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from all others that ever fired."""
        return self.name, self.occurrence

    def lines(self) -> list[str]:
        """All there is to say, a line each, but for the title."""
        found = [
            f"{place}. {one.feature or '(no feature)'} on {one.ref}: {dollars(one.cost)}. {one.advice}"
            for place, one in enumerate(self.drivers, 1)
        ]
        return [*found, *([self.advice] if self.advice else [])]

    def to_json(self) -> str:
        """For the ledger and for webhooks; money is a string of digits."""
        drivers = [
            {"feature": d.feature, "model": d.ref, "cost": f"{d.cost:f}", "advice": d.advice} for d in self.drivers
        ]
        body = {"name": self.name, "occurrence": self.occurrence, "severity": self.severity, "title": self.title}
        figures = {name: f"{v:f}" if isinstance(v, Decimal) else v for name, v in self.figures.items()}
        return json.dumps({**body, "figures": figures, "drivers": drivers, "advice": self.advice}, ensure_ascii=False)


def from_json(text: str) -> Alert:
    """The alert that ``to_json`` wrote down; its money stays text in the figures."""
    body = json.loads(text)
    drivers = tuple(Driver(d["feature"], d["model"], Decimal(d["cost"]), d["advice"]) for d in body.pop("drivers"))
    return Alert(**body, drivers=drivers)


@dataclass(frozen=True, slots=True)
class Unsure:
    """What can't be judged yet, and why: no alarm is raised on too little history."""

    name: str
    why: str
