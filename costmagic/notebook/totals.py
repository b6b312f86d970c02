"""``%llm meter``: a notebook's running total."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from weakref import WeakKeyDictionary

from .. import session as sessions
from ..limits import PERIODS
from ..money import dollars
from ..session import Session
from ..tables import html, plain
from ..types import CostmagicError, UsageError
from .widgets import Widget, can_show
from .wire import VERSION, BudgetState, TotalsState

# Changes that come faster are shown together.
MIN_INTERVAL_S = 0.2


class RunningTotal:
    """What a session has spent, saved and has left, shown as it stands at any time.

    It is the same in all places where it is displayed. Where there are no widgets, and in a saved notebook, it is a
    table of the figures at the time of the display.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._widget: Widget | None = None
        self._lock = threading.Lock()
        self._due = False
        session.watch(self._changed)

    def __repr__(self) -> str:
        return plain(_table(state(self._session)))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        now = state(self._session)
        twins = {"plain": plain(_table(now)), "html": html(_table(now))}
        if not can_show():
            return {f"text/{kind}": text for kind, text in twins.items()}, {}
        if self._widget is None:
            self._widget = Widget("totals", now)
        else:
            self._widget.push(now)
        return self._widget.bundle(**twins), self._widget.metadata

    def _changed(self) -> None:
        """In the thread of the call that has just ended, or a budget that was just set: leave at once."""
        with self._lock:
            if self._widget is None or self._due:
                return
            self._due = True
        threading.Thread(target=self._push_soon, name="costmagic-totals", daemon=True).start()

    def _push_soon(self) -> None:
        time.sleep(MIN_INTERVAL_S)
        with self._lock:
            self._due = False
            widget = self._widget
        if widget is not None:
            widget.push(state(self._session))


_totals: WeakKeyDictionary[Session, RunningTotal] = WeakKeyDictionary()


def meter(session: Session | None = None) -> RunningTotal:
    """A running total to display: spend, saved, calls, hit rate, and what is left of the budgets.

    It goes on with every call of ``session`` (default: that of the notebook), also those of other cells and threads.
    """
    session = session or sessions.default()
    if session not in _totals:
        _totals[session] = RunningTotal(session)
    return _totals[session]


def command(session: Session, words: Sequence[str]) -> RunningTotal:
    """``meter``: a running total of this session, which goes on with every call from any cell"""
    if words:
        raise UsageError(f"meter takes nothing more, not '{' '.join(words)}'")
    return meter(session)


def state(session: Session) -> TotalsState:
    """The figures now. Reads the ledger when there are budgets."""
    totals = session.totals
    budgets: list[BudgetState] = []
    budget_error = None
    try:
        budgets = [
            {
                "name": " ".join([PERIODS[s.limit.period][0], *([s.limit.feature] if s.limit.feature else [])]),
                "limit": f"{s.limit.amount:f}",
                "spent": f"{s.spent:f}",
                "reserved": f"{s.reserved:f}",
                "left": f"{s.left:f}",
                "unpriced": s.unpriced > 0,
            }
            for s in session.budget().standings
        ]
    except CostmagicError as error:
        budget_error = str(error)
    return {
        "version": VERSION,
        "calls": totals.calls,
        "hits": totals.hits,
        "cost": f"{totals.cost:f}",
        "unpriced": totals.unpriced,
        "avoided": f"{totals.avoided:f}",
        "simulated_cost": f"{totals.simulated_cost:f}",
        "budgets": budgets,
        "budget_error": budget_error,
    }


def _table(now: TotalsState) -> list[list[str]]:
    columns = {
        "spend": dollars(Decimal(now["cost"]), at_least=now["unpriced"] > 0),
        "saved by the cache": dollars(Decimal(now["avoided"])),
        "calls": f"{now['calls']:,}",
        "hit rate": f"{now['hits'] / now['calls']:.0%}" if now["calls"] else "–",
    }
    if Decimal(now["simulated_cost"]):
        columns["SIMULATED spend"] = dollars(Decimal(now["simulated_cost"]))
    for budget in now["budgets"]:
        left = dollars(Decimal(budget["left"]))
        columns[f"{budget['name']} budget left"] = f"{left} of {dollars(Decimal(budget['limit']))}"
    return [list(columns), list(columns.values())]
