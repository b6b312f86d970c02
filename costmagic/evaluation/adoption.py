"""From a verdict to a policy: the evidence that goes into ``costmagic.toml``."""

from __future__ import annotations

from datetime import date
from typing import Any

from .. import policy
from ..policy import Adopted
from ..session import Session
from ..types import UsageError
from .findings import Findings


def adopt(session: Session, found: Findings, candidate: str | None, force: bool) -> Adopted:
    """Write the policy; see ``Evaluation.adopt``."""
    feature = found.definition.feature
    if feature is None:
        raise UsageError('a policy is for a feature, and this evaluation has none: evaluate with feature="…"')
    if candidate is None and found.cheapest_passing is None and not force:
        raise UsageError(f"no candidate has passed, so there is nothing to adopt: {found.state.message}")
    name = found.named(candidate)
    state = found.verdicts[name].state
    if state != "pass" and not force:
        raise UsageError(f"{name} has not passed ({state}): adopt(force=True) takes it all the same, and says so")
    return policy.adopt(session, evidence(session, found, name))


def evidence(session: Session, found: Findings, name: str) -> dict[str, Any]:
    """The ``[[downgrade]]`` of a candidate."""
    d, c, base = found.definition, found.verdicts[name], found.state.baseline
    table: dict[str, Any] = {
        "feature": d.feature,
        "from": base.name,
        "to": c.name,
        "margin": d.margin,
        "confidence": d.confidence,
        "n": c.n,
        "dataset_hash": d.dataset_hash,
        "prompt_hash": d.prompt_hash,
        "date": date.today(),
        "evaluation": found.setup.id,
        "from_model": base.ref,
        "to_model": c.ref,
        "prompt": d.prompt,
        "prices": policy.prices(session, [base.ref, c.ref]),
    }
    if c.drop is not None and c.low is not None and c.high is not None:
        table |= {"drop": round(c.drop, 6), "interval": [round(c.low, 6), round(c.high, 6)]}
    if d.system is not None:
        table["system"] = d.system
    if c.state != "pass":
        table["forced"] = True
    return table
