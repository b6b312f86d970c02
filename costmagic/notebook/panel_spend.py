"""Today's spend, as the panel and the status bar show it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from ..session import Session
from .panel_fields import Fields
from .panel_wire import Spend, SpendRow, Today


def today(session: Session, asked: Fields) -> Today:
    """The sum of today: asked for after every cell, so without pandas."""
    from ..accounting.costs import totals

    sums = totals(session.engine.ledger, _midnight())
    return {
        "cost": f"{sums['cost']:f}",
        "unpriced": int(sums["unpriced"]),
        "simulated_cost": f"{sums['simulated_cost']:f}",
        "calls": int(sums["calls"]),
    }


def spend(session: Session, asked: Fields) -> Spend:
    """Today by feature, dearest first."""
    frame = session.costs(by="feature", since=_midnight())
    rows = [_row(None if name != name else name, row) for name, row in frame.iterrows()]
    return {"rows": rows, "total": _row(None, frame.sum())}


def _row(feature: Any, row: Any) -> SpendRow:
    return {
        "feature": None if feature is None else str(feature),
        "calls": int(row["calls"]),
        "hits": int(row["hits"]),
        "cost": _money(row["cost"]),
        "avoided": _money(row["avoided"]),
        "simulated_cost": _money(row["simulated_cost"]),
        "unpriced": int(row["unpriced"]),
    }


def _money(amount: Any) -> str:
    return f"{Decimal(amount or 0):f}"  # the sum of no rows is the integer 0


def _midnight() -> datetime:
    return datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
