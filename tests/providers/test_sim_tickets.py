"""Simulated models know the bundled tickets, each as well as the table says."""

from __future__ import annotations

import json

import pytest

from costmagic import Session
from costmagic.config import load
from costmagic.evaluation.verdict import PairedTest
from costmagic.providers import sim
from costmagic.providers.sim import SimProvider
from costmagic.providers.sim_tickets import ACCURACY, OTHERS
from costmagic.tickets import DEPARTMENTS, tickets
from costmagic.types import Message, Request

TICKETS = tickets()
QUESTION = "Which department should handle this ticket? Answer with one word.\n\n"


def _answers(model: str, before: str = QUESTION, **options) -> list[str]:
    provider = SimProvider("sim", load())
    requests = (Request("sim", model, (Message("user", before + ticket.text),), **options) for ticket in TICKETS)
    return ["".join(delta.text for delta in provider.stream(request)) for request in requests]


def _right(answers: list[str]) -> list[bool]:
    return [answer == ticket.department for answer, ticket in zip(answers, TICKETS, strict=True)]


@pytest.mark.parametrize("model", [*ACCURACY, "claude-3-opus"])
def test_a_model_knows_exactly_its_share_of_the_tickets(model) -> None:
    answers = _answers(model)
    assert sum(_right(answers)) == round(300 * ACCURACY.get(model, OTHERS))
    assert set(answers) <= set(DEPARTMENTS)
    assert _answers(model) == answers


def test_what_a_dear_model_gets_wrong_a_cheap_one_gets_wrong_too() -> None:
    dear, cheap = _right(_answers("claude-opus-5-5")), _right(_answers("claude-haiku-5-5"))
    assert all(d >= c for d, c in zip(dear, cheap, strict=True))


@pytest.mark.parametrize(
    ("candidate", "state"),
    [("claude-sonnet-5-5", "pass"), ("claude-haiku-4-5", "undecided"), ("claude-haiku-5-5", "fail")],
)
def test_the_300_tickets_are_enough_to_show_every_verdict(candidate, state) -> None:
    test = PairedTest(0.02, 0.05 / 3)
    for ours, theirs in zip(_right(_answers("claude-opus-5-5")), _right(_answers(candidate)), strict=True):
        test.add(ours, theirs)
    assert test.state == state


@pytest.mark.parametrize("before", ["Summarize: ", "", "Is the writer angry? "])
def test_a_question_that_is_not_about_the_department_gets_a_plain_sentence(before) -> None:
    assert all("simulated reply" in answer for answer in _answers("claude-opus-5-5", before))


def test_the_question_may_stand_in_the_system_prompt() -> None:
    assert sum(_right(_answers("claude-opus-5-5", "", system="Route each ticket to a department."))) == 291


def test_json_is_answered_with_json() -> None:
    found = {json.loads(answer)["department"] for answer in _answers("claude-opus-5-5", json=True)}
    assert found == set(DEPARTMENTS)


@pytest.mark.parametrize(("options", "share"), [({"accuracy": 0.5}, 0.5), ({"latency": 0.0}, 0.97)])
def test_a_script_without_answers_may_change_the_accuracy(options, share) -> None:
    sim.script("sim:claude-opus-5-5", **options)
    assert sum(_right(_answers("claude-opus-5-5"))) == 300 * share


def test_the_answers_of_a_script_come_first() -> None:
    sim.script("sim:claude-opus-5-5", answers=lambda prompt: "no idea")
    assert set(_answers("claude-opus-5-5")) == {"no idea"}


def test_a_cached_answer_of_a_script_is_not_the_models_own(session: Session) -> None:
    prompt, model = QUESTION + TICKETS[0].text, "sim:claude-haiku-5-5"
    own = session.ask(prompt, model=model).text
    sim.script(model, accuracy=0.0)
    assert session.ask(prompt, model=model).text == TICKETS[0].mistaken
    sim.reset()
    assert session.ask(prompt, model=model).text == own
