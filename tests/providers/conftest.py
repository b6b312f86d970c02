"""Both HTTP protocols, against a server that plays what a test has written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from scripted_http import DIALECTS, KEY, Dialect, ScriptedServer

from costmagic import Session


@pytest.fixture(params=DIALECTS, ids=lambda dialect: dialect.provider)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return request.param


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def session(dialect: Dialect, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session whose provider is the scripted server."""
    name = dialect.provider.upper()
    monkeypatch.setenv(f"{name}_API_KEY", KEY)
    monkeypatch.setenv(f"{name}_BASE_URL", dialect.base_url(server))
    return Session()
