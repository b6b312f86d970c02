"""The three alerts on money: a day that is out of line, a month that will be, a feature that grows for no reason."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from ..accounting.spent import midnight
from ..config import Settings
from ..limits import Limit
from ..money import dollars
from .alert import Alert, Unsure
from .days import History
from .drivers import top
from .measures import Measures

WEEK, MONTH = 7, 30

# Days of history that the alerts look at.
NEEDED = 2 * MONTH

# A run rate rests on this many full days at least.
MIN_RATE_DAYS = 2

DAY_S = 86_400


@dataclass(frozen=True)
class Watched:
    """What is judged: the last ``NEEDED`` days, against what the settings say; ``limits`` are the budgets in force."""

    history: History
    settings: Settings
    limits: tuple[Limit, ...]

    @property
    def now(self) -> datetime:
        return self.history.now

    @property
    def today(self) -> date:
        """By the local clock."""
        return self.history.dates[-1]

    @property
    def week(self) -> str:
        """The ISO week of today, like 2026-W48."""
        year, week, _ = self.today.isocalendar()
        return f"{year}-W{week:02d}"

    def old_enough(self, name: str, days: int) -> Unsure | None:
        """Why the ledger is too young for what looks ``days`` days back, today not counted; None when it is not."""
        age = self.history.age()
        if age > days:
            return None
        return Unsure(
            name, f"needs {days} days before today, and the ledger's first call was {max(0, age - 1)} days ago"
        )


def daily_spend(watched: Watched) -> Iterator[Alert | Unsure]:
    """Today's spend against the average of the seven days before; an empty day is a day."""
    if young := watched.old_enough("daily-spend", WEEK):
        yield young
        return
    today = watched.history.last(1).total()
    average = watched.history.last(WEEK, before=1).total().cost / WEEK
    if not average:
        if today.cost:
            yield Unsure("daily-spend", "nothing was spent in the seven days before today: there is no average")
        return
    if today.cost <= watched.settings.alerts.daily * average:
        return
    figures = {"today": today.cost, "average": average, "ratio": today.cost / average, "unpriced": today.unpriced}
    yield Alert(
        "daily-spend",
        watched.today.isoformat(),
        "critical",
        f"Today's spend, {_usd(today)}, is {today.cost / average:.0%} of the average of the seven days before, "
        f"{dollars(average)} a day",
        figures,
        top(watched.history.last(1), watched.settings.downgrade),
        "Look for loops, for prompts that force long replies, and for jobs that were started twice.",
    )


def budget_projection(watched: Watched) -> Iterator[Alert | Unsure]:
    """What a month of days like the last seven would cost, against the monthly budgets."""
    limits = [limit for limit in watched.limits if limit.period == "monthly"]
    if (own := watched.settings.alerts.monthly) is not None:
        limits = [*(limit for limit in limits if limit.feature is not None), Limit("monthly", own)]
    if not limits:
        return
    days = min(WEEK, watched.history.age())
    if days <= MIN_RATE_DAYS:
        yield Unsure("budget-projection", f"a run rate needs {MIN_RATE_DAYS} full days, and the ledger is younger")
        return
    week = watched.history.last(days)
    elapsed = Decimal((watched.now - midnight(week.dates[0])).total_seconds()) / DAY_S
    in_month = monthrange(watched.today.year, watched.today.month)[1]
    by_feature = week.by_feature()
    for limit in limits:
        spent = week.total() if limit.feature is None else by_feature.get(limit.feature, Measures())
        rate = spent.cost / elapsed
        projected = rate * in_month
        if projected <= limit.amount:
            continue
        of = f" of feature '{limit.feature}'" if limit.feature is not None else ""
        figures = {"week": spent.cost, "days": float(elapsed), "a_day": rate, "projected": projected}
        yield Alert(
            "budget-projection" + (f":{limit.feature}" if limit.feature is not None else ""),
            watched.week,
            "warning",
            f"At the rate of the last {days} days, {dollars(rate, spent.unpriced > 0)} a day, a month costs "
            f"{dollars(projected, spent.unpriced > 0)}: the monthly budget{of} is {dollars(limit.amount)}",
            {**figures, "budget": limit.amount, "unpriced": spent.unpriced},
            top(week, watched.settings.downgrade, limit.feature),
        )


def feature_growth(watched: Watched) -> Iterator[Alert | Unsure]:
    """A feature's cost in the last 30 days against the 30 before, beside its use in both; evaluations left out."""
    if young := watched.old_enough("feature-growth", NEEDED - 1):
        yield young
        return
    config = watched.settings.alerts
    now, before = watched.history.last(MONTH).by_feature(), watched.history.last(MONTH, before=MONTH).by_feature()
    for feature, m in now.items():
        was = before.get(feature, Measures())
        if feature is None or not was.running or not was.calls:
            continue  # new, or nobody's
        growth, use = m.running / was.running - 1, Decimal(m.calls) / was.calls - 1
        unit = (growth - use) / (use + 1) if m.calls else growth
        if growth <= config.growth or unit <= config.unit_growth:
            continue
        figures = {"cost": m.running, "before": was.running, "growth": float(growth), "use_growth": float(use)}
        counts = {"calls": m.calls, "calls_before": was.calls, "unpriced": m.unpriced + was.unpriced}
        yield Alert(
            f"feature-growth:{feature}",
            f"{watched.today:%Y-%m}",
            "warning",
            f"Feature '{feature}' cost {_usd(m)} in the last 30 days, {growth:+.0%} on the 30 before "
            f"({_usd(was)}), while its use changed by {use:+.0%}",
            {**figures, **counts, "per_call_growth": float(unit)},
            (),
            _suspect(m, was),
        )


def _suspect(now: Measures, before: Measures) -> str:
    """What changed most between two months of one feature."""
    found = []
    for name, a, b in (
        ("tokens sent per call", _each(now.input_tokens, now), _each(before.input_tokens, before)),
        ("tokens received per call", _each(now.output_tokens, now), _each(before.output_tokens, before)),
        ("failed calls and helper calls", float(now.overhead), float(before.overhead)),
    ):
        if a is not None and b:
            found.append((a / b - 1, f"{name} {a / b - 1:+.0%}"))
    hits = f"hit rate {before.hit_rate or 0:.0%} → {now.hit_rate or 0:.0%}"
    changes = ", ".join(text for _, text in sorted(found, reverse=True))
    return f"A prompt, the cache or the routing changed: {changes}, {hits}." if changes else f"{hits}."


def _each(tokens: int, m: Measures) -> float | None:
    sent = m.calls - m.hits
    return tokens / sent if sent else None


def _usd(m: Measures) -> str:
    return dollars(m.cost, m.unpriced > 0)
