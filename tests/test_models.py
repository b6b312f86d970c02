"""References, tiers, presets, and which keys are seen."""

from __future__ import annotations

from typing import Any

import pytest

from costmagic import config, models
from costmagic.config import PRESETS, Settings
from costmagic.prices import LISTED, Prices
from costmagic.types import TIERS, MissingKeyError, UsageError


def settings(**overrides: Any) -> Settings:
    return config.load(overrides=overrides)


@pytest.mark.parametrize(
    ("ref", "parts"),
    [
        ("openai:gpt-4o", ("openai", "gpt-4o")),
        ("openrouter:deepseek/deepseek-r1:free", ("openrouter", "deepseek/deepseek-r1:free")),
        (" local:smollm2-135m\n", ("local", "smollm2-135m")),
        ("ollama: qwen3:8b", ("ollama", "qwen3:8b")),
        ("sim:größe", ("sim", "größe")),
    ],
)
def test_a_reference_splits_at_its_first_colon(ref: str, parts: tuple[str, str]) -> None:
    assert models.split(ref) == parts


@pytest.mark.parametrize("ref", ["", ":", "gpt-4o", "openai:", "openai: ", ":gpt-4o", "  "])
def test_half_a_reference_is_refused_with_an_example(ref: str) -> None:
    with pytest.raises(UsageError, match="write provider:model, like local:smollm2-135m"):
        models.split(ref)


@pytest.mark.parametrize("preset", [p for p in PRESETS if p != "auto"])
def test_a_preset_fills_all_five_tiers_with_known_models(preset: str) -> None:
    chosen = settings(preset=preset)
    refs = models.tiers(chosen)
    assert tuple(refs) == TIERS
    for ref in refs.values():
        assert models.split(ref)[0] in chosen.providers
        assert Prices(chosen).rates(ref) is not None


@pytest.mark.parametrize("preset", ["anthropic", "openai", "mixed", "sim"])
def test_no_tier_of_a_preset_costs_more_than_its_heavy_one(preset: str) -> None:
    prices = Prices(settings(preset=preset))
    rates = {tier: prices.rates(ref) for tier, ref in models.tiers(settings(preset=preset)).items()}
    heavy = rates["heavy"]
    assert heavy is not None
    assert all(r is not None and r[0] <= heavy[0] and r[1] <= heavy[1] for r in rates.values())


def test_a_tier_in_the_settings_overrides_the_preset_alone() -> None:
    refs = models.tiers(settings(preset="sim", tiers={"coding": "local:x"}))
    assert refs["coding"] == "local:x"
    assert refs["heavy"] == "sim:claude-opus-5-5"


@pytest.mark.parametrize(("tier", "hint"), [("hevy", "did you mean 'heavy'"), ("Heavy", "'heavy'"), ("", "there are")])
def test_an_unknown_tier_names_the_closest(tier: str, hint: str) -> None:
    with pytest.raises(UsageError, match=f"unknown tier '{tier}'") as caught:
        models.tier_ref(settings(preset="sim"), tier)
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "preset"),
    [
        ([], "local"),
        (["OPENAI_API_KEY"], "openai"),
        (["ANTHROPIC_API_KEY"], "anthropic"),
        (["ANTHROPIC_AUTH_TOKEN"], "anthropic"),
        (["OPENROUTER_API_KEY"], "local"),
        (["OPENAI_API_KEY", "OPENROUTER_API_KEY"], "openai"),
        (["OPENAI_API_KEY", "ANTHROPIC_API_KEY"], "anthropic"),
        (["ANTHROPIC_API_KEY", "OPENROUTER_API_KEY"], "mixed"),
        (["GROQ_API_KEY"], "local"),
    ],
)
def test_auto_takes_what_the_keys_allow(keys: list[str], preset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in keys:
        monkeypatch.setenv(key, "k")
    assert models.active_preset(settings()) == preset
    assert models.active_preset(settings(preset="sim")) == "sim"


def test_a_key_set_later_counts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    before = settings()
    assert models.active_preset(before) == "local"
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    assert models.active_preset(before) == "openai"


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_a_blank_key_is_no_key(blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", blank)
    assert models.active_preset(settings()) == "local"
    with pytest.raises(MissingKeyError, match=r"openai: no API key: set OPENAI_API_KEY, .* -m local:smollm2-135m"):
        models.require_key(settings(), "openai")


def test_a_key_is_handed_out_without_the_blanks_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", " k\n")
    assert models.require_key(settings(), "openai") == "k"


@pytest.mark.parametrize("name", ["local", "sim", "ollama", "vllm"])
def test_what_needs_no_key_gets_none(name: str) -> None:
    assert models.require_key(settings(), name) is None


def test_anthropics_bearer_token_stands_in_for_its_key_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "t")
    assert models.require_key(settings(), "anthropic") is None
    with pytest.raises(MissingKeyError):
        models.require_key(settings(), "openai")


def test_a_provider_without_a_variable_for_its_key_says_which_setting_to_give() -> None:
    mine = settings(providers={"mine": {"kind": "openai", "key_required": True}})
    with pytest.raises(MissingKeyError, match=r"mine: set api_key_env in \[providers\.mine\]"):
        models.require_key(mine, "mine")


def test_an_unknown_provider_names_the_closest() -> None:
    with pytest.raises(UsageError, match="unknown provider 'antropic'; did you mean 'anthropic'"):
        models.provider_config(settings(), "antropic")


def test_the_listed_providers_are_ready_made() -> None:
    assert set(LISTED) <= set(settings().providers)
