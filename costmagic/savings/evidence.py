"""What is known of cheaper models: downgrades that are adopted, and evaluations that passed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..models import tier_ref
from ..staleness import Staleness
from .workload import Workload

# The newest evaluations that are looked at.
MAX_RUNS = 200


@dataclass(frozen=True, slots=True)
class Evidence:
    """That ``target`` is good enough for the calls of ``feature`` on ``source``; both are models.

    Attributes:
        run: id of the evaluation that could be adopted, None where that has been done.
        margin: the loss of quality that was accepted, a share; None where that is not known.
    """

    feature: str
    source: str
    target: str
    told: str
    run: str | None = None
    margin: Decimal | None = None


def evidence(work: Workload) -> list[Evidence]:
    """One for each feature: what has been adopted, else the newest evaluation in which a model passed."""
    found = {one.feature: one for one in _passed(work)}
    found |= {one.feature: one for one in _adopted(work)}
    return list(found.values())


def _adopted(work: Workload) -> Iterator[Evidence]:
    """``[[downgrade]]`` in the settings; of several for one feature the last counts."""
    settings = work.engine.settings

    def ref(name: str) -> str:
        return name if ":" in name else tier_ref(settings, name)

    staleness = Staleness(settings, work.engine.prices)
    for one in settings.downgrade:
        stale = "; ".join(staleness.of(one))
        told = f"{one} (STALE: {stale})" if stale else str(one)
        yield Evidence(one.feature, ref(one.source), ref(one.target), told, margin=one.evidence.get("margin"))


def _passed(work: Workload) -> Iterator[Evidence]:
    """Finished evaluations with a passing candidate, oldest first; of several the cheapest."""
    from ..accounting.evaluations import runs

    for row in reversed(runs(work.engine.ledger, MAX_RUNS)):
        if not row["feature"] or row["phase"] != "done" or not row["summary"]:
            continue
        summary, definition = json.loads(row["summary"]), json.loads(row["definition"])
        passing = [c for c in summary["candidates"] if c["state"] == "pass" and c["cost_per_1000"] is not None]
        cheapest = min(passing, key=lambda c: Decimal(c["cost_per_1000"]), default=None)
        # What a simulated model is worth says nothing of a real one.
        if cheapest is not None and cheapest["ref"].startswith("sim:") == work.simulated:
            margin = Decimal(str(definition["margin"]))
            told = _told(row["feature"], summary["baseline"]["name"], cheapest, margin)
            yield Evidence(row["feature"], summary["baseline"]["ref"], cheapest["ref"], told, row["id"], margin)


def _told(feature: str, baseline: str, candidate: Mapping[str, Any], margin: Decimal) -> str:
    drop = f", drop {candidate['drop']:.1%}" if candidate["drop"] is not None else ""
    return (
        f"{baseline} → {candidate['name']} for feature '{feature}' passed{drop}, margin {margin:.1%}, "
        f"{candidate['n']:,} pairs, not adopted yet"
    )
