"""What calls cost, by whose they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, and_, case, func, select

from ..types import UsageError, did_you_mean
from .database import Opened, reading
from .frame import naive_utc
from .money import from_nusd
from .schema import calls
from .spans import Span, read
from .spent import midnight
from .sums import SIMULATED, Sum

if TYPE_CHECKING:
    import pandas as pd

GROUPS = ("feature", "model", "tier", "day", "action")

MONEY = ("cost", "avoided", "simulated_cost", "simulated_avoided")
COLUMNS = ("calls", "hits", "failed", "input_tokens", "output_tokens", *MONEY, "unpriced", "estimated")

_KEYS: dict[str, Callable[[Sum], Any]] = {
    "feature": lambda one: one.own_feature,
    "model": lambda one: one.own_ref,
    "tier": lambda one: one.own_tier,
}


def costs(ledger: Opened, by: str, since: datetime | None) -> pd.DataFrame:
    """Calls, tokens and USD per feature, model, tier, local day or action; dearest first.

    ``cost``, ``avoided`` and their ``simulated_`` twins are ``Decimal``. A group with ``unpriced`` calls has
    cost at least that much.

    Raises UsageError for any other ``by``, LedgerError when the ledger can't be read.
    """
    import pandas as pd

    if not isinstance(by, str) or by not in GROUPS:
        by = str(by)
        raise UsageError(f"costs can't be grouped by '{by}'{did_you_mean(by, GROUPS)}")
    if by == "action":
        records = ledger.reading(lambda engine: _by_action(engine, since))
    else:
        groups: dict[Any, list[Sum]] = {}
        for day, one in _sums(ledger, since):
            groups.setdefault(day if by == "day" else _KEYS[by](one), []).append(one)
        records = [(name, *_record(parts)) for name, parts in groups.items()]
    frame = pd.DataFrame.from_records(records, columns=[by, *COLUMNS])
    for name in MONEY:
        frame[name] = frame[name].map(lambda nusd: from_nusd(int(nusd)))
    frame = frame.sort_values("cost", ascending=False, kind="stable") if by != "day" else frame.sort_values(by)
    return frame.set_index(by)


def totals(ledger: Opened, since: datetime) -> dict[str, Any]:
    """The columns of ``costs`` over all calls since ``since``. Raises LedgerError when the ledger can't be read."""
    found = dict(zip(COLUMNS, _record(one for _, one in _sums(ledger, since)), strict=True))
    return {name: from_nusd(value) if name in MONEY else value for name, value in found.items()}


def _sums(ledger: Opened, since: datetime | None) -> Iterator[tuple[date, Sum]]:
    """(local day, sum) of all that happened since ``since``."""
    days = ledger.reading(lambda engine: _days(engine, since))
    summed = read(ledger, [span for _, span in days], naive_utc(datetime.now(UTC)))
    return ((day, one) for (day, _), found in zip(days, summed, strict=True) for one in found.sums)


def _record(parts: Iterable[Sum]) -> list[int]:
    """The columns of one group; simulated money is kept apart from real money."""
    total = dict.fromkeys(COLUMNS, 0)
    for one in parts:
        paper = "simulated_" if one.simulated else ""
        total["calls"] += one.records
        total["hits"] += one.cached
        total["cost" if not one.simulated else "simulated_cost"] += one.cost_nusd
        total[f"{paper}avoided"] += one.avoided_nusd
        for name in ("failed", "input_tokens", "output_tokens", "unpriced", "estimated"):
            total[name] += getattr(one, name)
    return list(total.values())


def _days(engine: Engine, since: datetime | None) -> list[tuple[date, Span]]:
    """The local days with calls since ``since``; the first may begin then. Empty days are leapt over."""
    start = datetime.min if since is None else naive_utc(since)
    found: list[tuple[date, Span]] = []
    with reading(engine) as connection:
        while True:
            later = select(func.min(calls.c.started_at)).where(calls.c.started_at >= start)
            moment = connection.execute(later).scalar_one()
            if moment is None:
                return found
            day = moment.replace(tzinfo=UTC).astimezone().date()
            begin, end = naive_utc(midnight(day)), naive_utc(midnight(day + timedelta(days=1)))
            found.append((day, Span(max(begin, start), end, whole=start <= begin)))
            start = end


def _by_action(engine: Engine, since: datetime | None) -> Sequence[Any]:
    paid = calls.c.cache == "none"
    original = calls.alias("original")
    avoided = select(original.c.cost_nusd).where(original.c.id == calls.c.cache_of).scalar_subquery()

    def total(condition: Any, value: Any) -> Any:
        return func.coalesce(func.sum(case((condition, value), else_=0)), 0)

    statement = select(
        calls.c.action,
        func.count(),
        total(~paid, 1),
        total(calls.c.status.in_(("error", "interrupted")), 1),
        total(paid, calls.c.input_tokens),
        total(paid, calls.c.output_tokens),
        total(~SIMULATED, calls.c.cost_nusd),
        total(and_(~paid, ~SIMULATED), avoided),
        total(SIMULATED, calls.c.cost_nusd),
        total(and_(~paid, SIMULATED), avoided),
        total(and_(calls.c.cost_nusd.is_(None), ~SIMULATED), 1),
        total(calls.c.usage_source == "estimated", 1),
    ).group_by(calls.c.action)
    if since is not None:
        statement = statement.where(calls.c.started_at >= naive_utc(since))
    with reading(engine) as connection:
        return connection.execute(statement).all()
