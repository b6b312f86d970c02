"""How long a route decision takes: the rules, then the shipped classifier or a router of one's own."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from costmagic import Session, embedding, weights
from costmagic.routing import Router
from costmagic.routing.installed import install, installed, router_path
from costmagic.routing.learned import LearnedRouter

ROOT = Path(__file__).parent.parent
PULLED = Path(os.environ.get("COSTMAGIC_TEST_HOME", ROOT / ".costmagic"))
LABELS = 300
PROMPTS = 400

# What does not look like a prompt takes no longer.
ODD = ("", " " * 1_000_000, "x" * 1_000_000, "word, " * 160_000, "今天天气很好。" * 140_000, "🎉\ud800" * 500_000)


def typical() -> list[str]:
    """Prompts as they are written: 30 to 60 tokens, about 120 to 240 characters."""
    lines = (ROOT / "training/prompts/voices-1.jsonl").read_text("utf-8").splitlines()
    texts = [text for line in lines if 120 <= len(text := json.loads(line)["text"]) <= 240]
    assert len(texts) >= 50, len(texts)
    return texts


def shipped_ms() -> tuple[float, float, float]:
    """(p50 ms, p99 ms, slowest ms among odd and huge prompts) by the rules and the classifier that comes along."""
    prompts = typical()
    with tempfile.TemporaryDirectory() as home, Session(home, settings={"preset": "sim"}) as session:
        decide = Router(session.settings).route

        def ms(prompt: str) -> float:
            begin = time.perf_counter()
            decide(prompt)
            return (time.perf_counter() - begin) * 1_000

        for prompt in prompts[:20]:
            ms(prompt)
        # A number makes each another prompt: what was decided before is remembered.
        times = [ms(f"{prompts[i % len(prompts)]} ({i})") for i in range(PROMPTS)]
        slowest = max(statistics.median(ms(f"{n}{prompt}{n}") for n in range(5)) for prompt in ODD)
    return statistics.median(times), statistics.quantiles(times, n=100)[98], slowest


def route_ms() -> tuple[bool, float, float, float]:
    """With a router of one's own: (whether MiniLM took part, p50 ms, p99 ms, slowest ms among odd and huge prompts)."""
    lines = (ROOT / "training/prompts/voices-1.jsonl").read_text("utf-8").splitlines()
    known, prompts = [json.loads(line) for line in lines], typical()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        if embedding.available(PULLED):
            weights.folder(home).symlink_to(weights.folder(PULLED).resolve())
        meant = embedding.available(home)
        some = known[:LABELS]
        embedder = embedding.MiniLM(home) if meant else None
        router = LearnedRouter.fit([r["text"] for r in some], [r["difficulty"] == 1 for r in some], embed=embedder)
        install(router_path(home, None), router, {"cheap": "medium", "strong": "heavy", "labels": LABELS})
        with Session(home, settings={"preset": "sim"}) as session:
            decide = Router(session.settings).route
            asks = any(decide(prompt).source == "learned" for prompt in prompts)

            def ms(prompt: str) -> float:
                begin = time.perf_counter()
                decide(prompt)
                if not asks:  # the rules alone: ask the learned router as well
                    found = installed(home)
                    assert found is not None
                    found.router.chance(prompt, session.settings.routing.quality)
                return (time.perf_counter() - begin) * 1_000

            for prompt in prompts[:20]:
                ms(prompt)
            times = [ms(prompts[i % len(prompts)]) for i in range(PROMPTS)]
            slowest = max(statistics.median(ms(prompt) for _ in range(5)) for prompt in ODD)
    return meant, statistics.median(times), statistics.quantiles(times, n=100)[98], slowest
