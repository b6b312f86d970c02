"""Which tier and model a request goes to, and why."""

from .router import Router

__all__ = ["Router"]
