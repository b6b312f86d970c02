"""Find, with evidence, the cheapest language model that is good enough.

In a notebook: ``%load_ext costmagic``, then ``%%llm`` cells. In Python: ``costmagic.ask(...)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Resolved on first use, so that importing costmagic costs next to nothing.
_NAMES = {
    "Session": "session",
    "action": "session",
    "sim": "providers.sim",
    "Message": "types",
    "Reply": "types",
    "Request": "types",
    "Route": "types",
    "Usage": "types",
    "CostmagicError": "types",
    "UsageError": "types",
    "ConfigError": "types",
    "MissingKeyError": "types",
    "ProviderError": "types",
}
# Methods of the default session.
_SESSION = ("ask", "stream", "estimate", "ledger", "costs")

__all__ = sorted([*_NAMES, *_SESSION, "__version__"])

if TYPE_CHECKING:
    from .providers import sim
    from .session import Session, action
    from .types import (
        ConfigError,
        CostmagicError,
        Message,
        MissingKeyError,
        ProviderError,
        Reply,
        Request,
        Route,
        UsageError,
        Usage,
    )


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _SESSION:
        return getattr(import_module(".session", __name__).default(), name)
    if name in _NAMES:
        module = import_module(f".{_NAMES[name]}", __name__)
        return module if name == "sim" else getattr(module, name)
    raise AttributeError(f"module 'costmagic' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext costmagic``"""
    from .notebook import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """``%unload_ext costmagic``"""
    from .notebook import unload

    unload(shell)
