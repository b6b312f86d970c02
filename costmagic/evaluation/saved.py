"""Evaluations in JSON files: plain values, money as decimal strings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..types import UsageError
from .arms import Arm
from .definition import Definition
from .findings import Findings
from .items import Item
from .plain_rule import PlainRule
from .progress import BaselineState, CandidateState, RunState
from .setup import Setup
from .tally import Answer

VERSION = 1
_MONEY = {"cost", "price", "spent", "simulated_spent", "cap", "cost_per_1000", "judge_cost"}


def save(found: Findings, path: Path) -> Path:
    """Write it to ``path``; raises UsageError when that can't be done."""
    setup = found.setup
    body = {
        "costmagic_evaluation": VERSION,
        "id": setup.id,
        "definition": setup.definition.to_json(),
        "arms": [arm.to_json() for arm in setup.arms],
        "judge": setup.judge and setup.judge.to_json(),
        "state": asdict(found.state),
        "items": [asdict(item) for item in found.items],
        "answers": [
            {"arm": arm, "position": position, **asdict(answer)}
            for (arm, position), answer in sorted(found.answers.items())
        ],
    }
    try:
        path.write_text(json.dumps(body, ensure_ascii=False, indent=1, default=_plain), "utf-8")
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from None
    return path


def load(path: Path) -> Findings:
    """The evaluation in a file. Raises UsageError."""
    try:
        body = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None
    except ValueError:
        body = None
    if not isinstance(body, dict) or body.get("costmagic_evaluation") != VERSION:
        raise UsageError(f"{path} is no saved evaluation")
    try:
        return _from_json(body)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise UsageError(f"{path} is damaged: {type(error).__name__}: {error}") from None


def _from_json(body: Mapping[str, Any]) -> Findings:
    definition = Definition.from_json(body["definition"])
    baseline, *candidates = (Arm(**arm) for arm in body["arms"])
    items = [Item(**item) for item in body["items"]]
    judge = Arm(**body["judge"]) if body["judge"] else None
    setup = Setup(
        body["id"],
        definition,
        baseline,
        tuple(candidates),
        judge,
        len(items),
        None,
        tuple(items),
        tuple(c.name for c in candidates),
        0,
    )
    answers = {(a["arm"], a["position"]): _made(Answer, a) for a in body["answers"]}
    state = dict(body["state"])
    state["baseline"] = _made(BaselineState, state["baseline"])
    state["candidates"] = tuple(_made(CandidateState, candidate) for candidate in state["candidates"])
    state["remarks"] = tuple(state.get("remarks", ()))
    return Findings(setup, tuple(items), answers, _made(RunState, state))


def _made(kind: Any, values: Mapping[str, Any]) -> Any:
    given = {f.name: values[f.name] for f in fields(kind)}
    for name, value in given.items():
        money = name in _MONEY or (kind is RunState and name == "simulated")
        if money and value is not None:
            given[name] = Decimal(value)
        if name == "plain" and value is not None:
            given[name] = PlainRule(**value)
    return kind(**given)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.item() if hasattr(value, "item") else str(value)
