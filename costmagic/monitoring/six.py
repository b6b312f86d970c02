"""Makes the six measures of a history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from ..accounting.actions import named
from ..accounting.frame import naive_utc
from ..accounting.money import from_nusd
from ..accounting.sums import Sum
from ..cache_report import LOW_HIT_RATE, REMEDIES
from ..session import Session
from .days import History, moments
from .measured import Metric, Metrics
from .measures import Measures

GROUPS: Mapping[str, Callable[[Sum], Any]] = {
    "feature": lambda one: one.feature,
    "model": lambda one: one.ref,
    "tier": lambda one: one.tier,
}
BY = (*GROUPS, "day", "action")

# Tokens that grew by this much while quality did not are a regression.
MORE_TOKENS = 0.2

# Quality that moved by less is the same.
SAME_QUALITY = 0.02


@dataclass(frozen=True)
class Group:
    """One row of most tables: what came to what now, and in as many days before."""

    name: Any
    simulated: bool
    now: Measures
    before: Measures


def groups(now: History, before: History, by: str) -> list[Group]:
    """By feature, model, tier or day, dearest first (days in their order); simulated calls have rows of their own."""
    found = []
    for simulated in (False, True):
        if by == "day":
            current: Mapping[Any, Measures] = now.by_day(simulated)
            earlier: Mapping[Any, Measures] = {}
        elif by == "feature":
            current, earlier = now.by_feature(simulated), before.by_feature(simulated)
        else:
            current, earlier = now.by(GROUPS[by], simulated), before.by(GROUPS[by], simulated)
        if not any(measures.records for measures in current.values()):
            continue
        rows = [Group(name, simulated, m, earlier.get(name, Measures())) for name, m in current.items()]
        found += rows if by == "day" else sorted(rows, key=lambda row: (-row.now.cost, str(row.name)))
    return found


def measure(session: Session, history: History, days: int, by: str, limit: int | None = None) -> Metrics:
    """The six of the last ``days`` days of ``history``, which goes back twice as far; see ``monitoring.metrics``.

    Raises LedgerError when the ledger can't be read.
    """
    now, before = history.last(days), history.last(days, before=days)
    cause = None
    if is_low(now.total()):
        since = history.now - timedelta(days=days)
        cause = session.engine.similar.cache.told(since.timestamp())[0].cause()
    actions = dearest(session, now, limit) if by == "action" else ()
    return metrics(now, before, by, session.settings.tier_share, cause, actions)


def dearest(session: Session, history: History, limit: int | None) -> list[tuple[bool, str, int, int, Decimal, int]]:
    """(simulated, action, how often, calls, USD, unpriced) of the dearest user actions, None: of all.

    Raises LedgerError when the ledger can't be read.
    """
    found = named(session.engine.ledger, moments(history.dates), naive_utc(history.now), limit)
    return [(paper, name, n, calls, from_nusd(nusd), unpriced) for paper, name, n, calls, nusd, unpriced in found]


def metrics(
    now: History, before: History, by: str, design: Mapping[str, Decimal], cause: str | None, actions: Iterable[Any]
) -> Metrics:
    """The six.

    Args:
        before: the days before, as many.
        by: one of BY; "action" groups the user actions, and the others by feature.
        design: the share of the calls that each tier is meant to get.
        cause: why the hit rate is low, where that is known.
        actions: (simulated, action, calls, USD, unpriced) of the user actions, where ``by`` asks for them.
    """
    main = "feature" if by == "action" else by
    rows, features = groups(now, before, main), groups(now, before, "feature")
    about = (now.total(), now.total(simulated=True))
    return Metrics(
        now.dates[0],
        now.dates[-1],
        by,
        _cost_per_call(main, rows, about),
        _each_action(actions, about)
        if by == "action"
        else _cost_per_action("day" if by == "day" else "feature", rows if by == "day" else features, about),
        _token_efficiency(main, rows, about),
        _hit_rate(main, rows, about, cause),
        _tier_share(groups(now, before, "tier"), design, about),
        _cost_per_feature(features, about),
    )


def sources(about: tuple[Measures, Measures]) -> tuple[str, ...]:
    """How much of it is not known for sure."""
    real, simulated = about
    notes = []
    if real.unpriced:
        notes.append(f"{real.unpriced:,} of {real.records:,} calls have no known price: USD are at least that.")
    if estimated := real.estimated:
        notes.append(f"{estimated:,} of {real.records:,} calls are priced from estimated tokens.")
    if simulated.records:
        notes.append(f"SIMULATED calls have rows of their own and count in no other: {simulated.records:,}.")
    return tuple(notes)


def _cost_per_call(by: str, rows: list[Group], about: tuple[Measures, Measures]) -> Metric:
    columns = (by, "simulated", "answered", "cost", "per_call", "tokens_alone", "overhead", "retries", "failed")
    return Metric(
        "cost_per_call",
        "Cost per call, fully loaded: failed attempts and what was called for it included",
        (*columns, "unpriced", "estimated"),
        tuple(
            (
                *(g.name, g.simulated, g.now.answered, g.now.running, g.now.per_call, g.now.own_per_call),
                *(g.now.overhead, g.now.retries, g.now.failed, g.now.unpriced, g.now.estimated),
            )
            for g in rows
            if g.now.records or by == "day"
        ),
        "per_call",
        sources(about),
    )


def _cost_per_action(by: str, rows: list[Group], about: tuple[Measures, Measures]) -> Metric:
    columns = (by, "simulated", "actions", "calls", "cost", "per_action", "unpriced")
    return Metric(
        "cost_per_action",
        "Cost per user action: an action is a name within a feature on one day",
        columns,
        tuple(
            (
                *(g.name, g.simulated, g.now.actions, g.now.action_calls),
                *(g.now.action_cost, g.now.per_action, g.now.action_unpriced),
            )
            for g in rows
            if g.now.actions
        ),
        "per_action",
        (*_unnamed(about), *sources(about)),
    )


def _each_action(actions: Iterable[Any], about: tuple[Measures, Measures]) -> Metric:
    columns = ("action", "simulated", "actions", "calls", "cost", "per_action", "unpriced")
    rows = tuple(
        (action, simulated, times, calls, cost, cost / times, unpriced)
        for simulated, action, times, calls, cost, unpriced in actions
    )
    title = "Cost per user action: a name counts once a day and feature"
    return Metric("cost_per_action", title, columns, rows, "per_action", (*_unnamed(about), *sources(about)))


def _unnamed(about: tuple[Measures, Measures]) -> tuple[str, ...]:
    missing = about[0].calls - about[0].action_calls
    if missing <= 0:
        return ()
    return (f"{missing:,} of {about[0].calls:,} calls name no action: --action NAME, or with cm.action(name).",)


def _token_efficiency(by: str, rows: list[Group], about: tuple[Measures, Measures]) -> Metric:
    columns = (by, "simulated", "judged", "quality", "tokens_per_call", "per_1000_tokens", "before", "change")
    found, notes = [], []
    for g in rows:
        if not g.now.judged:
            continue
        tokens = _change(g.now.judged_size, g.before.judged_size)
        found.append(
            (
                *(g.name, g.simulated, g.now.judged, g.now.mean_quality, g.now.judged_size, g.now.efficiency),
                *(g.before.efficiency, _change(g.now.efficiency, g.before.efficiency), tokens),
            )
        )
        quality, was = g.now.mean_quality, g.before.mean_quality
        known = tokens is not None and quality is not None and was is not None
        if known and tokens >= MORE_TOKENS and quality <= was + SAME_QUALITY:  # type: ignore[operator]
            name = g.name or "(none)"
            notes.append(f"{name}: {tokens:.0%} more tokens per call for no better quality: did a prompt change?")
    if not found:
        notes.append("No call was judged: %llm vote, an evaluation or cm.routing's labels say what answers are worth.")
    return Metric(
        "token_efficiency",
        "Token efficiency: quality per 1,000 tokens of the judged calls, and its change over as many days before",
        (*columns, "token_change"),
        tuple(found),
        "per_1000_tokens",
        (*notes, *sources(about)),
    )


def _hit_rate(by: str, rows: list[Group], about: tuple[Measures, Measures], cause: str | None) -> Metric:
    found = [
        (*(g.name, g.simulated, g.now.calls, g.now.hits, g.now.hit_rate), g.now.avoided, is_low(g.now))
        for g in rows
        if g.now.calls
    ]
    notes = []
    if low := [str(row[0] or "(none)") for row in found if row[-1] and not row[1]]:
        notes.append(f"Below {LOW_HIT_RATE:.0%}: {', '.join(low)}.")
        if cause:
            notes.append(f"Likely cause of a low hit rate: {cause} ({REMEDIES[cause]}).")
    return Metric(
        "hit_rate",
        "Cache hit rate: calls that were answered without asking a provider",
        (by, "simulated", "calls", "hits", "hit_rate", "avoided", "low"),
        tuple(found),
        "hit_rate",
        (*notes, *sources(about)),
    )


def is_low(measures: Measures) -> bool:
    """Whether the hit rate asks for a reason."""
    return measures.hit_rate is not None and measures.hit_rate < LOW_HIT_RATE


def _tier_share(rows: list[Group], design: Mapping[str, Decimal], about: tuple[Measures, Measures]) -> Metric:
    found = []
    for simulated in (False, True):
        calls = {g.name: g.now.calls for g in rows if g.simulated == simulated and g.name is not None and g.now.calls}
        total = sum(calls.values())
        for tier in sorted({*calls, *(design if total else ())}, key=lambda t: (-calls.get(t, 0), t)):
            share, meant = calls.get(tier, 0) / total, design.get(tier)
            off = None if meant is None else share - float(meant)
            found.append((tier, simulated, calls.get(tier, 0), share, meant and float(meant), off))
    explicit = sum(g.now.calls for g in rows if g.name is None and not g.simulated)
    notes = [] if design else ["[tiers.share] in costmagic.toml says what each tier is meant to get."]
    if explicit:
        notes.append(f"Calls that named their model have no tier and are left out: {explicit:,}.")
    return Metric(
        "tier_share",
        "Tier distribution: share of the calls that went to each tier, beside what was designed",
        ("tier", "simulated", "calls", "share", "design", "off"),
        tuple(found),
        "share",
        (*notes, *sources(about)),
    )


def _cost_per_feature(rows: list[Group], about: tuple[Measures, Measures]) -> Metric:
    totals = {False: about[0].cost, True: about[1].cost}
    return Metric(
        "cost_per_feature",
        "Cost per feature",
        ("feature", "simulated", "cost", "share", "change", "calls", "per_call", "evaluation", "unpriced", "estimated"),
        tuple(
            (
                *(
                    g.name,
                    g.simulated,
                    g.now.cost,
                    float(g.now.cost / total) if (total := totals[g.simulated]) else None,
                ),
                *(_change(float(g.now.cost), float(g.before.cost)), g.now.calls, g.now.per_call, g.now.evaluation),
                *(g.now.unpriced, g.now.estimated),
            )
            for g in rows
        ),
        "cost",
        sources(about),
    )


def _change(now: float | None, before: float | None) -> float | None:
    # Rounded, so that 480 / 400 is 20 % more and no hair less.
    return None if now is None or not before else round(now / before - 1, 9)
