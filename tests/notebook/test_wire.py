"""What the kernel sends to its widgets, against the examples that the front end's own tests read."""

from __future__ import annotations

import json
import types
import typing
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest

import costmagic as cm
from costmagic import Session
from costmagic.comparison import Running as RunningColumns
from costmagic.comparison import prepare
from costmagic.money import dollars
from costmagic.notebook import compare_comm, compare_wire, voting, wire
from costmagic.notebook.compare_live import LiveColumns
from costmagic.notebook.running import Running
from costmagic.notebook.totals import state
from costmagic.providers import sim

COMPARE_TO_KERNEL = (
    compare_wire.StopColumn | compare_wire.VoteOn | compare_wire.Keep | compare_wire.Reveal | compare_wire.Against
)
WIRE = Path(__file__).parents[1] / "wire"


def examples(name: str, kind: str) -> list[Any]:
    return list(json.loads((WIRE / f"{name}.json").read_text("utf-8"))[kind])


def fits(value: Any, shape: Any) -> bool:
    """Whether ``value``, as JSON gives it, has the type ``shape``."""
    origin, parts = typing.get_origin(shape), typing.get_args(shape)
    if typing.is_typeddict(shape):
        fields = typing.get_type_hints(shape)
        return (
            isinstance(value, dict)
            and value.keys() == fields.keys()
            and all(fits(value[name], part) for name, part in fields.items())
        )
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, part) for part in parts)
    if origin is Literal:
        return any(value == part and type(value) is type(part) for part in parts)
    if origin is list:
        return isinstance(value, list) and all(fits(item, parts[0]) for item in value)
    if shape is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return type(value) is shape


@pytest.mark.parametrize(
    ("name", "kind", "shape"),
    [
        ("meter", "states", wire.MeterState),
        ("meter", "to_kernel", wire.ToKernel),
        ("meter", "answers", wire.Answer),
        ("totals", "states", wire.TotalsState),
        ("compare", "states", compare_wire.CompareState),
        ("compare", "to_kernel", COMPARE_TO_KERNEL),
        ("compare", "judging", compare_wire.Judging),
        ("compare", "judged", compare_wire.Judged),
    ],
)
def test_the_examples_fit_the_types(name: str, kind: str, shape: Any) -> None:
    for example in examples(name, kind):
        assert fits(example, shape), example
        assert not fits({**example, "surplus": 1}, shape)
        for field in example:
            assert not fits({key: value for key, value in example.items() if key != field}, shape)


@pytest.mark.parametrize("case", json.loads((WIRE / "dollars.json").read_text("utf-8")), ids=lambda case: case["shown"])
def test_dollars_are_shown_as_in_the_browser(case: dict[str, Any]) -> None:
    cost = None if case["cost"] is None else Decimal(case["cost"])
    assert dollars(cost, case["at_least"]) == case["shown"]


def test_a_running_call_fits_from_beginning_to_end(session: Session) -> None:
    sim.script("sim:claude-haiku-4-5", answers={"Hello": "one two three " * 40}, fail=[429])
    stream = session.stream("Hello", model="sim:claude-haiku-4-5", fresh=True)
    running = Running(session.engine, stream.call)
    states = [running.state()]
    for _ in stream:
        states.append(running.state(stopping=len(states) > 50))
    states.append(running.state())
    assert all(fits(one, wire.MeterState) for one in states)
    assert [one["phase"] for one in states[:2]] == ["waiting", "streaming"]
    assert states[60]["phase"] == "stopping"
    assert (states[0]["input_tokens"], states[0]["cost"]) == (None, None)
    assert (states[1]["simulated"], states[1]["retries"], states[1]["cache"]) == (True, 1, "refreshed")
    reply, last = stream.reply, states[-1]
    assert (last["phase"], last["output_tokens"], last["cost"]) == (
        "done",
        reply.usage.output_tokens,
        f"{reply.cost:f}",
    )
    # The estimate grows with the reply and ends near the exact figure.
    tokens = [one["output_tokens"] for one in states]
    assert tokens == sorted(tokens)
    assert tokens[-2] == pytest.approx(tokens[-1], rel=0.1)
    assert Decimal(states[20]["cost"] or 0) < Decimal(states[-1]["cost"] or 0)


