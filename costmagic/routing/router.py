"""Asks in turn who knows where a prompt should go: the user, the policy, the rules."""

from __future__ import annotations

from ..config import Settings
from ..models import DEFAULT_TIER, split, tier_ref
from ..types import Route, UsageError
from .rules import compiled, decide


class Router:
    """Finds the route of a request, in milliseconds, on this machine."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rules = compiled(settings.rule)

    def route(self, prompt: str, tier: str | None = None, model: str | None = None, purpose: str = "user") -> Route:
        """The route for an explicit tier or model, else by the rules, else the default tier.

        Raises:
            UsageError: both given, or an unknown tier, or ``model`` is not ``provider:model``.
        """
        if tier and model:
            raise UsageError("give a tier or a model, not both")
        rule, task = decide(prompt, purpose, self._rules)
        if model:
            split(model)
            return Route(None, model.strip(), "explicit", f"model {model.strip()} was asked for", "as asked", task)
        if tier:
            ref = tier_ref(self._settings, tier)
            return Route(tier, ref, "explicit", f"tier {tier} was asked for", "as asked", task)
        if rule is None:
            ref = tier_ref(self._settings, DEFAULT_TIER)
            return Route(DEFAULT_TIER, ref, "rule", "no rule knows this prompt: the default tier", "default", task)
        return Route(rule.tier, tier_ref(self._settings, rule.tier), "rule", rule.name, task or rule.name, task)
