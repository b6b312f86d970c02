"""What a provider is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from ..stop import Stop
from ..types import Delta, Request


class Provider(Protocol):
    """A provider is one method.

    ``stream`` yields the reply in pieces; the last ``Delta`` carries ``finish`` and, when the provider
    reports it, the ``Usage``. ``stop`` ends the stream from another thread: the connection is closed
    and the iterator ends early, without ``finish``. Failures are ``ProviderError``; closing the
    iterator closes the connection.

    ``endpoint`` names what answers for a model (a URL, a set of weights): it is part of the cache key, so that
    two servers under one name never share an answer.
    """

    def endpoint(self, model: str) -> str: ...

    def stream(self, request: Request, stop: Stop | None = None) -> Iterator[Delta]: ...
