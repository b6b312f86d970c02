"""The review of some days: what was spent on what, what changed, and what came up."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from html import escape
from typing import Any

from ..accounting import fired
from ..accounting.fired import Fired
from ..accounting.spent import midnight
from ..money import dollars
from ..session import Session
from ..tables import Table, html
from . import days as calendar
from . import six
from .alert import from_json
from .measured import Metric, Metrics
from .measures import Measures

FORMATS = ("md", "html", "json")

ACTIONS = 10


@dataclass(frozen=True)
class Review:
    """The days from ``start`` to ``end``, both included, beside as many before.

    Attributes:
        now, before: real money; ``simulated`` and what it came to is apart.
        by: the six measures, by feature, by model and by day.
        fired: the alerts that came up.
    """

    start: date
    end: date
    now: Measures
    before: Measures
    simulated: Measures
    by: dict[str, Metrics]
    actions: Metric
    fired: tuple[Fired, ...]

    def rendered(self, format: str) -> str:
        """As "md" (Markdown), "html" (a page of its own) or "json"."""
        return {"md": self._markdown, "html": self._html, "json": self._json}[format]()

    def summary(self) -> list[str]:
        """What happened, in a few sentences."""
        spent = dollars(self.now.cost, self.now.unpriced > 0)
        if self.before.cost:
            change = f", {self.now.cost / self.before.cost - 1:+.0%} on the days before"
        else:
            change = "; nothing was spent in the days before" if self.before.records == 0 else ""
        found = [f"Spent {spent} in {self.now.calls:,} calls{change}."]
        if self.now.per_call is not None:
            overhead = self.now.overhead / self.now.running if self.now.running else Decimal(0)
            found.append(
                f"A call cost {dollars(self.now.per_call, self.now.unpriced > 0)}, fully loaded; {overhead:.0%} of it "
                "were failed attempts and helper calls."
            )
        if self.now.hit_rate is not None:
            found.append(f"The cache answered {self.now.hit_rate:.0%}, and avoided {dollars(self.now.avoided)}.")
        if self.now.evaluation:
            found.append(f"Evaluations cost {dollars(self.now.evaluation)} of it.")
        return [*found, *six.sources((self.now, self.simulated))]

    def sections(self) -> list[tuple[str, Table, Sequence[str]]]:
        """(title, table, notes) of each part that has something to say."""
        feature, model = self.by["feature"], self.by["model"]
        metrics = (
            *(feature.cost_per_feature, model.cost_per_call, feature.cost_per_action, self.actions),
            *(feature.token_efficiency, feature.hit_rate, feature.tier_share, self.by["day"].cost_per_call),
        )
        general = six.sources((self.now, self.simulated))
        found: list[tuple[str, Table, Sequence[str]]] = [
            (m.title, m.table(), [note for note in m.notes if note not in general]) for m in metrics if m.rows
        ]
        if self.fired:
            rows = [["when", "severity", "alert", "what"]]
            for one in self.fired:
                alert = from_json(one.body)
                rows.append([f"{one.fired_at.astimezone():%Y-%m-%d %H:%M}", one.severity, one.name, alert.title])
            found.append(("Alerts that came up", rows, []))
        return found

    @property
    def title(self) -> str:
        """The heading."""
        return f"Language model spend, {self.start} to {self.end}"

    def _markdown(self) -> str:
        parts = [f"# {self.title}", *(_md(line) for line in self.summary())]
        for title, table, notes in self.sections():
            parts += [f"## {_md(title)}", _md_table(table), *(_md(note) for note in notes)]
        return "\n\n".join(parts)

    def _html(self) -> str:
        style = (
            "body{font:14px/1.5 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em}"
            ":root{color-scheme:light dark}"
            "table{border-collapse:collapse}th,td{padding:.2em .8em .2em 0;border-bottom:1px solid #8884}"
        )
        body = [f"<h1>{escape(self.title)}</h1>", *(f"<p>{escape(line)}</p>" for line in self.summary())]
        for title, table, notes in self.sections():
            body += [f"<h2>{escape(title)}</h2>", html(table), *(f"<p>{escape(note)}</p>" for note in notes)]
        head = f"<meta charset='utf-8'><title>{escape(self.title)}</title><style>{style}</style>"
        return f"<!doctype html><html lang='en'><head>{head}</head><body>{''.join(body)}</body></html>"

    def _json(self) -> str:
        body = {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "summary": self.summary(),
            "total": _plain(self.now),
            "before": _plain(self.before),
            "simulated": _plain(self.simulated),
            "metrics": {
                by: {
                    m.name: {"title": m.title, "rows": [_record(m, row) for row in m.rows], "notes": list(m.notes)}
                    for m in metrics.all
                }
                for by, metrics in self.by.items()
            },
            "actions": [_record(self.actions, row) for row in self.actions.rows],
            "alerts": [{**json.loads(one.body), "fired_at": one.fired_at.isoformat()} for one in self.fired],
        }
        return json.dumps(body, ensure_ascii=False, indent=1, default=_value)


def review(session: Session, days: int, now: datetime | None = None) -> Review:
    """The last ``days`` local days, today included. Raises LedgerError when the ledger can't be read."""
    now = now or datetime.now(UTC)
    both = calendar.load(session, 2 * days, now)
    current, before = both.last(days), both.last(days, before=days)
    ledger, design = session.engine.ledger, session.settings.tier_share
    by = {name: six.metrics(current, before, name, design, None, ()) for name in ("feature", "model", "day")}
    acted = six.dearest(session, current, ACTIONS)
    return Review(
        current.dates[0],
        current.dates[-1],
        current.total(),
        before.total(),
        current.total(simulated=True),
        by,
        six.metrics(current, before, "action", design, None, acted).cost_per_action,
        tuple(fired.since(ledger, midnight(current.dates[0]))),
    )


def _md(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|#$])", r"\\\1", text)


def _md_table(table: Table) -> str:
    rows = [f"| {' | '.join(_md(' '.join(cell.split())) for cell in row)} |" for row in table]
    rows.insert(1, "|" + "---|" * len(table[0]))
    return "\n".join(rows)


def _plain(measures: Measures) -> dict[str, Any]:
    return asdict(measures)


def _record(metric: Metric, row: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(metric.columns, row, strict=True))


def _value(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
