"""Runs on simulated models of known accuracy: verdicts, money, pausing, going on."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from known import PROMPT, script, tickets

import costmagic as cm
from costmagic import Session, UsageError
from costmagic.evaluation import begin, define, estimate, find
from costmagic.evaluation.progress import RunState


def test_the_cheapest_of_those_that_are_good_enough_is_found(session: Session) -> None:
    frame = tickets(250)
    script(frame, standard=1.0, medium=0.7)
    ev = session.evaluate(frame, PROMPT, expected="label", feature="tickets", candidates=["standard", "medium"])
    assert ev.state.phase == "done"
    assert {name: c.state for name, c in ev.verdicts.items()} == {"standard": "pass", "medium": "fail"}
    assert ev.cheapest_passing == "standard"
    assert ev.verdicts["medium"].n < 200  # stopped early
    assert ev.state.baseline.accuracy == 1.0
    rows = session.ledger()
    assert set(rows["purpose"]) == {"eval"}
    assert set(rows["feature"]) == {"tickets"}
    assert set(rows["route_source"]) == {"explicit"}
    spent = sum(Decimal(int(nusd)) for nusd in rows["cost_nusd"]) / 10**9
    assert ev.state.spent == ev.state.simulated == spent > 0
    # The baseline's answers are bought once, for both.
    assert (rows["tier"] == "heavy").sum() < ev.verdicts["standard"].n + ev.verdicts["medium"].n


def test_nothing_is_sent_for_an_estimate(session: Session) -> None:
    frame = tickets(300)
    script(frame)
    definition = define(session, frame, PROMPT, expected="label", candidates="medium", budget="0.5")
    figures = estimate(session, definition)
    assert (figures.items, figures.rows, figures.calls) == (300, 300, 600)
    assert figures.low is not None
    assert figures.likely is not None
    assert figures.most == Decimal("0.5")
    assert 0 < figures.low <= figures.likely
    assert figures.simulated
    assert len(session.ledger()) == 0


def test_pausing_and_going_on_loses_nothing_and_pays_nothing_twice(session: Session) -> None:
    frame = tickets(200)
    script(frame, latency=0.01)
    seen: list[RunState] = []
    run = begin(session, define(session, frame, PROMPT, expected="label", candidates="medium"))
    run.watch(lambda state: seen.append(state))
    run.start()
    while run.state().calls < 20:
        assert not run.wait(0.02)
    run.pause()
    assert run.wait(30)
    state = run.state()
    assert state.phase == "paused"
    assert state.calls < 200
    assert run.id in state.message
    run.resume()
    assert run.wait(60)
    assert run.state().phase == "done"
    assert {s.phase for s in seen} >= {"running", "paused", "done"}
    rows = session.ledger()
    assert rows["prompt_hash"].value_counts().max() == 2  # once by each model
    again = find(Session(settings={"preset": "sim"}), run.id)
    assert again is run


def test_a_cancelled_run_stops_at_once_and_keeps_what_it_bought(session: Session) -> None:
    frame = tickets(200)
    script(frame, latency=0.05)
    run = begin(session, define(session, frame, PROMPT, expected="label", candidates="medium")).start()
    while run.state().calls < 10:
        assert not run.wait(0.02)
    run.cancel()
    assert run.wait(10)
    assert run.state().phase == "cancelled"
    assert 10 <= run.state().calls < 200
    assert len(run.evaluation.to_frame()) > 0


def test_adopting_puts_the_verdict_into_force_and_removing_takes_it_back(home: Path) -> None:
    Path("costmagic.toml").write_text('# mine\npreset = "sim"  # for now\n')
    frame = tickets(80)
    script(frame)
    session = Session(home)
    ev = session.evaluate(frame, PROMPT, expected="label", feature="tickets", candidates="medium", margin=0.1)
    ev.adopt()
    text = Path("costmagic.toml").read_text()
    assert text.startswith('# mine\npreset = "sim"  # for now\n')
    reply = session.ask("Which department? ticket 7", feature="tickets")
    assert (reply.tier, reply.route.source, reply.route.stale) == ("medium", "policy", ())
    assert session.ask("What is it?", feature="tickets").route.stale
    from costmagic import policy

    assert [e.feature for e in policy.policy(session).entries] == ["tickets"]
    policy.remove(session, "tickets")
    assert Path("costmagic.toml").read_text() == '# mine\npreset = "sim"  # for now\n'
    assert session.prepare("Which department? ticket 7", feature="tickets").route.source != "policy"


def test_a_mistake_is_one_line_before_anything_is_sent(session: Session) -> None:
    frame = tickets(4)
    for wrong, told in (
        ({"prompt": "{{ txt }}"}, "did you mean 'text'"),
        ({"expected": "labl"}, "did you mean 'label'"),
        ({"candidates": ["medum"]}, "unknown tier 'medum'"),
        ({"candidates": ["heavy"]}, "is the baseline"),
        ({"scorer": "exakt"}, "did you mean 'exact'"),
        ({"margin": 2}, "0.02 is 2 %"),
        ({"budget": -1}, "above 0"),
    ):
        options = {"prompt": PROMPT, "expected": "label", "candidates": ["medium"], **wrong}
        with pytest.raises(UsageError, match=told):
            cm.evaluate(frame, session=session, **options)
    assert len(session.ledger()) == 0
