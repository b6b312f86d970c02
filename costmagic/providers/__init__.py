"""Providers by name; each adapter, and its SDK, is imported when it is first asked for."""

from __future__ import annotations

import threading
from contextlib import suppress
from importlib import import_module
from typing import Protocol, runtime_checkable

from .. import forks
from ..config import Settings
from ..models import provider_config
from .base import Provider

_KINDS = {
    "anthropic": ("anthropic", "AnthropicProvider"),
    "openai": ("openai", "OpenAIProvider"),
    "local": ("local", "LocalProvider"),
    "sim": ("sim", "SimProvider"),
}

# What the first call of a provider imports, in up to three seconds on a cold machine.
_SDKS = {"anthropic": "anthropic", "openai": "openai", "local": "xllamacpp"}


@runtime_checkable
class Closable(Protocol):
    """A provider that keeps connections open."""

    def close(self) -> None: ...


@runtime_checkable
class Loadable(Protocol):
    """A provider whose models are loaded into this process."""

    def load(self, model: str) -> None: ...


class Providers:
    """Makes each provider once. Unknown names raise UsageError with the closest ones."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._made: dict[str, Provider] = {}
        forks.renew(self)

    def renew_after_fork(self) -> None:
        """A new lock; providers keep what they can."""
        self._lock = threading.Lock()

    def get(self, name: str) -> Provider:
        with self._lock:
            if name not in self._made:
                module, cls = _KINDS[provider_config(self._settings, name).kind]
                factory = getattr(import_module(f".{module}", __package__), cls)
                self._made[name] = factory(name, self._settings)
            return self._made[name]

    def warm_up(self, name: str, model: str) -> None:
        """Import and load now what the first call of a model would, so that no call's time is spent on it."""
        sdk, provider = _SDKS.get(provider_config(self._settings, name).kind), self.get(name)
        with suppress(Exception):  # the call itself says what is missing or damaged
            if sdk is not None:
                import_module(sdk)
            if isinstance(provider, Loadable):
                provider.load(model)

    def close(self) -> None:
        """Close what the providers keep open; they can be used again."""
        with self._lock:
            made: list[object] = list(self._made.values())
        for provider in made:
            if isinstance(provider, Closable):
                provider.close()
