"""Small models inside the kernel: llama.cpp through ``xllamacpp`` (the extra ``local``)."""

from __future__ import annotations

import os
import queue
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import forks, weights
from ..config import Settings
from ..models import LOCAL_WINDOW
from ..stop import Stop
from ..types import Delta, Finish, ProviderError, Request, UsageError
from .openai import read_usage

SLOTS = 4  # requests that run side by side in one loaded model

_END = object()
_servers: dict[Path, Any] = {}
_loading = threading.Lock()


def _forget_servers() -> None:
    # The parent's servers have no threads in a child. They are kept from the collector, which would wait
    # for those threads, and never used again.
    global _loading
    _loading = threading.Lock()
    _parents.append(dict(_servers))
    _servers.clear()


_parents: list[dict[Path, Any]] = []
forks.call_after_fork(_forget_servers)


def server(path: Path) -> Any:
    """The llama.cpp server of a GGUF file, loaded once in this process (0.5 s for 135M parameters).

    It also listens on a loopback port, so that key is a secret of this process.

    Raises:
        UsageError: the extra ``local`` is not installed.
        RuntimeError: the file is damaged, or no model that llama.cpp knows.
    """
    path = path.resolve()  # the same weights, linked into two homes, are loaded once
    with _loading:
        if path not in _servers:
            try:
                import xllamacpp
            except ImportError:
                raise UsageError("local models need the extra 'local': pip install 'costmagic[local]'") from None
            params = xllamacpp.CommonParams()
            params.model.path = str(path)
            params.model_alias = {path.stem}
            params.n_ctx = LOCAL_WINDOW * SLOTS
            params.n_parallel = SLOTS
            # Half the cores: llama.cpp's threads wait for each other at every step, so on two busy cores
            # two of them are several times slower than one (8 against 53 tokens/s; 121 and 100 when idle).
            params.cpuparams.n_threads = max(1, min(4, (os.cpu_count() or 1) // 2))
            params.warmup = False
            params.verbosity = -1
            params.api_keys = [secrets.token_hex(16)]
            _servers[path] = xllamacpp.Server(params)
        return _servers[path]


class LocalProvider:
    """Runs ``local:NAME``, NAME being a model that ``costmagic pull`` fetched or a GGUF file beside it."""

    def __init__(self, name: str, settings: Settings) -> None:
        self._name = name
        self._home = settings.home

    def endpoint(self, model: str) -> str:
        """Size and time of the weights: other weights under the same name give other answers."""
        try:
            status = weights.find(self._home, model).stat()
        except (UsageError, OSError):
            return ""
        return f"{status.st_size}:{status.st_mtime_ns}"

    def load(self, model: str) -> None:
        """Load the weights now. llama.cpp lets no other thread run meanwhile: 0.5 s, more on a busy machine."""
        server(weights.find(self._home, model))

    def stream(self, request: Request, stop: Stop | None = None) -> Iterator[Delta]:
        path = weights.find(self._home, request.model)
        try:
            model = server(path)
        except RuntimeError as error:
            raise self._failure(f"{path.name} can't be loaded: {error}") from error
        chunks: queue.SimpleQueue[Any] = queue.SimpleQueue()
        ending = threading.Event()

        def receive(chunk: Any) -> bool:
            chunks.put(chunk)
            return ending.is_set()  # True ends the generation

        def generate() -> None:
            try:
                model.handle_chat_completions(_body(request), receive)
            except Exception as error:
                chunks.put({"error": {"message": f"{type(error).__name__}: {error}"}})
            finally:
                chunks.put(_END)

        # Exceptions in the callback are swallowed by the library, KeyboardInterrupt included, so the
        # generation has a thread of its own and this one stays free to be interrupted.
        worker = threading.Thread(target=generate, name="costmagic-local", daemon=True)
        worker.start()
        try:
            with (stop or Stop()).waking(lambda: chunks.put(_END)):
                yield from self._deltas(iter(chunks.get, _END), request)
        finally:
            ending.set()
            worker.join(timeout=5)

    def _failure(self, message: str) -> ProviderError:
        error = ProviderError(self._name, message)
        error.billed = False
        return error

    def _deltas(self, chunks: Iterator[Any], request: Request) -> Iterator[Delta]:
        usage = None
        finish: Finish | None = None
        for chunk in chunks:
            if "error" in chunk:
                error = chunk["error"]
                raise self._failure(str(error.get("message", error)))
            for choice in chunk.get("choices") or ():
                text = choice.get("delta", {}).get("content")
                if text:
                    yield Delta(text=text)
                if choice.get("finish_reason"):
                    finish = "length" if choice["finish_reason"] == "length" else "stop"
            if chunk.get("usage"):
                usage = read_usage(chunk["usage"])
        yield Delta(usage=usage, finish=finish, model=request.model)


def _body(request: Request) -> dict[str, Any]:
    system = [{"role": "system", "content": request.system}] if request.system else []
    body: dict[str, Any] = {
        "messages": system + [{"role": m.role, "content": m.content} for m in request.messages],
        "max_tokens": request.max_tokens,
        # A model this small is at its best when it does not gamble and may not repeat itself.
        "temperature": 0 if request.temperature is None else request.temperature,
        "repeat_penalty": 1.1,
        "stop": list(request.stop),
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.json:
        body["response_format"] = {"type": "json_object"}
    return body
