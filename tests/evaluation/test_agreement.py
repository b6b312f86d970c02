"""Without expected answers: agreement with the baseline and its ceiling; a judge of pairs."""

from __future__ import annotations

import itertools
from decimal import Decimal

from known import HEAVY, MEDIUM, PROMPT, STANDARD, script, tickets

from costmagic import Session, sim
from costmagic.evaluation import estimate
from costmagic.evaluation.definition import define

JUDGE = "sim:gpt-6-luna"


def test_agreement_measures_the_baselines_own_first(session: Session) -> None:
    frame = tickets(120)
    script(frame, medium=0.4)
    ev = session.evaluate(frame.drop(columns="label"), PROMPT, candidates=["standard", "medium"], margin=0.1)
    assert {name: c.state for name, c in ev.verdicts.items()} == {"standard": "pass", "medium": "fail"}
    base = ev.state.baseline
    assert (base.ceiling, base.ceiling_n, base.accuracy) == (1.0, 50, None)
    rows = session.ledger()
    # The second answer is a fresh one, and it leaves the cache alone.
    asked = rows[rows["tier"] == "heavy"]["prompt_hash"].value_counts()
    assert (asked == 2).sum() == 50
    assert "agrees with itself: 100.0 % of 50" in repr(ev)
    assert set(ev.disagreements("medium")["baseline_score"]) == {1.0}


def test_a_baseline_that_disagrees_with_itself_is_told(session: Session) -> None:
    frame = tickets(60)
    script(frame)
    moods = itertools.cycle(("yes", "yes", "no"))
    sim.script(HEAVY, answers=lambda prompt: next(moods))
    ev = session.evaluate(frame, PROMPT, candidates="medium")
    assert ev.state.baseline.ceiling is not None
    assert 0.2 < ev.state.baseline.ceiling < 0.9
    assert "the baseline agrees with itself on" in ev.state.message


def judge(prompt: str) -> str:
    """Prefers the longer answer, and the first of two as long."""
    first, second = (prompt.split(f"Answer {x}:\n<<<\n")[1].split("\n>>>")[0] for x in "AB")
    return "A" if len(first) >= len(second) else "B"


def test_a_judge_sees_both_orders_and_its_cost_is_counted(session: Session) -> None:
    frame = tickets(100)
    sim.script(HEAVY, answers=lambda prompt: "a good answer")
    sim.script(STANDARD, answers=lambda prompt: "a good anvver")  # as long: the judge contradicts itself
    sim.script(MEDIUM, answers=lambda prompt: "bad")
    sim.script(JUDGE, answers=judge)
    ev = session.evaluate(
        frame, PROMPT, candidates=["standard", "medium"], scorer=f"judge({JUDGE})", feature="letters", margin=0.05
    )
    standard, medium = ev.verdicts["standard"], ev.verdicts["medium"]
    assert (standard.state, standard.drop, standard.accuracy) == ("pass", 0.0, 0.5)
    assert (medium.state, medium.drop, medium.accuracy) == ("fail", 1.0, 0.0)
    rows = session.ledger()
    judged = rows[rows["purpose"] == "judge"]
    assert set(judged["feature"]) == {"letters"}
    assert set(judged["model_requested"]) == {"gpt-6-luna"}
    paid = Decimal(int(judged["cost_nusd"].sum())) / 10**9
    assert standard.judge_cost + medium.judge_cost == paid > 0
    assert ev.state.spent == Decimal(int(rows["cost_nusd"].sum())) / 10**9
    assert "Spent on judges" in repr(ev)
    assert ev.state.baseline.ceiling is None


def test_equal_answers_need_no_judge(session: Session) -> None:
    script(tickets(80))
    sim.script(JUDGE, answers=judge)
    ev = session.evaluate(tickets(80), PROMPT, candidates="medium", scorer=f"judge({JUDGE})", margin=0.05)
    assert ev.verdicts["medium"].state == "pass"
    assert not (session.ledger()["purpose"] == "judge").any()


def test_a_judge_that_says_nothing_loses_the_item(session: Session) -> None:
    sim.script(HEAVY, answers=lambda prompt: "one")
    sim.script(MEDIUM, answers=lambda prompt: "other")
    sim.script(JUDGE, answers=lambda prompt: "hard to say")
    ev = session.evaluate(tickets(20), PROMPT, candidates="medium", scorer=f"judge({JUDGE})")
    assert (ev.state.phase, ev.verdicts["medium"].n, ev.verdicts["medium"].errors) == ("done", 0, 20)
    assert "neither A, B nor TIE" in ev.state.message


def test_an_estimate_knows_of_second_answers_and_judges(session: Session) -> None:
    frame = tickets(200)
    script(frame)
    plain = estimate(session, define(session, frame, PROMPT, expected="label", candidates="medium"))
    agreement = estimate(session, define(session, frame, PROMPT, candidates="medium"))
    judged = estimate(session, define(session, frame, PROMPT, candidates="medium", scorer=f"judge({JUDGE})"))
    assert (plain.calls, agreement.calls, judged.calls) == (400, 450, 800)
    assert judged.models[-1].role == "judge"
    for figures in (plain, agreement, judged):
        assert figures.low is not None
        assert figures.likely is not None
        assert figures.low <= figures.likely