def test_an_unpriced_call_has_no_cost_rather_than_none_at_all(session: Session) -> None:
    sim.script("sim:nobody-knows-it", answers={"Hello": "one two three"})
    stream = session.stream("Hello", model="sim:nobody-knows-it")
    next(stream)
    now = Running(session.engine, stream.call).state()
    assert now["input_tokens"]
    assert now["cost"] is None


def test_the_running_total_fits_and_counts(session: Session) -> None:
    assert fits(state(session), wire.TotalsState)
    session.budget("5/day")
    session.budget("0.5/session", feature="tickets")
    for _ in range(2):
        session.ask("Hello", model="sim:claude-haiku-4-5")
    now = state(session)
    assert fits(now, wire.TotalsState)
    assert (now["calls"], now["hits"], now["cost"], now["unpriced"]) == (2, 1, "0", 0)
    assert Decimal(now["simulated_cost"]) > 0
    assert [(b["name"], b["limit"], b["left"]) for b in now["budgets"]] == [
        ("day", "5", "5"),
        ("session tickets", "0.5", "0.5"),
    ]


@pytest.mark.parametrize("blind", [False, True])
def test_running_columns_fit_from_beginning_to_end(session: Session, blind: bool) -> None:
    sim.script("sim:claude-opus-5-5", answers={"Hello": "**one** two"}, tokens_per_s=20)
    sim.script("sim:claude-haiku-5-5", fail=400)
    sim.script("sim:claude-sonnet-5-5", answers=lambda prompt: "on and on " * 500, tokens_per_s=100)
    comparison = prepare("Hello", "heavy,medium,standard", session=session, blind=blind)
    running = RunningColumns(comparison.columns)
    live = LiveColumns(session, comparison, running)
    long = next(i for i, column in enumerate(comparison.columns) if column.name == "standard")
    states = [live.state()]
    with running:
        running.start()
        while not all(c.ended for c in comparison.columns if c.name != "standard"):
            running.wait(0.02)
            states.append(live.state())
        live._on_message({"type": "against", "column": long})
        states.append(live.state())
        live._on_message({"type": "stop", "column": long})
        states.append(live.state())
        while not running.wait(0.1):
            pass
    states.append(live.state())
    assert all(fits(one, compare_wire.CompareState) for one in states)
    by_name = {column.name: states[-1]["columns"][i] for i, column in enumerate(comparison.columns)}
    assert [by_name[name]["phase"] for name in ("heavy", "medium", "standard")] == ["ok", "error", "interrupted"]
    assert {"waiting"} == {column["phase"] for column in states[0]["columns"]}
    assert "<ins>" in next(c for s in states[-2:] for c in s["columns"] if c["phase"] == "ok")["html"]
    assert [by_name[name]["can_vote"] for name in ("heavy", "medium", "standard")] == [True, False, False]
    said = json.dumps(states)
    assert ("claude" in said, "SIMULATED" in said) == (not blind, not blind)
    assert all((column["figures"] is None) == blind for column in states[-1]["columns"])


def test_clicks_on_a_finished_comparison_are_answered(session: Session) -> None:
    voting.forget()
    comparison = cm.compare("Hello", "heavy,medium", session=session)
    asked = {"comparison": comparison.id, "do": None}
    assert compare_comm.answer(asked)["known"] is False
    voting.remember(comparison)
    answers = [compare_comm.answer(asked)]
    answers.append(compare_comm.answer({**asked, "do": {"type": "vote", "column": 1, "good": False}}))
    assert [column.vote for column in comparison.columns] == [None, False]
    answers.append(compare_comm.answer({**asked, "do": {"type": "keep", "column": 1}}))
    answers.append(compare_comm.answer({**asked, "do": {"type": "vote", "column": 99, "good": True}}))
    answers.append(compare_comm.answer({**asked, "do": {"type": "vote", "column": 1, "good": None}}))
    assert comparison.columns[1].vote is None
    assert all(fits(one, compare_wire.Judged) for one in answers)
    assert [one["error"] for one in answers[:2]] == [None, None]
    assert "not good enough" in str(answers[2]["error"])
    assert "no column" in str(answers[3]["error"])
    for odd in ({}, {"comparison": comparison.id, "do": {"type": "odd"}}, {"comparison": 7, "do": []}):
        assert fits(compare_comm.answer(odd), compare_wire.Judged)
