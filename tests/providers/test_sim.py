"""Simulated models: always the same, priced like the real ones, failing on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from costmagic import ProviderError, Session, Usage, UsageError
from costmagic.config import load
from costmagic.providers import sim
from costmagic.providers.sim import SimProvider
from costmagic.types import Message, Request

HAIKU = "sim:claude-haiku-4-5"  # $1 in, $5 out per million tokens


def answer(session: Session, prompt: str, model: str = HAIKU, **options: Any) -> str:
    return session.ask(prompt, model=model, no_cache=True, **options).text


def test_the_same_input_gets_the_same_answer_in_every_session() -> None:
    first, second = (answer(Session(settings={"preset": "sim"}), "What is a monad?") for _ in range(2))
    assert first == second
    assert "simulated" in first


def test_every_call_is_marked_as_simulated(session: Session) -> None:
    reply = session.ask("Hello", model=HAIKU)
    assert reply.simulated
    assert "SIMULATED" in repr(reply)
    (row,) = session.ledger().to_dict("records")
    assert (row["usage_source"], row["provider"], row["status"]) == ("simulated", "sim", "ok")
    assert session.totals.cost == 0
    assert session.totals.simulated_cost == reply.cost


@pytest.mark.parametrize(
    ("ref", "real"),
    [
        (HAIKU, "anthropic:claude-haiku-4-5"),
        ("sim:gpt-6.1-terra", "openai:gpt-6.1-terra"),
        ("sim:openrouter:deepseek/deepseek-r1:free", "openrouter:deepseek/deepseek-r1:free"),
    ],
)
def test_a_call_costs_what_the_named_model_costs(session: Session, ref: str, real: str) -> None:
    reply = session.ask("Count to three: one, two, three", model=ref)
    usage = Usage(reply.usage.input_tokens, reply.usage.output_tokens)
    assert reply.cost == session.engine.prices.cost(real, usage)
    if "free" not in ref:
        expected = Decimal(usage.input_tokens * 1 + usage.output_tokens * 5) / 1_000_000
        assert reply.cost == expected > 0


def test_a_scripted_name_without_a_price_is_unpriced_never_free(session: Session) -> None:
    sim.script("sim:house-blend", answers={"Hello": "Hi"})
    reply = session.ask("Hello", model="sim:house-blend")
    assert (reply.text, reply.cost) == ("Hi", None)


def test_a_name_that_neither_list_nor_script_knows_is_a_mistake(session: Session) -> None:
    with pytest.raises(UsageError, match="claude-haiku"):
        session.ask("Hello", model="sim:claud-haiku-4-5")
    assert session.engine.ledger.count() == 0


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("refund", "billing"),
        ("  refund\n", "billing"),
        ("I want a refund!", "billing"),
        ("I want a refund for my broken login", "support"),  # the longest key that it contains
        ("Größe 🦉?", "owls"),
    ],
)
def test_a_dict_answers_its_keys_and_the_prompts_that_contain_them(
    session: Session, prompt: str, expected: str
) -> None:
    sim.script(HAIKU, answers={"refund": "billing", "broken login": "support", "Größe 🦉?": "owls", "": "never"})
    assert answer(session, prompt) == expected


def test_a_dict_without_a_fitting_key_leaves_the_plain_answer(session: Session) -> None:
    plain = answer(session, "Something else")
    sim.script(HAIKU, answers={"refund": "billing"})
    assert answer(session, "Something else") == plain


def test_a_function_answers_by_the_last_user_message(session: Session) -> None:
    sim.script(HAIKU, answers=lambda prompt: f"<{prompt.upper()}>")
    assert answer(session, "straße", system="not this") == "<STRASSE>"


def test_json_without_a_script_is_json(session: Session) -> None:
    reply = session.ask("Hello", model=HAIKU, json=True)
    assert reply.data == json.loads(reply.text)
    assert reply.data_error is None


def texts(model: str, prompts: list[str]) -> list[str]:
    provider = SimProvider("sim", load(overrides={"preset": "sim"}))
    requests = (Request("sim", model, (Message("user", prompt),), max_tokens=100) for prompt in prompts)
    return ["".join(delta.text for delta in provider.stream(request)) for request in requests]


@pytest.mark.parametrize("accuracy", [0.0, 0.5, 0.93, 1.0])
def test_the_share_of_right_answers_is_the_accuracy(accuracy: float) -> None:
    prompts = [f"ticket {n}: the printer is on fire" for n in range(2_000)]
    labels = {prompt: f"label{n % 5}" for n, prompt in enumerate(prompts)}
    sim.script("sim:a", answers=labels, accuracy=accuracy)
    sim.script("sim:b", answers=labels, accuracy=accuracy)
    first = texts("a", prompts)
    right = [text == labels[prompt] for text, prompt in zip(first, prompts, strict=True)]
    # Five standard errors; exact at both ends.
    slack = 5 * (accuracy * (1 - accuracy) / len(prompts)) ** 0.5
    assert abs(sum(right) / len(right) - accuracy) <= slack
    assert set(first) <= set(labels.values())  # a wrong answer is another label
    assert texts("a", prompts) == first
    # Two models err on different prompts.
    assert (texts("b", prompts) == first) is (accuracy == 1.0)


def test_a_wrong_answer_differs_even_when_there_is_only_one(session: Session) -> None:
    sim.script(HAIKU, answers={"Hello": "Hi"}, accuracy=0)
    assert answer(session, "Hello") != "Hi"


def test_max_tokens_cuts_and_stop_sequences_end_the_answer(session: Session) -> None:
    sim.script(HAIKU, answers=lambda prompt: "one two three END four five six")
    cut = session.ask("Hello", model=HAIKU, max_tokens=2, no_cache=True)
    assert (cut.text.strip(), cut.finish) == ("one", "length")
    assert answer(session, "Hello", stop=["END", "never"]).strip() == "one two three"


# Pace: seen through what stops it, so that no test waits


@pytest.mark.parametrize("pace", [{"latency": 3_600.0}, {"tokens_per_s": 0.001}], ids=str)
@pytest.mark.timeout(60)
def test_a_slow_model_waits_and_can_be_stopped(session: Session, pace: dict[str, float]) -> None:
    sim.script(HAIKU, answers=lambda prompt: "one two three", **pace)  # type: ignore[arg-type]
    stream = session.stream("Hello", model=HAIKU)
    if "latency" in pace:
        threading.Timer(0.05, stream.call.stop.set).start()
    else:
        assert next(stream) == "one "
        stream.call.stop.set()
    with pytest.raises(KeyboardInterrupt):
        list(stream)
    assert stream.reply.status == "interrupted"
    assert stream.reply.text == ("" if "latency" in pace else "one ")


# Failures


def test_a_failure_that_passes_is_retried_as_the_sdks_do(session: Session) -> None:
    sim.script(HAIKU, answers={"Hello": "Hi"}, fail=[429, "connection"])
    reply = session.ask("Hello", model=HAIKU)
    assert (reply.text, reply.retries) == ("Hi", 2)
    assert session.ask("Hello", model=HAIKU, fresh=True).retries == 0  # the sequence is used up


@pytest.mark.parametrize(
    ("fail", "status", "retries"),
    [(429, 429, 2), (500, 500, 2), (408, 408, 2), ("connection", None, 2), (400, 400, 0), (401, 401, 0), (404, 404, 0)],
)
def test_a_failure_that_stays_is_an_error_at_no_cost(
    session: Session, fail: int | str, status: int | None, retries: int
) -> None:
    sim.script(HAIKU, fail=fail)
    with pytest.raises(ProviderError) as caught:
        session.ask("Hello", model=HAIKU)
    error = caught.value
    assert (error.provider, error.status, error.retries, error.cost) == ("sim", status, retries, Decimal(0))
    (row,) = session.ledger().to_dict("records")
    assert (row["status"], row["retries"], row["cost_nusd"], row["usage_source"]) == ("error", retries, 0, "simulated")


def test_a_cut_keeps_the_first_half_and_its_cost(session: Session) -> None:
    sim.script(HAIKU, answers=lambda prompt: "one two three four", fail="cut")
    with pytest.raises(ProviderError) as caught:
        session.ask("Hello", model=HAIKU)
    (row,) = session.engine.ledger.history(2)
    assert (row["reply"], row["status"]) == ("one two ", "error")
    assert row["cost_nusd"] == row["input_tokens"] * 1_000 + row["output_tokens"] * 5_000 > 0
    assert caught.value.cost == Decimal(row["cost_nusd"]) / 10**9


def test_a_refusal_is_recorded_as_one_and_not_cached(session: Session) -> None:
    sim.script(HAIKU, fail=["refusal"])
    first, second = (session.ask("Hello", model=HAIKU) for _ in range(2))
    assert (first.status, first.refused) == ("refused", True)
    assert (second.status, second.cache) == ("ok", None)


def test_a_function_decides_by_prompt_and_attempt(session: Session) -> None:
    sim.script(HAIKU, fail=lambda prompt, attempt: 503 if prompt == "bad" and attempt == 0 else None)
    assert [session.ask(prompt, model=HAIKU).retries for prompt in ("bad", "good")] == [1, 0]


# Scripts and the cache


def test_a_changed_script_is_not_answered_from_the_old_ones_cache(session: Session) -> None:
    sim.script(HAIKU, answers={"Hello": "old"})
    assert [session.ask("Hello", model=HAIKU).cache for _ in range(2)] == [None, "exact"]
    sim.script(HAIKU, answers={"Hello": "new"})
    reply = session.ask("Hello", model=HAIKU)
    assert (reply.text, reply.cache) == ("new", None)
    # The same script again is the same model again.
    sim.script(HAIKU, answers={"Hello": "old"})
    assert session.ask("Hello", model=HAIKU).cache == "exact"


@pytest.mark.parametrize("change", [{"accuracy": 0.5}, {"answers": lambda prompt: "Hi"}], ids=["accuracy", "function"])
def test_whatever_changes_answers_changes_the_endpoint(change: dict[str, Any]) -> None:
    provider = SimProvider("sim", load())
    seen = {provider.endpoint(HAIKU.partition(":")[2])}
    for script in ({"answers": {"Hello": "Hi"}}, {"answers": {"Hello": "Hi"}, **change}):
        sim.script(HAIKU, **script)
        seen.add(provider.endpoint(HAIKU.partition(":")[2]))
    assert len(seen) == 3
    sim.reset()
    assert provider.endpoint(HAIKU.partition(":")[2]) in seen


@pytest.mark.parametrize(
    "wrong",
    [
        {"ref": "anthropic:claude-haiku-4-5"},
        {"ref": "claude-haiku-4-5"},
        {"ref": "sim:"},
        {"accuracy": 1.01},
        {"accuracy": -0.01},
        {"accuracy": float("nan")},
        {"latency": -1},
        {"latency": float("nan")},
        {"tokens_per_s": 0},
        {"tokens_per_s": float("nan")},
        {"fail": 200},
        {"fail": 399},
        {"fail": 600},
        {"fail": True},
        {"fail": "typo"},
        {"fail": [429, "typo"]},
    ],
    ids=str,
)
def test_a_script_with_a_mistake_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        sim.script(**{"ref": HAIKU, **wrong})
    assert not sim.is_scripted("claude-haiku-4-5")


@pytest.mark.parametrize("fail", [400, 599, "cut", "connection", "refusal", None, [], [None, 429], lambda p, n: None])
def test_a_script_within_the_bounds_is_taken(fail: int | str | list[Any] | Callable[..., Any] | None) -> None:
    sim.script(HAIKU, accuracy=0, latency=0, tokens_per_s=0.001, fail=fail)  # type: ignore[arg-type]
    assert sim.is_scripted("claude-haiku-4-5")
