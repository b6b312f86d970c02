"""What was spent and what is out of line, as the panel and the status bar show it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ..session import Session
from ..types import UsageError
from .panel_fields import Fields
from .panel_spend_wire import AlertsState, MetricRow, MetricTable, Spend, SpendDay, Today
from .panel_wire import Done

if TYPE_CHECKING:
    from ..monitoring.days import History
    from ..monitoring.measured import Metric

# Days that the panel offers.
DAYS = (1, 7, 30)

# Rows of a table; who wants more has cm.metrics.
MAX_ROWS = 25


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
    """The last ``days`` days, the six measures grouped ``by``."""
    from ..monitoring import days as calendar
    from ..monitoring import six

    days, by = asked.count("days"), asked.text("by")
    if days not in DAYS or by not in six.BY:
        raise UsageError(f"spend: days is one of {DAYS} and by one of {six.BY}, not {days} and {by!r:.40}")
    history = calendar.load(session, 2 * days)
    measured = six.measure(session, history, days, by, MAX_ROWS)
    now, before = history.last(days), history.last(days, before=days)
    total, simulated = now.total(), now.total(simulated=True)
    return {
        "start": measured.start.isoformat(),
        "end": measured.end.isoformat(),
        "total": {
            "calls": total.records + simulated.records,
            "hits": total.cached + simulated.cached,
            "cost": f"{total.cost:f}",
            "avoided": f"{total.avoided:f}",
            "simulated_cost": f"{simulated.cost:f}",
            "unpriced": total.unpriced,
        },
        "before": f"{before.total().cost:f}",
        "days": _days(now),
        "metrics": [_table(metric) for metric in measured.all],
    }


def alerts(session: Session, asked: Fields) -> AlertsState:
    """What is out of line now; what is fresh is so in this answer alone."""
    from ..monitoring.watching import watch

    board = watch(session)
    return {
        "alerts": [
            {
                "name": alert.name,
                "severity": "critical" if alert.severity == "critical" else "warning",
                "title": alert.title,
                "lines": alert.lines(),
                "fresh": alert.key in board.new,
            }
            for alert in board
        ],
        "silenced": [
            {"name": alert.name, "title": alert.title, "until": f"{until.astimezone():%Y-%m-%d %H:%M}"}
            for alert, until in board.silenced
        ],
        "unsure": [f"{one.name}: {one.why}" for one in board.unsure],
        "trouble": board.trouble,
    }


def silence(session: Session, asked: Fields) -> Done:
    """Silence the alert ``name`` for a ``time`` like 7d, or end that with "off"."""
    from ..monitoring.watching import silence as hush

    hush(session, asked.text("name"), asked.text("time"))
    return {}


def _days(history: History) -> list[SpendDay]:
    paper = history.by_day(simulated=True)
    return [
        {
            "day": day.isoformat(),
            "cost": f"{real.cost:f}",
            "simulated_cost": f"{paper[day].cost:f}",
            "unpriced": real.unpriced,
        }
        for day, real in history.by_day().items()
    ]


def _table(metric: Metric) -> MetricTable:
    header, *body = metric.table()
    bars = {(bar.name, bar.simulated): bar for bar in metric.bars().bars}
    largest = max((max(bar.value, bar.design or 0) for bar in bars.values()), default=0.0) or 1.0
    rows: list[MetricRow] = []
    for row, cells in list(zip(metric.rows, body, strict=True))[:MAX_ROWS]:
        bar = bars.get(("(none)" if row[0] is None else str(row[0]), bool(row[1])))
        rows.append(
            {
                "name": None if row[0] is None else str(row[0]),
                "simulated": bool(row[1]),
                "cells": list(cells[1:]),
                "bar": None if bar is None else max(0.0, bar.value) / largest,
                "design": None if bar is None or bar.design is None else bar.design / largest,
            }
        )
    notes = list(metric.notes)
    if (more := len(body) - MAX_ROWS) > 0:
        notes.append(f"… and {more:,} more: cm.metrics has them all.")
    return {"name": metric.name, "title": metric.title, "columns": list(header), "rows": rows, "notes": notes}


def _midnight() -> datetime:
    return datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
