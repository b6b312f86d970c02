"""``routing.llm``: the routing tier is asked where the learned router is unsure, and only there."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from costmagic import Session, sim
from costmagic.second_opinion import parse

# Nobody can tell what this asks for.
UNCLEAR = "florp the zzq, then ~~ 17?? wub"


@pytest.fixture
def session(home: Path) -> Session:
    # `sure = 1` makes every verdict an unsure one, whatever was learned.
    return Session(home, settings={"preset": "sim", "routing": {"llm": True, "sure": 1}})


def answers(text: str) -> None:
    sim.script("sim:claude-haiku-5-5", lambda prompt: text if "Label and digit" in prompt else "the reply")


def test_the_routing_tier_settles_the_route_and_is_paid_for(session: Session) -> None:
    answers("math and reasoning 3")
    reply = session.ask(UNCLEAR, feature="f", action="a")
    assert (reply.tier, reply.route.source, reply.route.task) == ("heavy", "llm", "math and reasoning")
    assert "sim:claude-haiku-5-5 says math and reasoning, difficulty 3" in reply.route.reason
    ledger = session.ledger()
    asked, answered = ledger.iloc[0], ledger.iloc[1]
    if asked["purpose"] != "route":
        asked, answered = answered, asked
    assert (asked["purpose"], asked["parent_id"], asked["tier"]) == ("route", answered["id"], "routing")
    assert (asked["feature"], asked["action"]) == ("f", "a")
    assert asked["cost_nusd"] > 0
    assert answered["route_source"] == "llm"
    totals = session.totals
    spent = (int(asked["cost_nusd"]) + int(answered["cost_nusd"])) / Decimal(10**9)
    assert (totals.calls, totals.simulated_cost) == (2, spent)


def test_a_rule_or_a_wish_is_not_asked_about(session: Session) -> None:
    answers("code 1")
    session.ask("Translate to French: good morning")
    session.ask(UNCLEAR, tier="medium")
    session.ask(UNCLEAR, purpose="judge")
    assert set(session.ledger()["purpose"]) == {"user", "judge"}


def test_it_is_off_unless_switched_on(home: Path) -> None:
    session = Session(home, settings={"preset": "sim", "routing": {"sure": 1}})
    answers("code 1")
    reply = session.ask(UNCLEAR)
    assert (reply.tier, reply.route.label) == ("medium", "default")
    assert len(session.ledger()) == 1


def test_nothing_is_sent_to_explain_or_estimate(session: Session) -> None:
    session.route(UNCLEAR)
    session.estimate(UNCLEAR)
    session.rehearse(UNCLEAR)
    assert len(session.ledger()) == 0


@pytest.mark.parametrize("answer", ["I'd love to help!", "", "42"])
def test_an_answer_without_a_label_leaves_the_default(session: Session, answer: str) -> None:
    answers(answer)
    reply = session.ask(UNCLEAR)
    assert (reply.tier, reply.text) == ("medium", "the reply")
    assert "its answer is no label" in reply.route.reason


def test_a_failure_leaves_the_default_and_is_booked(session: Session) -> None:
    def fail(prompt: str, attempt: int) -> int | None:
        return 500 if "Label and digit" in prompt else None

    sim.script("sim:claude-haiku-5-5", answers={"florp": "the reply"}, fail=fail)
    reply = session.ask(UNCLEAR)
    assert reply.tier == "medium"
    assert "could not be asked" in reply.route.reason
    assert sorted(session.ledger()["status"]) == ["error", "ok"]


def test_the_same_prompt_is_not_asked_about_twice(session: Session) -> None:
    answers("creative writing 2")
    session.ask(UNCLEAR)
    assert session.ask(UNCLEAR).cache == "exact"
    hits = session.ledger().query("purpose == 'route'")["cache"].tolist()
    assert sorted(hits) == ["exact", "none"]


def test_an_interrupt_while_asking_sends_nothing_more(session: Session) -> None:
    answers("code 1")
    stream = session.stream(UNCLEAR)
    stream.call.stop.set()
    with pytest.raises(KeyboardInterrupt):
        next(stream)
    assert session.ledger()["purpose"].tolist() in ([], ["route"])


@pytest.mark.parametrize(
    ("answer", "parsed"),
    [
        ("translation 1", ("translation", 1)),
        ("**Question_Answering**: 3", ("question answering", 3)),
        ("Label: math-and-reasoning\nDigit: 2", ("math and reasoning", 2)),
        ("code", ("code", 2)),
        ("code 7", ("code", 2)),
        ("The label is analysis and planning, digit 3.", ("analysis and planning", 3)),
        ("none of them", None),
    ],
)
def test_answers_are_read(answer: str, parsed: tuple[str, int] | None) -> None:
    assert parse(answer) == parsed
