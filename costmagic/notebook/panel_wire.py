"""What kernel and panel say to each other: the twin of ``labextension/src/panel/wire.ts``.

A request is an object with ``id``, ``type`` and the fields of its type; ``Answer`` comes back with the same ``id``.
Money is USD as a decimal string, exact; shares are numbers from 0 to 1; None is unknown. ``tests/wire/panel.json``
holds examples that the tests of both sides read.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

VERSION: Literal[1] = 1

SourceKind = Literal["frame", "file", "feature", "sample"]


class PanelState(TypedDict):
    """What a panel in a cell begins with; one beside the notebook has settings."""

    notebook: str
    margin: float
    confidence: float
    cap: str


class Answer(TypedDict):
    """To the panel; ``id`` is None where none could be read. Either ``error`` or ``body`` says something."""

    id: int | None
    error: str | None
    body: dict[str, Any] | None


class Model(TypedDict):
    """A tier; ``reach`` says why it can't be asked, None when it can."""

    name: str
    ref: str
    simulated: bool
    reach: str | None


class ScorerChoice(TypedDict):
    """A scorer, and what it does."""

    name: str
    what: str


class Hello(TypedDict):
    """Who is there; ``mistake`` is what is wrong with ``costmagic.toml``."""

    version: Literal[1]
    costmagic: str
    tiers: list[Model]
    scorers: list[ScorerChoice]
    mistake: str | None


class Source(TypedDict):
    """Data to evaluate on: its shape, and a few clipped rows of its first columns.

    ``rows`` is None where counting them would mean reading them all; ``prompt``, ``feature`` and ``scorer`` are what to
    begin with, where that is known.
    """

    kind: SourceKind
    name: str
    rows: int | None
    columns: list[str]
    examples: list[list[str]]
    prompt: str | None
    feature: str | None
    scorer: str | None


class Sources(TypedDict):
    """All data that is at hand."""

    sources: list[Source]


class ModelCost(TypedDict):
    """What a run is going to ask of one model."""

    name: str
    ref: str
    simulated: bool
    calls: int
    cost: str | None


class Estimated(TypedDict):
    """What a run would cost if it were not capped; None for what is unpriced."""

    items: int
    calls: int
    tokens: int
    low: str | None
    likely: str | None
    most: str | None
    cap: str | None
    models: list[ModelCost]
    notes: list[str]


class Plain(TypedDict):
    """The observed-drop rule, and its chance of approving what is worse by the margin."""

    passes: bool
    chance_of_error: float


class BaselineRow(TypedDict):
    """The baseline of a run; ``ceiling`` is its agreement with itself where nothing is expected."""

    name: str
    ref: str
    simulated: bool
    n: int
    accuracy: float | None
    ceiling: float | None
    cost_per_1000: str | None


class CandidateRow(TypedDict):
    """A candidate of a run; see ``evaluation.progress.CandidateState``."""

    name: str
    ref: str
    simulated: bool
    n: int
    accuracy: float | None
    drop: float | None
    low: float | None
    high: float | None
    cost_per_1000: str | None
    verdict: Literal["pass", "fail", "undecided"]
    forecast: int | None
    plain: Plain | None
    errors: int
    last_error: str | None


class Run(TypedDict):
    """How a run stands; see ``evaluation.progress.RunState``.

    ``simulated``: some of what was ``spent`` is no real money; ``unpriced``: more may have been spent.
    """

    id: str
    phase: Literal["estimating", "running", "paused", "out of budget", "provider error", "cancelled", "done"]
    message: str | None
    feature: str | None
    spent: str
    simulated: bool
    unpriced: bool
    cap: str | None
    eta_s: float | None
    items: int
    margin: float
    confidence: float
    baseline: BaselineRow
    candidates: list[CandidateRow]
    cheapest_passing: str | None
    savings: str | None


class StoredRun(TypedDict):
    """A run in the list of runs."""

    id: str
    feature: str | None
    started: str
    phase: str
    baseline: str
    candidates: list[str]
    resumable: bool


class Runs(TypedDict):
    """Runs, newest first."""

    runs: list[StoredRun]


class Disagreement(TypedDict):
    """An item on which a candidate and the baseline differ: number ``index``, from 0, of ``total``."""

    total: int
    index: int
    prompt: str
    expected: str | None
    baseline: str
    baseline_score: float | None
    candidate: str
    candidate_score: float | None


class Disagreements(TypedDict):
    """The item asked for; None when the two agree everywhere."""

    item: Disagreement | None


class Code(TypedDict):
    """A cell that does what the panel did."""

    code: str


class Adopted(TypedDict):
    """The downgrade that is in force now, in words, and the file that it is written in."""

    policy: str
    file: str


class Evidence(TypedDict):
    """One figure that a downgrade rests on."""

    label: str
    value: str


class PolicyRow(TypedDict):
    """A downgrade in force; ``stale`` says why it should be checked again, nothing when it need not."""

    feature: str
    source: str
    target: str
    evidence: list[Evidence]
    stale: list[str]
    recheckable: bool


class Policies(TypedDict):
    """All downgrades in force, and the file that they stand in."""

    policies: list[PolicyRow]
    file: str | None


class Done(TypedDict):
    """It is done; there is nothing to tell."""
