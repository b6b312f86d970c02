"""Reads what the panel sends: nothing in it is taken on trust."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..types import UsageError


class Malformed(UsageError):
    """A request that is not what ``panel_wire`` says."""


class Fields:
    """The fields of a request. Each method returns one that has the right type, or raises Malformed."""

    def __init__(self, values: Any, what: str) -> None:
        if not isinstance(values, Mapping):
            raise Malformed(f"{what} must be an object, not {values!r:.60}")
        self._values = values
        self._what = what

    def text(self, name: str) -> str:
        """A text."""
        value = self._values.get(name)
        if not isinstance(value, str):
            raise self._wrong(name, "a text")
        return value

    def text_or_none(self, name: str) -> str | None:
        """A text, or None."""
        return None if self._values.get(name) is None else self.text(name)

    def texts(self, name: str) -> list[str]:
        """A list of texts."""
        value = self._values.get(name)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._wrong(name, "a list of texts")
        return value

    def number(self, name: str) -> float:
        """A number."""
        value = self._values.get(name)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise self._wrong(name, "a number")
        return float(value)

    def count(self, name: str) -> int:
        """A whole number, 0 or more."""
        value = self._values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self._wrong(name, "a whole number from 0")
        return value

    def count_or_none(self, name: str) -> int | None:
        """A whole number, or None."""
        return None if self._values.get(name) is None else self.count(name)

    def inner(self, name: str) -> Fields:
        """The fields of an object in it."""
        return Fields(self._values.get(name), f"{self._what}.{name}")

    def _wrong(self, name: str, wanted: str) -> Malformed:
        return Malformed(f"{self._what}: {name} must be {wanted}, not {self._values.get(name)!r:.60}")
