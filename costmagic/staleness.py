"""Whether the evidence of a downgrade still holds: models, prices and prompt as they were when it was adopted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from .config import Settings
from .models import tiers
from .money import dollars
from .prices import Prices
from .steering import Downgrade
from .types import Route


class Staleness:
    """Checks downgrades against what is true now."""

    def __init__(self, settings: Settings, prices: Prices) -> None:
        self._settings = settings
        self._prices = prices
        self._of = {downgrade.feature: downgrade for downgrade in settings.downgrade}  # the last one counts
        self._known: dict[tuple[str, date], tuple[str, ...]] = {}

    def of(self, downgrade: Downgrade) -> tuple[str, ...]:
        """Why the evidence no longer holds, a sentence each; nothing is known against one that has none."""
        evidence = downgrade.evidence
        return (*self._models(downgrade, evidence), *self._changed_prices(evidence))

    def marked(self, route: Route, feature: str | None, prompt: str, system: str | None) -> Route:
        """The route that the policy of ``feature`` made, with what has become stale."""
        downgrade = self._of.get(feature or "")
        if downgrade is None:
            return route
        key = (downgrade.feature, datetime.now(UTC).date())  # prices change from one day to the next
        if key not in self._known:
            self._known[key] = self.of(downgrade)
        stale = (*self._known[key], *_prompt(downgrade.evidence, prompt, system))
        if not stale:
            return route
        return replace(route, stale=stale, reason=f"{route.reason}; STALE: {'; '.join(stale)}")

    def _models(self, downgrade: Downgrade, evidence: Mapping[str, Any]) -> list[str]:
        now = tiers(self._settings)
        found = []
        for key, name in (("from_model", downgrade.source), ("to_model", downgrade.target)):
            before, after = evidence.get(key), now.get(name, name)
            if before is not None and before != after:
                found.append(f"{name} is {after} now, {before} was evaluated")
        return found

    def _changed_prices(self, evidence: Mapping[str, Any]) -> list[str]:
        found = []
        for ref, before in evidence.get("prices", {}).items():
            now = self._prices.rates(ref)
            after = None if now is None else {"input": now[0], "output": now[1]}
            if after is None or any(Decimal(str(before[name])) != after[name] for name in before if name in after):
                shown = "unknown" if now is None else "/".join(dollars(rate) for rate in now)
                was = "/".join(dollars(Decimal(str(before[name]))) for name in ("input", "output") if name in before)
                found.append(f"the price of {ref} is {shown} a million tokens now, it was {was}")
        return found


def _prompt(evidence: Mapping[str, Any], prompt: str, system: str | None) -> list[str]:
    found = []
    for key, name, text in (("prompt", "prompt", prompt), ("system", "system prompt", system or "")):
        template = evidence.get(key)
        if template is None and (key == "prompt" or "prompt" not in evidence):
            continue
        if not fits(text, _literals(template or "")):
            found.append(f"the {name} is not the one that was evaluated")
    return found


def fits(text: str, literals: Sequence[str]) -> bool:
    """Whether ``text`` can be a template with these literal parts, filled in. White space counts once."""
    text, parts = _spaced(text), [_spaced(part) for part in literals]
    if len(parts) == 1:
        return text.strip() == parts[0].strip()
    first, *middle, last = parts
    first, last = first.lstrip(), last.rstrip()
    text = text.strip()
    if not text.startswith(first.rstrip()) or not text.endswith(last.lstrip()):
        return False
    place, end = len(first.rstrip()), len(text) - len(last.lstrip())
    for part in middle:
        place = text.find(part.strip(), place, end)
        if place < 0:
            return False
        place += len(part.strip())
    return place <= end


def _spaced(text: str) -> str:
    edges = (" " if text[:1].isspace() else "", " " if text[-1:].isspace() else "")
    return f"{edges[0]}{' '.join(text.split())}{edges[1]}"


@lru_cache(maxsize=64)
def _literals(template: str) -> tuple[str, ...]:
    if "{{" not in template:
        return (template,)
    from .templates import Template

    return Template(template).literals
