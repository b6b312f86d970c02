"""A handful of prompts on several models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..money import dollars
from ..tables import plain
from ..types import UsageError
from . import summary
from .columns import Column
from .result import Comparison

if TYPE_CHECKING:
    import pandas as pd

MAX_PROMPTS = 50
EXCERPT = 48


@dataclass(frozen=True)
class Grid:
    """Comparisons of the same models, a row per prompt."""

    comparisons: tuple[Comparison, ...]

    @property
    def names(self) -> list[str]:
        """The models, as they were asked for."""
        return [column.name for column in self.comparisons[0].columns]

    def __len__(self) -> int:
        return len(self.comparisons)

    def __getitem__(self, index: int) -> Comparison:
        return self.comparisons[index]

    def to_frame(self) -> pd.DataFrame:
        """A row per prompt and model: ``Comparison.to_frame`` with ``prompt`` before ``name`` in the index."""
        import pandas as pd

        frames = [comparison.to_frame() for comparison in self.comparisons]
        keys = list(range(1, len(frames) + 1))
        frame = pd.concat(frames, keys=keys, names=["prompt", "name"])
        texts = [comparison.prompt for comparison in self.comparisons for _ in comparison.columns]
        frame.insert(0, "text", texts)
        return frame

    def table(self) -> list[list[str]]:
        """Header, a row per prompt with an excerpt of each reply and its cost, and what all of them cost."""
        first = self.comparisons[0]
        rows = [["", *(summary.title(first, column) for column in first.columns)]]
        for comparison in self.comparisons:
            rows.append([_excerpt(comparison.prompt), *(_cell(comparison, column) for column in comparison.columns)])
        return [*rows, ["all prompts", *self.totals()]]

    def totals(self) -> list[str]:
        """What each model cost on all prompts, and how many it answered."""
        return [self._total(i) for i in range(len(self.names))]

    def _total(self, index: int) -> str:
        columns = [comparison.columns[index] for comparison in self.comparisons]
        costs = [column.cost for column in columns if column.reply is not None]
        known = sum((cost for cost in costs if cost is not None), Decimal(0))
        total = "unpriced" if costs and all(cost is None for cost in costs) else dollars(known, None in costs)
        answered = sum(column.answered for column in columns)
        return f"{total}, {answered} of {len(columns)} answered"

    def __repr__(self) -> str:
        return plain(self.table())


def checked_prompts(prompts: Any) -> list[str]:
    """``prompts`` as a list. Raises UsageError when it is a single text, empty, or more than a handful."""
    texts = list(prompts) if isinstance(prompts, Iterable) and not isinstance(prompts, (str, bytes)) else []
    if not texts:
        raise UsageError("compare_many takes a list of prompts; compare takes one")
    if len(texts) > MAX_PROMPTS:
        raise UsageError(f"compare_many takes at most {MAX_PROMPTS} prompts, not {len(texts):,}")
    return texts


def _cell(comparison: Comparison, column: Column) -> str:
    badges = " ".join(text for text, _ in summary.badges(comparison, column))
    said = _excerpt(column.text) if column.text.strip() or column.error is None else _excerpt(str(column.error))
    return " · ".join(part for part in (badges, said, summary.cost(column), summary.seconds(column.latency_ms)) if part)


def _excerpt(text: str) -> str:
    line = " ".join(text[: 4 * EXCERPT].split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1] + "…"
