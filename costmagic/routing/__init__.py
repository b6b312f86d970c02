"""Which tier and model a request goes to, and why; and routers that learn from a user's own outcomes."""

from typing import TYPE_CHECKING, Any

from .router import Router

if TYPE_CHECKING:
    from .learned import LearnedRouter
    from .learning import learn
    from .quality_curve import Curve, curve

__all__ = ["Curve", "LearnedRouter", "Router", "curve", "learn"]


def __getattr__(name: str) -> Any:
    # What learns needs NumPy: it is imported when it is asked for.
    from importlib import import_module

    homes = {"Curve": ".quality_curve", "curve": ".quality_curve", "LearnedRouter": ".learned", "learn": ".learning"}
    if name not in homes:
        raise AttributeError(f"module 'costmagic.routing' has no attribute '{name}'")
    return getattr(import_module(homes[name], __name__), name)
