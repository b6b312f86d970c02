"""What the panel is told of spend and alerts; ``panel_wire`` says how, and holds all else."""

from __future__ import annotations

from typing import Literal, TypedDict


class SpendTotal(TypedDict):
    """What calls of all kinds have cost. Simulated money counts in no other."""

    calls: int
    hits: int
    cost: str
    avoided: str
    simulated_cost: str
    unpriced: int


class SpendDay(TypedDict):
    """A local day, as YYYY-MM-DD."""

    day: str
    cost: str
    simulated_cost: str
    unpriced: int


class MetricRow(TypedDict):
    """One group of a measure; ``name`` is None for calls that name none.

    ``cells`` are texts, one for each of the table's columns but the first. ``bar`` is the headline as a share of the
    largest one, ``design`` where it was meant to be on the same scale; None where it is not known, or not designed.
    """

    name: str | None
    simulated: bool
    cells: list[str]
    bar: float | None
    design: float | None


class MetricTable(TypedDict):
    """One of the six measures."""

    name: str
    title: str
    columns: list[str]
    rows: list[MetricRow]
    notes: list[str]


class Spend(TypedDict):
    """The local days from ``start`` to ``end``, both included; ``before`` is the cost of as many days before."""

    start: str
    end: str
    total: SpendTotal
    before: str
    days: list[SpendDay]
    metrics: list[MetricTable]


class AlertState(TypedDict):
    """What is out of line; ``fresh``: nobody at this user's notebooks has been told yet."""

    name: str
    severity: Literal["warning", "critical"]
    title: str
    lines: list[str]
    fresh: bool


class Silenced(TypedDict):
    """What is out of line, and silenced ``until`` a local time."""

    name: str
    title: str
    until: str


class AlertsState(TypedDict):
    """Alerts, the worst first; ``unsure`` says what can't be judged yet, ``trouble`` why nothing was written down."""

    alerts: list[AlertState]
    silenced: list[Silenced]
    unsure: list[str]
    trouble: str | None


class Today(TypedDict):
    """The sum of today."""

    cost: str
    unpriced: int
    simulated_cost: str
    calls: int
