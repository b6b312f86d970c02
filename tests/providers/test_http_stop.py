"""Ending a call early: the connection closes at once, and what was received is booked."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from scripted_http import HOLD, Answer, Dialect, Received, ScriptedServer, Sse

from costmagic import Session
from costmagic.session import ReplyStream
from costmagic.stop import Stop
from costmagic.types import Message, Request

# Whatever fails to wake a thread here would wait for the SDK's ten minutes.
pytestmark = pytest.mark.timeout(60)


def only_row(session: Session) -> dict[str, Any]:
    (row,) = session.engine.ledger.history(2)
    return row


@contextmanager
def another_thread(action: Callable[[], None], *, after: threading.Event) -> Iterator[None]:
    """Do ``action`` in another thread as soon as the event is set."""

    def wait() -> None:
        if after.wait(30):
            action()

    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()


def read(stream: ReplyStream, texts: list[str], begun: threading.Event) -> None:
    """Read to the end; ``begun`` is set when the first text has come."""
    with stream:
        for text in stream:
            texts.append(text)
            begun.set()


def test_stop_from_another_thread_ends_a_stream_that_says_nothing(
    session: Session, server: ScriptedServer, dialect: Dialect
) -> None:
    server.play(Sse([*dialect.begun("so far ", "so good"), HOLD]))
    stream = session.stream("Hello", model=dialect.ref)
    texts: list[str] = []
    with another_thread(stream.call.stop.set, after=server.holding), pytest.raises(KeyboardInterrupt):
        read(stream, texts, threading.Event())
    text = "".join(texts)
    assert "so far so good".startswith(text)
    assert server.hung_up.wait(10)
    row = only_row(session)
    assert (row["status"], row["reply"], row["usage_source"]) == ("interrupted", text, "estimated")
    assert row["input_tokens"] > 0
    assert row["cost_nusd"] == row["input_tokens"] * 1_000 + row["output_tokens"] * 5_000
    assert (stream.reply.status, stream.reply.text) == ("interrupted", text)


def test_stop_from_another_thread_ends_a_call_that_waits_for_its_first_word(
    session: Session, server: ScriptedServer, dialect: Dialect
) -> None:
    asked, over = threading.Event(), threading.Event()

    def silent(request: Received) -> Answer:
        asked.set()
        over.wait(60)
        return Answer(200, {})

    server.play(silent, Sse(dialect.whole("again")))
    stream = session.stream("Hello", model=dialect.ref)
    with another_thread(stream.call.stop.set, after=asked), pytest.raises(KeyboardInterrupt):
        next(stream)
    assert not over.is_set()
    over.set()
    row = only_row(session)
    assert (row["status"], row["reply"]) == ("interrupted", "")
    assert len(server.received) == 1
    assert session.ask("Hello again", model=dialect.ref).text == "again"


def test_an_interrupt_of_the_main_thread_closes_the_connection(
    session: Session, server: ScriptedServer, dialect: Dialect
) -> None:
    server.play(Sse([*dialect.begun("so far"), HOLD]))
    main = threading.main_thread().ident
    assert main is not None
    begun = threading.Event()
    with another_thread(lambda: signal.pthread_kill(main, signal.SIGINT), after=begun):
        with pytest.raises(KeyboardInterrupt):
            read(session.stream("Hello", model=dialect.ref), [], begun)
    assert server.hung_up.wait(10)
    row = only_row(session)
    assert (row["status"], row["reply"]) == ("interrupted", "so far")


def leave_the_loop(stream: ReplyStream) -> None:
    for _ in stream:
        break
    stream.close()


def leave_the_block(stream: ReplyStream) -> None:
    with stream:
        next(stream)


def fail_in_the_block(stream: ReplyStream) -> None:
    with suppress(ZeroDivisionError), stream:
        next(stream)
        raise ZeroDivisionError


@pytest.mark.parametrize("leave", [leave_the_loop, leave_the_block, fail_in_the_block])
def test_whoever_leaves_early_closes_the_connection_and_books_what_came(
    session: Session, server: ScriptedServer, dialect: Dialect, leave: Callable[[ReplyStream], None]
) -> None:
    server.play(Sse([*dialect.begun("first ", "second"), HOLD]))
    stream = session.stream("Hello", model=dialect.ref)
    leave(stream)
    assert server.hung_up.wait(10)
    row = only_row(session)
    assert (row["status"], row["reply"], row["usage_source"]) == ("interrupted", "first ", "estimated")
    assert stream.reply.status == "interrupted"


def test_a_stream_that_nobody_holds_closes_itself(session: Session, server: ScriptedServer, dialect: Dialect) -> None:
    server.play(Sse([*dialect.begun("first ", "second"), HOLD]))
    for _ in session.stream("Hello", model=dialect.ref):
        break
    assert server.hung_up.wait(1)
    assert only_row(session)["status"] == "interrupted"


def test_stop_while_the_sdk_waits_to_try_again_sends_nothing_more(
    session: Session, server: ScriptedServer, dialect: Dialect
) -> None:
    stream = session.stream("Hello", model=dialect.ref)

    def overloaded(request: Received) -> Answer:
        stream.call.stop.set()
        return Answer(429, {"error": {"message": "slow down"}})

    server.play(overloaded, Sse(dialect.whole("too late")))
    with pytest.raises(KeyboardInterrupt):
        next(stream)
    assert len(server.received) == 1
    assert only_row(session)["status"] == "interrupted"


def test_a_call_that_was_stopped_before_it_began_sends_nothing(
    session: Session, server: ScriptedServer, dialect: Dialect
) -> None:
    server.play(Sse(dialect.whole("too late")))
    stream = session.stream("Hello", model=dialect.ref)
    stream.call.stop.set()
    with pytest.raises(KeyboardInterrupt):
        next(stream)
    assert server.received == []


def test_stopping_one_stream_leaves_the_other_alone(session: Session, server: ScriptedServer, dialect: Dialect) -> None:
    events = dialect.whole("one ", "two")
    texts = [i for i, event in enumerate(events) if "two" in str(event)]
    held = Sse([*events[: texts[0]], HOLD, *events[texts[0] :]])
    server.play(held, held)
    first, second = (session.stream(prompt, model=dialect.ref) for prompt in ("first", "second"))
    assert (next(first), next(second)) == ("one ", "one ")
    first.call.stop.set()
    with pytest.raises(KeyboardInterrupt):
        next(first)
    assert server.hung_up.wait(10)
    server.released.set()
    assert list(second) == ["two"]
    assert (first.reply.status, second.reply.status) == ("interrupted", "ok")


def test_after_a_stop_the_same_thread_can_call_and_look_up_models_again(
    session: Session, server: ScriptedServer, dialect: Dialect
) -> None:
    server.play(
        Sse([*dialect.begun("so far"), HOLD]),
        Answer(200, {"data": [{"id": "model-1", "type": "model", "object": "model"}], "has_more": False}),
        Sse(dialect.whole("again")),
    )
    stream = session.stream("Hello", model=dialect.ref)
    next(stream)
    stream.call.stop.set()
    with pytest.raises(KeyboardInterrupt):
        next(stream)
    provider: Any = session.engine.providers.get(dialect.provider)
    assert provider.served(5) == ["model-1"]
    assert session.ask("Hello", model=dialect.ref).text == "again"


def test_a_stopped_provider_ends_without_finish_and_without_an_error(
    session: Session, server: ScriptedServer, dialect: Dialect
) -> None:
    server.play(Sse([*dialect.begun("so far"), HOLD]))
    stop = Stop()
    _, model = dialect.ref.split(":")
    request = Request(dialect.provider, model, (Message("user", "Hello"),), max_tokens=10)
    with another_thread(stop.set, after=server.holding):
        deltas = list(session.engine.providers.get(dialect.provider).stream(request, stop))
    assert all(delta.finish is None for delta in deltas)
