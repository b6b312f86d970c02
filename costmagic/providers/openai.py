"""The Chat Completions protocol, through the SDK ``openai``: OpenAI and all servers that speak it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..models import require_key
from ..types import Delta, Finish, Request, Usage
from .http import HTTPProvider, model_name, undo_custom_headers

if TYPE_CHECKING:
    from openai import OpenAI

_FINISH: dict[str, Finish] = {"length": "length", "content_filter": "refusal"}


class OpenAIProvider(HTTPProvider["OpenAI"]):
    """Streams from OpenAI, OpenRouter, Groq, DeepSeek, Ollama, vLLM, llama.cpp and their like."""

    def _home(self) -> str:
        return "https://api.openai.com/v1"

    def _sdk_error(self) -> type[Exception]:
        from openai import OpenAIError

        return OpenAIError

    def _make_client(self, key: str | None) -> OpenAI:
        from openai import DefaultHttpxClient, OpenAI, omit

        from .draining import drain

        def read_all(response: Any) -> None:
            drain(response, self._attempts.briefly)

        hooks: Any = {"request": [self._attempts.on_request], "response": [read_all]}
        key = key or "unused"  # else the SDK would take OpenAI's key from the environment
        headers: Any = {}
        if self._name != "openai":
            # The SDK would send OPENAI_ORG_ID and OPENAI_PROJECT_ID to every server.
            headers = {"OpenAI-Organization": omit, "OpenAI-Project": omit}
            headers |= undo_custom_headers("OPENAI_CUSTOM_HEADERS", omit, authorization=f"Bearer {key}")
        return OpenAI(
            api_key=key,
            base_url=self._address(),
            timeout=self._config.timeout,
            default_headers=headers,
            http_client=DefaultHttpxClient(event_hooks=hooks),
        )

    def _open(self, client: OpenAI, request: Request) -> Any:
        return client.chat.completions.create(**self._arguments(request), stream=True)

    def embed(self, model: str, texts: list[str]) -> tuple[list[list[float]], int | None]:
        """(a vector for each text, tokens that the server says it read). Raises ProviderError or UsageError."""
        key = require_key(self._settings, self._name)
        self._attempts.begin(None)
        try:
            answer = self._client(key).embeddings.create(model=model, input=texts, encoding_format="float")
            vectors = [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
            if len(vectors) != len(texts):
                raise ValueError(f"{len(vectors)} embeddings came back for {len(texts)} texts")
            usage = Usage.reported(input_tokens=answer.usage.prompt_tokens, output_tokens=0) if answer.usage else None
            return vectors, usage.input_tokens if usage else None
        except Exception as error:
            failure = self._failure(error, key)
        raise failure

    def _deltas(self, events: Any) -> Iterator[Delta]:
        return _deltas(events)

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
            "prompt_cache_key": request.prompt_cache_key,
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
                yield Delta(finish=finish, model=model)  # whole, even if the usage never arrives
    yield Delta(usage=usage, finish=finish, model=model)


def read_usage(usage: dict[str, Any]) -> Usage | None:
    """Normalise the protocol's usage object; ``prompt_tokens`` already includes cached ones.

    None when it holds no counts, or counts that make no sense: that is not the same as zero tokens.
    """
    prompt = usage.get("prompt_tokens_details") or {}
    completion = usage.get("completion_tokens_details") or {}
    # DeepSeek reports its cache hits beside prompt_tokens.
    read = prompt.get("cached_tokens") or usage.get("prompt_cache_hit_tokens") or 0
    return Usage.reported(
        input_tokens=usage.get("prompt_tokens"),
        output_tokens=usage.get("completion_tokens") or 0,
        cache_read_tokens=read,
        cache_write_tokens=prompt.get("cache_write_tokens") or 0,
        reasoning_tokens=completion.get("reasoning_tokens") or 0,
    )
