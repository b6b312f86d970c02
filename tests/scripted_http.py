"""Scripted HTTP: plays a list of responses, for what a real model server can't be made to do.

Error statuses, exact usage counters, connections that break at a chosen byte. It knows nothing of models:
each response is written down in the test. ``DIALECTS`` says the same things in both protocols.
"""

from __future__ import annotations

import json
import select
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

HOLD = object()  # in a stream: wait until the test sets ``released``, or the client hangs up


# The user's key, which nobody may see.
KEY = "sk-test-0123456789abcdef"


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire.

    Header names are in lower case, ``body`` is None for a GET; ``connection`` is the client's port, which
    requests over one connection share.
    """

    path: str
    headers: Mapping[str, str]
    body: Any
    connection: int


@dataclass(frozen=True)
class Answer:
    """A whole JSON response."""

    status: int
    body: Any
    # One millisecond: the SDKs wait at least half a second when the server names no delay.
    headers: Mapping[str, str] = field(default_factory=lambda: {"retry-after-ms": "1"})


@dataclass(frozen=True)
class Sse:
    """A stream of events: dicts are sent as JSON, strings as they are.

    ``end``: "whole" ends the body properly, "cut" closes the socket in the middle of it.
    """

    events: Sequence[Any]
    end: Literal["whole", "cut"] = "whole"


@dataclass(frozen=True)
class Drop:
    """Hang up without a word of response."""


Step = Answer | Sse | Drop
Script = Step | Callable[[Received], Step]


class ScriptedServer:
    """Plays ``play(...)`` in order, one step a request, on a loopback port.

    Attributes:
        received: the requests so far.
        hung_up: set when a client closed its connection during a HOLD.
        holding: set when a stream has reached its HOLD.
        released: set by the test to let a HOLD go on.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.hung_up = threading.Event()
        self.holding = threading.Event()
        self.released = threading.Event()
        self._steps: list[Script] = []
        self._lock = threading.Lock()
        server = self

        class Handler(_Handler):
            scripted = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def play(self, *steps: Script) -> None:
        """Append to the script."""
        with self._lock:
            self._steps.extend(steps)

    def next_step(self, request: Received) -> Step:
        with self._lock:
            self.received.append(request)
            step: Script = self._steps.pop(0) if self._steps else Answer(418, {"error": "the script is at its end"})
        return step(request) if callable(step) else step

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    scripted: ScriptedServer

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            pass  # the client hung up between two requests

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        headers = {name.lower(): value for name, value in self.headers.items()}
        step = self.scripted.next_step(Received(self.path, headers, body, self.client_address[1]))
        try:
            self._play(step)
        except OSError:
            self.close_connection = True  # the client hung up: what many tests are about

    do_GET = do_POST

    def _play(self, step: Step) -> None:
        if isinstance(step, Drop):
            self._hang_up()
        elif isinstance(step, Answer):
            content = json.dumps(step.body).encode()
            self.send_response(step.status)
            for name, value in {**step.headers, "content-type": "application/json"}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        else:
            self._stream(step)

    def _stream(self, step: Sse) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for event in step.events:
            if event is HOLD:
                if not self._hold():
                    self._hang_up()
                    return
                continue
            data = event if isinstance(event, str) else json.dumps(event)
            name = f"event: {event['type']}\n" if isinstance(event, dict) and "type" in event else ""
            self._chunk(f"{name}data: {data}\n\n".encode())
        if step.end == "cut":
            self._hang_up()
        else:
            self._chunk(b"")

    def _chunk(self, content: bytes) -> None:
        self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")

    def _hold(self) -> bool:
        """True when released, False when the client hung up."""
        self.scripted.holding.set()
        while not self.scripted.released.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.01)
            # A client has nothing to say during a response: readable means end of file or a reset.
            if readable:
                self.scripted.hung_up.set()
                return False
        return True

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:
        pass


def claude(
    *texts: str,
    usage: Mapping[str, Any] | None = None,
    totals: Mapping[str, Any] | None = None,
    stop_reason: str | None = "end_turn",
    model: str = "claude-haiku-4-5",
) -> list[Any]:
    """Anthropic's events of a whole reply: ``usage`` at its start, the running ``totals`` at its end."""
    usage = {"input_tokens": 1_000, "output_tokens": 1} if usage is None else usage
    totals = {"output_tokens": 100} if totals is None else totals
    message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": model, "usage": usage}
    return [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": t}} for t in texts),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": stop_reason}, "usage": totals},
        {"type": "message_stop"},
    ]


def gpt(
    *texts: str,
    usage: Mapping[str, Any] | None = None,
    finish: str | None = "stop",
    model: str = "gpt-6.1-terra",
) -> list[Any]:
    """OpenAI's chunks of a whole reply; ``usage={}`` leaves the usage chunk out."""
    usage = {"prompt_tokens": 1_000, "completion_tokens": 100, "total_tokens": 1_100} if usage is None else usage

    def chunk(choices: list[Any], **more: Any) -> dict[str, Any]:
        return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": choices, **more}

    return [
        *(chunk([{"index": 0, "delta": {"content": text}, "finish_reason": None}]) for text in texts),
        chunk([{"index": 0, "delta": {}, "finish_reason": finish}]),
        *([chunk([], usage=usage)] if usage else []),
        "[DONE]",
    ]


@dataclass(frozen=True)
class Dialect:
    """One protocol: the built-in provider that speaks it, and how it says what both can say.

    Both models cost $1 per million input tokens and $5 per million output tokens.
    ``ending``: how many events of ``whole`` come after the text.
    """

    provider: str
    ref: str
    base_path: str
    whole: Callable[..., list[Any]]
    ending: int
    error_event: Mapping[str, Any]

    def begun(self, *texts: str) -> list[Any]:
        """The events up to the last text: the reply is not complete."""
        return self.whole(*texts)[: -self.ending]

    def base_url(self, server: ScriptedServer) -> str:
        return server.url + self.base_path

    def key_of(self, request: Received) -> str | None:
        """The key that the request carries."""
        return request.headers.get("authorization", "").removeprefix("Bearer ") or request.headers.get("x-api-key")


DIALECTS = (
    Dialect(
        provider="anthropic",
        ref="anthropic:claude-haiku-4-5",
        base_path="",
        whole=claude,
        ending=3,
        error_event={"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
    ),
    Dialect(
        provider="openai",
        ref="openai:gpt-6.1-terra",
        base_path="/v1",
        whole=gpt,
        ending=3,
        error_event={"error": {"message": "Overloaded", "type": "server_error"}},
    ),
)
