"""What an evaluation would cost, before anything is sent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..estimates import Size
from ..money import dollars
from ..session import Session
from ..tables import html, plain
from ..types import CostmagicError, Request, Usage
from .arms import Arm
from .definition import Definition
from .items import Item, items_of
from .judging import SYSTEM, question
from .setup import Setup

# Prompts that are counted; the rest is taken to be like them.
COUNTED = 100

# Where the feature has no history, replies are taken to have so many tokens at most.
USUAL_OUTPUT = 200

# How often two good models usually differ, and the normal quantiles of a one-sided 5 % and a power of 80 %: from these
# come the pairs that a fixed-sample test needs (Tango 1998), which the sequential one is close to.
DISCORDANCE, QUANTILES = 0.05, (1.645 + 0.842) ** 2


@dataclass(frozen=True)
class ModelEstimate:
    """One model of an evaluation. USD, None where the price is unknown.

    Attributes:
        calls: at most, the second ones of the baseline and those of a judge included under their own model.
        low, likely, most: if all agree; if models differ on 5 % of the items; if every item is asked and every reply is
            as long as it may be.
        cost_per_1000: USD for 1,000 calls of the likely size.
    """

    name: str
    ref: str
    role: str
    simulated: bool
    calls: int
    input_tokens: int
    output_tokens: int
    low: Decimal | None
    likely: Decimal | None
    most: Decimal | None
    cost_per_1000: Decimal | None


@dataclass(frozen=True)
class RunEstimate:
    """An evaluation before it is run. What it really costs stays under the cap.

    Attributes:
        rows: of the data; ``items`` of them would be used, ``pairs`` is how many likely decide.
        tokens_from: "history" of the feature, or "guess", for the length of replies.
    """

    rows: int
    items: int
    without_answer: int
    pairs: int
    cap: Decimal | None
    tokens_from: str
    models: tuple[ModelEstimate, ...]

    @property
    def calls(self) -> int:
        """At most."""
        return sum(model.calls for model in self.models)

    @property
    def low(self) -> Decimal | None:
        """USD if all agree; None where a price is unknown, like the two below."""
        return _sum([model.low for model in self.models])

    @property
    def likely(self) -> Decimal | None:
        """USD if models differ on 5 % of the items."""
        return _sum([model.likely for model in self.models])

    @property
    def most(self) -> Decimal | None:
        """USD if every item is asked and every reply is as long as it may be; the cap, where that is lower."""
        most = _sum([model.most for model in self.models])
        return most if most is None or self.cap is None else min(most, self.cap)

    @property
    def simulated(self) -> bool:
        """Whether no real money would be spent."""
        return all(model.simulated or model.most == 0 for model in self.models)

    def table(self) -> list[list[str]]:
        """Header and a row per model."""
        rows = [["", "model", "calls ≤", "tok in", "tok out", "low", "likely", "most", "1,000 calls"]]
        for m in self.models:
            ref = f"{m.ref} SIMULATED" if m.simulated else m.ref
            money = [dollars(m.low), dollars(m.likely), dollars(m.most), dollars(m.cost_per_1000)]
            rows.append(
                [f"{m.name} ({m.role})", ref, f"{m.calls:,}", f"{m.input_tokens:,}", f"{m.output_tokens:,}", *money]
            )
        total = [dollars(self.low), dollars(self.likely), dollars(self.most), ""]
        return [*rows, ["all", "", f"{self.calls:,}", "", "", *total]]

    def __repr__(self) -> str:
        cap = "no cap" if self.cap is None else f"capped at {dollars(self.cap)}"
        return f"{plain(self.table())}\n{self.items:,} of {self.rows:,} rows, {cap}; nothing was sent."

    def _repr_html_(self) -> str:
        return html(self.table())


def estimate(session: Session, definition: Definition) -> RunEstimate:
    """What ``definition`` would cost; nothing is sent.

    Raises:
        UsageError: a model can't be asked, or a row can't be made a prompt.
    """
    setup = Setup.of(session, definition)
    assert setup.drawn is not None
    sample = list(items_of(definition, setup.drawn, COUNTED))
    history, source = _history(session, definition.feature)
    pairs, least = _pairs(definition, len(setup.candidates)), _least(definition, len(setup.candidates))
    models = []
    for arm in setup.arms:
        role = "baseline" if arm is setup.baseline else "candidate"
        more = setup.ceiling if arm is setup.baseline else 0
        sizes = _sizes(session, definition, arm, sample)
        models.append(_model(session, arm, role, sizes, history, (least, pairs, setup.items), more, 1))
    if setup.judge is not None:
        texts = [question(item, item.prompt, item.prompt) for item in sample[:20]]
        requests = [setup.judge.prepare_judge(session, text, SYSTEM, definition, "").request for text in texts]
        sizes = [session.engine.estimator.size(request) for request in requests]
        counts = tuple(len(setup.candidates) * n for n in (0, pairs, setup.items))
        models.append(_model(session, setup.judge, "judge", sizes, {"": 3.0}, counts, 0, 2))
    drawn = setup.drawn
    return RunEstimate(
        definition.data.rows, setup.items, drawn.without_answer, min(pairs, setup.items), definition.budget, source,
        tuple(models),
    )  # fmt: skip


def _sizes(session: Session, definition: Definition, arm: Arm, sample: Sequence[Item]) -> list[Size]:
    requests: list[Request] = [arm.prepare(session, item, definition, "", False).request for item in sample]
    return [session.engine.estimator.size(request) for request in requests]


def _model(
    session: Session, arm: Arm, role: str, sizes: Sequence[Size], history: dict[str, float],
    counts: tuple[int, ...], more: int, times: int,
) -> ModelEstimate:  # fmt: skip
    """``counts`` are pairs at least, likely and at most; ``times`` calls for each, and ``more`` in any case."""
    incoming = math.ceil(sum(size.input_tokens for size in sizes) / len(sizes))
    longest = max(size.max_tokens for size in sizes)
    outgoing = min(longest, math.ceil(history.get(arm.ref, history.get("", USUAL_OUTPUT))))
    prices, (low, likely, most) = session.engine.prices, [min(n, counts[-1]) * times + more for n in counts]
    one = prices.cost(arm.ref, Usage(incoming, outgoing))
    worst = prices.cost(arm.ref, Usage(max(size.input_tokens for size in sizes), longest))
    return ModelEstimate(
        arm.name, arm.ref, role, arm.simulated, most, incoming, outgoing,
        None if one is None else one * low,
        None if one is None else one * likely,
        None if worst is None else worst * most,
        None if one is None else one * 1_000,
    )  # fmt: skip


def _history(session: Session, feature: str | None) -> tuple[dict[str, float], str]:
    """Mean tokens of replies by model, "" for any model; and where that comes from."""
    from ..accounting.evaluations import output_tokens

    try:
        known = output_tokens(session.engine.ledger, feature) if feature is not None else {}
    except CostmagicError:
        known = {}
    return known, "history" if known else "guess"


def _pairs(definition: Definition, candidates: int) -> int:
    return max(_least(definition, candidates), math.ceil(QUANTILES * DISCORDANCE / definition.margin**2))


def _least(definition: Definition, candidates: int) -> int:
    """Pairs without any difference that decide: (1 − margin)^n ≤ α."""
    alpha = (1 - definition.confidence) / candidates
    return math.ceil(math.log(alpha) / math.log(1 - definition.margin))


def _sum(costs: Sequence[Decimal | None]) -> Decimal | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None
