"""Every check that is made before money is spent, and what it leaves behind: nothing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from costmagic.accounting.money import NANO
from costmagic.providers import sim
from costmagic.request import JSON_INSTRUCTION
from costmagic.session import Session
from costmagic.types import MissingKeyError, UsageError, did_you_mean

HEAVY = "sim:claude-opus-5-5"


def refused(session: Session, prompt: Any = "Hello", **options: Any) -> str:
    """The message of the refusal; whatever was refused was refused before a row or a file existed."""
    with pytest.raises(UsageError) as caught:
        session.ask(prompt, **options)
    assert not [path for path in session.settings.home.rglob("*") if path.is_file()]
    assert session.totals.calls == 0
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("prompt", ["", " ", "\n\t\u00a0"])
def test_an_empty_prompt_is_refused(session: Session, prompt: str) -> None:
    assert refused(session, prompt) == "the prompt is empty"


@pytest.mark.parametrize("prompt", [None, 5, b"Hello", ["Hello"]])
def test_a_prompt_is_a_text(session: Session, prompt: Any) -> None:
    assert refused(session, prompt) == f"the prompt must be a text, not {prompt!r}"


@pytest.mark.parametrize("name", ["system", "tier", "model", "feature", "action"])
@pytest.mark.parametrize("value", [5, b"x", ["x"], {"x": "y" * 200}])
def test_an_option_that_is_a_text_takes_nothing_else(session: Session, name: str, value: Any) -> None:
    told = refused(session, **{name: value})
    assert told.startswith(f"{name} must be a text, not ")
    assert len(told) < 100


@pytest.mark.parametrize("name", ["tier", "model"])
@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_name_is_not_the_default(session: Session, name: str, value: str) -> None:
    assert refused(session, **{name: value}) == f"{name} is empty: name one, or leave it out"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"tier": "hevy"}, "unknown tier 'hevy'; did you mean 'heavy'?"),
        ({"tier": "xyzzy"}, "unknown tier 'xyzzy'; there are heavy, standard, medium, coding, routing"),
        ({"tier": "heavy", "model": HEAVY}, "give a tier or a model, not both"),
        (
            {"model": "claude-opus-5-5"},
            "'claude-opus-5-5' names no provider: write provider:model; did you mean 'anthropic:",
        ),
        ({"model": "claude-opus-55"}, "did you mean 'anthropic:claude-opus-5"),
        ({"model": "gpt-6-luna "}, "did you mean 'openai:gpt-6-luna'?"),
        ({"model": "xyzzyxyzzy"}, "did you mean something like 'local:smollm2-135m'?"),
        ({"model": ":x"}, "':x' is not a model: write provider:model"),
        ({"model": "sim:"}, "'sim:' is not a model: write provider:model"),
        ({"model": "opnai:gpt-4o"}, "unknown provider 'opnai' in 'opnai:gpt-4o'; did you mean 'openai'"),
        ({"model": "sim:claude-opus-5-6"}, "unknown model 'sim:claude-opus-5-6'; did you mean 'sim:claude-opus-5-5'"),
        ({"model": "openai:gpt-6-lunar"}, "did you mean 'openai:gpt-6-luna'"),
        ({"model": "openai:gpt-6-lunar"}, '(if it is new, give its price in [prices."openai:gpt-6-lunar"])'),
        ({"model": "local:smollm2"}, "unknown local model 'smollm2'; did you mean 'smollm2-135m'"),
        ({"model": "local:smollm2-135m"}, "run `costmagic pull smollm2-135m` once"),
        ({"fresh": True, "no_cache": True}, "choose one"),
        ({"featur": "x"}, "unknown option 'featur'; did you mean 'feature'"),
        ({"maxtokens": 5}, "unknown option 'maxtokens'; did you mean 'max_tokens'"),
        ({"xyzzy": 5, "json": True}, "unknown option 'xyzzy'; there are system, tier,"),
    ],
)
def test_a_wrong_name_is_told_with_the_closest(session: Session, options: dict[str, Any], told: str) -> None:
    assert told in refused(session, **options)


def test_a_missing_key_names_its_variable(session: Session) -> None:
    with pytest.raises(MissingKeyError, match="set ANTHROPIC_API_KEY"):
        session.ask("Hello", model="anthropic:claude-opus-5-5")


@pytest.mark.parametrize("value", [0, -1, 10_000_001, 1.0, 1.5, "5", True, float("nan"), Decimal(5), [5]])
def test_max_tokens_is_a_whole_number_in_range(session: Session, value: Any) -> None:
    assert refused(session, max_tokens=value) == (
        f"max_tokens must be a whole number from 1 to 10,000,000, not {value!r}"
    )


def test_max_tokens_beyond_the_window_is_refused(session: Session) -> None:
    assert session.prepare("Hello", max_tokens=1_000_000).request.max_tokens == 1_000_000
    assert "max_tokens 1,000,001 is more than the 1,000,000 tokens" in refused(session, max_tokens=1_000_001)


@pytest.mark.parametrize("value", [-0.001, 2.001, "1", True, float("nan"), float("inf"), -float("inf"), [1], 10**400])
def test_temperature_is_a_number_in_range(session: Session, value: Any) -> None:
    assert refused(session, temperature=value).startswith("temperature must be a number from 0 to 2, not ")


@pytest.mark.parametrize("value", [0, 2, 0.5, np.float32(0.5), np.int64(1)])
def test_temperatures_at_the_bounds_and_numpys_are_taken(session: Session, value: Any) -> None:
    taken = session.prepare("Hello", temperature=value).request.temperature
    assert type(taken) is float
    assert taken == value


def test_numpys_whole_numbers_are_whole_numbers(session: Session) -> None:
    taken = session.prepare("Hello", max_tokens=np.int64(7)).request.max_tokens
    assert (type(taken), taken) == (int, 7)


@pytest.mark.parametrize("value", [-1, "x", "$5", "", "5 USD", float("nan"), float("inf"), True, [], Decimal("sNaN")])
def test_max_cost_is_an_amount(session: Session, value: Any) -> None:
    assert refused(session, max_cost=value) == f"max_cost must be an amount in USD, 0 or more, not {value!r}"


@pytest.mark.parametrize("value", ["", [""], ["a", ""], [1], [None], 5, {"a": 1, 2: 3}, b"a"])
def test_stop_takes_texts_that_are_not_empty(session: Session, value: Any) -> None:
    assert refused(session, stop=value).startswith("stop takes a text or several, none of them empty, not ")


@pytest.mark.parametrize(
    ("value", "stop"),
    [("a", ("a",)), (["a", "b"], ("a", "b")), (("a",), ("a",)), ([], ()), (None, ()), (iter("ab"), ("a", "b"))],
)
def test_stop_may_be_one_text_or_several(session: Session, value: Any, stop: tuple[str, ...]) -> None:
    assert session.prepare("Hello", stop=value).request.stop == stop


def _worst_case(session: Session, prompt: str, max_tokens: int) -> Decimal:
    worst = session.estimate(prompt, ["heavy"], max_tokens=max_tokens)["heavy"].worst_cost
    assert worst
    return worst


def test_max_cost_lets_through_what_costs_exactly_that_and_not_one_nano_less(session: Session) -> None:
    worst = _worst_case(session, "Hello", 50)
    assert session.ask("Hello", tier="heavy", max_tokens=50, max_cost=worst).status == "ok"
    with pytest.raises(UsageError, match="lower max_tokens or raise max_cost"):
        session.ask(
            "Hello again", tier="heavy", max_tokens=50, max_cost=_worst_case(session, "Hello again", 50) - 1 / NANO
        )
    assert len(session.ledger()) == 1


def test_max_cost_as_a_float_is_the_amount_that_was_written(session: Session) -> None:
    assert session.prepare("Hello", max_cost=0.1).max_cost == Decimal("0.1")
    assert session.prepare("Hello", max_cost="1e-9").max_cost == Decimal("1e-9")
    assert session.prepare("Hello", max_cost=0).max_cost == 0


def test_nobody_can_keep_a_cap_on_an_unknown_price(session: Session) -> None:
    sim.script("sim:mystery", answers={"Hello": "Hi"})
    with pytest.raises(UsageError, match=r"the price of sim:mystery is not known, so max_cost \$1 can't be kept"):
        session.ask("Hello", model="sim:mystery", max_cost=1)
    assert session.ask("Hello", model="sim:mystery").cost is None


@pytest.mark.parametrize("words", [1_100_001, 2_000_000])
def test_a_prompt_longer_than_the_window_names_both_counts(session: Session, words: int) -> None:
    with pytest.raises(UsageError) as caught:
        session.ask("a " * words, tier="heavy")
    told = str(caught.value)
    assert "the prompt has about" in told
    assert told.endswith("tokens, and sim:claude-opus-5-5 has room for 1,000,000")
    assert len(session.ledger()) == 0


def test_a_prompt_that_is_estimated_to_fit_all_but_a_little_is_tried(session: Session) -> None:
    # The estimate may be off by a tenth; the provider knows better.
    assert session.ask("a " * 1_050_000, tier="heavy", max_tokens=1).status == "ok"


def test_room_for_the_reply_is_what_the_prompt_leaves(session: Session) -> None:
    estimate = session.estimate("a " * 999_000, ["heavy"], max_tokens=5_000)["heavy"]
    assert estimate.max_tokens == 1_000_000 - estimate.input_tokens < 5_000


@pytest.mark.parametrize(
    ("text", "sent"),
    [("a \ud83d\ude00 b", "a 😀 b"), ("a \ud800 b", "a \ufffd b"), ("\udfff", "\ufffd"), ("é 語", "é 語")],
)
def test_halves_of_surrogate_pairs_are_joined_or_replaced(session: Session, text: str, sent: str) -> None:
    options = {"system": text, "feature": text, "action": text, "stop": text}
    prepared = session.prepare(text, **options)
    assert prepared.request.messages[0].content == prepared.request.system == sent
    assert prepared.request.stop == (sent,)
    session.ask(text, **options)
    row = session.ledger().iloc[0]
    assert (row["feature"], row["action"]) == (sent, sent)


def test_json_is_asked_for_in_the_system_prompt_and_nothing_else_is_added(session: Session) -> None:
    assert session.prepare("Hello", json=True).request.system == JSON_INSTRUCTION
    assert session.prepare("Hello", json=True, system="Be brief.").request.system == f"Be brief.\n\n{JSON_INSTRUCTION}"
    plain = session.prepare("  Hello {x} \n", system="").request
    assert (plain.system, plain.messages[0].content) == (None, "  Hello {x} \n")


def test_a_new_model_with_a_price_of_its_own_is_known(home: Path) -> None:
    own = Session(settings={"preset": "sim", "prices": {"openai:gpt-9": {"input": 1, "output": 1}}})
    assert own.rehearse("Hello", model="openai:gpt-9").request.model == "gpt-9"


def test_a_server_of_ones_own_may_call_its_models_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    session = Session(settings={"preset": "sim"})
    for ref in ("openai:mine", "ollama:whatever", "vllm:a/b:c"):
        assert session.rehearse("Hello", model=ref).route.ref == ref


@pytest.mark.parametrize("name", ["hevy", "x" * 10_000, "", "HEAVY"])
def test_the_closest_names_are_found_quickly_whatever_is_typed(name: str) -> None:
    assert isinstance(did_you_mean(name, ["heavy", "medium"]), str)
