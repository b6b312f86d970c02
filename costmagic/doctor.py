"""What is installed, which keys are seen, which models answer, where files live."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from . import __version__, weights
from .accounting import Ledger
from .accounting.health import examine as health_of
from .accounting.health import vacuum as give_back
from .caching.exact import ExactCache
from .config import ProviderConfig, Settings
from .models import active_preset, has_key, split, tiers
from .providers import Providers
from .types import Message, ProviderError, Request, UsageError

PACKAGES = ("anthropic", "openai", "genai-prices", "tiktoken", "sqlalchemy", "ipython", "jupyterlab", "ipykernel")
TIMEOUT_S = 5.0

# Above this share of empty space the file is worth packing.
MUCH_FREE = 0.2


@dataclass(frozen=True)
class Finding:
    """One line of the report; ``bad`` means that something does not work as configured."""

    topic: str
    text: str
    bad: bool = False
    good: bool = True

    @property
    def mark(self) -> str:
        return "✗" if self.bad else "✓" if self.good else "–"


def examine(settings: Settings, vacuum: bool = False) -> Iterator[Finding]:
    """Look around; yields findings as they are made. Asks providers for their lists of models (free).

    With ``vacuum`` the free space in the ledger's file goes back to the disk.
    """
    yield Finding("costmagic", f"{__version__} on Python {platform.python_version()} ({sys.platform})")
    installed = [f"{name} {_version(name)}" for name in PACKAGES if _version(name)]
    yield Finding("packages", ", ".join(installed))
    local = _version("xllamacpp")
    yield Finding(
        "local", f"xllamacpp {local}" if local else "not installed: pip install 'costmagic[local]'", good=bool(local)
    )
    yield Finding("config", str(settings.source or "no costmagic.toml; built-in settings"))
    yield from _files(settings, vacuum)
    yield from _keys(settings)
    yield Finding("preset", f"{settings.preset} → {active_preset(settings)}")
    yield from _answers(settings)


def _files(settings: Settings, vacuum: bool) -> Iterator[Finding]:
    home = settings.home
    writable = os.access(home, os.W_OK) if home.exists() else os.access(_existing_parent(home), os.W_OK)
    yield Finding("home", f"{home}{'' if writable else ' (not writable)'}", bad=not writable)
    yield _ledger(settings, vacuum)
    entries, size = ExactCache(home / "cache" / "exact", settings.cache).size()
    yield Finding("cache", f"{home / 'cache'}: {entries:,} replies, {size / 1e6:.1f} MB")
    for name in weights.CATALOGUE:
        pulled = weights.is_pulled(home, name)
        where = str(weights.folder(home)) if pulled else f"not here: costmagic pull {name}"
        yield Finding("model", f"{name}: {where}", good=pulled)


def _ledger(settings: Settings, vacuum: bool) -> Finding:
    ledger = Ledger(settings.ledger_url or settings.home / "ledger.db")
    try:
        health = health_of(ledger)
        if health.problems:
            told = "; ".join(health.problems)
            return Finding("ledger", f"{ledger.name} is damaged: {told}; move it away, or restore a copy", bad=True)
        freed = ""
        if vacuum:
            give_back(ledger)
            before, health = health, health_of(ledger)
            if health.bytes is not None and before.bytes is not None:
                freed = f", {max(0, before.bytes - health.bytes) / 1e6:.1f} MB freed"
        rows = int(ledger.count())
        size = "" if health.bytes is None else f", {health.bytes / 1e6:.1f} MB"
        if health.free and health.free > MUCH_FREE * (health.bytes or 0):
            freed += f", {health.free / 1e6:.1f} MB of it free: costmagic doctor --vacuum gives it back"
        return Finding("ledger", f"{ledger.name}: {rows:,} calls{size}{freed}")
    except Exception as error:
        return Finding("ledger", f"{ledger.name}: {error}", bad=True)
    finally:
        ledger.close()


def _keys(settings: Settings) -> Iterator[Finding]:
    for name, provider in settings.providers.items():
        if provider.api_key_env:
            seen = has_key(provider)
            yield Finding("key", f"{provider.api_key_env} ({name}): {'set' if seen else 'not set'}", good=seen)


def _answers(settings: Settings) -> Iterator[Finding]:
    """Ask every provider that could answer, and check that it has the tiers' models."""
    providers = Providers(settings)
    wanted: dict[str, list[str]] = {}
    for ref in dict.fromkeys(tiers(settings).values()):
        name, model = split(ref)
        wanted.setdefault(name, []).append(model)
    for name, config in settings.providers.items():
        models = wanted.get(name, [])
        if config.kind == "local":
            yield from _local_answers(settings, providers, models)
        elif config.kind == "sim":
            yield Finding("answers", "sim: always, SIMULATED")
        elif has_key(config) or not config.key_required:
            yield _remote_answers(providers, name, config, models)


def _local_answers(settings: Settings, providers: Providers, wanted: list[str]) -> Iterator[Finding]:
    for model in sorted({*weights.available(settings.home), *wanted}):
        request = Request("local", model, (Message("user", "Say hello."),), max_tokens=4)
        try:
            text = "".join(delta.text for delta in providers.get("local").stream(request))
            yield Finding("answers", f"local:{model}: {text!r}")
        except (ProviderError, UsageError) as error:
            yield Finding("answers", f"local:{model}: {error}", bad=model in wanted, good=False)


def _remote_answers(providers: Providers, name: str, config: ProviderConfig, wanted: list[str]) -> Finding:
    try:
        served = providers.get(name).served(TIMEOUT_S)  # type: ignore[attr-defined]
    except ProviderError as error:
        # A server on this machine that nobody asked for need not run.
        asked_for = bool(wanted) or has_key(config)
        return Finding("answers", f"{name}: {error.message}", bad=asked_for, good=False)
    missing = [model for model in wanted if model not in served]
    if missing and name in ("anthropic", "openai"):
        return Finding("answers", f"{name}: {len(served)} models, but not {', '.join(missing)}", bad=True)
    return Finding("answers", f"{name}: {len(served)} models")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _existing_parent(path: os.PathLike[str]) -> str:
    folder = os.path.abspath(path)
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder
