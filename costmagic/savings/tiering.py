"""Tiering: calls on dear tiers that a cheaper model answers well enough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from ..models import tier_ref
from ..money import dollars
from .evidence import evidence
from .item import NOTHING, Item
from .workload import Finding, Workload, count, features, named, sentences

DEAR = ("heavy", "standard")
CHEAPER = "medium"

# Long analysis and reasoning in many steps are what dear models are for.
EARNED = ("analysis and planning", "math and reasoning")

# What tiering and routing save, as published, where no evaluation says how much.
LEAST, MOST = Decimal("0.4"), Decimal("0.6")

EVALUATE = (
    'cm.evaluate("calls", prompt="{{ prompt }}", feature=FEATURE, baseline="heavy", candidates=["medium", "routing"])'
)


def by_evidence(work: Workload) -> Finding:
    """Move calls to where an evaluation found the answers good enough."""
    details, cells, explicit = [], [], 0
    for one in evidence(work):
        moved = [item for item in work.movable() if item.row.feature == one.feature and item.ref == one.source]
        before = after = NOTHING
        for item in moved:
            price = item.on(one.target, work.rates)
            was = item.cost(work.rates)
            if price is None or price >= was:
                continue
            explicit += item.row.route_source == "explicit"
            before, after = before + was, after + price
            item.move(one.target, work.rates)
        if before:
            details.append(f"{one.told}: {dollars(before)} → {dollars(after)}")
            cells += [] if one.run is None else [f"cm.evaluate(resume={one.run!r}).adopt()  # {one.feature!r}"]
    how = (
        "the calls of a feature that a downgrade is adopted for, or that an evaluation found a passing model for, "
        "priced on that model for the same tokens"
    )
    note = f"{count(explicit, 'call')} named a tier or model: leave -t and -m out." if explicit else ""
    if not details:
        note = "No downgrade is adopted, and no evaluation has passed, that would move any of these calls."
    return Finding(how, "", "\n".join([*cells, "%llm policy"]), note, details=tuple(details))


def by_range(work: Workload) -> Finding:
    """Take the published range off the calls that no evidence speaks of."""
    settled = {one.feature for one in evidence(work)}
    groups: dict[tuple[str, str], list[Item]] = defaultdict(list)
    cheaper = tier_ref(work.engine.settings, CHEAPER)
    dear = {tier_ref(work.engine.settings, tier) for tier in DEAR}
    for item in work.movable():
        row = item.row
        on_dear = (row.tier in DEAR or item.ref in dear) and item.ref != cheaper
        if on_dear and row.task not in EARNED and row.feature not in settled:
            groups[row.feature or "", row.task or ""].append(item)
    details, up_to, moved = [], NOTHING, []
    for (feature, task), items in sorted(groups.items()):
        before, most = NOTHING, NOTHING
        for item in items:
            was, price = item.cost(work.rates), item.on(cheaper, work.rates)
            if price is None or price >= was:
                continue
            room = (was - price) / was  # no more than on the cheaper model for all of them
            item.share *= 1 - min(LEAST, room)
            before, most = before + was, most + was * min(MOST, room)
            moved.append(item)
        if before:
            up_to += most
            kind = ", ".join(part for part in (feature, task) if part) or "no feature, no task"
            details.append(f"{kind}: {count(len(items), 'call')}, {dollars(before)}")
    how = (
        f"no evaluation speaks of these calls on {' and '.join(DEAR)}: {LEAST:.0%} of their cost is assumed, the lower "
        f"end of the published {LEAST:.0%} to {MOST:.0%}, and never more than {cheaper} would save on all of them"
    )
    note = sentences(
        "An evaluation of your own calls makes this a measured figure." if moved else "",
        f"Features: {features(moved)}." if features(moved) else "",
    )
    code = _evaluation(moved)
    return Finding(how, "", code, note, "assumed", up_to, tuple(details))


def _evaluation(items: Sequence[Item]) -> str:
    """A cell that evaluates the past calls of the most frequent feature."""
    name = named(items)
    if name is None:
        return "# name what calls are for, %%llm --feature NAME: then they can be evaluated\n%llm costs --by feature"
    data = f"calls:{name}"
    return f'cm.evaluate({data!r}, feature={name!r}, baseline="heavy", candidates=["medium", "routing"])'
