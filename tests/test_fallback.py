"""A tier whose model is gone falls to the next one that can be asked; each attempt has its own row."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from scripted_http import Answer, Received, ScriptedServer, Sse, gpt

from costmagic import ProviderError, Session

USAGE = {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}
GONE = {"error": {"message": "The model 'old' does not exist", "code": "model_not_found"}}


def answer(request: Received) -> Sse | Answer:
    """What a server says that no longer has the models "old" and "older"."""
    if request.body["model"].startswith("old"):
        return Answer(404, GONE)
    return Sse(gpt(f"I am {request.body['model']}", usage=USAGE, model=request.body["model"]))


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.play(*[answer] * 20)
        yield server


def session(server: ScriptedServer, **tiers: str) -> Session:
    return Session(
        settings={
            "preset": "sim",
            "providers": {
                "lab": {"kind": "openai", "base_url": f"{server.url}/v1", "price": {"input": 1, "output": 2}}
            },
            "tiers": tiers,
        }
    )


def test_the_next_tier_answers_and_the_receipt_says_so(home: Path, server: ScriptedServer) -> None:
    own = session(server, heavy="lab:old", standard="lab:older", medium="lab:new")
    reply = own.ask("hello", tier="heavy", feature="f")
    assert (reply.text, reply.tier, reply.route.label) == ("I am new", "medium", "instead of standard")
    assert "lab:old" not in reply.route.ref
    assert "does not exist" in reply.route.reason
    rows = own.ledger()
    assert rows["status"].tolist() == ["error", "error", "ok"]
    assert rows["model_requested"].tolist() == ["old", "older", "new"]
    assert rows["id"].nunique() == 3
    assert rows["cost_nusd"].tolist() == [0, 0, 40_000]
    assert reply.cost == Decimal("0.00004")
    assert reply.id == rows["id"].iloc[-1]


def test_what_is_gone_is_not_asked_again(home: Path, server: ScriptedServer) -> None:
    own = session(server, heavy="lab:old", standard="lab:new")
    own.ask("hello", tier="heavy")
    own.ask("hello again", tier="heavy")
    assert [request.body["model"] for request in server.received] == ["old", "new", "new"]
    assert "does not exist" in (own.engine.reach.why_not("lab:old") or "")


def test_a_model_that_was_named_is_not_replaced(home: Path, server: ScriptedServer) -> None:
    own = session(server, standard="lab:new")
    with pytest.raises(ProviderError, match="does not exist"):
        own.ask("hello", model="lab:old")
    assert len(own.ledger()) == 1


def test_with_nothing_else_to_ask_the_error_stands(home: Path, server: ScriptedServer) -> None:
    tiers = dict.fromkeys(("heavy", "standard", "medium", "coding", "routing"), "lab:old")
    own = session(server, **tiers)
    with pytest.raises(ProviderError, match="HTTP 404"):
        own.ask("hello")
    assert len(server.received) == 1


def test_other_errors_are_no_reason_to_ask_someone_else(home: Path) -> None:
    with ScriptedServer() as server:
        server.play(Answer(400, {"error": {"message": "bad request"}}))
        own = session(server, medium="lab:new", standard="lab:other")
        with pytest.raises(ProviderError, match="bad request"):
            own.ask("hello", tier="medium")
        assert len(server.received) == 1


def test_a_server_of_this_machine_that_is_down_is_passed_over(home: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    providers = {"lab": {"kind": "openai", "base_url": f"http://127.0.0.1:{port}/v1"}}
    own = Session(settings={"preset": "sim", "providers": providers, "tiers": {"medium": "lab:new"}})
    reply = own.ask("hello", tier="medium")
    assert reply.tier == "coding"
    assert f"no server answers at 127.0.0.1:{port}" in reply.route.reason
