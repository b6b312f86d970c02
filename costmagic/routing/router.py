"""Asks the routers in turn: what the user said comes first."""

from __future__ import annotations

from ..config import Settings
from ..models import DEFAULT_TIER, split, tier_ref
from ..types import Route, UsageError


class Router:
    """Finds the route of a request."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def route(self, tier: str | None = None, model: str | None = None) -> Route:
        """The route for an explicit tier or model, else for the default tier.

        Raises:
            UsageError: both given, or an unknown tier, or ``model`` is not ``provider:model``.
        """
        if tier and model:
            raise UsageError("give a tier or a model, not both")
        if model:
            split(model)
            return Route(None, model.strip(), "explicit", f"model {model.strip()} was asked for", "as asked")
        if tier:
            return Route(tier, tier_ref(self._settings, tier), "explicit", f"tier {tier} was asked for", "as asked")
        ref = tier_ref(self._settings, DEFAULT_TIER)
        return Route(DEFAULT_TIER, ref, "rule", "no tier or model was asked for: the default tier", "default")
