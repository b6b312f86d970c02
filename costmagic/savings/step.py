"""What one technique of a plan would have saved."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from .workload import Basis


@dataclass(frozen=True, slots=True)
class Step:
    """What one technique would have saved on calls that no earlier step had saved already.

    Attributes:
        name: short and stable, for code; ``title`` for people.
        saving: USD, exact to the nano-dollar.
        calls: that it would have changed.
        basis: "measured" on these calls, or "assumed" from a published range.
        how: how the saving was computed.
        setting: what belongs into costmagic.toml for it; ``code``: a cell that does it or shows it.
        note: what is missing, or should be known.
        up_to: USD at the upper end of the published range, None where none is used.
        details: a line for each part.
    """

    name: str
    title: str
    saving: Decimal
    calls: int
    basis: Basis
    how: str
    setting: str = ""
    code: str = ""
    note: str = ""
    up_to: Decimal | None = None
    details: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """``how`` as a sentence."""
        return f"{self.how[:1].upper()}{self.how[1:]}."

    @property
    def cell(self) -> str:
        """A notebook cell that does or shows it, with what belongs into costmagic.toml as its first lines."""
        lines = ["# costmagic.toml:", *(f"#   {line}" for line in self.setting.splitlines())] if self.setting else []
        if "cm." in self.code:
            lines.append("import costmagic as cm\n")
        return "\n".join([*lines, self.code])


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the waterfall: its ends in USD, and what it says."""

    label: str
    low: Decimal
    high: Decimal
    kind: Literal["bill", "measured", "assumed", "projected"]
    told: str
