"""The Chat Completions protocol: against a real server that speaks it, and against scripted counters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from scripted_http import HOLD, ScriptedServer, Sse, gpt

from costmagic import Session, Usage
from costmagic.accounting.sent import request_json

TERRA = "openai:gpt-6.1-terra"  # $1 in, $5 out, $0.05 read, $1.25 written, per million tokens


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        for name in ("OPENAI", "DEEPSEEK", "VLLM"):
            monkeypatch.setenv(f"{name}_API_KEY", "sk-0123456789")
            monkeypatch.setenv(f"{name}_BASE_URL", server.url + "/v1")
        yield server


# A real server


@pytest.fixture
def real(real_server: object) -> Session:
    return Session(settings={"max_tokens": 16})


def test_a_json_reply_of_a_real_model_is_json_or_was_cut(real: Session) -> None:
    reply = real.ask('Answer {"a": 1}', model="openai:smollm2", json=True, temperature=0, max_tokens=64)
    if reply.data_error is None:
        assert reply.data == json.loads(reply.text)
    else:  # the server forces JSON, so only its end can be missing
        assert reply.finish == "length"
        assert reply.data is None


# What goes over the wire


def test_only_what_was_asked_for_is_sent(server: ScriptedServer) -> None:
    server.play(Sse(gpt("Hi")))
    reply = Session().ask("Grüß dich, 🦉 {x}", model=TERRA)
    (request,) = server.received
    assert request.body == {
        "model": "gpt-6.1-terra",
        "max_completion_tokens": 4096,
        "messages": [{"role": "user", "content": "Grüß dich, 🦉 {x}"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert set(json.loads(request_json(reply.request))) == {"model", "max_tokens", "messages"}


@pytest.mark.parametrize(
    ("ref", "limit"),
    [(TERRA, "max_completion_tokens"), ("deepseek:deepseek-chat", "max_tokens"), ("vllm:some-model", "max_tokens")],
)
def test_every_option_goes_over_the_wire_as_it_was_given(server: ScriptedServer, ref: str, limit: str) -> None:
    server.play(Sse(gpt("{}")))
    options: dict[str, Any] = {"temperature": 1.5, "max_tokens": 7, "stop": ["a", "b"], "json": True}
    reply = Session().ask("Hello", model=ref, system="Be brief.", **options)
    (request,) = server.received
    assert request.body == {
        "model": ref.partition(":")[2],
        limit: 7,
        "messages": [{"role": "system", "content": reply.request.system}, {"role": "user", "content": "Hello"}],
        "temperature": 1.5,
        "stop": ["a", "b"],
        "response_format": {"type": "json_object"},
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert reply.request.system is not None
    assert reply.request.system.startswith("Be brief.")


def test_a_temperature_of_zero_is_sent(server: ScriptedServer) -> None:
    server.play(Sse(gpt("Hi")))
    Session().ask("Hello", model=TERRA, temperature=0)
    assert server.received[0].body["temperature"] == 0


# Counters


@pytest.mark.parametrize(
    ("ref", "reported", "expected", "cost"),
    [
        # prompt_tokens already holds what was read and written: nothing is added.
        (
            TERRA,
            {
                "prompt_tokens": 5_000,
                "completion_tokens": 100,
                "prompt_tokens_details": {"cached_tokens": 3_000, "cache_write_tokens": 1_000},
            },
            Usage(5_000, 100, cache_read_tokens=3_000, cache_write_tokens=1_000),
            "0.0029",  # 1,000 × 1 + 3,000 × 0.05 + 1,000 × 1.25 + 100 × 5 millionths
        ),
        # Reasoning is part of the output.
        (
            TERRA,
            {
                "prompt_tokens": 10,
                "completion_tokens": 200,
                "completion_tokens_details": {"reasoning_tokens": 150},
            },
            Usage(10, 200, reasoning_tokens=150),
            "0.00101",
        ),
        # DeepSeek reports its hits beside prompt_tokens; $0.135, $0.035 and $0.55 per million there.
        (
            "deepseek:deepseek-chat",
            {
                "prompt_tokens": 1_000,
                "completion_tokens": 10,
                "prompt_cache_hit_tokens": 600,
                "prompt_cache_miss_tokens": 400,
            },
            Usage(1_000, 10, cache_read_tokens=600),
            None,
        ),
        (
            TERRA,
            {
                "prompt_tokens": 10,
                "completion_tokens": 0,
                "prompt_tokens_details": None,
                "completion_tokens_details": {"reasoning_tokens": None},
            },
            Usage(10, 0),
            "0.00001",
        ),
    ],
    ids=["cache", "reasoning", "deepseek", "nulls"],
)
def test_usage_is_normalised_and_priced_exactly(
    server: ScriptedServer, ref: str, reported: dict[str, Any], expected: Usage, cost: str | None
) -> None:
    server.play(Sse(gpt("Hi", usage=reported, model=ref.partition(":")[2])))
    session = Session()
    reply = session.ask("Hello", model=ref)
    assert reply.usage == expected
    assert reply.cost == (session.engine.prices.cost(ref, expected) if cost is None else Decimal(cost))


@pytest.mark.parametrize("usage", [{}, {"total_tokens": 7}, {"prompt_tokens": None, "completion_tokens": None}])
def test_a_server_that_reports_no_input_has_its_usage_estimated(server: ScriptedServer, usage: dict[str, Any]) -> None:
    server.play(Sse(gpt("Hello to you", usage=usage)))
    reply = Session().ask("Hello there, how are you?", model=TERRA)
    assert reply.usage.source == "estimated"
    assert reply.usage.input_tokens > 5
    assert reply.usage.output_tokens > 0


def test_of_running_usage_totals_the_last_one_counts(server: ScriptedServer) -> None:
    *chunks, usage, done = gpt("a", "b")
    running = [{**c, "usage": {"prompt_tokens": 9, "completion_tokens": n}} for n, c in enumerate(chunks, 1)]
    server.play(Sse([*running, done]))
    assert usage["usage"]["prompt_tokens"] == 1_000  # the builder's own total, left out here
    assert Session().ask("Hello", model=TERRA).usage == Usage(9, len(running))


@pytest.mark.parametrize(
    ("finish", "expected", "status"),
    [
        ("stop", "stop", "ok"),
        ("length", "length", "ok"),
        ("content_filter", "refusal", "refused"),
        ("a_reason_of_the_future", "stop", "ok"),
    ],
)
def test_the_finish_reason_decides_what_the_reply_is(
    server: ScriptedServer, finish: str, expected: str, status: str
) -> None:
    server.play(Sse(gpt("text", finish=finish)), Sse(gpt("again")))
    session = Session()
    reply = session.ask("Hello", model=TERRA)
    assert (reply.finish, reply.status, reply.refused) == (expected, status, expected == "refusal")
    assert reply.cost == Decimal("0.0015")  # a refusal is billed as well
    # Only a whole answer may be served again.
    assert (session.ask("Hello", model=TERRA).cache == "exact") is (expected == "stop")


def test_a_refusal_in_its_own_field_is_a_refusal_with_its_text(server: ScriptedServer) -> None:
    events = gpt("I can't ", "help with that.")
    for event in events[:2]:
        event["choices"][0]["delta"] = {"refusal": event["choices"][0]["delta"]["content"]}
    server.play(Sse(events))
    reply = Session().ask("Hello", model=TERRA)
    assert (reply.text, reply.finish, reply.status) == ("I can't help with that.", "refusal", "refused")


def test_a_file_path_for_a_name_becomes_the_models_name(server: ScriptedServer) -> None:
    server.play(Sse(gpt("a", model="/srv/models/tiny-7b.gguf")), Sse(gpt("b", model="C:\\models\\tiny-7b.gguf")))
    session = Session()
    assert [session.ask(prompt, model="vllm:x").model for prompt in ("1", "2")] == ["tiny-7b", "tiny-7b"]


def test_a_connection_is_kept_for_the_next_call(server: ScriptedServer) -> None:
    server.play(Sse(gpt("Hi")), Sse(gpt("there")))
    session = Session()
    assert [session.ask(text, model=TERRA).text for text in ("a", "b")] == ["Hi", "there"]
    first, second = server.received
    assert first.connection == second.connection


def test_a_server_that_says_all_but_never_ends_costs_its_connection_only(server: ScriptedServer) -> None:
    server.play(Sse([*gpt("Hi"), HOLD]), Sse(gpt("there")))
    session = Session()
    reply = session.ask("a", model=TERRA)  # would wait for the SDK's ten minutes
    assert (reply.text, reply.status, reply.usage.source) == ("Hi", "ok", "reported")
    assert server.hung_up.wait(10)
    assert session.ask("b", model=TERRA).text == "there"
    first, second = server.received
    assert first.connection != second.connection
