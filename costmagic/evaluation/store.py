"""Runs in the ledger: written as they go, so that a killed kernel loses nothing that was paid."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ..accounting.money import from_nusd, to_nusd
from ..session import Session
from ..types import UsageError
from .arms import Arm
from .definition import Definition
from .items import Item
from .schedule import Slot
from .tally import Answer


@dataclass(frozen=True)
class Stored:
    """A run as the ledger holds it.

    Attributes:
        answers: by arm and position.
        bought: what calls gave whose answers were not written any more, because the process died.
        spent, simulated: USD of all calls of the run; ``unpriced`` of them are of unknown price.
        cut: slots whose call was under way when the process died: what it cost is not known.
    """

    id: str
    definition: Definition
    phase: str
    created_at: datetime
    baseline: Arm
    candidates: tuple[Arm, ...]
    judge: Arm | None
    items: tuple[Item, ...]
    answers: Mapping[Slot, Answer]
    bought: Mapping[Slot, Answer]
    spent: Decimal
    simulated: Decimal
    unpriced: int
    cut: tuple[Slot, ...]


@dataclass(frozen=True)
class Listed:
    """A run in a list: ``summary`` is how it stood when its phase last changed, for people."""

    id: str
    created_at: datetime
    feature: str | None
    phase: str
    summary: Mapping[str, Any]


def create(
    session: Session, run_id: str, definition: Definition, arms: Sequence[Arm], judge: Arm | None, items: Sequence[Item]
) -> None:
    """Write down a run that is about to begin. Raises LedgerError."""
    from ..accounting import evaluations

    keep = session.settings.store_text
    evaluations.create(
        session.engine.ledger,
        {
            "id": run_id,
            "notebook": session.notebook,
            "feature": definition.feature,
            "phase": "running",
            "definition": json.dumps(definition.to_json(), ensure_ascii=False),
            "arms": json.dumps({"arms": [arm.to_json() for arm in arms], "judge": judge and judge.to_json()}),
        },
        [
            {
                "run_id": run_id,
                "position": item.position,
                "label": item.label,
                "prompt": _clean(item.prompt) if keep else "",
                "system": _clean(item.system) if keep else None,
                "expected": _clean(item.expected) if keep else None,
            }
            for item in items
        ],
    )


def add(session: Session, run_id: str, answers: Sequence[tuple[Slot, Answer]]) -> None:
    """Write down answers, and what they were found to be worth. Raises LedgerError."""
    from ..accounting import evaluations

    keep = session.settings.store_text
    rows = [
        {
            "run_id": run_id,
            "arm": slot.arm,
            "position": slot.position,
            "call_id": answer.call_id,
            "text": _clean(answer.text) if keep else None,
            "cost_nusd": to_nusd(answer.cost),
            "price_nusd": to_nusd(answer.price),
            "simulated": answer.simulated,
            "score": answer.score,
            "error": _clean(answer.error),
        }
        for slot, answer in answers
    ]
    # What a simulated model is worth is nothing that a router should learn.
    qualities = {
        answer.call_id: answer.score
        for slot, answer in answers
        if answer.call_id and answer.score is not None and slot.judged is None and not answer.simulated
    }
    evaluations.add_answers(session.engine.ledger, rows, qualities)


def change(session: Session, run_id: str, phase: str, summary: Mapping[str, Any]) -> None:
    """Write down that the phase is another one. Raises LedgerError."""
    from ..accounting import evaluations

    text = json.dumps(summary, ensure_ascii=False)
    evaluations.change(session.engine.ledger, run_id, phase=phase, summary=text)


def redefine(session: Session, run_id: str, definition: Definition) -> None:
    """Write down another cap. Raises LedgerError."""
    from ..accounting import evaluations

    text = json.dumps(definition.to_json(), ensure_ascii=False)
    evaluations.change(session.engine.ledger, run_id, definition=text)


def runs(session: Session, n: int = 20) -> list[Listed]:
    """The last ``n`` runs, newest first. Raises LedgerError."""
    from ..accounting import evaluations

    return [
        Listed(
            row["id"],
            row["created_at"].replace(tzinfo=UTC),
            row["feature"],
            row["phase"],
            json.loads(row["summary"]) if row["summary"] else {},
        )
        for row in evaluations.runs(session.engine.ledger, n)
    ]


def answered(session: Session, run_id: str) -> int:
    """How many answers a run has so far. Raises LedgerError."""
    from ..accounting import evaluations

    return evaluations.count_answers(session.engine.ledger, run_id)


def load(session: Session, run_id: str) -> Stored:
    """A stored run.

    Raises:
        UsageError: there is no such run.
        LedgerError: the ledger can't be read.
    """
    from ..accounting import evaluations

    ledger = session.engine.ledger
    found = evaluations.run(ledger, run_id)
    if found is None:
        raise UsageError(f"the ledger at {ledger.name} holds no evaluation '{run_id:.40}'")
    row, items, answers = found
    arms = json.loads(row["arms"])
    baseline, *candidates = (Arm(**arm) for arm in arms["arms"])
    known = {Slot(answer["arm"], answer["position"]): _answer(answer) for answer in answers}
    calls = evaluations.calls_of(ledger, run_id)
    costs = [from_nusd(call["cost_nusd"]) for call in calls]
    bought: dict[Slot, Answer] = {}
    cut: list[Slot] = []
    for call in calls:
        arm, _, position = call["parent_id"].removeprefix(f"{run_id}/").rpartition("/")
        slot = Slot(arm, int(position))
        if call["latency_ms"] is None:
            cut.append(slot)
        elif slot not in known and call["status"] in ("ok", "refused") and call["reply"] is not None:
            cost = from_nusd(call["cost_nusd"])
            bought[slot] = Answer(call["reply"], call["id"], cost, cost, call["usage_source"] == "simulated")
    return Stored(
        run_id,
        Definition.from_json(json.loads(row["definition"])),
        row["phase"],
        row["created_at"].replace(tzinfo=UTC),
        baseline,
        tuple(candidates),
        Arm(**arms["judge"]) if arms["judge"] else None,
        tuple(Item(i["position"], i["label"], i["prompt"], i["system"], i["expected"]) for i in items),
        known,
        bought,
        sum((cost for cost in costs if cost is not None), Decimal(0)),
        sum((c for c, call in zip(costs, calls, strict=True) if c and call["usage_source"] == "simulated"), Decimal(0)),
        costs.count(None),
        tuple(cut),
    )


def _answer(row: Mapping[str, Any]) -> Answer:
    return Answer(
        row["text"],
        row["call_id"],
        from_nusd(row["cost_nusd"]),
        from_nusd(row["price_nusd"]),
        bool(row["simulated"]),
        row["score"],
        row["error"],
    )


def _clean(text: str | None) -> str | None:
    """PostgreSQL's texts can't hold the character U+0000."""
    return None if text is None else text.replace("\0", "\ufffd")
