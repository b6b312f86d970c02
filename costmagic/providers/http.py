"""What the two HTTP adapters share: one way through an SDK, and its failures as one line."""

from __future__ import annotations

import os
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Generic, TypeVar

from .. import forks
from ..config import BUILTIN_PROVIDERS, Settings, address
from ..models import provider_config, require_key
from ..stop import Stop
from ..tables import encodable, printable
from ..types import Delta, ProviderError, Request, UsageError
from .waking import Stopped, shut, wake_on_stop

Client = TypeVar("Client")


class Attempts(threading.local):
    """Counts the SDK's attempts for the call that runs in this thread."""

    def __init__(self) -> None:
        self.retries = 0
        self.stop: Stop | None = None
        self.answered = False
        self.patience: float | None = None  # seconds that a read may take; None: what the SDK allows

    def begin(self, stop: Stop | None) -> None:
        self.retries = 0
        self.stop = stop
        self.answered = False

    def waiting(self) -> Stop | None:
        """What stops the call, as long as the server has not answered it."""
        return None if self.answered else self.stop

    @contextmanager
    def briefly(self) -> Iterator[None]:
        """Inside the block a read takes 50 ms at most."""
        self.patience = 0.05
        try:
            yield
        finally:
            self.patience = None

    def on_request(self, request: Any) -> None:
        """HTTP event hook: both SDKs number their attempts in this header."""
        self.retries = int(request.headers.get("x-stainless-retry-count", 0))
        if self.stop is not None and self.stop.is_set():
            raise Stopped  # while the SDK waited to try again


class HTTPProvider(ABC, Generic[Client]):
    """A provider behind an SDK. What differs between protocols is in the methods with an underscore."""

    def __init__(self, name: str, settings: Settings) -> None:
        self._name = name
        self._settings = settings
        self._config = provider_config(settings, name)
        self._attempts = Attempts()
        self._lock = threading.Lock()
        # One client per process, address and key: connections are kept, one set later in the notebook
        # counts, and a forked child never writes into its parent's connections.
        self._clients: dict[tuple[int, str, str | None], Client] = {}
        forks.renew(self)

    def renew_after_fork(self) -> None:
        """A new lock; the parent's clients stay unused and open."""
        self._lock = threading.Lock()

    def endpoint(self, model: str) -> str:
        """The server's address."""
        return self._address()

    def stream(self, request: Request, stop: Stop | None = None) -> Iterator[Delta]:
        """See ``Provider``."""
        from httpx2 import HTTPError, InvalidURL

        self._check(request)
        key = require_key(self._settings, self._name)
        self._attempts.begin(stop)
        failure: ProviderError | None = None
        try:
            with self._open(self._client(key), request) as events:
                self._attempts.answered = True
                with closing_on(stop, events.response):
                    yield Delta(retries=self._attempts.retries)
                    yield from well_formed(self._deltas(events))
        except Stopped:
            return
        except (self._sdk_error(), HTTPError, InvalidURL, ValueError) as error:
            if stop is not None and stop.is_set():
                return
            failure = self._failure(error, key)
        if failure is not None:
            # Raised here, not above: the SDK's exception, which may quote the key, must not hang on to it,
            # or a traceback further up would print it.
            raise failure

    def served(self, timeout: float) -> list[str]:
        """Names of the models that the server offers (asking is free). Raises ProviderError."""
        key = require_key(self._settings, self._name)
        self._attempts.begin(None)
        try:
            client: Any = self._client(key)
            return [model.id for model in client.with_options(timeout=timeout, max_retries=0).models.list()]
        except Exception as error:
            failure = self._failure(error, key)
        raise failure

    def close(self) -> None:
        """Close the connections that are kept; the next call opens new ones."""
        with self._lock:
            clients: list[Any] = list(self._clients.values())
            self._clients.clear()
        for client in clients:
            client.close()

    def _check(self, request: Request) -> None:
        """Raise UsageError for what this protocol can't carry."""

    @abstractmethod
    def _make_client(self, key: str | None) -> Client:
        """The SDK's client for a key."""

    @abstractmethod
    def _open(self, client: Client, request: Request) -> Any:
        """The SDK's stream of events."""

    @abstractmethod
    def _deltas(self, events: Any) -> Iterator[Delta]:
        """What the events say."""

    @abstractmethod
    def _sdk_error(self) -> type[Exception]:
        """The base class of the SDK's exceptions."""

    def _secret(self, key: str | None) -> str | None:
        """What must not show in a message."""
        return key

    def _client(self, key: str | None) -> Client:
        with self._lock:
            index = (os.getpid(), self._address(), key)
            if index not in self._clients:
                client: Any = self._make_client(key)
                wake_on_stop(client._client, self._attempts)
                self._clients[index] = client
            return self._clients[index]

    def _address(self) -> str:
        """The server's address; raises UsageError when a server of the user's own has none."""
        url = address(self._name, self._config) or (self._home() if self._name in BUILTIN_PROVIDERS else None)
        if not url:
            raise UsageError(f"{self._name}: set base_url in [providers.{self._name}] to the address of its server")
        return url

    @abstractmethod
    def _home(self) -> str:
        """The address of the protocol's own provider."""

    def _failure(self, error: Exception, key: str | None) -> ProviderError:
        return provider_error(self._name, error, self._secret(key), self._attempts)


