"""From the ledger to a plan: reads the calls and lets each technique work on what the ones before it left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from numbers import Real

from .. import session as sessions
from ..accounting.money import from_nusd
from ..engine import Engine
from ..session import Session
from ..types import UsageError
from . import batch, duplicates, output_length, packing, paraphrases, prompt_caching, students, tiering
from .item import Item
from .outline import SavingsPlan
from .rates import Rates
from .step import Step
from .workload import Finding, Workload

MAX_DAYS = 36_500

# The newest calls that are read: seconds, not minutes, on a ledger of any size.
MAX_CALLS = 20_000

# In their order of effort: the least first.
TECHNIQUES: tuple[tuple[str, str, Callable[[Workload], Finding]], ...] = (
    ("prompt caching", "provider prompt caching", prompt_caching.apply),
    ("tiering", "tiering, adopted downgrades", tiering.by_evidence),
    ("tiering assumed", "tiering, not evaluated", tiering.by_range),
    ("exact cache", "exact cache", duplicates.apply),
    ("semantic cache", "semantic cache", paraphrases.apply),
    ("output limits", "output limits", output_length.apply),
    ("packing", "packing background loops", packing.apply),
    ("batch", "batch jobs", batch.apply),
    ("student", "a student model", students.apply),
)


def plan(days: float = 30, *, session: Session | None = None) -> SavingsPlan:
    """What to do next about the bill, and what it would have saved on the calls of the last ``days`` days.

    Each technique works on what the ones before it leave, so that nothing is counted twice. Simulated calls are
    planned apart, and only where there is no real bill. Nothing is sent.

    Args:
        days: above 0.
        session: whose ledger and settings; default: those that ``cm.ask`` and the magics share.

    Raises:
        UsageError: ``days`` makes no sense.
        LedgerError: the ledger can't be read.
    """
    if isinstance(days, bool) or not isinstance(days, Real) or not 0 < days <= MAX_DAYS:
        raise UsageError(f"days must be a number above 0 and at most {MAX_DAYS:,}, not {days!r}")
    return _plan((session or sessions.default()).engine, float(days))


def _plan(engine: Engine, days: float) -> SavingsPlan:
    from ..accounting.workload import Tally, newest, prompts, tallies

    now = datetime.now(UTC).replace(tzinfo=None)
    since = now - timedelta(days=days)
    kinds = engine.ledger.reading(lambda database: tallies(database, since))
    real, simulations = kinds.get(False, Tally()), kinds.get(True, Tally())
    simulated = not real.cost_nusd and simulations.cost_nusd > 0
    mine, others = (simulations, real) if simulated else (real, simulations)
    rows = engine.ledger.reading(lambda database: newest(database, since, simulated, MAX_CALLS))
    ids = [row.id for row in rows if row.cost_nusd]
    texts = engine.ledger.reading(lambda database: dict(prompts(database, ids)))
    rates = Rates(engine.prices)
    items = [Item.of(row, texts.get(row.id), rates) for row in rows if row.cost_nusd is not None]
    complete = len(rows) >= mine.paid
    aside = [item.spent for item in items if item.spent and not item.movable]
    work = Workload(engine, rates, items, days, since, now, simulated, complete)
    bill, steps = run(work)
    return SavingsPlan(
        days=days,
        span=work.span,
        simulated=simulated,
        calls=len(items),
        bill=bill,
        steps=steps,
        unpriced=len(rows) - len(items),
        estimated=sum(row.usage_source == "estimated" for row in rows if row.cost_nusd is not None),
        untold=sum(item.prompt is None for item in items if item.row.cost_nusd),
        hits=mine.hits,
        avoided=from_nusd(mine.avoided_nusd),
        aside=(len(aside), sum(aside, Decimal(0))),
        whole=None if complete else (mine.paid, from_nusd(mine.cost_nusd)),
        others=(others.paid, from_nusd(others.cost_nusd)),
    )


def run(work: Workload) -> tuple[Decimal, tuple[Step, ...]]:
    """The bill (USD) of the workload, and what each technique saves of it, in order."""
    before = _costs(work.items, work.rates)
    bill = from_nusd(sum(before))
    steps = []
    for name, title, apply in TECHNIQUES:
        found = apply(work)
        after = _costs(work.items, work.rates)
        steps.append(
            Step(
                name=name,
                title=title,
                saving=from_nusd(sum(before) - sum(after)),
                calls=sum(a != b for a, b in zip(before, after, strict=True)),
                basis=found.basis,
                how=found.how,
                setting=found.setting,
                code=found.code,
                note=found.note,
                up_to=found.up_to,
                details=found.details,
            )
        )
        before = after
    return bill, tuple(steps)


def _costs(items: Sequence[Item], rates: Rates) -> list[int]:
    return [item.nusd(rates) for item in items]
