"""What an evaluation is: everything that decides its outcome, written down before it begins."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from numbers import Integral
from typing import Any

from .. import embedding
from ..session import Session
from ..templates import Template
from ..types import UsageError, did_you_mean
from .data import ROW, Data, data_of
from .scorers import Score, Scorer, scorer_of

MARGIN, CONFIDENCE, BUDGET = 0.02, 0.95, Decimal("1")
MAX_CANDIDATES = 12
MAX_PARALLEL = 64

# More rows than this are drawn from: no verdict needs as many pairs.
MAX_ITEMS = 20_000


@dataclass(frozen=True)
class Definition:
    """What is asked, of whom, and what counts as good enough. Made by ``define``, which checks it.

    Attributes:
        data: the rows; ``dataset_hash`` is over the columns that are used.
        prompt, system: templates with the columns as names.
        expected: the column with the right answers; None: agreement with the baseline counts.
        baseline, candidates: tiers or ``provider:model``.
        scorer: as it is written down, ``"numeric(0.01)"``; ``function`` holds the user's own.
        margin: a candidate may be worse by less than this (0.02: two points of a hundred).
        budget: USD that the run may spend at most, simulated dollars included; None for no cap.
        limit: items to use at most, None for all (20,000 at most are drawn).
        seed: of the order in which items are drawn.
        fresh: every answer is bought anew, none is taken from the cache.
    """

    data: Data
    prompt: str
    baseline: str
    candidates: tuple[str, ...]
    expected: str | None = None
    feature: str | None = None
    scorer: str = "exact"
    margin: float = MARGIN
    confidence: float = CONFIDENCE
    budget: Decimal | None = BUDGET
    seed: int = 0
    limit: int | None = None
    system: str | None = None
    max_tokens: int | None = None
    max_parallel: int = 8
    fresh: bool = False
    dataset_hash: str = ""
    function: Score | None = field(default=None, compare=False, repr=False)

    @property
    def prompt_hash(self) -> str:
        """SHA-256 of prompt and system prompt, as templates; 16 hexadecimal digits."""
        return prompt_hash(self.prompt, self.system)

    @property
    def columns(self) -> list[str]:
        """The columns that are used, in their order in the data."""
        return used_columns(self.data, self.prompt, self.system, self.expected)

    def to_json(self) -> dict[str, Any]:
        """Everything but the rows and a function, as plain values; see ``from_json``."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("data", "function")}
        values["budget"] = None if self.budget is None else f"{self.budget:f}"
        return {**values, "candidates": list(self.candidates), "data": self.data.to_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Definition:
        """The definition of a stored run; its rows are those that were stored with it."""
        data = values["data"]
        kept = Data(data["kind"], data["name"], data["rows"], tuple(data["columns"]))
        budget = None if values["budget"] is None else Decimal(values["budget"])
        known = {f.name for f in fields(cls)}
        rest = {k: v for k, v in values.items() if k in known}
        return cls(**{**rest, "data": kept, "budget": budget, "candidates": tuple(values["candidates"])})


def define(
    session: Session,
    data: Any,
    prompt: str | None = None,
    *,
    candidates: str | Sequence[str],
    baseline: str = "heavy",
    expected: str | None = None,
    feature: str | None = None,
    scorer: str | Score | Scorer = "exact",
    margin: float = MARGIN,
    confidence: float = CONFIDENCE,
    budget: Decimal | float | str | None = BUDGET,
    seed: int = 0,
    limit: int | None = None,
    system: str | None = None,
    max_tokens: int | None = None,
    max_parallel: int = 8,
    fresh: bool = False,
    name: str | None = None,
) -> Definition:
    """A checked definition; nothing is sent. See ``evaluate`` for the arguments.

    ``name`` is what the variable that holds the data is called.

    Raises:
        UsageError: a mistake in any of them.
    """
    rows = data_of(data, session, name)
    if rows.kind == "calls":
        prompt, system = prompt or "{{ prompt }}", system or "{{ system or '' }}"
        feature = feature or rows.name
    if not isinstance(prompt, str) or not prompt.strip():
        raise UsageError('an evaluation needs a prompt with columns as names, like "Which department? {{ text }}"')
    names = _names(candidates, baseline)
    scoring = scorer_of(scorer)
    if scoring.spec == "similarity" and not embedding.available(session.settings.home):
        raise UsageError("scorer similarity needs the embedder: costmagic pull minilm")
    if expected is not None and expected not in rows.columns:
        raise UsageError(f"no column '{expected}' in {rows}{did_you_mean(str(expected), rows.columns)}")
    for template in (prompt, system):
        if template is not None:
            Template(template).check(dict.fromkeys([*rows.columns, ROW], ""))
    if expected is None and scoring.spec == "regex":
        raise UsageError("scorer regex without a pattern takes the patterns from the expected column: name it")
    columns = used_columns(rows, prompt, system, expected)
    if not used_columns(rows, prompt, system, None):
        raise UsageError(
            f"the prompt uses no column of {rows}, so every item would be the same{did_you_mean('', rows.columns)}"
        )
    return Definition(
        data=rows,
        prompt=prompt,
        baseline=baseline.strip(),
        candidates=tuple(names),
        expected=expected,
        feature=feature,
        scorer=scoring.spec,
        margin=_share("margin", margin, 0, 1),
        confidence=_share("confidence", confidence, 0.5, 1),
        budget=_budget(budget),
        seed=_whole("seed", seed, 0, 2**63 - 1),
        limit=None if limit is None else _whole("limit", limit, 1, 10**9),
        system=system,
        max_tokens=None if max_tokens is None else _whole("max_tokens", max_tokens, 1, 10**9),
        max_parallel=_whole("max_parallel", max_parallel, 1, MAX_PARALLEL),
        fresh=bool(fresh),
        dataset_hash=rows.hash(columns),
        function=scoring.score if scoring.is_function else None,
    )


def prompt_hash(prompt: str, system: str | None) -> str:
    """SHA-256 of two templates, 16 hexadecimal digits."""
    return hashlib.sha256(json.dumps([prompt, system]).encode("utf-8", "replace")).hexdigest()[:16]


def used_columns(data: Data, prompt: str, system: str | None, expected: str | None) -> list[str]:
    """The columns that the templates and ``expected`` name; all of them where a template uses the whole row."""
    names = Template(prompt).names() | (Template(system).names() if system else set())
    if ROW in names and ROW not in data.columns:
        return list(data.columns)
    used = {*names, *([expected] if expected else [])}
    return [column for column in data.columns if column in used]


def _names(candidates: str | Sequence[str], baseline: str) -> list[str]:
    given = candidates.split(",") if isinstance(candidates, str) else list(candidates)
    if not all(isinstance(name, str) for name in [*given, baseline]):
        raise UsageError("candidates and baseline are tiers or models, like medium or local:smollm2-135m")
    names = [name.strip() for name in given if name.strip()]
    if not names:
        raise UsageError("an evaluation needs candidates: tiers or models that might be good enough")
    if len(names) > MAX_CANDIDATES:
        raise UsageError(f"an evaluation takes at most {MAX_CANDIDATES} candidates, not {len(names)}")
    if twins := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"candidate '{twins[0]}' is there twice")
    if baseline.strip() in names:
        raise UsageError(f"'{baseline.strip()}' is the baseline: the candidates are the others")
    return names


def _share(name: str, value: Any, low: float, high: float) -> float:
    number = float(value) if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) else float("nan")
    if not low < number < high:
        raise UsageError(f"{name} is a share between {low:g} and {high:g} (0.02 is 2 %), not {value!r}")
    return number


def _whole(name: str, value: Any, low: int, high: int) -> int:
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        raise UsageError(f"{name} must be a whole number from {low:,} to {high:,}, not {value!r:.40}")
    return int(value)


def _budget(value: Any) -> Decimal | None:
    if value is None:
        return None
    try:
        amount = Decimal(str(value))
    except ArithmeticError:
        amount = Decimal("NaN")
    if isinstance(value, bool) or not amount.is_finite() or amount <= 0:
        raise UsageError(f"budget is an amount in USD above 0, or None for no cap, not {value!r:.40}")
    return amount
