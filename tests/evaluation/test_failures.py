"""What goes wrong: single failures, rate limits, keys, scorers, interrupts, a ledger without texts."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from known import MEDIUM, PROMPT, script, tickets

from costmagic import CostmagicError, Session, UsageError, sim
from costmagic.evaluation import Run, begin, define, evaluate, find, runs


def run_on(session: Session, n: int, **more: Any) -> Run:
    """A run on ``n`` tickets, medium against heavy, that no verdict ends early."""
    options = {"expected": "label", "candidates": "medium", "margin": 0.001, "max_parallel": 4, **more}
    run = begin(session, define(session, tickets(n), PROMPT, **options)).start()
    assert run.wait(60)
    return run


def test_a_failed_call_loses_its_item_and_no_other(session: Session) -> None:
    script(tickets(60), fail={"medium": lambda prompt, attempt: 400 if prompt.endswith(("7", "3")) else None})
    state = run_on(session, 60).state()
    (medium,) = state.candidates
    assert (state.phase, medium.n, medium.errors) == ("done", 48, 12)
    assert "12 items are lost to medium (sim (HTTP 400): simulated failure)" in state.message


def test_an_answer_that_the_baseline_lost_is_not_bought_from_candidates(session: Session) -> None:
    script(tickets(40), fail={"heavy": lambda prompt, attempt: 400 if prompt.endswith("7") else None})
    run = run_on(session, 40, max_parallel=1)
    (medium,) = run.state().candidates
    assert (medium.n, medium.errors) == (36, 4)
    frame = run.evaluation.to_frame()
    assert frame["baseline_error"].notna().sum() == 4
    assert len(session.ledger().query("model_requested == 'claude-haiku-5-5'")) in range(36, 41)


def test_a_provider_that_is_down_stops_the_run_and_loses_nothing(session: Session) -> None:
    calls = itertools.count()
    script(tickets(80), fail={"medium": lambda prompt, attempt: 500 if next(calls) >= 30 else None})
    run = run_on(session, 80)
    state = run.state()
    assert state.phase == "provider error"
    assert "calls of sim:claude-haiku-5-5 in a row failed: sim (HTTP 500)" in state.message
    assert "in a row failed" in state.remarks[0]
    assert state.candidates[0].errors == 0
    script(tickets(80))
    run.resume()
    assert run.wait(30)
    (medium,) = run.state().candidates
    assert (run.state().phase, medium.n, medium.errors) == ("done", 80, 0)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_no_item_would_fare_better_with_stops_the_run_at_once(session: Session, status: int) -> None:
    script(tickets(40), fail={"medium": status})
    run = run_on(session, 40, max_parallel=2)
    assert run.state().phase == "provider error"
    assert f"(HTTP {status})" in run.state().message
    assert len(session.ledger().query("model_requested == 'claude-haiku-5-5'")) <= 4
    with pytest.raises(CostmagicError, match=run.id):
        evaluate(resume=run.id, session=session)


@pytest.mark.parametrize("status", [429, 529])
def test_rate_limits_slow_it_down_and_it_recovers(session: Session, status: int) -> None:
    refusals = itertools.chain([status] * 9, itertools.repeat(None))
    script(tickets(60), fail={"medium": lambda prompt, attempt: next(refusals)})
    slowed: list[bool] = []
    options = {"expected": "label", "candidates": "medium", "margin": 0.001, "max_parallel": 8}
    run = begin(session, define(session, tickets(60), PROMPT, **options))
    run.watch(lambda state: slowed.append(state.slowed))
    run.start()
    assert run.wait(60)
    (medium,) = run.state().candidates
    assert (run.state().phase, medium.n, medium.errors) == ("done", 60, 0)
    assert any(slowed)
    assert not run.state().slowed


def test_too_many_lost_items_stop_the_run(session: Session) -> None:
    script(tickets(200), fail={"medium": lambda prompt, attempt: 400 if int(prompt[-1]) < 3 else None})
    run = run_on(session, 200)
    assert run.state().phase == "provider error"
    assert "calls of sim:claude-haiku-5-5 failed" in run.state().message


def test_a_scorer_that_raises_marks_the_item_and_not_the_run(session: Session) -> None:
    def half(answer: str, expected: str) -> float:
        if expected == "people":
            raise KeyError("people")
        return float(answer == expected)

    script(tickets(40))
    run = run_on(session, 40, scorer=half)
    (medium,) = run.state().candidates
    assert (run.state().phase, medium.n, medium.errors) == ("done", 30, 10)
    assert "the scorer raised KeyError: 'people'" in run.state().message
    frame = run.evaluation.to_frame()
    assert (frame["baseline_error"].notna() == (frame["expected"] == "people")).all()
    assert frame["baseline"].notna().all()  # what was answered is kept


def test_a_function_is_asked_for_again_when_a_run_goes_on_elsewhere(session: Session) -> None:
    script(tickets(20))
    run = run_on(session, 20, scorer=lambda a, e: a == e, budget="0.03", max_tokens=5)
    id_ = run.id
    runs._known.clear()
    with pytest.raises(UsageError, match="scores with function <lambda>, not exact"):
        find(session, id_, "exact")  # type: ignore[arg-type]
    assert find(session, id_, lambda a, e: a == e).state().candidates[0].n == 20


def test_ctrl_c_pauses_a_blocking_evaluation_and_says_how_to_go_on(session: Session) -> None:
    script(tickets(120), latency=0.05)
    timer = threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt) as caught:
        session.evaluate(tickets(120), PROMPT, expected="label", candidates="medium", margin=0.001)
    timer.join()
    told = str(caught.value)
    assert told.startswith("Paused")
    id_ = told.split('resume="')[1].split('"')[0]
    ev = session.evaluate(resume=id_)
    assert (ev.state.phase, ev.verdicts["medium"].n) == ("done", 120)
    rows = session.ledger()
    assert rows["prompt_hash"].value_counts().max() == 2


def test_a_ledger_without_texts_runs_and_can_not_be_gone_on_with(home: Path) -> None:
    silent = Session(home, settings={"preset": "sim", "store_text": False})
    script(tickets(20))
    run = run_on(silent, 20)
    assert run.state().candidates[0].n == 20
    assert run.evaluation.to_frame()["medium"].notna().all()
    id_ = run.id
    with silent.engine.ledger.transaction() as connection:
        kept = connection.exec_driver_sql("SELECT count(text) FROM evaluation_answers").scalar()
        prompts = connection.exec_driver_sql("SELECT count(*) FROM evaluation_items WHERE prompt <> ''").scalar()
        connection.exec_driver_sql("UPDATE evaluations SET phase = 'paused'")
    assert (kept, prompts) == (0, 0)
    runs._known.clear()
    found = find(silent, id_)
    found.resume()
    assert found.wait(10)
    assert "store_text = false" in found.state().message


def test_simulated_answers_teach_the_router_nothing(session: Session) -> None:
    script(tickets(10))
    run_on(session, 10)
    assert session.ledger()["quality"].isna().all()


def test_evaluations_never_follow_the_policy(home: Path) -> None:
    table = {"feature": "tickets", "from": "heavy", "to": "medium"}
    session = Session(home, settings={"preset": "sim", "downgrade": [table]})
    script(tickets(10))
    run_on(session, 10, feature="tickets")
    assert set(session.ledger()["route_source"]) == {"explicit"}
    assert set(session.ledger()["tier"]) == {"heavy", "medium"}


def test_a_refusal_is_an_answer(session: Session) -> None:
    sim.script(MEDIUM, answers=lambda prompt: "x", fail="refusal")
    sim.script("sim:claude-opus-5-5", answers=lambda prompt: "billing")
    run = begin(session, define(session, tickets(8), PROMPT, expected="label", candidates="medium", margin=0.1)).start()
    assert run.wait(20)
    (medium,) = run.state().candidates
    assert (medium.n, medium.errors, medium.accuracy) == (8, 0, 0.0)
    assert run.state().spent > Decimal(0)
