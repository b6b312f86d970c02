"""What steers the router in ``costmagic.toml``: ``[[rule]]``, ``[[downgrade]]``, ``[routing]``, ``[output_limits]``."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from .checks import Where, check_keys, choice, number, positive, typed
from .types import TASKS, TIERS

# What ``[routing] rules`` may be: the built-in rules beside the user's own, or the user's own alone.
RULES = ("all", "own")


@dataclass(frozen=True)
class RoutingConfig:
    """What ``[routing]`` says.

    Attributes:
        llm: ask the routing tier's model where the learned router is unsure; costs a call.
        sure: the learned router is unsure below this probability of its best task.
        quality: a router of the user's own sends a prompt to the cheap tier when the chance that
            nothing is lost there is at least this.
        rules: "all", or "own" to leave the built-in rules out.
    """

    llm: bool = False
    sure: float = 0.5
    quality: float = 0.9
    rules: str = "all"


@dataclass(frozen=True)
class Downgrade:
    """One ``[[downgrade]]``: calls of ``feature`` go to ``target``, which an evaluation found good enough.

    Attributes:
        source, target: tier or ``provider:model``; ``from`` and ``to`` in the file.
        evidence: what else the table holds, as it stands there: ``margin``, ``confidence``, ``drop`` and its
            ``interval`` (all as shares, 0.02 is 2 %), ``n`` pairs, ``dataset_hash``, ``prompt_hash``, ``date``,
            ``prices``; ``evaluation``, the id of the run; the ``prompt`` and ``system`` templates and the models behind
            the tiers (``from_model``, ``to_model``) at that time; ``forced`` where it had not passed.
    """

    feature: str
    source: str
    target: str
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        evidence = self.evidence_text()
        return f"{self.source} → {self.target} for feature '{self.feature}'" + (f", {evidence}" if evidence else "")

    def evidence_text(self) -> str:
        """The evidence in a line; empty where there is none."""
        known = self.evidence
        told = ["adopted WITHOUT having passed"] if known.get("forced") else []
        if "drop" in known:
            low_high = known.get("interval")
            interval = f" [{_percent(low_high[0])} to {_percent(low_high[1])}]" if low_high else ""
            told.append(f"drop {_percent(known['drop'])}{interval}")
        if "margin" in known:
            told.append(f"margin {_percent(known['margin'])}")
        if "confidence" in known:
            told.append(f"confidence {_percent(known['confidence'])}")
        if "n" in known:
            told.append(f"{known['n']:,} pairs")
        if "date" in known:
            told.append(f"adopted {known['date']}")
        return ", ".join(told)


def _percent(share: Decimal | float) -> str:
    return f"{float(share) * 100:.3g} %"


def read_rule(table: Any, where: Where) -> Mapping[str, Any]:
    """A checked ``[[rule]]``. Raises ConfigError that names the place of a mistake, like all that follow."""
    table = typed(table, dict, "rule", where)
    kinds = {"tier": str, "match": str, "task": str, "min_tokens": int, "max_tokens": int}
    check_keys(table, list(kinds), "rule.", where)
    for key, value in table.items():
        typed(value, kinds[key], f"rule.{key}", where)
    if "tier" not in table:
        raise where.error("rule", "a [[rule]] needs a tier")
    choice(table["tier"], TIERS, "rule.tier", where)
    if "task" in table:
        choice(table["task"], TASKS, "rule.task", where)
    return dict(table)


_EVIDENCE = (
    *("margin", "confidence", "drop", "interval", "n", "dataset_hash", "prompt_hash", "date", "prices"),
    *("evaluation", "from_model", "to_model", "prompt", "system", "forced"),
)


def read_downgrade(table: Any, where: Where) -> Downgrade:
    """A checked ``[[downgrade]]``."""
    table = typed(table, dict, "downgrade", where)
    check_keys(table, ["feature", "from", "to", *_EVIDENCE], "downgrade.", where)
    for key in ("feature", "from", "to"):
        if not typed(table.get(key, ""), str, f"downgrade.{key}", where).strip():
            raise where.error("downgrade", f"a [[downgrade]] needs '{key}'")
    for key in ("from", "to"):
        if ":" not in table[key]:
            choice(table[key], TIERS, f"downgrade.{key}", where)
    evidence = {key: _evidence(key, table[key], where) for key in _EVIDENCE if key in table}
    return Downgrade(table["feature"], table["from"], table["to"], evidence)


def _evidence(key: str, value: Any, where: Where) -> Any:
    name = f"downgrade.{key}"
    if key in ("margin", "confidence", "drop"):
        return number(value, name, where)
    if key == "interval":
        bounds = typed(value, list, name, where)
        if len(bounds) != 2:
            raise where.error(name, f"{name} must be two numbers, not {value!r}")
        return [number(bound, name, where) for bound in bounds]
    if key == "date":
        return value.isoformat() if isinstance(value, datetime.date) else typed(value, str, name, where)
    return typed(value, {"n": int, "prices": dict, "forced": bool}.get(key, str), name, where)


def read_routing(table: Mapping[str, Any], where: Where) -> RoutingConfig:
    """The checked ``[routing]``."""
    check_keys(table, [f.name for f in fields(RoutingConfig)], "routing.", where)
    given: dict[str, Any] = {}
    if "llm" in table:
        given["llm"] = typed(table["llm"], bool, "routing.llm", where)
    for key in ("sure", "quality"):
        if key in table:
            chance = float(number(table[key], f"routing.{key}", where))
            if not 0 <= chance <= 1:
                raise where.error(f"routing.{key}", f"routing.{key} must be a chance from 0 to 1, not {table[key]}")
            given[key] = chance
    if "rules" in table:
        given["rules"] = choice(table["rules"], RULES, "routing.rules", where)
    return RoutingConfig(**given)


def read_output_limits(table: Any, where: Where) -> Mapping[str, int] | None:
    """The checked ``output_limits``: tokens per task over the built-in ones; None when it is ``false``: no limits."""
    if table is False:
        return None
    limits = typed(table, dict, "output_limits", where)
    check_keys(limits, TASKS, "output_limits.", where)
    for task, tokens in limits.items():
        key = f'output_limits."{task}"'
        positive(typed(tokens, int, key, where), key, where)
    return dict(limits)
