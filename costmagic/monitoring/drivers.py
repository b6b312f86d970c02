"""Who spends the most, and what to do about each."""

from __future__ import annotations

from decimal import Decimal

from ..cache_report import LOW_HIT_RATE
from ..steering import Downgrade
from .alert import Driver
from .days import History
from .measures import Measures

TOP = 3

# From these shares on, something is the first thing to look at.
MUCH_OVERHEAD = Decimal("0.2")
MUCH_EVALUATION = Decimal("0.5")
DEAR_TIERS = ("heavy", "standard")

# A prompt of so many times the reply's tokens is worth caching, or shortening.
LONG_PROMPT = 10


def top(history: History, downgrades: tuple[Downgrade, ...], feature: str | None = None) -> tuple[Driver, ...]:
    """The three dearest of (feature, model, tier), of one feature or of all, with a recommended action each."""
    found = history.by(lambda one: (one.feature, one.ref, one.tier))
    mine = [(key, m) for key, m in found.items() if m.cost > 0 and feature in (None, key[0])]
    mine.sort(key=lambda pair: (-pair[1].cost, str(pair[0])))
    judged = {downgrade.feature for downgrade in downgrades}
    return tuple(Driver(key[0], key[1], m.cost, advice(m, key[0], key[2], judged)) for key, m in mine[:TOP])


def advice(m: Measures, feature: str | None, tier: str | None, judged: set[str]) -> str:
    """The action that promises most, from what the calls were like."""
    if m.evaluation > MUCH_EVALUATION * m.cost:
        return "Most of it is evaluations: give them a smaller budget, or none until the month is over."
    if m.running and m.overhead > MUCH_OVERHEAD * m.running:
        return (
            f"{m.overhead / m.running:.0%} of it are failed attempts and helper calls: see what fails in %llm history."
        )
    if feature is None:
        return "These calls name no feature: --feature NAME tells whose they are, then look again."
    if tier in DEAR_TIERS and feature not in judged:
        return (
            f"It is on the {tier} tier without an evaluation: find the cheapest model that is good enough (%llm panel)."
        )
    if m.input_tokens > LONG_PROMPT * m.output_tokens and m.cache_read_tokens < m.input_tokens / 2:
        return "Long prompts, short replies: see %llm cache prefix for what the provider's cache would save."
    if m.hit_rate is not None and m.hit_rate < LOW_HIT_RATE:
        return f"{m.hit_rate:.0%} of the calls hit a cache: %llm cache stats says why not more."
    return f"Limit it: [budget.features.{feature}], and [output_limits] for its replies."
