"""The six measures of what language models cost, each as a table, a DataFrame and a figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..money import dollars
from ..tables import NO_MATH, Table, html, money_safe, plain, printable
from .figures import Bar, Bars, chart, sheet

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# Columns that are shares from 0 to 1, changes of them, and USD.
SHARES = ("share", "design", "hit_rate", "quality")
CHANGES = ("change", "token_change", "off")
_UNITS = {"per_call": "USD per call", "per_action": "USD per action", "cost": "USD", "hit_rate": "share of calls"}
_UNITS |= {"share": "share of calls", "per_1000_tokens": "quality per 1,000 tokens"}

MONEY = ("cost", "per_call", "tokens_alone", "overhead", "avoided", "per_action", "evaluation")


@dataclass(frozen=True, slots=True, repr=False)
class Metric:
    """One measure, a row for each group.

    Attributes:
        name: what it is called in code: "cost_per_call".
        title: what it is called in a sentence.
        columns: the first names the groups; ``simulated`` tells rows of simulated models, which are kept apart.
        rows: values: USD are ``Decimal``, None is unknown.
        headline: the column that counts.
        notes: what to know about it: calls without a price, with estimated tokens, what is low and why.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    headline: str
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """As a DataFrame, the groups as its index."""
        import pandas as pd

        return pd.DataFrame.from_records(list(self.rows), columns=list(self.columns)).set_index(self.columns[0])

    def plot(self) -> Figure:
        """As bars. Raises UsageError without matplotlib, or when nothing is known of any group."""
        return chart(self.bars())

    def bars(self) -> Bars:
        """What the figure shows: the headline of each group where it is known."""
        at = self.columns.index(self.headline)
        design = self.columns.index("design") if "design" in self.columns else at
        return Bars(
            self.title.partition(":")[0],
            _UNITS[self.headline],
            tuple(
                Bar(
                    "(none)" if row[0] is None else str(row[0]),
                    bool(row[1]),
                    float(row[at]),
                    None if design == at or row[design] is None else float(row[design]),
                )
                for row in self.rows
                if row[at] is not None
            ),
            latest=self.columns[0] == "day",
        )

    def table(self) -> Table:
        """Header and rows as text."""
        shown = [i for i, name in enumerate(self.columns) if name not in ("simulated", "unpriced", "estimated")]
        at_least = self.columns.index("unpriced") if "unpriced" in self.columns else None
        header = [self.columns[i].replace("_", " ") for i in shown]
        body = []
        for row in self.rows:
            unknown = at_least is not None and row[at_least] > 0
            cells = [_cell(self.columns[i], row[i], unknown) for i in shown]
            if row[1]:
                cells[0] += " SIMULATED"
            body.append(cells)
        return [header, *body]

    def lines(self) -> list[str]:
        """Title and notes."""
        return [self.title, *self.notes]

    def __repr__(self) -> str:
        body = [plain(self.table())] if self.rows else ["no calls"]
        return printable("\n".join([self.title, *body, *self.notes]))

    def _repr_html_(self) -> str:
        notes = "".join(f"<div class='{NO_MATH}'>{money_safe(note)}</div>" for note in self.notes)
        body = html(self.table()) if self.rows else "<div>no calls</div>"
        return f"<div class='{NO_MATH}'><b>{money_safe(self.title)}</b></div>{body}{notes}"


@dataclass(frozen=True, slots=True, repr=False)
class Metrics:
    """The six measures over the local days from ``start`` to ``end``, both included; ``by`` is how they are grouped."""

    start: date
    end: date
    by: str
    cost_per_call: Metric
    cost_per_action: Metric
    token_efficiency: Metric
    hit_rate: Metric
    tier_share: Metric
    cost_per_feature: Metric

    @property
    def all(self) -> tuple[Metric, ...]:
        """The six in their order."""
        return (
            *(self.cost_per_call, self.cost_per_action, self.token_efficiency),
            *(self.hit_rate, self.tier_share, self.cost_per_feature),
        )

    def to_frame(self) -> pd.DataFrame:
        """What is known of each group in one DataFrame, its index (group, simulated); money is USD ``Decimal``."""
        import pandas as pd

        frames = []
        for metric in (self.cost_per_call, self.cost_per_action, self.token_efficiency, self.hit_rate):
            if metric.columns[0] == self.by:
                frames.append(metric.to_frame().set_index("simulated", append=True))
        whole = pd.concat(frames, axis=1) if frames else pd.DataFrame()
        return whole.loc[:, ~whole.columns.duplicated()]

    def plot(self) -> Figure:
        """All six in one figure. Raises UsageError without matplotlib."""
        return sheet([metric.bars() for metric in self.all])

    def lines(self) -> list[str]:
        """What the period is."""
        days = (self.end - self.start).days + 1
        return [f"{self.start} to {self.end} ({days} {'day' if days == 1 else 'days'}, by your clock)"]

    def __repr__(self) -> str:
        return "\n\n".join([*self.lines(), *map(repr, self.all)])

    def _repr_html_(self) -> str:
        head = "".join(f"<div>{money_safe(line)}</div>" for line in self.lines())
        return head + "".join(metric._repr_html_() for metric in self.all)


def _cell(column: str, value: Any, at_least: bool) -> str:
    if value is None:
        return "(none)" if column in ("feature", "tier", "model", "action") else ""
    if isinstance(value, bool):
        return "yes" if value else ""
    show = _SHOWN.get(column)
    if show is None:
        return f"{value:,}" if isinstance(value, int) else f"{value:,.3g}" if isinstance(value, float) else str(value)
    return show(value, at_least)


def _usd(value: Decimal, at_least: bool) -> str:
    return dollars(value, at_least)


def _share(value: float | Decimal, _: bool) -> str:
    return f"{value:.1%}"


def _change(value: float | Decimal, _: bool) -> str:
    return f"{value:+.1%}"


_SHOWN: dict[str, Callable[[Any, bool], str]] = {
    **dict.fromkeys(MONEY, _usd),
    **dict.fromkeys(SHARES, _share),
    **dict.fromkeys(CHANGES, _change),
}
