"""The plan, as the panel shows it."""

from __future__ import annotations

from ..savings import plan
from ..session import Session
from .panel_fields import Fields
from .plan_wire import Plan


def planned(session: Session, asked: Fields) -> Plan:
    """What each technique would have saved on the calls of the last days. Raises UsageError for days that make none."""
    made = plan(asked.number("days"), session=session)
    return {
        "days": made.days,
        "simulated": made.simulated,
        "calls": made.calls,
        "unpriced": made.unpriced > 0,
        "bill": f"{made.bill:f}",
        "projected": f"{made.projected:f}",
        "notes": made.notes(),
        "steps": [
            {
                "name": step.name,
                "title": step.title,
                "saving": f"{step.saving:f}",
                "left": f"{left:f}",
                "up_to": f"{step.up_to:f}" if step.up_to else None,
                "calls": step.calls,
                "assumed": step.basis == "assumed",
                "how": step.told,
                "note": step.note,
                "details": list(step.details),
                "setting": step.setting,
                "code": step.code,
                "cell": step.cell,
            }
            for step, left in made.left()
        ],
    }
