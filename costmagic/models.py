"""Names of models: ``provider:model`` references, the five tiers and the presets that fill them."""

from __future__ import annotations

import os
from collections.abc import Mapping

from .config import ProviderConfig, Settings
from .types import TIERS, MissingKeyError, UsageError, did_you_mean

LOCAL_MODEL = "local:smollm2-135m"
LOCAL_WINDOW = 8_192  # tokens: SmolLM2's own, and what each request to a local model gets
DEFAULT_TIER = "medium"

_CLAUDE = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-sonnet-5-5", "claude-haiku-5-5")
_GPT = ("gpt-6.1-sol", "gpt-6.1-terra", "gpt-6-luna", "gpt-6.1-terra", "gpt-6-luna")

PRESET_TIERS: Mapping[str, tuple[str, ...]] = {
    "anthropic": tuple(f"anthropic:{m}" for m in _CLAUDE),
    "openai": tuple(f"openai:{m}" for m in _GPT),
    # Dear models where they earn it, open ones for code and routing.
    "mixed": (
        *(f"anthropic:{m}" for m in _CLAUDE[:3]),
        "openrouter:deepseek/deepseek-r1:free",
        "openrouter:meta-llama/llama-3.3-70b-instruct:free",
    ),
    "local": (LOCAL_MODEL,) * 5,
    "sim": tuple(f"sim:{m}" for m in _CLAUDE),
}


def split(ref: str) -> tuple[str, str]:
    """``"openrouter:deepseek/deepseek-r1:free"`` → ``("openrouter", "deepseek/deepseek-r1:free")``.

    Raises:
        UsageError: no provider before the first colon, or no model after it.
    """
    provider, colon, model = ref.strip().partition(":")
    if not colon or not provider or not model.strip():
        raise UsageError(f"'{ref}' is not a model: write provider:model, like {LOCAL_MODEL}")
    return provider, model.strip()


def provider_config(settings: Settings, name: str) -> ProviderConfig:
    """Raises UsageError with the closest names when there is no such provider."""
    try:
        return settings.providers[name]
    except KeyError:
        raise UsageError(f"unknown provider '{name}'{did_you_mean(name, list(settings.providers))}") from None


def has_key(provider: ProviderConfig) -> bool:
    """Whether the provider's key is in the environment now."""
    # The Anthropic SDK also takes a bearer token from the variable of that name.
    names = [provider.api_key_env, "ANTHROPIC_AUTH_TOKEN" if provider.api_key_env == "ANTHROPIC_API_KEY" else None]
    return any(name and os.environ.get(name, "").strip() for name in names)


def require_key(settings: Settings, name: str) -> str | None:
    """The provider's key, None when it works without one or signs in by other means.

    Raises:
        MissingKeyError: the key is needed and not set.
    """
    provider = provider_config(settings, name)
    key = os.environ.get(provider.api_key_env or "", "").strip()
    if not key and provider.key_required and not has_key(provider):
        if not provider.api_key_env:
            raise MissingKeyError(f"{name}: set api_key_env in [providers.{name}] to the variable that holds its key")
        raise MissingKeyError(
            f"{name}: no API key: set {provider.api_key_env}, or use the built-in model, "
            f"which needs none: -m {LOCAL_MODEL}"
        )
    return key or None


def active_preset(settings: Settings) -> str:
    """The preset in force: ``auto`` becomes what the keys in the environment allow."""
    if settings.preset != "auto":
        return settings.preset
    found = {name for name in ("anthropic", "openai", "openrouter") if has_key(settings.providers[name])}
    if {"anthropic", "openrouter"} <= found:
        return "mixed"
    if "anthropic" in found:
        return "anthropic"
    return "openai" if "openai" in found else "local"


def tiers(settings: Settings) -> dict[str, str]:
    """Tier → model reference, in the order heavy to routing; ``[tiers]`` overrides the preset."""
    preset = PRESET_TIERS[active_preset(settings)]
    return {tier: settings.tiers.get(tier, preset[i]) for i, tier in enumerate(TIERS)}


def tier_ref(settings: Settings, tier: str) -> str:
    """The model of a tier. Raises UsageError with the closest names for an unknown tier."""
    try:
        return tiers(settings)[tier]
    except KeyError:
        raise UsageError(f"unknown tier '{tier}'{did_you_mean(tier, TIERS)}") from None
