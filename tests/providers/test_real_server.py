"""The real SDKs of both HTTP protocols, against a real server that speaks them: llama.cpp with the local model."""

from __future__ import annotations

from typing import Any

import pytest

from costmagic import Session


@pytest.fixture(params=["anthropic:smollm2", "openai:smollm2"])
def model(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def real(real_server: object) -> Session:
    return Session(settings={"max_tokens": 16})


def test_it_streams_and_reports_its_usage(real: Session, model: str) -> None:
    stream = real.stream("Say hello.", model=model, temperature=0)
    pieces = list(stream)
    reply = stream.reply
    assert len(pieces) > 1
    assert "".join(pieces) == reply.text
    assert reply.usage.source == "reported"
    assert reply.usage.input_tokens > 10
    assert 1 < reply.usage.output_tokens <= 16
    assert reply.model.removesuffix(".gguf") == "smollm2-135m"  # the server reports the path of its weights
    assert reply.cost is None  # nobody sells this model under this name


def test_it_counts_what_its_prompt_cache_held_as_part_of_the_input(real: Session, model: str) -> None:
    prompt = f"Say hello to all the caches of this world, {model}."
    first, second = (real.ask(prompt, model=model, temperature=0, fresh=True) for _ in range(2))
    assert second.cache is None  # asked again, not served from here
    assert second.usage.input_tokens == first.usage.input_tokens
    assert 0 < second.usage.cache_read_tokens < second.usage.input_tokens


def test_it_stops_at_max_tokens(real: Session, model: str) -> None:
    # "openai" itself is told max_completion_tokens, any other provider of its protocol max_tokens.
    reply = real.ask("Tell me a long story about a river.", model=model, max_tokens=3)
    assert (reply.finish, reply.truncated, reply.usage.output_tokens) == ("length", True, 3)


def test_it_stops_before_a_stop_sequence(real: Session, model: str) -> None:
    options: dict[str, Any] = {"model": model, "temperature": 0, "max_tokens": 12}
    whole = real.ask("Tell me a story about a river.", **options)
    word = whole.text.split()[3]
    reply = real.ask("Tell me a story about a river.", stop=["\x00never", word], **options)
    assert word not in reply.text
    assert whole.text.startswith(reply.text)
    assert reply.finish == "stop"


def test_a_system_prompt_reaches_the_model(real: Session, model: str) -> None:
    options: dict[str, Any] = {"model": model, "temperature": 0}
    without, with_system = (real.ask("Hello", **options, **more) for more in ({}, {"system": "You are a pirate. " * 9}))
    assert with_system.usage.input_tokens > without.usage.input_tokens + 9
