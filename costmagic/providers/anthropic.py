"""Anthropic's Messages API, through the SDK ``anthropic``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..config import Settings
from ..models import provider_config, require_key
from ..types import Delta, Finish, Request, Stop, Usage, UsageError
from .base import Attempts, ClientPool, closing_on, model_name, provider_error, undo_custom_headers, well_formed

if TYPE_CHECKING:
    from anthropic import Anthropic

TOKEN_VARIABLE = "ANTHROPIC_AUTH_TOKEN"
TEMPERATURE_VERSION = "2023-06-01"  # the last API version with sampling parameters

_FINISH: dict[str, Finish] = {"max_tokens": "length", "model_context_window_exceeded": "length", "refusal": "refusal"}


class AnthropicProvider:
    """Streams from Anthropic, or from any server that speaks its protocol."""

    def __init__(self, name: str, settings: Settings) -> None:
        self._name = name
        self._settings = settings
        self._config = provider_config(settings, name)
        self._attempts = Attempts()
        self._clients: ClientPool[Anthropic] = ClientPool(self._client)

    @property
    def endpoint(self) -> str:
        return self._config.base_url or ""

    def stream(self, request: Request, stop: Stop | None = None) -> Iterator[Delta]:
        if request.temperature is not None and request.temperature > 1:
            raise UsageError(f"{self._name} takes a temperature from 0 to 1, not {request.temperature:g}")
        key = require_key(self._settings, self._name)
        from anthropic import AnthropicError
        from httpx2 import HTTPError, InvalidURL

        self._attempts.begin(stop)
        try:
            client = self._clients.get(key)
            with client.messages.create(**self._arguments(request), stream=True) as events:
                with closing_on(stop, events.response):
                    yield Delta(retries=self._attempts.retries)
                    yield from well_formed(self._deltas(events))
        except (AnthropicError, HTTPError, InvalidURL, ValueError) as error:
            if stop is not None and stop.is_set():
                return
            raise provider_error(self._name, error, key or os.environ.get(TOKEN_VARIABLE), self._attempts) from error

    def served(self, timeout: float) -> list[str]:
        """Names of the models that the server offers (asking is free). Raises ProviderError."""
        key = require_key(self._settings, self._name)
        self._attempts.begin(None)
        try:
            client = self._clients.get(key).with_options(timeout=timeout, max_retries=0)
            return [model.id for model in client.models.list()]
        except Exception as error:
            raise provider_error(self._name, error, key or os.environ.get(TOKEN_VARIABLE), self._attempts) from None

    def _client(self, key: str | None) -> Anthropic:
        from anthropic import Anthropic, DefaultHttpxClient, omit

        # Never None for both: the SDK would then take the Anthropic key from the environment,
        # and send it to whatever server this is.
        token = None if key or self._config.api_key_env != "ANTHROPIC_API_KEY" else os.environ.get(TOKEN_VARIABLE)
        key = None if token else key or "unused"
        headers: Any = {}
        if self._name != "anthropic":
            headers = undo_custom_headers("ANTHROPIC_CUSTOM_HEADERS", omit, authorization=f"Bearer {key or token}")
        return Anthropic(
            api_key=key,
            auth_token=token,
            base_url=self._config.base_url or "https://api.anthropic.com",
            default_headers=headers,
            timeout=self._config.timeout,
            http_client=DefaultHttpxClient(event_hooks={"request": [self._attempts.on_request]}),
        )

    def _arguments(self, request: Request) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            "model": request.model,
            "max_tokens": request.max_tokens,
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            "system": request.system or None,
            "stop_sequences": list(request.stop) or None,
        }
        if request.temperature is not None:
            # The SDK has no such argument, and its API version refuses the field for all models: with the
            # version before, the models that have a temperature take it and the others say that they don't.
            arguments["extra_body"] = {"temperature": request.temperature}
            arguments["extra_headers"] = {"anthropic-version": TEMPERATURE_VERSION}
        return {name: value for name, value in arguments.items() if value is not None}

    def _deltas(self, events: Any) -> Iterator[Delta]:
        counts: dict[str, int] = {}
        model: str | None = None
        finish: Finish | None = None
        done = False
        for event in events:
            if event.type == "content_block_delta":
                if event.delta.type == "text_delta" and event.delta.text:
                    yield Delta(text=event.delta.text)
            elif event.type == "message_start":
                model = model_name(event.message.model)
                _collect(counts, event.message.usage)
                # The input is paid from here on, whatever becomes of the stream.
                yield Delta(usage=_usage(counts), model=model)
            elif event.type == "message_delta":
                _collect(counts, event.usage)
                if event.delta.stop_reason:
                    finish = _FINISH.get(event.delta.stop_reason, "stop")
            elif event.type == "message_stop":
                done = True
        if done or finish:
            yield Delta(usage=_usage(counts), finish=finish or "stop", model=model)
        else:
            yield Delta(usage=_usage(counts), model=model)


def _collect(counts: dict[str, int], usage: Any) -> None:
    """Later events repeat the counters as running totals: the last value of each counts."""
    names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
    for name in names:
        value = getattr(usage, name, None)
        if value is not None:
            counts[name] = value
    thinking = getattr(getattr(usage, "output_tokens_details", None), "thinking_tokens", None)
    if thinking is not None:
        counts["thinking_tokens"] = thinking


def _usage(counts: dict[str, int]) -> Usage | None:
    """None when the server reported none: that is not the same as zero tokens."""
    if "input_tokens" not in counts:
        return None
    # Anthropic's input_tokens excludes what was read from and written to its prompt cache.
    read, write = counts.get("cache_read_input_tokens", 0), counts.get("cache_creation_input_tokens", 0)
    return Usage(
        input_tokens=counts["input_tokens"] + read + write,
        output_tokens=counts.get("output_tokens", 0),
        cache_read_tokens=read,
        cache_write_tokens=write,
        reasoning_tokens=counts.get("thinking_tokens", 0),
    )
