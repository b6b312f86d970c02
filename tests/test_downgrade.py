"""``on_exceed = "downgrade"``: the cheapest tier that still fits answers, and says so."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from scripted_http import Received, ScriptedServer, Sse, gpt

from costmagic import BudgetError, Session

USAGE = {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}
TIERS = {"heavy": "lab:heavy", "standard": "lab:small", "medium": "lab:middle", "coding": "lab:new"}


def answer(request: Received) -> Sse:
    """A reply that names the model that gave it."""
    return Sse(gpt(f"I am {request.body['model']}", usage=USAGE, model=request.body["model"]))


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.play(*[answer] * 20)
        yield server


def session(server: ScriptedServer, daily: str, routing: str = "anthropic:claude-haiku-5-5", **budget: Any) -> Session:
    """Worst cases of a short prompt: heavy about $0.1, middle $0.01, small $0.001; routing has no key."""
    return Session(
        settings={
            "providers": {"lab": {"kind": "openai", "base_url": f"{server.url}/v1"}},
            "prices": {
                "lab:heavy": {"input": 10, "output": 100},
                "lab:middle": {"input": 1, "output": 10},
                "lab:small": {"input": 0.1, "output": 1},
            },
            "tiers": {**TIERS, "routing": routing},
            "max_tokens": 1_000,
            "budget": {"daily": Decimal(daily), "on_exceed": "downgrade", **budget},
        }
    )


def test_what_fits_is_left_alone(server: ScriptedServer) -> None:
    reply = session(server, "1").ask("hello", tier="heavy")
    assert (reply.text, reply.tier, reply.route.source) == ("I am heavy", "heavy", "explicit")


@pytest.mark.parametrize(("options", "wanted"), [({"tier": "heavy"}, "tier heavy"), ({"model": "lab:heavy"}, "lab:he")])
def test_the_cheapest_tier_answers_instead_and_says_why(
    server: ScriptedServer, options: dict[str, str], wanted: str
) -> None:
    own = session(server, "0.05")
    reply = own.ask("hello", feature="f", **options)
    assert (reply.text, reply.tier, reply.request.ref) == ("I am small", "standard", "lab:small")
    assert (reply.route.source, reply.route.label) == ("policy", "budget")
    assert reply.route.reason.startswith(f"{wanted}")
    assert "was wanted" in reply.route.reason
    assert "the daily budget of $0.05 would be exceeded" in reply.route.reason
    assert reply.cost == Decimal("0.000012")
    row = own.ledger().iloc[0]
    assert (row["tier"], row["model_requested"], row["route_source"]) == ("standard", "small", "policy")
    assert (row["feature"], row["route_reason"]) == ("f", reply.route.reason)
    (standing,) = own.budget().standings
    assert (standing.spent, standing.reserved) == (reply.cost, 0)
    assert [request.body["model"] for request in server.received] == ["small"]


def test_where_nothing_fits_the_wanted_call_is_refused(server: ScriptedServer) -> None:
    own = session(server, "0.0001")
    with pytest.raises(BudgetError) as caught:
        own.ask("hello", tier="heavy")
    assert caught.value.worst_cost > Decimal("0.1")
    assert server.received == []
    assert len(own.ledger()) == 0


def test_raising_is_what_happens_unless_the_configuration_says_otherwise(server: ScriptedServer) -> None:
    with pytest.raises(BudgetError):
        session(server, "0.05", on_exceed="raise").ask("hello", tier="heavy")


def test_an_evaluation_gets_the_model_that_it_names_or_none(server: ScriptedServer) -> None:
    with pytest.raises(BudgetError):
        session(server, "0.05").ask("hello", tier="heavy", purpose="eval")


def test_a_simulated_tier_never_answers_for_a_real_one(server: ScriptedServer) -> None:
    own = session(server, "0.0001", routing="sim:claude-haiku-5-5")
    with pytest.raises(BudgetError):
        own.ask("hello", tier="heavy")


def test_the_cheaper_answer_is_not_taken_for_the_wanted_one_later(server: ScriptedServer) -> None:
    own = session(server, "0.05")
    assert own.ask("hello", tier="heavy").text == "I am small"
    again = own.ask("hello", tier="heavy")
    assert (again.text, again.cache, again.tier, again.route.source) == ("I am small", "exact", "standard", "policy")
    assert again.request.ref == "lab:small"
    assert len(server.received) == 1
    own.budget("5/day")
    assert own.ask("hello", tier="heavy").text == "I am heavy"
