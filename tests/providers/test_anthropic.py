"""Anthropic's protocol: against a real server that speaks it, and against scripted counters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from scripted_http import ScriptedServer, Sse, claude

from costmagic import MissingKeyError, Session, Usage, UsageError
from costmagic.accounting.sent import request_json

HAIKU = "anthropic:claude-haiku-4-5"  # $1 in, $5 out, $0.10 read, $1.25 written, per million tokens


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-0123456789")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        yield server


# A real server


@pytest.fixture
def real(real_server: object) -> Session:
    return Session(settings={"max_tokens": 16})


def test_a_json_reply_of_a_real_model_is_parsed_or_says_why_not(real: Session) -> None:
    reply = real.ask('Answer {"a": 1}', model="anthropic:smollm2", json=True, temperature=0)
    if reply.data_error is None:
        assert reply.data == json.loads(reply.text.strip().removeprefix("```json").removesuffix("```"))
    else:
        assert reply.data is None
    assert reply.text


# What goes over the wire


def test_only_what_was_asked_for_is_sent(server: ScriptedServer) -> None:
    server.play(Sse(claude("Hi")))
    session = Session()
    reply = session.ask("Grüß dich, 🦉 {x}", model=HAIKU)
    (request,) = server.received
    assert request.body == {
        "model": "claude-haiku-4-5",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": "Grüß dich, 🦉 {x}"}],
        "stream": True,
    }
    shown = json.loads(request_json(reply.request))
    assert set(request.body) - {"stream"} == set(shown)


def test_every_option_goes_over_the_wire_as_it_was_given(server: ScriptedServer) -> None:
    server.play(Sse(claude("Hi")))
    Session().ask("Hello", model=HAIKU, system="Be brief.", temperature=1, max_tokens=7, stop=["a", "b"])
    (request,) = server.received
    assert request.body == {
        "model": "claude-haiku-4-5",
        "max_tokens": 7,
        "messages": [{"role": "user", "content": "Hello"}],
        "system": "Be brief.",
        "temperature": 1,
        "stop_sequences": ["a", "b"],
        "stream": True,
    }


def test_a_temperature_goes_out_under_the_api_version_that_still_takes_one(server: ScriptedServer) -> None:
    server.play(Sse(claude("Hi")), Sse(claude("Hi")))
    session = Session()
    for temperature in (0, None):
        session.ask("Hello", model=HAIKU, temperature=temperature)
    with_it, without = server.received
    assert (with_it.body["temperature"], with_it.headers["anthropic-version"]) == (0, "2023-06-01")
    assert "temperature" not in without.body
    assert without.headers["anthropic-version"] > "2023-06-01"  # the SDK's own


@pytest.mark.parametrize("temperature", [1.0001, 1.5, 2])
def test_a_temperature_that_only_others_take_is_a_mistake(server: ScriptedServer, temperature: float) -> None:
    session = Session()
    with pytest.raises(UsageError, match="from 0 to 1"):
        session.ask("Hello", model=HAIKU, temperature=temperature)
    assert server.received == []
    assert session.ledger()["cost_nusd"].sum() == 0


def test_a_connection_is_kept_for_the_next_call(server: ScriptedServer) -> None:
    server.play(Sse(claude("one")), Sse(claude("two")))
    session = Session()
    for prompt in ("first", "second"):
        session.ask(prompt, model=HAIKU)
    first, second = server.received
    assert first.connection == second.connection


def test_a_bearer_token_works_in_place_of_a_key(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    session = Session()
    with pytest.raises(MissingKeyError):
        session.ask("Hello", model=HAIKU)
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "tok-0123456789")
    server.play(Sse(claude("Hi")))
    assert session.ask("Hello", model=HAIKU).text == "Hi"
    assert server.received[0].headers["authorization"] == "Bearer tok-0123456789"


# Counters


@pytest.mark.parametrize(
    ("start", "end", "expected", "cost"),
    [
        # Input that was read from or written to the cache is not in input_tokens.
        (
            {
                "input_tokens": 50,
                "cache_read_input_tokens": 10_000,
                "cache_creation_input_tokens": 2_000,
                "output_tokens": 1,
            },
            {"output_tokens": 100},
            Usage(12_050, 100, cache_read_tokens=10_000, cache_write_tokens=2_000),
            "0.00405",  # 50 × 1 + 10,000 × 0.1 + 2,000 × 1.25 + 100 × 5 millionths
        ),
        # The end repeats the counters as totals: nothing is added up.
        (
            {"input_tokens": 50, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 0, "output_tokens": 4},
            {
                "input_tokens": 50,
                "cache_read_input_tokens": 100,
                "cache_creation_input_tokens": 0,
                "output_tokens": 20,
            },
            Usage(150, 20, cache_read_tokens=100),
            "0.00016",
        ),
        # A total that grew (a server tool read more) replaces the first one.
        ({"input_tokens": 50, "output_tokens": 1}, {"input_tokens": 70, "output_tokens": 2}, Usage(70, 2), "0.00008"),
        # Thinking is part of the output.
        (
            {"input_tokens": 10, "output_tokens": 1},
            {"output_tokens": 90, "output_tokens_details": {"thinking_tokens": 80}},
            Usage(10, 90, reasoning_tokens=80),
            "0.00046",
        ),
        (
            {"input_tokens": 10, "cache_read_input_tokens": None, "cache_creation_input_tokens": None},
            {"output_tokens": 0},
            Usage(10, 0),
            "0.00001",
        ),
    ],
    ids=["cache", "totals", "grown", "thinking", "nulls"],
)
def test_usage_is_normalised_and_priced_exactly(
    server: ScriptedServer, start: dict[str, Any], end: dict[str, Any], expected: Usage, cost: str
) -> None:
    server.play(Sse(claude("Hi", usage=start, totals=end)))
    session = Session()
    reply = session.ask("Hello", model=HAIKU)
    assert reply.usage == expected
    assert reply.cost == Decimal(cost)
    (row,) = session.ledger().to_dict("records")
    assert row["input_tokens"] == expected.input_tokens
    assert row["cost_nusd"] == Decimal(cost) * 10**9


@pytest.mark.parametrize("usage", [{}, {"output_tokens": 3}, {"input_tokens": None, "output_tokens": None}])
def test_a_server_that_reports_no_input_has_its_usage_estimated(server: ScriptedServer, usage: dict[str, Any]) -> None:
    server.play(Sse(claude("Hello to you", usage=usage, totals=usage)))
    reply = Session().ask("Hello there, how are you?", model=HAIKU)
    assert reply.usage.source == "estimated"
    assert reply.usage.input_tokens > 5
    assert reply.usage.output_tokens > 0


@pytest.mark.parametrize(
    ("reason", "finish", "status"),
    [
        ("end_turn", "stop", "ok"),
        ("stop_sequence", "stop", "ok"),
        ("max_tokens", "length", "ok"),
        ("model_context_window_exceeded", "length", "ok"),
        ("refusal", "refusal", "refused"),
        ("a_reason_of_the_future", "stop", "ok"),
        (None, "stop", "ok"),
    ],
)
def test_the_reason_to_stop_decides_what_the_reply_is(
    server: ScriptedServer, reason: str | None, finish: str, status: str
) -> None:
    server.play(Sse(claude("text", stop_reason=reason)), Sse(claude("again")))
    session = Session()
    reply = session.ask("Hello", model=HAIKU)
    assert (reply.finish, reply.status, reply.refused) == (finish, status, finish == "refusal")
    assert reply.cost == Decimal("0.0015")  # a refusal is billed as well
    # Only a whole answer may be served again.
    assert (session.ask("Hello", model=HAIKU).cache == "exact") is (finish == "stop")
