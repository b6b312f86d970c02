"""Who is asked: the baseline and the candidates, each with the model behind its name when the run began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..models import split, tier_ref
from ..request import Prepared
from ..session import Session
from .definition import Definition
from .items import Item

BASELINE, AGAIN, JUDGE = "baseline", "again", "judge"


@dataclass(frozen=True)
class Arm:
    """One model of an evaluation.

    Attributes:
        name: tier or ``provider:model``, as it was asked for.
        ref: the model behind it.
    """

    name: str
    ref: str
    simulated: bool

    @property
    def tier(self) -> str | None:
        """The tier that it was asked for by, None for a model."""
        return None if ":" in self.name else self.name

    def prepare(self, session: Session, item: Item, definition: Definition, parent: str, again: bool) -> Prepared:
        """The checked request for an item; ``again`` leaves the cache alone. Raises UsageError; sends nothing."""
        options: dict[str, Any] = {
            "system": item.system,
            "feature": definition.feature,
            "max_tokens": definition.max_tokens,
            "no_cache": definition.fresh or again,
        }
        return self._prepare(session, item.prompt, {**options, "action": None, "purpose": "eval"}, parent)

    def prepare_judge(
        self, session: Session, prompt: str, system: str, definition: Definition, parent: str
    ) -> Prepared:
        """The checked request of a judge."""
        options = {"system": system, "feature": definition.feature, "no_cache": definition.fresh}
        return self._prepare(session, prompt, {**options, "action": None, "purpose": "judge"}, parent)

    def _prepare(self, session: Session, prompt: str, options: Mapping[str, Any], parent: str) -> Prepared:
        if self.tier is not None:
            ready = session.prepare(prompt, tier=self.tier, parent_id=parent, **options)
            if ready.request.ref == self.ref:
                return ready
        # By its name: another tier must not answer for one that can't be asked, or has another model by now.
        return session.prepare(prompt, model=self.ref, parent_id=parent, **options)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def arm_of(session: Session, name: str) -> Arm:
    """The model behind ``name`` now.

    Raises:
        UsageError: no such tier or model, or it can't be asked from here.
    """
    ref = name if ":" in name else tier_ref(session.settings, name)
    session.engine.reach.check(ref)
    return Arm(name, ref, session.settings.providers[split(ref)[0]].kind == "sim")
