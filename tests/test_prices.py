"""Prices: each expected figure is computed by hand from the published rates."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from costmagic import config
from costmagic.models import LOCAL_WINDOW
from costmagic.prices import LISTED, Prices
from costmagic.types import Usage

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def prices(**overrides: Any) -> Prices:
    return Prices(config.load(overrides=overrides))


@pytest.mark.parametrize(
    ("ref", "usage", "usd"),
    [
        # The invoice: 3 x $3 + 12,304 x $3.75 + 550 x $15, per million.
        ("anthropic:claude-3-7-sonnet", Usage(12_307, 550, cache_write_tokens=12_304), "0.054399"),
        # 200 plain x $3 + 800 read x $0.30 + 10 x $15: the read tokens are among the 1,000, not beside them.
        ("anthropic:claude-3-7-sonnet", Usage(1_000, 10, cache_read_tokens=800), "0.00099"),
        # 100 plain, 500 read, 400 written.
        ("anthropic:claude-3-7-sonnet", Usage(1_000, 0, 500, 400), "0.00195"),
        ("anthropic:claude-3-7-sonnet", Usage(1_000, 0, 1_000), "0.0003"),
        # 100 plain, 400 written for 5 minutes at $3.75 and 500 for an hour at twice the input, $6.
        (
            "anthropic:claude-3-7-sonnet",
            Usage(1_000, 0, cache_write_tokens=900, cache_write_1h_tokens=500),
            "0.0048",
        ),
        ("anthropic:claude-opus-5-5", Usage(1_000_000, 1_000_000), "24"),
        ("anthropic:claude-sonnet-5-5", Usage(1, 1), "0.000012"),
        ("anthropic:claude-haiku-4-5", Usage(7, 3), "0.000022"),
        ("openai:gpt-6.1-terra", Usage(1_000, 1_000), "0.006"),
        # Reasoning is part of the output: 100 x $0.50, not 190.
        ("openai:gpt-6-luna", Usage(0, 100, reasoning_tokens=90), "0.00005"),
        ("groq:llama-3.3-70b-versatile", Usage(1_000_000, 1_000_000), "1.38"),
        ("openai:gpt-6-luna", Usage(0, 0), "0"),
    ],
)
def test_a_call_costs_what_the_invoice_says(ref: str, usage: Usage, usd: str) -> None:
    cost = prices().cost(ref, usage, NOW)
    assert isinstance(cost, Decimal)
    assert cost == Decimal(usd)


@pytest.mark.parametrize(
    ("moment", "usd"),
    [
        (datetime(2026, 7, 29, 23, 59, 59, tzinfo=UTC), "1"),
        (datetime(2026, 7, 30, tzinfo=UTC), "0.2"),
        (datetime(2026, 11, 20, tzinfo=UTC), "0.2"),
    ],
)
def test_a_call_keeps_the_price_of_its_own_day(moment: datetime, usd: str) -> None:
    # In parts, since a long prompt has a tier of its own.
    assert prices().cost("openai:gpt-5.6-luna", Usage(1_000, 0), moment) == Decimal(usd) / 1000


@pytest.mark.parametrize(
    ("tokens", "usd"),
    [
        (99_999, "0.0104999"),
        (100_000, "0.0105"),
        # One token more, and all of them cost five times as much: 100,001 x $0.50 + 1,000 x $2.50.
        (100_001, "0.0525005"),
    ],
)
def test_a_long_prompt_moves_the_whole_call_into_the_dear_tier(tokens: int, usd: str) -> None:
    assert prices().cost("anthropic:claude-haiku-5-5", Usage(tokens, 1_000), NOW) == Decimal(usd)


def test_cached_tokens_count_towards_the_length_of_the_prompt() -> None:
    # 1 plain x $0.50 + 100,000 read x $0.05.
    assert prices().cost("anthropic:claude-haiku-5-5", Usage(100_001, 0, 100_000), NOW) == Decimal("0.0050005")


@pytest.mark.parametrize(
    "ref",
    [
        "anthropic:claude-99",
        "nosuch:gpt-4o",
        "ollama:llama3",
        "vllm:gpt-4o",
        "sim:nobody",
        "sim:sim:gpt-4o",
        "openrouter:nobody/nothing:free",
        # On the list, but sold by something other than tokens.
        "openai:whisper-1",
        "openai:tts-1",
        "groq:whisper-large-v3",
        "openai:moderation",
    ],
)
def test_an_unknown_price_is_none_and_never_zero(ref: str) -> None:
    for usage in (Usage(1_000, 1_000), Usage(0, 1), Usage(0, 0)):
        assert prices().cost(ref, usage, NOW) is None
    assert prices().rates(ref) is None


def test_a_model_without_an_output_rate_is_unpriced_only_when_it_put_something_out() -> None:
    assert prices().cost("openai:text-embedding-3-small", Usage(1_000_000, 0), NOW) == Decimal("0.02")
    assert prices().cost("openai:text-embedding-3-small", Usage(1_000_000, 1), NOW) is None


@pytest.mark.parametrize(
    "ref", ["openrouter:deepseek/deepseek-r1:free", "openrouter:meta-llama/llama-3.3-70b-instruct:free"]
)
def test_what_is_sold_as_free_costs_nothing(ref: str) -> None:
    assert prices().cost(ref, Usage(1_000, 1_000), NOW) == 0
    assert prices().rates(ref) == (0, 0)


def test_no_model_on_the_list_has_tokens_for_nothing_unless_it_is_sold_so() -> None:
    every = prices()
    free = {ref for ref in every.catalogue() if every.cost(ref, Usage(1_000, 1_000), NOW) == 0}
    assert free
    assert {ref for ref in free if not ref.endswith(":free")} <= {"openrouter:openrouter/free"}


def test_the_users_price_wins_over_the_list() -> None:
    own = {"openai:gpt-6-luna": {"input": 7, "output": 11}}
    assert prices(prices=own).cost("openai:gpt-6-luna", Usage(1_000, 1_000), NOW) == Decimal("0.018")
    assert prices(prices=own).cost("openai:gpt-6-luna-2026-01-01", Usage(1_000, 0), NOW) != Decimal("0.007")


@pytest.mark.parametrize(
    ("rates", "usd"),
    [
        ({"input": 1, "output": 2}, "0.00102"),
        ({"input": 1, "output": 2, "cache_read": 0}, "0.00042"),
        ({"input": 1, "output": 2, "cache_write": Decimal("1.25")}, "0.00107"),
        ({"input": 1, "output": 2, "cache_read": Decimal("0.1"), "cache_write": Decimal("1.25")}, "0.00053"),
        ({"input": 0, "output": 0}, "0"),
    ],
)
def test_own_cache_rates_default_to_the_input_rate(rates: dict[str, Any], usd: str) -> None:
    # 200 plain, 600 read, 200 written, 10 out.
    priced = prices(prices={"vllm:m": rates})
    assert priced.cost("vllm:m", Usage(1_000, 10, 600, 200), NOW) == Decimal(usd)


def test_a_price_of_a_provider_holds_for_all_its_models_and_a_models_own_wins() -> None:
    priced = prices(
        providers={"mine": {"kind": "openai", "base_url": "http://127.0.0.1:1", "price": {"input": 1, "output": 1}}},
        prices={"mine:dear": {"input": 5, "output": 5}},
    )
    assert priced.cost("mine:anything", Usage(1_000, 0)) == Decimal("0.001")
    assert priced.cost("mine:dear", Usage(1_000, 0)) == Decimal("0.005")
    assert priced.knows("mine:anything")


def test_a_providers_own_address_at_a_listed_one_finds_the_list() -> None:
    mine = {"kind": "openai", "base_url": "https://api.groq.com/openai/v1"}
    assert prices(providers={"mine": mine}).cost("mine:llama-3.3-70b-versatile", Usage(1_000, 0)) == Decimal("0.00059")


def test_a_model_on_this_machine_is_free() -> None:
    assert prices().cost("local:whatever", Usage(1_000, 1_000)) == 0
    assert prices().window("local:whatever") == LOCAL_WINDOW


@pytest.mark.parametrize("name", ["claude-opus-5-5", "anthropic:claude-opus-5-5"])
def test_a_simulated_model_costs_what_the_real_one_does(name: str) -> None:
    usage = Usage(1_000, 100, 500, 100)
    real = prices().cost("anthropic:claude-opus-5-5", usage, NOW)
    assert real is not None
    assert prices().cost(f"sim:{name}", usage, NOW) == real
    assert prices().window(f"sim:{name}") == prices().window("anthropic:claude-opus-5-5")


def test_an_alias_is_priced_as_the_model_behind_it() -> None:
    usage = Usage(1_000, 0)
    # Asked for the dear model, answered by the cheap one, and the other way round.
    assert prices().answer_cost("openai:gpt-6.1-sol", "gpt-6-luna", usage, NOW) == Decimal("0.0001")
    assert prices().answer_cost("openai:gpt-6-luna", "gpt-6.1-sol", usage, NOW) == Decimal("0.002")
    # A name behind it that no list knows leaves the price of what was asked for.
    assert prices().answer_cost("openai:gpt-6-luna", "mystery-1", usage, NOW) == Decimal("0.0001")
    assert prices().answer_cost("openai:gpt-6-luna", None, usage, NOW) == Decimal("0.0001")
    own = prices(prices={"openai:gpt-6-luna": {"input": 9, "output": 9}})
    assert own.answer_cost("openai:gpt-6-luna", "gpt-6.1-sol", usage, NOW) == Decimal("0.009")


def test_an_alias_of_unknown_price_gets_that_of_the_model_that_answered() -> None:
    assert prices().cost("openai:my-deployment", Usage(1_000, 0)) is None
    assert prices().answer_cost("openai:my-deployment", "gpt-6-luna", Usage(1_000, 0), NOW) == Decimal("0.0001")


def test_rates_are_per_million_tokens_of_a_short_prompt() -> None:
    assert prices().rates("anthropic:claude-haiku-5-5") == (Decimal("0.10"), Decimal("0.50"))
    assert prices().rates("deepseek:deepseek-reasoner") is not None


def test_the_catalogue_holds_references_of_the_listed_providers() -> None:
    refs = prices().catalogue()
    assert len(refs) == len(set(refs)) > 500
    assert {ref.partition(":")[0] for ref in refs} == set(LISTED)
    assert "anthropic:claude-opus-5-5" in refs


def test_a_window_that_the_list_does_not_have_is_none() -> None:
    assert prices().window("anthropic:claude-opus-5-5") == 1_000_000
    assert prices().window("anthropic:claude-99") is None


@pytest.mark.parametrize(
    ("ref", "usage", "saved", "more"),
    [
        # $3 plain, $0.30 read, $3.75 written: 500 × $2.70 less, 400 × $0.75 more.
        ("anthropic:claude-3-7-sonnet", Usage(1_000, 10, 500, 400), "0.00135", "0.0003"),
        # 300 of the 400 for an hour: 300 × $3 and 100 × $0.75 more.
        ("anthropic:claude-3-7-sonnet", Usage(1_000, 10, 500, 400, cache_write_1h_tokens=300), "0.00135", "0.000975"),
        # Read tokens keep the prompt in its dear tier: 100,000 × ($0.50 - $0.05).
        ("anthropic:claude-haiku-5-5", Usage(100_001, 0, 100_000), "0.045", "0"),
        ("local:any", Usage(1_000, 10, 500, 400), "0", "0"),
    ],
)
def test_what_the_prompt_cache_saved_and_cost_is_exact(ref: str, usage: Usage, saved: str, more: str) -> None:
    made = prices().prefix_money(ref, None, usage, NOW)
    assert made == (Decimal(saved), Decimal(more))
    cost, plain = (
        prices().cost(ref, usage, NOW),
        prices().cost(ref, Usage(usage.input_tokens, usage.output_tokens), NOW),
    )
    assert cost is not None
    assert plain == cost + Decimal(saved) - Decimal(more)


def test_what_the_prompt_cache_saved_is_unknown_where_the_price_is() -> None:
    assert prices().prefix_money("anthropic:claude-99", None, Usage(10, 1, 5), NOW) == (None, None)


@pytest.mark.parametrize(
    ("rates", "usd"),
    [
        ({"input": 1, "output": 1}, "0.001"),
        ({"input": 1, "output": 1, "cache_write": Decimal("1.25")}, "0.0016"),  # 100 × 1 + 400 × 1.25 + 500 × 2
        ({"input": 1, "output": 1, "cache_write": 3}, "0.0028"),
    ],
)
def test_an_hours_write_at_ones_own_price_costs_twice_the_input(rates: dict[str, Any], usd: str) -> None:
    own = prices(prices={"anthropic:mine": rates})
    usage = Usage(1_000, 0, cache_write_tokens=900, cache_write_1h_tokens=500)
    assert own.cost("anthropic:mine", usage) == Decimal(usd)


def test_every_list_price_is_reckoned_as_the_list_does(monkeypatch: pytest.MonkeyPatch) -> None:
    from costmagic import prices as module

    rng, quickly = random.Random(7), prices()
    usages = [Usage(0, 0), Usage(1, 1), Usage(10, 0, cache_read_tokens=11), Usage(10, 1, 5, 6)]
    for most in (10, 1_000, 150_000, 250_000, 1_000_000):
        read, written = rng.randrange(most), rng.randrange(most)
        usages.append(Usage(most + written, rng.randrange(9_000), read, written, cache_write_1h_tokens=written // 3))
        usages.append(Usage(most, 7, 0, most // 2, cache_write_1h_tokens=most // 2 + (most == 10)))
    moments = [datetime(2026, month, 3, hour, tzinfo=UTC) for month, hour in ((2, 1), (7, 13), (11, 20))]
    asked = [(ref, usage, at) for ref in quickly.catalogue() for usage in usages for at in moments[-1:]]
    asked += [(ref, usage, at) for ref in quickly.catalogue() for usage in usages[4:6] for at in moments]
    found = [quickly.cost(*one) for one in asked]
    tiered = [rates for _, rates in quickly._rates.values() if rates and rates.input.steps]
    assert len(tiered) > 20
    assert sum(rates is not None for _, rates in quickly._rates.values()) > 500
    monkeypatch.setattr(module, "token_rates", lambda entry: None)
    slowly = prices()
    assert [one for one, cost in zip(asked, found, strict=True) if cost != slowly.cost(*one)] == []
    assert not any(rates for _, rates in slowly._rates.values())
