"""``costmagic.toml`` and the environment, read into ``Settings``.

The file is looked up from the working folder upward, then in the user's config folder; the first one
found counts. ``COSTMAGIC_HOME`` and ``COSTMAGIC_PRESET`` override it. API keys are never settings:
only the name of the variable that holds a key is, and the variable is read when a call is made.
"""

from __future__ import annotations

import getpass
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from .cache_config import CacheConfig
from .cache_config import read as read_cache
from .checks import Where, check_keys, choice, number, positive, reference, typed
from .limits import BudgetConfig
from .limits import read as read_budget
from .steering import Downgrade, RoutingConfig, read_downgrade, read_output_limits, read_routing, read_rule
from .types import TIERS, ConfigError
from .watch_config import AlertsConfig, read_alerts, read_keep_days, read_share

FILE_NAME = "costmagic.toml"
PRESETS = ("auto", "anthropic", "openai", "mixed", "local", "sim")


@dataclass(frozen=True)
class Price:
    """USD per million tokens; cache rates default to the input rate."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None


@dataclass(frozen=True)
class ProviderConfig:
    """How a provider is reached.

    Attributes:
        kind: "anthropic", "openai" (anything that speaks its protocol), "local" or "sim".
        base_url: None means the SDK's own default.
        api_key_env: the variable that holds the key, None when no key is used.
        key_required: False for servers that work without a key.
        price: for what has no list price.
        timeout: seconds without a byte before the SDK gives up an attempt.
    """

    kind: str
    base_url: str | None = None
    api_key_env: str | None = None
    key_required: bool = True
    price: Price | None = None
    timeout: float = 600.0


@dataclass(frozen=True)
class Settings:
    """Everything that can be configured; ``source`` is the file it came from.

    ``rule`` holds the tables of ``[[rule]]`` in their order, checked: ``tier``, and any of ``match`` (a regular
    expression), ``task``, ``min_tokens``, ``max_tokens``. ``output_limits`` are tokens per task over the built-in
    ones, None to have none. ``tier_share`` is what ``[tiers.share]`` says. Calls are kept for ``keep_days``, None
    for good.
    """

    home: Path
    preset: str = "auto"
    tiers: Mapping[str, str] = field(default_factory=dict)
    tier_share: Mapping[str, Decimal] = field(default_factory=dict)
    providers: Mapping[str, ProviderConfig] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    cache: CacheConfig = field(default_factory=CacheConfig)
    rule: tuple[Mapping[str, Any], ...] = ()
    downgrade: tuple[Downgrade, ...] = ()
    routing: RoutingConfig = field(default_factory=RoutingConfig)
    output_limits: Mapping[str, int] | None = field(default_factory=dict)
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    alerts: AlertsConfig = field(default_factory=AlertsConfig)
    keep_days: float | None = None
    max_tokens: int = 4096
    store_text: bool = True
    ledger_url: str | None = None
    user: str = ""
    project: str = ""
    source: Path | None = None


BUILTIN_PROVIDERS: Mapping[str, ProviderConfig] = {
    "anthropic": ProviderConfig("anthropic", api_key_env="ANTHROPIC_API_KEY"),
    "openai": ProviderConfig("openai", api_key_env="OPENAI_API_KEY"),
    "openrouter": ProviderConfig("openai", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "groq": ProviderConfig("openai", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "deepseek": ProviderConfig("openai", "https://api.deepseek.com", "DEEPSEEK_API_KEY"),
    "ollama": ProviderConfig("openai", "http://127.0.0.1:11434/v1", "OLLAMA_API_KEY", False),
    "vllm": ProviderConfig("openai", "http://127.0.0.1:8000/v1", "VLLM_API_KEY", False),
    "local": ProviderConfig("local", key_required=False),
    "sim": ProviderConfig("sim", key_required=False),
}


def candidates(start: Path | None = None) -> list[Path]:
    """Where ``costmagic.toml`` may be, for ``start`` (default: the working folder): the first that exists counts."""
    import platformdirs

    try:
        folder = (start or Path.cwd()).resolve()
        paths = [parent / FILE_NAME for parent in (folder, *folder.parents)]
    except OSError:  # the working folder is gone
        paths = []
    return [*paths, Path(platformdirs.user_config_dir("costmagic", appauthor=False)) / FILE_NAME]


def find_file(start: Path | None = None) -> Path | None:
    """The ``costmagic.toml`` that counts for ``start`` (default: the working folder)."""
    return next((path for path in candidates(start) if path.is_file()), None)


def default_home() -> Path:
    """``COSTMAGIC_HOME``, or the platform's user-data folder."""
    import platformdirs

    home = os.environ.get("COSTMAGIC_HOME")
    return Path(home or platformdirs.user_data_dir("costmagic", appauthor=False)).expanduser()


