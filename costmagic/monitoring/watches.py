"""Four more alerts: tiers that drift, a cache that collapses, spend that nobody can price, a policy gone stale."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from decimal import Decimal

from ..cache_report import LOW_HIT_RATE, REMEDIES
from ..steering import Downgrade
from .alert import Alert, Unsure
from .rules import WEEK, Watched

# A collapse shows on the last two days.
LATELY = 2


def tier_drift(watched: Watched) -> Iterator[Alert | Unsure]:
    """Each tier's share of the last seven days' calls, against that of ``[tiers.share]``."""
    design, config = watched.settings.tier_share, watched.settings.alerts
    if not design:
        return
    calls = {tier: m.calls for tier, m in watched.history.last(WEEK).by(lambda one: one.tier).items() if tier}
    total = sum(calls.values())
    if total < config.calls:
        yield Unsure("tier-drift", f"needs {config.calls} routed calls in seven days, and there were {total}")
        return
    for tier, meant in design.items():
        share = Decimal(calls.get(tier, 0)) / total
        if abs(share - meant) <= config.drift:
            continue
        yield Alert(
            f"tier-drift:{tier}",
            watched.week,
            "warning",
            f"The {tier} tier got {share:.0%} of the last seven days' calls, and was designed to get {meant:.0%}",
            {"share": float(share), "design": float(meant), "calls": calls.get(tier, 0), "of": total},
            (),
            "The routing has drifted or the work has changed: %llm route TEXT explains single decisions.",
        )


def cache_collapse(watched: Watched, cause: Callable[[int], str | None]) -> Iterator[Alert | Unsure]:
    """The hit rate of today and yesterday, against that of the week before; ``cause`` looks some days back for one."""
    config = watched.settings.alerts
    recent, before = watched.history.last(LATELY).total(), watched.history.last(WEEK, before=LATELY).total()
    if min(recent.calls, before.calls) < config.calls:
        if before.hits:
            few = f"needs {config.calls} calls in two days and in the week before, and there were {recent.calls}"
            yield Unsure("cache-collapse", f"{few} and {before.calls}")
        return
    was, now = Decimal(before.hits) / before.calls, Decimal(recent.hits) / recent.calls
    if was < Decimal(str(LOW_HIT_RATE)) or now > config.collapse * was:
        return
    found = cause(LATELY)
    yield Alert(
        "cache-collapse",
        watched.week,
        "warning",
        f"The cache answered {now:.0%} of the calls of today and yesterday, and {was:.0%} in the week before",
        {"hit_rate": float(now), "before": float(was), "calls": recent.calls, "calls_before": before.calls},
        (),
        f"Likely cause: {found} ({REMEDIES[found]})."
        if found
        else "A prompt that changes with every call hits nothing.",
    )


def unpriced(watched: Watched) -> Iterator[Alert | Unsure]:
    """Models whose calls of the last seven days nobody could price."""
    for ref, m in watched.history.last(WEEK).by(lambda one: one.own_ref).items():
        if not m.unpriced:
            continue
        yield Alert(
            f"unpriced:{ref}",
            f"{watched.today:%Y-%m}",
            "warning",
            f"{m.unpriced:,} of {m.records:,} calls of {ref} in the last seven days have no known price",
            {"calls": m.unpriced, "of": m.records, "input_tokens": m.input_tokens, "output_tokens": m.output_tokens},
            (),
            f'Give its price, in USD per million tokens: [prices."{ref}"] input = …, output = …',
        )


def stale_policy(watched: Watched, reasons: Callable[[Downgrade], tuple[str, ...]]) -> Iterator[Alert | Unsure]:
    """Policies whose evidence no longer holds, by ``reasons``."""
    for downgrade in {one.feature: one for one in watched.settings.downgrade}.values():  # the last one counts
        if not (why := reasons(downgrade)):
            continue
        yield Alert(
            f"stale-policy:{downgrade.feature}",
            hashlib.sha256("\n".join(why).encode()).hexdigest()[:12],
            "warning",
            f"The policy of feature '{downgrade.feature}' ({downgrade.source} → {downgrade.target}) is stale: {why[0]}",
            {"reasons": list(why), "adopted": downgrade.evidence.get("date")},
            (),
            "Evaluate it again: %llm policy shows how.",
        )
