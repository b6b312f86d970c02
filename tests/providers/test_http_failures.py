"""What both HTTP providers do when a call fails: one error, one ledger row, no key in either."""

from __future__ import annotations

import re
import socket
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from scripted_http import HOLD, KEY, Answer, Dialect, Drop, Received, ScriptedServer, Sse

from costmagic import ProviderError, Session


def only_row(session: Session) -> dict[str, Any]:
    """The ledger's only row, NULLs as None, with the text that was kept of the reply."""
    (row,) = session.engine.ledger.history(2)
    return row


def failure(session: Session, dialect: Dialect, prompt: str = "Hello", **options: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        session.ask(prompt, model=dialect.ref, **options)
    return caught.value


def refused(status: int, message: str) -> Answer:
    return Answer(status, {"type": "error", "error": {"type": "some_error", "message": message}})


def test_a_rate_limit_is_retried_and_the_retry_counted(
    session: Session, server: ScriptedServer, dialect: Dialect
) -> None:
    server.play(refused(429, "slow down"), Sse(dialect.whole("Grüße, ", "🦉")))
    reply = session.ask("Hello", model=dialect.ref)
    assert reply.text == "Grüße, 🦉"
    assert reply.retries == 1
    row = only_row(session)
    assert (row["status"], row["retries"]) == ("ok", 1)
    # The failed attempt is not billed.
    assert reply.cost == Decimal("0.0015")
    assert row["cost_nusd"] == 1_500_000


def test_the_call_after_a_retried_one_counts_from_zero(
    session: Session, server: ScriptedServer, dialect: Dialect
) -> None:
    server.play(refused(429, "slow down"), Sse(dialect.whole("a")), Sse(dialect.whole("b")))
    assert [session.ask(p, model=dialect.ref).retries for p in ("one", "two")] == [1, 0]


def test_a_server_error_that_stays_is_raised_and_recorded_at_no_cost(
    session: Session, server: ScriptedServer, dialect: Dialect
) -> None:
    server.play(*[refused(500, "the engine room is on fire")] * 3)
    error = failure(session, dialect)
    assert len(server.received) == 3
    assert (error.provider, error.status, error.message) == (dialect.provider, 500, "the engine room is on fire")
    assert (error.retries, error.cost, error.billed) == (2, Decimal(0), False)
    assert str(error) == f"{dialect.provider} (HTTP 500): the engine room is on fire"
    row = only_row(session)
    assert error.call_id == row["id"]
    assert (row["status"], row["retries"], row["cost_nusd"]) == ("error", 2, 0)
    assert (row["input_tokens"], row["output_tokens"], row["reply"]) == (0, 0, "")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_what_is_wrong_with_the_request_is_not_tried_again(
    session: Session, server: ScriptedServer, dialect: Dialect, status: int
) -> None:
    server.play(refused(status, "no"))
    error = failure(session, dialect)
    assert (error.status, error.retries, len(server.received)) == (status, 0, 1)
    assert only_row(session)["cost_nusd"] == 0


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "two\n  lines"}}, "two lines"),
        ({"error": "a bare text"}, "a bare text"),
        ({"message": "on top"}, "on top"),
        ({"detail": "FastAPI's way"}, "FastAPI's way"),
    ],
)
def test_the_message_is_found_in_every_shape_of_body(
    session: Session, server: ScriptedServer, dialect: Dialect, body: Any, message: str
) -> None:
    server.play(Answer(400, body))
    assert failure(session, dialect).message == message


@pytest.mark.parametrize("echo", ["{key}", "Bearer {key}", "«{key}»", "…{key}."])
def test_an_echoed_key_is_nowhere_in_the_error_or_the_ledger(
    session: Session, server: ScriptedServer, dialect: Dialect, home: Path, echo: str
) -> None:
    def reject(request: Received) -> Answer:
        return refused(401, f"Incorrect API key provided: {echo.format(key=dialect.key_of(request))} try another")

    server.play(reject)
    error = failure(session, dialect)
    assert dialect.key_of(server.received[0]) == KEY
    shown = [str(error), repr(error), error.message, *error._render_traceback_(), repr(error.args)]
    assert all(KEY not in text and KEY[:12] not in text for text in shown)
    assert error.message.startswith("Incorrect API key provided: ")
    assert error.message.endswith("try another")
    with sqlite3.connect(home / "ledger.db") as ledger:
        assert KEY not in "\n".join(ledger.iterdump())


