"""A plan: what each technique would have saved, from today's bill down to the projected one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..money import dollars
from ..types import UsageError
from .page import as_html, as_markdown, as_plain
from .step import Bar, Step
from .workload import LEAST_DAYS, MONTH, count

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class SavingsPlan:
    """The techniques in their order of effort, each on what the earlier ones left.

    Attributes:
        days: that were looked at; ``span``: days that the calls stand for, for figures by the month.
        simulated: whether this is a plan of simulated calls, whose money is not real.
        calls: paid calls in the plan, those without a price left out; ``bill``: USD that they cost.
        unpriced: calls without a known price: the bill is at least what it says.
        estimated: calls whose tokens were estimated, not reported.
        untold: calls whose text is not kept.
        hits, avoided: calls that a cache answered, and USD that they would have cost.
        aside: (calls, USD) that no technique changes: those that costmagic made itself (routing, judging,
            evaluating), and those that failed or were stopped.
        whole: (calls, USD) of all paid calls of these days, where the plan is made of the newest alone; else None.
        others: (calls, USD) of the other kind, simulated or real, which are not in the plan.
    """

    days: float
    span: float
    simulated: bool
    calls: int
    bill: Decimal
    steps: tuple[Step, ...]
    unpriced: int = 0
    estimated: int = 0
    untold: int = 0
    hits: int = 0
    avoided: Decimal = Decimal(0)
    aside: tuple[int, Decimal] = (0, Decimal(0))
    whole: tuple[int, Decimal] | None = None
    others: tuple[int, Decimal] = (0, Decimal(0))

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, name: str) -> Step:
        """The step of a name, like "exact cache"."""
        return {step.name: step for step in self.steps}[name]

    @property
    def saving(self) -> Decimal:
        """USD, of all steps together."""
        return sum((step.saving for step in self.steps), Decimal(0))

    @property
    def projected(self) -> Decimal:
        """USD that the same calls would have cost."""
        return self.bill - self.saving

    def monthly(self, amount: Decimal) -> Decimal:
        """``amount`` USD of these calls as USD in 30 days."""
        return amount * MONTH / Decimal(str(self.span)) if self.span else amount

    def left(self) -> Iterator[tuple[Step, Decimal]]:
        """Each step with the USD that are left after it."""
        left = self.bill
        for step in self.steps:
            left -= step.saving
            yield step, left

    def to_frame(self) -> pd.DataFrame:
        """A row per technique; ``saving``, ``left`` and ``up_to`` are USD (``Decimal``), ``share`` is of the bill."""
        import pandas as pd

        columns = ["technique", "saving", "share", "left", "calls", "basis", "up_to", "how", "note", "setting", "code"]
        records: list[tuple[Any, ...]] = [
            (
                *(s.name, s.saving, float(s.saving / self.bill) if self.bill else None, left, s.calls, s.basis),
                *(s.up_to, s.how, s.note, s.setting, s.code),
            )
            for s, left in self.left()
        ]
        return pd.DataFrame.from_records(records, columns=columns).set_index("technique")

    def bars(self) -> list[Bar]:
        """The waterfall, from today's bill to the projected one; steps that save nothing are left out."""
        bound = self.unpriced > 0
        bars = [Bar("today's bill", Decimal(0), self.bill, "bill", dollars(self.bill, bound))]
        for step, left in self.left():
            if step.saving:
                bars.append(Bar(step.title, left, left + step.saving, step.basis, f"−{dollars(step.saving)}"))
        together = dollars(self.projected, bound)
        return [*bars, Bar("projected", Decimal(0), self.projected, "projected", together)]

    def plot(self) -> Figure:
        """The waterfall, assumed steps hatched. Raises UsageError without matplotlib, or where there is no bill."""
        if not self.bill:
            raise UsageError("nothing to plot: the calls of this plan cost nothing")
        from .figure import waterfall

        simulated = "SIMULATED: " if self.simulated else ""
        return waterfall(self.bars(), f"{simulated}USD for {self.calls:,} calls of {self.days:g} days")

    def table(self) -> list[list[str]]:
        """Header and rows as text, the bill first and the projection last."""
        rows = [["", "saves", "of the bill", "left", "calls", "basis"]]
        rows.append(["today's bill", "", "", dollars(self.bill, self.unpriced > 0), f"{self.calls:,}", ""])
        for step, left in self.left():
            saves = dollars(step.saving) + (f" (up to {dollars(step.up_to)})" if step.up_to else "")
            basis = "assumed" if step.basis == "assumed" else "measured"
            changed = f"{step.calls:,}" if step.calls else ""
            rows.append(
                [step.title, saves, self._share(step.saving), dollars(left), changed, basis]
                if step.saving
                else [step.title, "", "", dollars(left), changed, ""]
            )
        together = dollars(self.projected, self.unpriced > 0)
        rows.append(["projected", dollars(self.saving), self._share(self.saving), together, "", ""])
        return rows

    def _share(self, saving: Decimal) -> str:
        return f"{saving / self.bill:.1%}" if self.bill else ""

    def notes(self) -> list[str]:
        """What to know about the table."""
        kind = "SIMULATED, not real money: a plan of simulated calls. " if self.simulated else ""
        if not self.calls:
            lines = [f"{kind}No priced call in the last {self.days:g} days: there is nothing to plan yet."]
        else:
            lines = [f"{kind}{count(self.calls, 'paid call')} of the last {self.days:g} days. " + self._by_the_month()]
        if self.whole is not None:
            lines.append(
                f"Only the newest {self.calls:,} calls were read, of {self.whole[0]:,} that cost "
                f"{dollars(self.whole[1])} in these days: what repeats an earlier one is not seen."
            )
        if self.hits:
            lines.append(f"Caches answered {count(self.hits, 'call')} already, and avoided {dollars(self.avoided)}.")
        if self.aside[0]:
            lines.append(
                f"{count(self.aside[0], 'call')} ({dollars(self.aside[1])}) left as they are: evaluations, routing and "
                "judging, and what failed or was stopped."
            )
        if self.unpriced:
            lines.append(f"{count(self.unpriced, 'call')} without a known price not in it: set [prices] for them.")
        if self.estimated:
            lines.append(f"{count(self.estimated, 'call')} priced from estimated tokens.")
        if self.untold:
            lines.append(
                f"{count(self.untold, 'call')} without a kept text (store_text = false, or overlong): only what the "
                "fingerprints and tokens tell is in the plan."
            )
        if self.others[0]:
            other = "real" if self.simulated else "SIMULATED"
            lines.append(f"{count(self.others[0], f'{other} call')} ({dollars(self.others[1])}) not in this plan.")
        return lines

    def _by_the_month(self) -> str:
        if not self.bill:
            return "They cost nothing."
        bound = self.unpriced > 0
        rate = "At this rate" if self.span > LEAST_DAYS else f"If that is what {self.span:.3g} days bring,"
        return (
            f"{rate} {dollars(self.monthly(self.bill), bound)} in 30 days, which could be "
            f"{dollars(self.monthly(self.projected), bound)}. Each step works on what the ones above leave."
        )

    def __repr__(self) -> str:
        return as_plain(self.table() if self.calls else None, self.notes(), self.steps)

    def _repr_html_(self) -> str:
        return as_html(self.table() if self.calls else None, self.notes(), self.steps)

    def _repr_markdown_(self) -> str:
        return as_markdown(self.table() if self.calls else None, self.notes(), self.steps)
