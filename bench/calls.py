"""What costmagic adds to a call: exact hits, first token, whole stream, ledger rows."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from costmagic import Session

PAIRS = 150
PAUSE_S = 0.02


def hit_ms() -> tuple[float, float]:
    """(p50, p99) ms of ``ask`` that is answered by the exact cache, its ledger row written."""
    with _session() as session:
        ref = "sim:claude-haiku-5-5"
        session.ask("What is a hash function?", model=ref, feature="bench")
        times = []
        for _ in range(1_000):
            begin = time.perf_counter()
            reply = session.ask("What is a hash function?", model=ref, feature="bench")
            times.append((time.perf_counter() - begin) * 1000)
            assert reply.cache == "exact"
        assert session.engine.ledger.count() == 1_001
        return statistics.median(times), statistics.quantiles(times, n=100)[98]


def ledger_rows_per_s() -> tuple[float, float]:
    """(rows a second written one by one, calls a second with their row before and after and their texts)."""
    from dataclasses import replace

    from costmagic.accounting.store import new_id
    from costmagic.call import Call

    with _session() as session:
        prepared = session.prepare("What is a hash function?", model="sim:claude-haiku-5-5")
        call = Call(prepared)
        call.status, call.latency_ms = "ok", 1.0
        row = call.row()
        ledger = session.engine.ledger
        n = 5_000
        begin = time.perf_counter()
        for _ in range(n):
            ledger.record({**row, "id": new_id(), "cache": "exact"})
        rows = n / (time.perf_counter() - begin)
        begin = time.perf_counter()
        for _ in range(n // 2):
            key = new_id()
            ledger.begin({**row, "id": key, "latency_ms": None}, prepared.request)
            ledger.finish({**row, "id": key}, prepared.request, "A hash function maps data to a fixed size.")
        calls = n // 2 / (time.perf_counter() - begin)
        assert ledger.count() == n + n // 2
        assert replace(prepared, ask=prepared.ask) == prepared
        return rows, calls


def added_ms(protocol: str, paced: bool) -> tuple[float, float, float, float]:
    """p50 ms: (added to the first token, added to the stream, the bare SDK's first token, its stream).

    The bare SDK and costmagic ask the same server in turn; ``paced`` pauses between calls.
    """
    with _server() as url, _session(url) as session:
        bare, ours = _bare(protocol, url), _ours(protocol, session)
        for ask in (bare, ours):
            for n in range(10):
                ask(f"warm {n}")
        first, whole, bare_first, bare_whole = [], [], [], []
        for n in range(PAIRS):
            # In turn, and each in turn first: drift and warmth hit both alike.
            order = (bare, ours) if n % 2 else (ours, bare)
            result = {}
            for ask in order:
                if paced:
                    time.sleep(PAUSE_S)
                result[ask] = ask(f"prompt {n} {paced}")
            first.append(result[ours][0] - result[bare][0])
            whole.append(result[ours][1] - result[bare][1])
            bare_first.append(result[bare][0])
            bare_whole.append(result[bare][1])
        return tuple(statistics.median(v) * 1000 for v in (first, whole, bare_first, bare_whole))  # type: ignore[return-value]


Ask = Callable[[str], tuple[float, float]]


def _bare(protocol: str, url: str) -> Ask:
    if protocol == "openai":
        import openai

        client = openai.OpenAI(base_url=f"{url}/v1", api_key="key")

        def texts(prompt: str) -> Iterator[str | None]:
            messages: Any = [{"role": "user", "content": prompt}]
            options: Any = {"stream_options": {"include_usage": True}, "max_completion_tokens": 4096}
            for chunk in client.chat.completions.create(model="gpt-6-luna", messages=messages, stream=True, **options):
                yield chunk.choices[0].delta.content if chunk.choices else None
    else:
        import anthropic

        claude = anthropic.Anthropic(base_url=url, api_key="key")

        def texts(prompt: str) -> Iterator[str | None]:
            messages: Any = [{"role": "user", "content": prompt}]
            with claude.messages.create(
                model="claude-haiku-4-5", messages=messages, max_tokens=4096, stream=True
            ) as events:
                for event in events:
                    yield event.delta.text if event.type == "content_block_delta" else None  # type: ignore[union-attr]

    return lambda prompt: _timed(texts(prompt))


def _ours(protocol: str, session: Session) -> Ask:
    ref = "openai:gpt-6-luna" if protocol == "openai" else "anthropic:claude-haiku-4-5"

    def ask(prompt: str) -> tuple[float, float]:
        begin = time.perf_counter()
        first, whole = _timed(session.stream(prompt, model=ref, feature="bench"))
        return first + (time.perf_counter() - begin - whole), time.perf_counter() - begin

    return ask


def _timed(texts: Iterator[str | None]) -> tuple[float, float]:
    begin = time.perf_counter()
    first = 0.0
    received = 0
    for text in texts:
        if text:
            first = first or time.perf_counter() - begin
            received += 1
    assert received == 20, received
    return first, time.perf_counter() - begin


@contextmanager
def _session(url: str | None = None) -> Iterator[Session]:
    if url:
        os.environ |= {"OPENAI_API_KEY": "key", "OPENAI_BASE_URL": f"{url}/v1"}
        os.environ |= {"ANTHROPIC_API_KEY": "key", "ANTHROPIC_BASE_URL": url}
    with tempfile.TemporaryDirectory() as home:
        yield Session(Path(home))


@contextmanager
def _server() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, "-m", "bench.server"], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
