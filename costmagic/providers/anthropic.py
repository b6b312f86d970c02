"""Anthropic's Messages API, through the SDK ``anthropic``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..types import Delta, Finish, Request, Usage, UsageError
from .http import HTTPProvider, model_name, undo_custom_headers

if TYPE_CHECKING:
    from anthropic import Anthropic

TOKEN_VARIABLE = "ANTHROPIC_AUTH_TOKEN"
TEMPERATURE_VERSION = "2023-06-01"  # the last API version with sampling parameters

_FINISH: dict[str, Finish] = {"max_tokens": "length", "model_context_window_exceeded": "length", "refusal": "refusal"}


class AnthropicProvider(HTTPProvider["Anthropic"]):
    """Streams from Anthropic, or from any server that speaks its protocol."""

    def _check(self, request: Request) -> None:
        if request.temperature is not None and request.temperature > 1:
            raise UsageError(f"{self._name} takes a temperature from 0 to 1, not {request.temperature:g}")

    def _home(self) -> str:
        return "https://api.anthropic.com"

    def _sdk_error(self) -> type[Exception]:
        from anthropic import AnthropicError

        return AnthropicError

    def _secret(self, key: str | None) -> str | None:
        return key or os.environ.get(TOKEN_VARIABLE)

    def _make_client(self, key: str | None) -> Anthropic:
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
            base_url=self._address(),
            default_headers=headers,
            timeout=self._config.timeout,
            http_client=DefaultHttpxClient(event_hooks={"request": [self._attempts.on_request]}),
        )

    def _open(self, client: Anthropic, request: Request) -> Any:
        return client.messages.create(**self._arguments(request), stream=True)

    def _arguments(self, request: Request) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            "model": request.model,
            "max_tokens": request.max_tokens,
            "messages": [
                {"role": m.role, "content": _content(request, n, m.content)} for n, m in enumerate(request.messages, 1)
            ],
            "system": _content(request, 0, request.system) if request.system else None,
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
                    yield Delta(usage=_usage(counts), finish=finish)  # whole, even if the last event is lost
            elif event.type == "message_stop":
                done = True
        if done or finish:
            yield Delta(usage=_usage(counts), finish=finish or "stop", model=model)
        else:
            yield Delta(usage=_usage(counts), model=model)


def _content(request: Request, after: int, text: str) -> str | list[dict[str, Any]]:
    """``text`` as it is, or as a block that ends with a breakpoint of the prompt cache."""
    for point in request.cache_after:
        if point.after == after:
            control = {"type": "ephemeral"} if point.life == "5m" else {"type": "ephemeral", "ttl": point.life}
            return [{"type": "text", "text": text, "cache_control": control}]
    return text


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
    hour = getattr(getattr(usage, "cache_creation", None), "ephemeral_1h_input_tokens", None)
    if hour is not None:
        counts["cache_write_1h_tokens"] = hour


def _usage(counts: dict[str, int]) -> Usage | None:
    """None when the server reported none, or none that make sense: that is not the same as zero tokens."""
    if not all(isinstance(count, int) for count in (counts.get("input_tokens"), *counts.values())):
        return None
    # Anthropic's input_tokens excludes what was read from and written to its prompt cache.
    read, write = counts.get("cache_read_input_tokens", 0), counts.get("cache_creation_input_tokens", 0)
    return Usage.reported(
        input_tokens=counts["input_tokens"] + read + write,
        output_tokens=counts.get("output_tokens", 0),
        cache_read_tokens=read,
        cache_write_tokens=write,
        cache_write_1h_tokens=counts.get("cache_write_1h_tokens", 0),
        reasoning_tokens=counts.get("thinking_tokens", 0),
    )
