"""The plan as the kernel tells it to the panel."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from made_ledger import call, filled

from costmagic import session as sessions
from costmagic.notebook import panel, plan_wire
from notebook.test_wire import fits


def ask(days: Any = 30) -> dict[str, Any]:
    return dict(json.loads(json.dumps(panel.answer({"id": 1, "type": "plan", "days": days}), allow_nan=False)))


def test_the_panel_gets_the_plan_of_the_default_session() -> None:
    session = filled(*(call("a", seconds_ago=900 - n) for n in range(3)))
    sessions.use(session)
    body = ask()["body"]
    assert fits(body, plan_wire.Plan), body
    assert (Decimal(body["bill"]), Decimal(body["projected"])) == (Decimal("0.0045"), Decimal("0.0015"))
    (step,) = [step for step in body["steps"] if Decimal(step["saving"])]
    assert (step["name"], Decimal(step["left"]), step["assumed"]) == ("exact cache", Decimal("0.0015"), False)
    assert step["cell"] == f"# costmagic.toml:\n#   [cache]\n#   ttl_days = 30\n{step['code']}"


def test_an_empty_ledger_is_a_plan_too() -> None:
    body = ask(7)["body"]
    assert fits(body, plan_wire.Plan)
    assert (body["calls"], body["bill"], body["days"]) == (0, "0", 7)


@pytest.mark.parametrize(("days", "told"), [(None, "must be a number"), ("7", "must be a number"), (-1, "above 0")])
def test_days_that_make_no_sense_are_refused(days: Any, told: str) -> None:
    answer = ask(days)
    assert answer["body"] is None
    assert told in answer["error"]