def test_a_key_that_looks_like_none_is_hidden_too(
    session: Session, server: ScriptedServer, dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{dialect.provider.upper()}_API_KEY", "Zugang+zum/Modell")
    server.play(refused(401, "bad key Zugang+zum/Modell, account key sk-proj-**********wxyz"))
    assert failure(session, dialect).message == "bad key ***, account key ***"


def test_a_refused_connection_is_an_error_that_cost_nothing(dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:  # bound but not listening: nobody else gets the port meanwhile
        unused.bind(("127.0.0.1", 0))
        name = dialect.provider.upper()
        monkeypatch.setenv(f"{name}_API_KEY", KEY)
        monkeypatch.setenv(f"{name}_BASE_URL", f"http://127.0.0.1:{unused.getsockname()[1]}{dialect.base_path}")
        session = Session()
        error = failure(session, dialect)
    assert (error.status, error.cost, error.billed, error.retries) == (None, Decimal(0), False, 2)
    assert re.search("connect|refused", error.message, re.IGNORECASE)
    row = only_row(session)
    assert (row["status"], row["cost_nusd"], row["retries"]) == ("error", 0, 2)


def test_a_connection_dropped_before_the_response_is_tried_again(
    session: Session, server: ScriptedServer, dialect: Dialect
) -> None:
    server.play(Drop(), Sse(dialect.whole("Hello")))
    reply = session.ask("Hello", model=dialect.ref)
    assert (reply.text, reply.retries) == ("Hello", 1)
    assert len(server.received) == 2


def test_a_server_that_took_the_request_and_died_may_have_billed_it(
    session: Session, server: ScriptedServer, dialect: Dialect
) -> None:
    server.play(Drop(), Drop(), Drop())
    error = failure(session, dialect)
    assert (error.status, error.billed, error.retries) == (None, None, 2)
    assert error.cost is not None
    assert error.cost > 0
    row = only_row(session)
    assert (row["status"], row["usage_source"]) == ("error", "estimated")


STARTED = "The first half of a long answer"


@pytest.mark.parametrize("end", ["cut", "whole"])
def test_a_stream_that_ends_before_the_reply_does_keeps_text_and_cost(
    session: Session, server: ScriptedServer, dialect: Dialect, end: Any
) -> None:
    server.play(Sse(dialect.begun(STARTED), end))
    error = failure(session, dialect)
    assert len(server.received) == 1  # what has begun is never asked for twice
    assert error.status is None
    row = only_row(session)
    assert (row["status"], row["usage_source"], row["reply"]) == ("error", "estimated", STARTED)
    assert row["input_tokens"] > 0
    assert row["output_tokens"] >= len(STARTED.split())
    assert row["cost_nusd"] == (row["input_tokens"] * 1_000 + row["output_tokens"] * 5_000)
    assert error.cost == Decimal(row["cost_nusd"]) / 10**9
    assert f"spent so far: ${error.cost:f}" in str(error)


def test_a_reply_that_was_cut_is_not_cached(session: Session, server: ScriptedServer, dialect: Dialect) -> None:
    server.play(Sse(dialect.begun("half"), "cut"), Sse(dialect.whole("whole")))
    failure(session, dialect)
    reply = session.ask("Hello", model=dialect.ref)
    assert (reply.text, reply.cache) == ("whole", None)


def test_an_error_inside_a_stream_is_the_providers_and_keeps_the_text(
    session: Session, server: ScriptedServer, dialect: Dialect
) -> None:
    server.play(Sse([*dialect.begun(STARTED), dict(dialect.error_event)]))
    error = failure(session, dialect)
    assert error.message == "Overloaded"
    # The response itself had status 200: that is no status of a failure.
    assert error.status is None
    row = only_row(session)
    assert (row["status"], row["reply"], row["usage_source"]) == ("error", STARTED, "estimated")
    assert row["cost_nusd"] > 0


@pytest.mark.parametrize("garbage", ['{"type": "content', "42", "{}", "null", "[]", "<html>"])
def test_garbage_inside_a_stream_is_an_error_and_keeps_the_text(
    session: Session, server: ScriptedServer, dialect: Dialect, garbage: str
) -> None:
    named = f"{garbage}\n\nevent: message_delta\ndata: {garbage}"  # Anthropic's SDK skips events without a name
    server.play(Sse([*dialect.begun(STARTED), named]))
    assert failure(session, dialect).message
    row = only_row(session)
    assert (row["status"], row["reply"]) == ("error", STARTED)


def test_a_web_page_where_an_api_should_be_is_an_error(
    session: Session, server: ScriptedServer, dialect: Dialect
) -> None:
    server.play(Answer(200, "<html>Welcome to nginx!</html>"))
    failure(session, dialect)
    assert only_row(session)["status"] == "error"


def test_silence_in_mid_stream_ends_with_the_configured_time_out(
    session: Session, server: ScriptedServer, dialect: Dialect
) -> None:
    impatient = Session(settings={"providers": {dialect.provider: {"timeout": 0.2}}})
    server.play(Sse([*dialect.begun(STARTED), HOLD]))
    error = failure(impatient, dialect)
    assert error.message
    assert server.hung_up.wait(10)
    assert only_row(impatient)["reply"] == STARTED
