"""How long a reply may become, by what was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmagic import ConfigError, Session, sim
from costmagic.notebook.receipt import bundle
from costmagic.reduce.output_limits import LIMITS, NARROW, output_limit

REF = "anthropic:claude-haiku-5-5"


@pytest.mark.parametrize(
    ("task", "narrow", "prompt", "limit"),
    [
        ("classification", True, "Is this spam? Answer yes or no.", NARROW),
        ("question answering", True, "Answer with one word: the capital of Peru?", NARROW),
        (None, True, "x", NARROW),
        ("classification", False, "", LIMITS["classification"][0]),
        ("classification", False, "x" * 300, LIMITS["classification"][0] + 100),
        ("extraction", False, "x" * 300, LIMITS["extraction"][0] + 200),
        ("translation", False, "x" * 300, LIMITS["translation"][0] + 400),
        ("translation", False, "x" * 9_000, None),
        ("code", False, "x", None),
        ("chat", False, "x", None),
        (None, False, "x", None),
    ],
)
def test_limits_grow_with_the_material(task: str | None, narrow: bool, prompt: str, limit: int | None) -> None:
    assert output_limit(REF, task, narrow, prompt, {}, 4_096) == limit


def test_a_limit_is_never_above_the_usual_one() -> None:
    assert output_limit(REF, "classification", True, "x", {}, 10) == 10
    assert output_limit(REF, "extraction", False, "x", {}, 100) is None


@pytest.mark.parametrize(
    "ref", ["openai:gpt-6-luna", "openai:o3", "openrouter:deepseek/deepseek-r1:free", "x:m-thinking"]
)
def test_a_model_that_thinks_first_needs_the_room(ref: str) -> None:
    assert output_limit(ref, "classification", True, "x", {}, 4_096) is None


def test_the_user_s_limits_come_first_and_can_be_none() -> None:
    assert output_limit("openai:gpt-6-luna", "code", False, "x", {"code": 50}, 4_096) == 50
    assert output_limit(REF, "classification", True, "x", None, 4_096) is None


def test_the_request_has_the_limit_and_the_receipt_says_why(session: Session) -> None:
    reply = session.ask("Is this spam? Answer yes or no.\n\nYou won!", tier="medium")
    assert reply.request.max_tokens == NARROW
    assert reply.limited_for is not None
    assert "--max-tokens N sets another" in bundle(reply)["text/html"]


def test_what_the_user_says_counts(session: Session) -> None:
    reply = session.ask("Is this spam? Answer yes or no.", max_tokens=300)
    assert (reply.request.max_tokens, reply.limited_for) == (300, None)
    assert "reply limit" not in bundle(reply)["text/html"]


def test_a_reply_that_its_limit_cuts_says_so_and_is_not_cached(session: Session) -> None:
    sim.script("sim:claude-haiku-5-5", answers=lambda prompt: "because " * 200)
    prompt = "Is this spam? Answer yes or no."
    first = session.ask(prompt)
    assert first.truncated
    assert f"CUT AT {NARROW} TOKENS" in bundle(first)["text/plain"]
    assert "it is not cached" in bundle(first)["text/html"]
    assert session.ask(prompt).cache is None


def test_limits_are_configured_by_task(home: Path) -> None:
    limits = {"question answering": 77}
    own = Session(home, settings={"preset": "sim", "output_limits": limits, "rule": [{"match": "x", "tier": "medium"}]})
    assert own.settings.output_limits == limits
    off = Session(home, settings={"preset": "sim", "output_limits": False})
    assert off.prepare("Is this spam? Answer yes or no.").request.max_tokens == 4_096


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[output_limits]\nclasification = 10", "did you mean 'classification'"),
        ("[output_limits]\ncode = 0", "greater than 0"),
        ("output_limits = true", "must be a table"),
        ("[routing]\nsure = 2", "a chance from 0 to 1"),
        ("[routing]\nllm = 'yes'", "true or false"),
        ("[routing]\nrules = 'none'", "not one of"),
    ],
)
def test_mistakes_are_named(home: Path, text: str, told: str) -> None:
    Path("costmagic.toml").write_text(text)
    with pytest.raises(ConfigError, match=told):
        Session(home)
