"""Find, with evidence, the cheapest language model that is good enough.

In a notebook: ``%load_ext costmagic``, then ``%%llm`` cells. In Python: ``costmagic.ask(...)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import current

__version__ = "0.1.0"

__all__ = [
    "BudgetError",
    "Comparison",
    "ConfigError",
    "CostmagicError",
    "Evaluation",
    "Message",
    "MissingKeyError",
    "ProviderError",
    "Reply",
    "Request",
    "Route",
    "Session",
    "Usage",
    "UsageError",
    "__version__",
    "action",
    "alerts",
    "ask",
    "breakeven",
    "budget",
    "cache_prefixes",
    "cache_stats",
    "compare",
    "compare_many",
    "costs",
    "estimate",
    "evaluate",
    "ledger",
    "meter",
    "metrics",
    "plan",
    "route",
    "sim",
    "stream",
]

_MONITORING = ("alerts", "metrics")
_COMPARISON = ("Comparison", "compare", "compare_many")
_SAVINGS = ("breakeven", "plan")
_EVALUATION = ("Evaluation", "evaluate")

# Methods of the default session.
_SESSION = ("ask", "budget", "cache_prefixes", "cache_stats", "costs", "estimate", "ledger", "route", "stream")

if TYPE_CHECKING:
    from . import routing as routing
    from .comparison import Comparison, compare, compare_many
    from .evaluation import Evaluation, evaluate
    from .monitoring import alerts, metrics
    from .notebook.totals import meter
    from .providers import sim
    from .reply import Reply
    from .savings import breakeven, plan
    from .session import Session, action
    from .types import (
        BudgetError,
        ConfigError,
        CostmagicError,
        Message,
        MissingKeyError,
        ProviderError,
        Request,
        Route,
        Usage,
        UsageError,
    )


def __getattr__(name: str) -> Any:
    # Resolved on first use, so that importing costmagic costs next to nothing.
    from importlib import import_module

    if name == "routing":
        return import_module(".routing", __name__)
    if name not in __all__:
        raise AttributeError(f"module 'costmagic' has no attribute '{name}'")
    if name == "sim":
        return import_module(".providers.sim", __name__)
    if name in _COMPARISON:
        return getattr(import_module(".comparison", __name__), name)
    if name in _SAVINGS:
        return getattr(import_module(".savings", __name__), name)
    if name in _EVALUATION:
        return getattr(import_module(".evaluation", __name__), name)
    if name in _MONITORING:
        return getattr(import_module(".monitoring", __name__), name)
    if name == "meter":
        return import_module(".notebook.totals", __name__).meter
    sessions = import_module(".session", __name__)
    if name in _SESSION:
        return getattr(sessions.default(), name)
    if name in ("Session", "action"):
        return getattr(sessions, name)
    return getattr(import_module(".reply" if name == "Reply" else ".types", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "routing"})


def _default_session() -> Session:
    from importlib import import_module

    session: Session = import_module(".session", __name__).default()
    return session


current.default = _default_session


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext costmagic``"""
    from .notebook import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """``%unload_ext costmagic``"""
    from .notebook import unload

    unload(shell)
