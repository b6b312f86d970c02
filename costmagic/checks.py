"""Checks of what stands in ``costmagic.toml``: every mistake is a ConfigError that names its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from .types import ConfigError, did_you_mean


@dataclass(frozen=True)
class Where:
    """Names the place of a mistake: the file, and the line of the key or else of the table it belongs in."""

    path: Path | None
    text: str

    def error(self, key: str, message: str) -> ConfigError:
        """The error for ``key`` (dotted, like ``tiers.heavy``), to be raised."""
        wanted, table, line, depth = _path(key), [], 0, 0
        for number, row in enumerate(self.text.splitlines(), 1):
            if header := re.match(r"\s*\[+([^]]*)]", row):
                here = table = _path(header[1])
            else:
                here = table + _path(row.partition("=")[0])
            if depth < len(here) and here == wanted[: len(here)]:
                line, depth = number, len(here)
        place = f"{self.path}" + (f", line {line}" if line else "") if self.path else "settings"
        return ConfigError(f"{place}: {message}")


def _path(key: str) -> list[str]:
    """``prices."a:b".input`` → ``["prices", "a:b", "input"]``"""
    return [a or b or c.strip() for a, b, c in re.findall(r""""([^"]*)"|'([^']*)'|([^."'\s][^."']*)""", key)]


def check_keys(table: Mapping[str, Any], known: Sequence[str], prefix: str, where: Where) -> None:
    """Refuse keys that are not ``known``, with the closest ones that are."""
    for key in table:
        if key not in known:
            raise where.error(f"{prefix}{key}", f"unknown key '{prefix}{key}'{did_you_mean(str(key), known)}")


def typed(value: Any, kind: type, key: str, where: Where) -> Any:
    """``value``, which is a ``kind``: dict, list, str, int or bool."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        names = {dict: "a table", list: "a list", str: "a text", int: "a whole number", bool: "true or false"}
        raise where.error(key, f"{key} must be {names[kind]}, not {value!r}")
    return value


def reference(value: Any, key: str, where: Where) -> str:
    """``value``, which has the form ``provider:model``."""
    provider, _, model = typed(value, str, key, where).partition(":")
    if not provider.strip() or not model.strip():
        raise where.error(key, f"{key}: '{value}' is not a model: write provider:model")
    return str(value)


def number(value: Any, key: str, where: Where) -> Decimal:
    """``value`` as a finite Decimal."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise where.error(key, f"{key} must be a number, not {value!r}")
    finite = Decimal(str(value))
    if not finite.is_finite():
        raise where.error(key, f"{key} must be a finite number")
    return finite


def positive(value: Any, key: str, where: Where) -> Decimal:
    """``value`` as a Decimal above 0."""
    amount = number(value, key, where)
    if amount <= 0:
        raise where.error(key, f"{key} must be greater than 0")
    return amount


def choice(value: Any, choices: Sequence[str], key: str, where: Where) -> str:
    """``value``, which is one of ``choices``."""
    if value not in choices:
        raise where.error(key, f"{key} = {value!r} is not one of {', '.join(choices)}")
    return str(value)