def load(
    home: str | os.PathLike[str] | None = None,
    file: str | os.PathLike[str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Read the settings.

    Args:
        home: where ledger, cache and models live; overrides ``COSTMAGIC_HOME``.
        file: a ``costmagic.toml`` to use instead of the one that would be found.
        overrides: what stands in the file may also be given as a dict of the same shape; it wins.

    Raises:
        ConfigError: malformed TOML, an unknown key, or a value of the wrong type.
    """
    path = Path(file).expanduser() if file else find_file()
    values: dict[str, Any] = {}
    text = ""
    if path is not None:
        try:
            text = path.read_text("utf-8-sig")
            values = tomllib.loads(text, parse_float=Decimal)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{path}: {error}") from None
    settings = _settings(values, Where(path, text))
    if overrides:
        merged = _merge(values, overrides)
        settings = _settings(merged, Where(None, ""))
    preset = os.environ.get("COSTMAGIC_PRESET")
    if preset and "preset" not in (overrides or {}):
        settings = replace(settings, preset=choice(preset, PRESETS, "COSTMAGIC_PRESET", Where(None, "")))
    return replace(
        settings,
        home=Path(home).expanduser() if home else default_home(),
        user=settings.user or _login_name(),
        source=path,
    )


def _settings(values: Mapping[str, Any], where: Where) -> Settings:
    known = [f.name for f in fields(Settings) if f.name not in ("home", "source", "tier_share")]
    check_keys(values, known, "", where)
    given: dict[str, Any] = {}
    for key, kind in (("max_tokens", int), ("store_text", bool), ("ledger_url", str), ("user", str), ("project", str)):
        if key in values:
            given[key] = typed(values[key], kind, key, where)
    if "max_tokens" in given and given["max_tokens"] < 1:
        raise where.error("max_tokens", "max_tokens must be at least 1")
    if "preset" in values:
        given["preset"] = choice(values["preset"], PRESETS, "preset", where)
    given["rule"] = tuple(read_rule(table, where) for table in typed(values.get("rule", []), list, "rule", where))
    downgrades = typed(values.get("downgrade", []), list, "downgrade", where)
    given["downgrade"] = tuple(read_downgrade(table, where) for table in downgrades)
    given["routing"] = read_routing(typed(values.get("routing", {}), dict, "routing", where), where)
    given["output_limits"] = read_output_limits(values.get("output_limits", {}), where)
    tiers = dict(typed(values.get("tiers", {}), dict, "tiers", where))
    given["tier_share"] = read_share(tiers.pop("share", {}), where)
    check_keys(tiers, [*TIERS, "share"], "tiers.", where)
    given["tiers"] = {name: reference(ref, f"tiers.{name}", where) for name, ref in tiers.items()}
    given["providers"] = dict(BUILTIN_PROVIDERS)
    for name, table in typed(values.get("providers", {}), dict, "providers", where).items():
        given["providers"][name] = _provider(name, typed(table, dict, f"providers.{name}", where), where)
    given["prices"] = {
        reference(ref, f'prices."{ref}"', where): _price(table, f'prices."{ref}"', where)
        for ref, table in typed(values.get("prices", {}), dict, "prices", where).items()
    }
    given["cache"] = read_cache(typed(values.get("cache", {}), dict, "cache", where), where)
    given["budget"] = read_budget(typed(values.get("budget", {}), dict, "budget", where), where)
    given["alerts"] = read_alerts(typed(values.get("alerts", {}), dict, "alerts", where), where)
    if "keep_days" in values:
        given["keep_days"] = read_keep_days(values["keep_days"], where)
    return Settings(home=Path(), **given)


def _provider(name: str, table: Mapping[str, Any], where: Where) -> ProviderConfig:
    key = f"providers.{name}"
    check_keys(table, [f.name for f in fields(ProviderConfig)], f"{key}.", where)
    base = BUILTIN_PROVIDERS.get(name)
    if base is None and "kind" not in table:
        raise where.error(key, f'[{key}] needs kind = "openai" or "anthropic"')
    given: dict[str, Any] = {}
    for field_name, kind in (("base_url", str), ("api_key_env", str), ("key_required", bool)):
        if field_name in table:
            given[field_name] = typed(table[field_name], kind, f"{key}.{field_name}", where)
    if "timeout" in table:
        given["timeout"] = float(positive(table["timeout"], f"{key}.timeout", where))
    if "price" in table:
        given["price"] = _price(table["price"], f"{key}.price", where)
    if "kind" in table:
        kinds = ("anthropic", "openai") if base is None else (base.kind,)
        given["kind"] = choice(table["kind"], kinds, f"{key}.kind", where)
    if base is not None:
        return replace(base, **given)
    given.setdefault("key_required", "api_key_env" in given)
    return ProviderConfig(**given)


def _price(table: Any, key: str, where: Where) -> Price:
    table = typed(table, dict, key, where)
    check_keys(table, [f.name for f in fields(Price)], f"{key}.", where)
    missing = [name for name in ("input", "output") if name not in table]
    if missing:
        raise where.error(key, f"{key} needs {' and '.join(missing)} (USD per million tokens)")
    rates = {name: number(rate, f"{key}.{name}", where) for name, rate in table.items()}
    for name, rate in rates.items():
        if rate < 0:
            raise where.error(key, f"{key}.{name} must not be negative")
    return Price(**rates)


def address(name: str, provider: ProviderConfig) -> str | None:
    """The base URL of a provider now: the file's, else ``NAME_BASE_URL`` (or ``OLLAMA_HOST``), else its usual one.

    Read when a call is made, like the key: both may change together in a running notebook.
    """
    builtin = BUILTIN_PROVIDERS.get(name)
    if provider.base_url != (builtin.base_url if builtin else None):
        return provider.base_url or None
    url = os.environ.get(re.sub(r"\W", "_", name).upper() + "_BASE_URL")
    if not url and name == "ollama" and (host := os.environ.get("OLLAMA_HOST")):
        if "://" not in host:
            host = f"http://{host}" if re.search(r":\d+$", host) else f"http://{host}:11434"
        url = host.rstrip("/").replace("0.0.0.0", "127.0.0.1") + "/v1"
    return url or provider.base_url


def _merge(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in top.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, Mapping) else value
    return merged


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container whose user has no name
        return str(os.getuid()) if hasattr(os, "getuid") else "user"
