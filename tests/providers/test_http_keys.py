"""Whose key goes where, and which server is asked."""

from __future__ import annotations

from typing import Any

import pytest
from scripted_http import DIALECTS, Answer, Dialect, Received, ScriptedServer, Sse

from costmagic import MissingKeyError, ProviderError, Session
from costmagic.models import LOCAL_MODEL

OWN = "sk-own-0123456789abcdef"
OTHERS = "sk-others-0123456789abcdef"


def settings(dialect: Dialect, server: ScriptedServer, name: str, **more: Any) -> dict[str, Any]:
    provider = {"kind": dialect.provider, "base_url": dialect.base_url(server), **more}
    return {"preset": "local", "providers": {name: provider}}


def sent_to(server: ScriptedServer, dialect: Dialect, name: str, session: Session) -> Received:
    """The request that a call of ``name:some-model`` makes."""
    server.play(Sse(dialect.whole("Hello")))
    assert session.ask("Hello", model=f"{name}:some-model", fresh=True).text == "Hello"
    return server.received[-1]


@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_a_missing_key_fails_at_once_and_says_what_to_do(
    dialect: Dialect, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    variable = f"{dialect.provider.upper()}_API_KEY"
    if value is not None:
        monkeypatch.setenv(variable, value)
    session = Session(settings=settings(dialect, server, dialect.provider))
    with pytest.raises(MissingKeyError) as caught:
        session.stream("Hello", model=dialect.ref)  # before the first piece is asked for
    assert variable in str(caught.value)
    assert LOCAL_MODEL in str(caught.value)
    assert server.received == []
    assert session.engine.ledger.count() == 0


def test_a_key_that_is_set_or_changed_later_counts_in_the_same_session(
    dialect: Dialect, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(settings=settings(dialect, server, dialect.provider))
    with pytest.raises(MissingKeyError):
        session.ask("Hello", model=dialect.ref)
    for key in ("sk-first-0123456789", "sk-second-0123456789"):
        monkeypatch.setenv(f"{dialect.provider.upper()}_API_KEY", f" {key}\n")
        assert dialect.key_of(sent_to(server, dialect, dialect.provider, session)) == key


@pytest.fixture
def famous_secrets(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every secret that an SDK would take from the environment by itself."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", OTHERS)
    monkeypatch.setenv("OPENAI_API_KEY", OTHERS)
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "tok-others-0123456789")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "adm-others-0123456789")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-others-0123456789")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-others-0123456789")
    lines = "X-Gateway: gw-others-0123456789\nauthorization: Bearer bearer-others-0123456789"
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", lines)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", lines)
    return ["others-0123456789"]


@pytest.mark.parametrize("own", [None, OWN])
def test_another_server_of_the_same_protocol_sees_its_own_key_or_none(
    dialect: Dialect,
    server: ScriptedServer,
    famous_secrets: list[str],
    monkeypatch: pytest.MonkeyPatch,
    own: str | None,
) -> None:
    more: dict[str, Any] = {}
    if own:
        monkeypatch.setenv("BOX_SECRET", own)
        more["api_key_env"] = "BOX_SECRET"
    session = Session(settings=settings(dialect, server, "box", **more))
    request = sent_to(server, dialect, "box", session)
    assert dialect.key_of(request) == (own or "unused")
    everything = f"{request.path} {request.headers} {request.body}"
    assert all(secret not in everything for secret in famous_secrets)


@pytest.mark.parametrize("name", ["openrouter", "groq", "deepseek", "ollama", "vllm"])
def test_the_other_built_in_providers_do_not_see_openais_secrets(
    server: ScriptedServer, famous_secrets: list[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    dialect = DIALECTS[1]
    monkeypatch.setenv(f"{name.upper()}_API_KEY", OWN)
    monkeypatch.setenv(f"{name.upper()}_BASE_URL", dialect.base_url(server))
    session = Session(settings={"prices": {f"{name}:some-model": {"input": 0, "output": 0}}})
    request = sent_to(server, dialect, name, session)
    assert dialect.key_of(request) == OWN
    assert all(secret not in str(request.headers) for secret in famous_secrets)


def test_the_providers_own_headers_do_reach_it(
    dialect: Dialect, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = dialect.provider.upper()
    monkeypatch.setenv(f"{name}_API_KEY", OWN)
    monkeypatch.setenv(f"{name}_CUSTOM_HEADERS", "X-Gateway: mine")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    session = Session(settings=settings(dialect, server, dialect.provider))
    headers = sent_to(server, dialect, dialect.provider, session).headers
    assert headers["x-gateway"] == "mine"
    found = headers.get("openai-organization"), headers.get("openai-project")
    assert found == (("org-1", "proj-1") if dialect.provider == "openai" else (None, None))


def test_a_key_that_a_server_needs_but_that_no_variable_holds_is_a_clear_mistake(
    dialect: Dialect, server: ScriptedServer
) -> None:
    session = Session(settings=settings(dialect, server, "box", key_required=True))
    with pytest.raises(MissingKeyError, match=r"\[providers\.box\]"):
        session.ask("Hello", model="box:some-model")


def test_name_base_url_points_a_provider_of_ones_own_elsewhere(
    dialect: Dialect, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_BOX_BASE_URL", dialect.base_url(server))
    session = Session(settings={"preset": "local", "providers": {"my-box": {"kind": dialect.provider}}})
    request = sent_to(server, dialect, "my-box", session)
    assert request.path == ("/v1/messages" if dialect.provider == "anthropic" else "/v1/chat/completions")


def test_the_configured_address_wins_over_the_variable(
    dialect: Dialect, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{dialect.provider.upper()}_API_KEY", OWN)
    with ScriptedServer() as other:
        monkeypatch.setenv(f"{dialect.provider.upper()}_BASE_URL", dialect.base_url(other))
        sent_to(server, dialect, dialect.provider, Session(settings=settings(dialect, server, dialect.provider)))
        assert other.received == []


@pytest.mark.parametrize("shape", ["{host}:{port}", "http://{host}:{port}", "http://{host}:{port}/", "0.0.0.0:{port}"])
def test_ollama_is_found_where_its_own_variable_says(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    monkeypatch.setenv("OLLAMA_HOST", shape.format(host=host, port=port))
    request = sent_to(server, DIALECTS[1], "ollama", Session())
    assert request.path == "/v1/chat/completions"


@pytest.mark.parametrize("url", ["127.0.0.1:1/v1", "ftp://127.0.0.1/v1", "http://127.0.0.1:port/v1"])
def test_an_address_that_is_none_is_an_error_that_cost_nothing(dialect: Dialect, url: str) -> None:
    session = Session(settings={"preset": "local", "providers": {"box": {"kind": dialect.provider, "base_url": url}}})
    # Each attempt waits half a second or more, so one call must do.
    with pytest.raises(ProviderError) as caught:
        session.ask("Hello", model="box:some-model")
    assert (caught.value.billed, caught.value.status) == (False, None)


def test_the_models_on_offer_are_listed_and_a_refusal_hides_the_key(
    dialect: Dialect, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{dialect.provider.upper()}_API_KEY", "Zugang+zum/Modell")
    session = Session(settings=settings(dialect, server, dialect.provider))
    provider: Any = session.engine.providers.get(dialect.provider)
    models = [{"id": name, "type": "model", "object": "model"} for name in ("a", "b")]
    server.play(Answer(200, {"data": models, "has_more": False}), Answer(401, {"error": "no: Zugang+zum/Modell"}))
    assert provider.served(5) == ["a", "b"]
    with pytest.raises(ProviderError) as caught:
        provider.served(5)
    assert caught.value.message == "no: ***"
