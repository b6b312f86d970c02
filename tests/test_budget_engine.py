"""Budgets on the way of a call: reserved before it is sent, settled with it, given back when it fails."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from scripted_http import HOLD, Answer, Drop, ScriptedServer, Sse, gpt

from costmagic import BudgetError, ProviderError, Session, UsageError
from costmagic.accounting import Ledger

NANO = Decimal(1) / 10**9
USAGE = {"prompt_tokens": 20, "completion_tokens": 100, "total_tokens": 120}
HI = gpt("hi", usage=USAGE, model="big")
HELLO = Sse(HI)
HELD = Sse([HI[0], HOLD, *HI[1:]])  # the reply's text, and the rest when the test says so
COST = Decimal("0.00052")  # of that at $1 and $5 per million


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def session(server: ScriptedServer, budget: dict[str, Any] | None = None, **more: Any) -> Session:
    lab = {"kind": "openai", "base_url": f"{server.url}/v1"}
    return Session(
        settings={
            "providers": {"lab": lab},
            "prices": {"lab:big": {"input": 1, "output": 5}},
            "tiers": dict.fromkeys(("heavy", "standard", "medium", "coding", "routing"), "lab:big"),
            "max_tokens": 1_000,
            **({"budget": budget} if budget else {}),
            **more,
        }
    )


def figures(session: Session) -> tuple[Decimal, Decimal]:
    """Spent and reserved under the only limit."""
    (standing,) = session.budget().standings
    return standing.spent, standing.reserved


def most(session: Session, prompt: str) -> Decimal:
    """What the call could cost at the very most."""
    request = session.prepare(prompt).request
    cost = session.engine.estimator.most(request, session.engine.estimator.size(request))
    assert cost
    return cost


def test_a_call_that_just_fits_is_sent_and_one_that_does_not_is_not(server: ScriptedServer) -> None:
    server.play(HELLO)
    worst = most(session(server), "hello")
    with pytest.raises(BudgetError, match="daily budget of") as caught:
        session(server, {"daily": worst - NANO}).ask("hello")
    assert caught.value.worst_cost == worst
    assert server.received == []
    assert session(server).engine.ledger.count() == 0
    assert session(server, {"daily": worst}).ask("hello").text == "hi"


def test_settling_gives_back_what_the_call_did_not_use(server: ScriptedServer) -> None:
    server.play(HELD)
    own = session(server, {"daily": 5})
    stream = own.stream("hello")
    next(stream)
    assert figures(own) == (0, most(own, "hello"))
    server.released.set()
    list(stream)
    assert stream.reply.cost == COST
    assert figures(own) == (COST, 0)


def test_calls_under_way_hold_others_back(server: ScriptedServer) -> None:
    server.play(HELD, HELLO)
    own = session(server, {"session": most(session(server), "hello") * Decimal("1.5")})
    stream = own.stream("hello")
    next(stream)
    with pytest.raises(BudgetError) as caught:
        own.ask("other")
    assert caught.value.reserved == most(own, "hello")
    server.released.set()
    list(stream)
    assert own.ask("other").text == "hi"


def test_a_hit_is_free_when_the_budget_is_used_up(server: ScriptedServer) -> None:
    server.play(HELLO)
    own = session(server, {"daily": 5})
    own.ask("hello")
    own.budget(f"{COST}/day")
    assert own.ask("hello").cache == "exact"
    assert figures(own) == (COST, 0)
    with pytest.raises(BudgetError):
        own.ask("hello", fresh=True)


@pytest.mark.parametrize("step", [Answer(400, {"error": {"message": "no"}}), Sse(HI[:1], "cut"), Drop()])
def test_a_failed_call_holds_nothing_back(server: ScriptedServer, step: Any) -> None:
    server.play(*[step] * 3)
    own = session(server, {"daily": 5})
    with pytest.raises(ProviderError) as caught:
        own.ask("hello")
    assert figures(own) == (caught.value.cost, 0)


def test_a_call_that_is_left_early_holds_nothing_back(server: ScriptedServer) -> None:
    server.play(HELD)
    own = session(server, {"daily": 5})
    with own.stream("hello") as stream:
        next(stream)
    assert stream.reply.status == "interrupted"
    assert figures(own) == (stream.reply.cost, 0)


def test_an_interrupted_reservation_is_taken_back(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    own = session(server, {"daily": 5})
    real = Ledger.transaction
    interrupts = [KeyboardInterrupt]

    @contextmanager
    def interrupted(ledger: Ledger) -> Iterator[Any]:
        with real(ledger) as connection:
            yield connection
        if interrupts:
            raise interrupts.pop()

    monkeypatch.setattr(Ledger, "transaction", interrupted)
    with pytest.raises(KeyboardInterrupt):
        own.ask("hello")
    assert server.received == []
    assert figures(own) == (0, 0)


KILLED = """
import sys
from costmagic import Session
lab = {"kind": "openai", "base_url": sys.argv[1]}
prices = {"lab:big": {"input": 1, "output": 5}}
session = Session(settings={"providers": {"lab": lab}, "prices": prices, "budget": {"daily": 5}})
for _ in session.stream("hello", model="lab:big", max_tokens=1000):
    print("x", flush=True)
