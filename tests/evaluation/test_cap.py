"""The run's own cap: never exceeded, whatever the threads do, simulated dollars like real ones."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import paid_server
import pytest
from known import PROMPT, script, tickets

from costmagic import Session, UsageError, sim
from costmagic.evaluation import begin, define
from costmagic.evaluation.purse import Purse

BOUGHT, OTHER = "shop:words", "shop:others"  # the shop sells words under any name


def spent(session: Session) -> Decimal:
    return sum((Decimal(int(nusd)) for nusd in session.ledger()["cost_nusd"]), Decimal(0)) / 10**9


def test_the_cap_is_never_exceeded_by_32_threads_and_what_it_allows_is_spent() -> None:
    with paid_server.shop() as shop:
        settings = {k: v for k, v in paid_server.settings(shop, "1").items() if k != "budget"}
        session = Session(settings=settings)
        rows = [{"text": str(i), "label": "word"} for i in range(400)]
        cap = Decimal("0.1")
        definition = define(
            session, rows, "{{ text }}", expected="label", baseline=BOUGHT, candidates=OTHER, budget=cap, margin=0.001,
            max_parallel=32,
        )  # fmt: skip
        run = begin(session, definition).start()
        assert run.wait(60)
        state = run.state()
        assert state.phase == "out of budget", state.message
        charged = Decimal(paid_server.account(shop)["charged"]) / 10**9
        assert state.spent == charged == spent(session)
        assert cap - Decimal("0.002") < charged <= cap
        assert f'resume="{run.id}", budget=' in state.message
        with pytest.raises(UsageError, match="spent already"):
            run.resume(budget="0.05")
        run.resume(budget=cap * 2)
        assert run.wait(60)
        charged = Decimal(paid_server.account(shop)["charged"]) / 10**9
        assert cap < charged == run.state().spent <= cap * 2
        assert session.ledger()["prompt_hash"].value_counts().max() <= 2  # nothing was bought twice


def test_simulated_dollars_count_and_say_what_they_are(session: Session) -> None:
    frame = tickets(300)
    script(frame)
    options: dict[str, Any] = {"expected": "label", "candidates": "medium", "max_tokens": 5}
    ev = session.evaluate(frame, PROMPT, budget="0.005", max_parallel=32, **options)
    assert ev.state.phase == "out of budget"
    assert 0 < ev.state.spent <= Decimal("0.005")
    assert ev.state.simulated == ev.state.spent == spent(session)
    more = session.evaluate(resume=ev.id, budget=1)
    assert (more.state.phase, more.verdicts["medium"].state) == ("done", "pass")
    assert more.state.spent == spent(session)


def test_a_price_that_nobody_knows_can_not_be_capped(session: Session) -> None:
    sim.script("sim:nobody", answers=lambda prompt: "x")
    rows = [{"text": "a", "label": "x"}]
    options: dict[str, Any] = {"expected": "label", "candidates": "sim:nobody"}
    with pytest.raises(UsageError, match="price of sim:nobody is not known"):
        session.evaluate(rows, "{{ text }}", **options)
    ev = session.evaluate(rows, "{{ text }}", budget=None, **options)
    assert ev.verdicts["sim:nobody"].cost_per_1000 is None
    assert ev.state.unpriced == 1
    assert "≥ $" in ev.state.message


def test_a_purse_holds_back_what_calls_could_cost() -> None:
    purse = Purse(Decimal(1))
    assert purse.reserve(Decimal("0.6"))
    assert not purse.reserve(Decimal("0.5"))
    assert purse.reserve(Decimal("0.4"))
    purse.settle(Decimal("0.6"), Decimal("0.1"), simulated=False)
    assert purse.reserve(Decimal("0.5"))
    assert not purse.reserve(Decimal("0.000000001"))
    assert (purse.spent, purse.reserved, purse.simulated) == (Decimal("0.1"), Decimal("0.9"), 0)


def test_a_budget_of_the_users_stops_a_run_too() -> None:
    with paid_server.shop() as shop:
        session = Session(settings=paid_server.settings(shop, "0.01"))
        rows = [{"text": str(i), "label": "word"} for i in range(100)]
        ev = session.evaluate(rows, "{{ text }}", expected="label", baseline=BOUGHT, candidates=OTHER)
        assert ev.state.phase == "out of budget"
        assert "daily budget of $0.01" in ev.state.message
        assert Decimal(paid_server.account(shop)["charged"]) / 10**9 <= Decimal("0.01")
