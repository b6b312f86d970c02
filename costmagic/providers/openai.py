"""The Chat Completions protocol, through the SDK ``openai``: OpenAI and all servers that speak it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..config import Settings
from ..models import provider_config, require_key
from ..types import Delta, Finish, Request, Stop, Usage
from .base import Attempts, ClientPool, closing_on, model_name, provider_error, undo_custom_headers, well_formed

if TYPE_CHECKING:
    from openai import OpenAI

_FINISH: dict[str, Finish] = {"length": "length", "content_filter": "refusal"}


class OpenAIProvider:
    """Streams from OpenAI, OpenRouter, Groq, DeepSeek, Ollama, vLLM, llama.cpp and their like."""

    def __init__(self, name: str, settings: Settings) -> None:
        self._name = name
        self._settings = settings
        self._config = provider_config(settings, name)
        self._attempts = Attempts()
        self._clients: ClientPool[OpenAI] = ClientPool(self._client)

    @property
    def endpoint(self) -> str:
        return self._config.base_url or ""

    def stream(self, request: Request, stop: Stop | None = None) -> Iterator[Delta]:
        key = require_key(self._settings, self._name)
        from httpx2 import HTTPError, InvalidURL
        from openai import OpenAIError

        self._attempts.begin(stop)
        try:
            client = self._clients.get(key)
            with client.chat.completions.create(**self._arguments(request), stream=True) as chunks:
                with closing_on(stop, chunks.response):
                    yield Delta(retries=self._attempts.retries)
                    yield from well_formed(_deltas(chunks))
        except (OpenAIError, HTTPError, InvalidURL, ValueError) as error:
            if stop is not None and stop.is_set():
                return
            raise provider_error(self._name, error, key, self._attempts) from error

    def served(self, timeout: float) -> list[str]:
        """Names of the models that the server offers (asking is free). Raises ProviderError."""
        key = require_key(self._settings, self._name)
        self._attempts.begin(None)
        try:
            client = self._clients.get(key).with_options(timeout=timeout, max_retries=0)
            return [model.id for model in client.models.list()]
        except Exception as error:
            raise provider_error(self._name, error, key, self._attempts) from None

    def _client(self, key: str | None) -> OpenAI:
        from openai import DefaultHttpxClient, OpenAI, omit

        key = key or "unused"  # else the SDK would take OpenAI's key from the environment
        headers: Any = {}
        if self._name != "openai":
            # The SDK would send OPENAI_ORG_ID and OPENAI_PROJECT_ID to every server.
            headers = {"OpenAI-Organization": omit, "OpenAI-Project": omit}
            headers |= undo_custom_headers("OPENAI_CUSTOM_HEADERS", omit, authorization=f"Bearer {key}")
        return OpenAI(
            api_key=key,
            base_url=self._config.base_url or "https://api.openai.com/v1",
            timeout=self._config.timeout,
            default_headers=headers,
            http_client=DefaultHttpxClient(event_hooks={"request": [self._attempts.on_request]}),
        )

    def _arguments(self, request: Request) -> dict[str, Any]:
        messages = [{"role": "system", "content": request.system}] if request.system else []
        messages += [{"role": m.role, "content": m.content} for m in request.messages]
        # OpenAI's newer models refuse max_tokens; other servers may not know its successor.
        limit = "max_completion_tokens" if self._name == "openai" else "max_tokens"
        arguments: dict[str, Any] = {
            "model": request.model,
            "messages": messages,
            limit: request.max_tokens,
            "temperature": request.temperature,
            "stop": list(request.stop) or None,
            "response_format": {"type": "json_object"} if request.json else None,
            "stream_options": {"include_usage": True},
        }
        return {name: value for name, value in arguments.items() if value is not None}


def _deltas(chunks: Any) -> Iterator[Delta]:
    usage: Usage | None = None
    model: str | None = None
    finish: Finish | None = None
    for chunk in chunks:
        model = model_name(chunk.model) or model
        if chunk.usage is not None:
            usage = read_usage(chunk.usage.to_dict()) or usage
        for choice in chunk.choices or ():
            delta = choice.delta
            if delta is not None and delta.content:
                yield Delta(text=delta.content)
            if delta is not None and delta.refusal:
                finish = "refusal"
                yield Delta(text=delta.refusal)
            if choice.finish_reason:
                finish = finish or _FINISH.get(choice.finish_reason, "stop")
    yield Delta(usage=usage, finish=finish, model=model)


def read_usage(usage: dict[str, Any]) -> Usage | None:
    """Normalise the protocol's usage object; ``prompt_tokens`` already includes cached ones.

    None when it holds no counts: that is not the same as zero tokens.
    """
    if usage.get("prompt_tokens") is None:
        return None
    prompt = usage.get("prompt_tokens_details") or {}
    completion = usage.get("completion_tokens_details") or {}
    # DeepSeek reports its cache hits beside prompt_tokens.
    read = prompt.get("cached_tokens") or usage.get("prompt_cache_hit_tokens") or 0
    return Usage(
        input_tokens=usage["prompt_tokens"],
        output_tokens=usage.get("completion_tokens") or 0,
        cache_read_tokens=read,
        cache_write_tokens=prompt.get("cache_write_tokens") or 0,
        reasoning_tokens=completion.get("reasoning_tokens") or 0,
    )