"""


def test_a_killed_process_holds_its_reservation_until_it_expires(home: Path, server: ScriptedServer) -> None:
    server.play(HELD)
    worker = subprocess.Popen([sys.executable, "-c", KILLED, f"{server.url}/v1"], stdout=subprocess.PIPE)
    assert worker.stdout
    worker.stdout.readline()
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    own = session(server, {"daily": 5})
    assert figures(own) == (0, most(own, "hello"))
    with sqlite3.connect(home / "ledger.db") as connection:
        connection.execute("UPDATE reservations SET expires_at = '2026-01-01 00:00:00.000000'")
        (cost,) = connection.execute("SELECT cost_nusd FROM calls").fetchone()
    assert figures(own) == (Decimal(cost) / 10**9, 0)
    assert cost > 0


def test_an_unpriced_model_is_refused_under_a_budget_unless_allowed(server: ScriptedServer) -> None:
    server.play(*[Sse(gpt("hi", usage=USAGE, model="new"))] * 2)
    with pytest.raises(UsageError, match="price of lab:new is not known"):
        session(server, {"daily": 5, "on_exceed": "downgrade"}).ask("hello", model="lab:new")
    assert server.received == []
    allowed = session(server, {"daily": 5, "allow_unpriced": ["lab:new"]})
    assert allowed.ask("hello", model="lab:new").cost is None
    assert "≥ $0" in repr(allowed.budget())
    other = session(server, {"features": {"tickets": {"daily": 5}}})
    assert other.ask("hello again", model="lab:new").cost is None
    with pytest.raises(UsageError, match="daily budget of feature 'tickets'"):
        other.ask("hello once more", model="lab:new", feature="tickets")


def test_simulated_calls_need_no_budget(home: Path) -> None:
    own = Session(settings={"preset": "sim", "budget": {"daily": Decimal("0.000000001")}})
    assert own.ask("hello", tier="heavy").simulated
    assert figures(own) == (0, 0)


@pytest.mark.model
def test_local_calls_need_no_budget(local_home: Path) -> None:
    own = Session(settings={"preset": "local", "max_tokens": 2, "budget": {"daily": Decimal("0.000000001")}})
    assert own.ask("hello").cost == 0
    assert figures(own) == (0, 0)


def test_a_ledger_that_can_not_be_written_refuses_under_a_budget_only(home: Path, server: ScriptedServer) -> None:
    server.play(HELLO, HELLO)
    session(server).ask("before")
    url = f"sqlite:///file:{home / 'ledger.db'}?mode=ro&uri=true"
    capped = session(server, {"monthly": 5}, ledger_url=url)
    with pytest.raises(UsageError, match=r"can't be read and written \(.*so no budget can be kept"):
        capped.ask("hello")
    assert len(server.received) == 1
    capped.close()
    with pytest.warns(UserWarning, match="can't be written"):
        assert session(server, ledger_url=url).ask("hello").text == "hi"


def test_rows_that_wait_in_memory_are_written_before_a_budget_is_checked(server: ScriptedServer, home: Path) -> None:
    server.play(HELLO, HELLO)
    own = session(server)
    own.ask("one")
    with sqlite3.connect(home / "ledger.db") as outside:
        outside.execute("ALTER TABLE calls RENAME TO hidden")
        with pytest.warns(UserWarning, match="can't be written"):
            own.ask("two")
        outside.execute("ALTER TABLE hidden RENAME TO calls")
    assert own.engine.ledger.unsaved() > 0
    own.budget(f"{2 * COST}/day")
    with pytest.raises(BudgetError):
        own.ask("three")
    assert own.engine.ledger.unsaved() == 0
    assert figures(own) == (2 * COST, 0)


def test_a_session_budget_is_shared_by_its_threads(server: ScriptedServer) -> None:
    server.play(*[HELLO] * 8)
    worst = most(session(server), "0")
    own = session(server, {"session": worst + COST})
    refused: list[BudgetError] = []

    def ask(n: int) -> None:
        try:
            own.ask(str(n))
        except BudgetError as error:
            refused.append(error)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent, reserved = figures(own)
    assert reserved == 0
    assert spent == (8 - len(refused)) * COST <= worst + COST
    assert refused