@contextmanager
def closing_on(stop: Stop | None, response: Any) -> Iterator[None]:
    """While the block reads ``response``, setting ``stop`` ends the read from any thread."""
    if stop is None:
        yield
        return
    with stop.waking(lambda: shut(response.extensions.get("network_stream"))):
        yield


def well_formed(deltas: Iterator[Delta]) -> Iterator[Delta]:
    """Pass ``deltas`` on, their text such that it can be stored and shown.

    ValueError when what the SDK read is not JSON, or lacks what the protocol demands.
    """
    try:
        for delta in deltas:
            text = encodable(delta.text)
            yield delta if text is delta.text else replace(delta, text=text)
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"the stream is not what its protocol says ({error})") from error


def undo_custom_headers(variable: str, omit: Any, authorization: str) -> dict[str, Any]:
    """Headers that undo those an SDK would add to every request from ``variable``, one "Name: value" a line.

    They are meant for one provider, and often hold a credential. ``authorization`` is the one to send to this
    one; all others become ``omit``.
    """
    names = [line.partition(":")[0].strip() for line in os.environ.get(variable, "").split("\n") if ":" in line]
    return {name: authorization if name.lower() == "authorization" else omit for name in names}


def model_name(reported: str | None) -> str | None:
    """The model's name as a server reports it; some report the path of its file."""
    if reported and (reported.startswith(("/", "\\")) or reported[1:3] == ":\\"):
        return re.split(r"[/\\]", reported)[-1].removesuffix(".gguf") or None
    return reported


# Some servers answer an error with a whole web page.
MAX_MESSAGE = 500

_KEY_LIKE = re.compile(r"\b(?:sk|gsk|pk|rk|key)[-_][A-Za-z0-9*_.-]{6,}|\bBearer\s+[A-Za-z0-9._~+/=-]{8,}")


def redact(text: str, *secrets: str | None) -> str:
    """``text`` without the given secrets, and without anything shaped like a key."""
    for secret in secrets:
        if secret and len(secret) >= 4:
            text = text.replace(secret, "***")
    return _KEY_LIKE.sub("***", text)


def provider_error(provider: str, error: Exception, secret: str | None, attempts: Attempts) -> ProviderError:
    """The SDK's exception as one line: what the provider said, never the key."""
    status = getattr(error, "status_code", None)
    body = getattr(error, "body", None)
    message = _message_of(body) or str(error) or type(error).__name__
    cause = error.__cause__
    if status is None and cause is not None and str(cause) and str(cause) not in message:
        message = f"{message.rstrip('.')} ({type(cause).__name__}: {cause})"
    if status == 200:  # an error event inside a stream that had begun well
        status = None
    line = " ".join(printable(redact(message, secret)).split())
    result = ProviderError(provider, line if len(line) <= MAX_MESSAGE else f"{line[:MAX_MESSAGE]} …", status)
    result.retries = attempts.retries
    result.billed = False if status or _never_sent(error) else None
    return result


def _message_of(body: object) -> str | None:
    """The text in ``{"error": {"message": …}}`` and the shapes that servers make of it."""
    while isinstance(body, dict):
        body = body.get("error") or body.get("message") or body.get("detail")
    return body if isinstance(body, str) and body else None


# UnicodeEncodeError: a header, so the key, with letters that HTTP can't carry.
_BEFORE_SENDING = ("ConnectError", "ConnectTimeout", "UnsupportedProtocol", "InvalidURL", "UnicodeEncodeError")


def _never_sent(error: BaseException | None) -> bool:
    while error is not None:
        if type(error).__name__ in _BEFORE_SENDING:
            return True
        error = error.__cause__
    return False
