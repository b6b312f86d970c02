"""What a prompt would cost on several models, before it is sent to any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .engine import Estimate
from .money import dollars

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Estimates:
    """One row per tier or model, in the order asked for. ``rows`` holds (name, Estimate) pairs."""

    rows: tuple[tuple[str, Estimate], ...]

    def __getitem__(self, name: str) -> Estimate:
        return dict(self.rows)[name]

    def __len__(self) -> int:
        return len(self.rows)

    def to_frame(self) -> pd.DataFrame:
        """Columns model, input_tokens, token_source, max_tokens, input_cost, worst_cost (USD ``Decimal``)."""
        import pandas as pd

        columns = ["name", "model", "input_tokens", "token_source", "max_tokens", "input_cost", "worst_cost"]
        records = [
            (name, e.ref, e.input_tokens, e.token_source, e.max_tokens, e.input_cost, e.worst_cost)
            for name, e in self.rows
        ]
        return pd.DataFrame.from_records(records, columns=columns).set_index("name")

    def table(self) -> list[list[str]]:
        """Header and rows as text."""
        header = ["", "model", "tokens in", "prompt", "worst case"]
        body = [
            [
                name,
                e.ref,
                f"{'' if e.token_source == 'counted' else '≈ '}{e.input_tokens:,}",
                dollars(e.input_cost),
                f"{dollars(e.worst_cost)} ({e.max_tokens:,} out)",
            ]
            for name, e in self.rows
        ]
        return [header, *body]

    def __repr__(self) -> str:
        from .tables import plain

        return plain(self.table())

    def _repr_html_(self) -> str:
        from .tables import html

        return html(self.table())
