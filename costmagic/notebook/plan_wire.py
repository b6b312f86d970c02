"""What the panel is told of a plan: a part of ``panel_wire``, with the same rules."""

from __future__ import annotations

from typing import TypedDict


class PlanStep(TypedDict):
    """One technique of a plan; see ``savings.Step``. ``left`` is what remains of the bill after it."""

    name: str
    title: str
    saving: str
    left: str
    up_to: str | None
    calls: int
    assumed: bool
    how: str
    note: str
    details: list[str]
    setting: str
    code: str
    cell: str


class Plan(TypedDict):
    """What each technique would have saved; see ``savings.SavingsPlan``. The bill is at least that if ``unpriced``."""

    days: float
    simulated: bool
    calls: int
    unpriced: bool
    bill: str
    projected: str
    notes: list[str]
    steps: list[PlanStep]
