"""What a subcommand shows: a table between lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..tables import Table, html, money_safe, plain, printable


@dataclass(frozen=True)
class Shown:
    """A table with lines of text above and below it."""

    table: Table
    above: Sequence[str] = ()
    below: Sequence[str] = field(default=())

    def __repr__(self) -> str:
        lines = [*self.above, *([plain(self.table)] if len(self.table) > 1 else []), *self.below]
        return printable("\n".join(lines))

    def _repr_html_(self) -> str:
        above, below = (
            "".join(f"<div class='tex2jax_ignore mathjax_ignore'>{money_safe(line)}</div>" for line in lines)
            for lines in (self.above, self.below)
        )
        return above + (html(self.table) if len(self.table) > 1 else "") + below
