"""The fixed parts of a run, made from a definition or read back from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ..accounting.store import new_id
from ..session import Session
from ..types import Usage, UsageError
from .arms import Arm, arm_of
from .definition import Definition
from .items import Drawn, Item, draw, items_of
from .scorers import Scorer, scorer_of
from .store import Stored
from .tally import Tally

# Of so many items the baseline is asked again, where agreement with it is what counts.
CEILING_ITEMS = 50


@dataclass(frozen=True)
class Setup:
    """Who and what a run asks.

    Attributes:
        drawn: the order of the rows; ``given``: the items themselves, where they are known already.
        items: how many there are.
        order: candidates, cheapest first.
        ceiling: of so many items the baseline is asked twice.
    """

    id: str
    definition: Definition
    baseline: Arm
    candidates: tuple[Arm, ...]
    judge: Arm | None
    items: int
    drawn: Drawn | None
    given: tuple[Item, ...] | None
    order: tuple[str, ...]
    ceiling: int

    @classmethod
    def of(cls, session: Session, definition: Definition, items: Sequence[Item] | None = None) -> Setup:
        """Raises UsageError: a model can't be asked, a price that the cap needs is unknown, or there is no item."""
        scorer = scorer_of(definition.function or definition.scorer)
        baseline, *candidates = (arm_of(session, name) for name in (definition.baseline, *definition.candidates))
        judge = arm_of(session, scorer.judge) if scorer.judge else None
        drawn = draw(definition) if items is None else None
        return cls._complete(session, new_id(), definition, baseline, tuple(candidates), judge, drawn, items)

    @classmethod
    def stored(cls, session: Session, stored: Stored, definition: Definition) -> Setup:
        """The setup of a run that was begun before, with the models that it began with."""
        models = (stored.baseline, stored.candidates, stored.judge)
        return cls._complete(session, stored.id, definition, *models, None, stored.items)

    @classmethod
    def _complete(
        cls, session: Session, run_id: str, definition: Definition, baseline: Arm, candidates: tuple[Arm, ...],
        judge: Arm | None, drawn: Drawn | None, given: Sequence[Item] | None,
    ) -> Setup:  # fmt: skip
        _check_prices(session, definition, [baseline, *candidates, *([judge] if judge else [])])
        agreement = definition.expected is None and judge is None
        items = len(drawn.rows) if drawn is not None else len(given or ())
        ceiling = min(CEILING_ITEMS, items) if agreement else 0
        order = tuple(arm.name for arm in sorted(candidates, key=lambda arm: _dearness(session, arm)))
        return cls(
            run_id,
            definition,
            baseline,
            candidates,
            judge,
            items,
            drawn,
            None if given is None else tuple(given),
            order,
            ceiling,
        )

    @property
    def arms(self) -> tuple[Arm, ...]:
        """Baseline and candidates."""
        return (self.baseline, *self.candidates)

    def tally(self) -> Tally:
        """An empty tally for it."""
        d = self.definition
        agreement = d.expected is None and self.judge is None
        return Tally(
            self.items, self.baseline, self.candidates, self.judge is not None, agreement, d.margin, d.confidence
        )

    def with_cap(self, budget: Decimal | None) -> Setup:
        """With another cap."""
        return replace(self, definition=replace(self.definition, budget=budget))

    def make_items(self) -> list[Item]:
        """The items in order; raises UsageError for a row that can't be made a prompt."""
        if self.given is not None:
            check_texts(self.given)
            return list(self.given)
        assert self.drawn is not None
        return list(items_of(self.definition, self.drawn))

    def scorer(self, session: Session, items: Sequence[Item]) -> Scorer:
        """The scorer, which knows the labels and the embedder. Raises UsageError: a function is not known here."""
        d = self.definition
        if d.function is None and d.scorer.startswith("function "):
            raise UsageError(f"this evaluation scores with a {d.scorer}: give it again with scorer=…")
        labels = sorted({item.expected for item in items if item.expected is not None})
        if d.scorer == "similarity":
            from .similarity import similarity

            return scorer_of(d.scorer, embed=similarity(session.settings.home))
        return scorer_of(d.function or d.scorer, labels)


def check_texts(items: Sequence[Item]) -> None:
    """Raise UsageError for items whose texts the ledger did not keep."""
    if any(not item.prompt for item in items):
        raise UsageError("store_text = false: the ledger kept no texts, so this evaluation can't be gone on with")


def _check_prices(session: Session, definition: Definition, arms: Sequence[Arm]) -> None:
    if definition.budget is None:
        return
    for arm in arms:
        unpriced = session.engine.prices.cost(arm.ref, Usage(1_000, 1_000)) is None
        if unpriced and arm.ref not in session.settings.budget.allow_unpriced:
            raise UsageError(
                f"the price of {arm.ref} is not known, so a cap of ${definition.budget:f} can't be kept: give "
                f'its price in [prices."{arm.ref}"], allow it by name in [budget] allow_unpriced, or take budget=None'
            )


def _dearness(session: Session, arm: Arm) -> Decimal:
    """What a usual call costs; the unpriced come last."""
    cost = session.engine.prices.cost(arm.ref, Usage(1_000, 200))
    return Decimal("Infinity") if cost is None else cost
