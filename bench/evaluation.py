"""How near an evaluation comes to the rate that its models allow, and what a large DataFrame costs it."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pandas as pd

from costmagic import Session, sim
from costmagic.evaluation import begin, define, estimate

ITEMS, LATENCY_S, PARALLEL = 1_000, 0.5, 32
CANDIDATES = ("standard", "medium", "sim:claude-haiku-4-5", "sim:gpt-6-luna")
ROWS = 100_000


def share_of_ideal() -> tuple[float, float]:
    """(% of the ideal rate, answers a second) of 1,000 items × 4 candidates and the baseline, all of them asked."""
    with tempfile.TemporaryDirectory() as home, Session(Path(home), settings={"preset": "sim"}) as session:
        for ref in (*(ref for ref in session.tiers().values()), *CANDIDATES[2:]):
            sim.script(ref, answers=lambda prompt: "yes", latency=LATENCY_S)
        session.ask("warm up", tier="routing")
        frame = pd.DataFrame({"text": [f"ticket {i}" for i in range(ITEMS)], "label": ["yes"] * ITEMS})
        definition = define(
            session,
            frame,
            "Is this a ticket? {{ text }}",
            expected="label",
            candidates=CANDIDATES,
            margin=0.0005,  # so small that nothing is decided before the end
            budget=None,
            max_parallel=PARALLEL,
        )
        run = begin(session, definition)
        begun = time.perf_counter()
        run.start()
        assert run.wait(600), run.state().message
        took = time.perf_counter() - begun
        calls = run.state().calls
        assert calls == ITEMS * (len(CANDIDATES) + 1), run.state().message
        return 100 * calls * LATENCY_S / PARALLEL / took, calls / took


def large_frame_ms() -> float:
    """ms to define and estimate an evaluation on 100,000 rows with texts of 200 characters."""
    with tempfile.TemporaryDirectory() as home, Session(Path(home), settings={"preset": "sim"}) as session:
        session.rehearse("warm up", tier="heavy")
        texts = [f"{i} " + "lorem ipsum " * 16 for i in range(ROWS)]
        frame = pd.DataFrame({"text": texts, "label": ["yes", "no"] * (ROWS // 2), **{f"c{i}": i for i in range(20)}})
        small = define(session, frame.head(10), "Is it? {{ text }}", expected="label", candidates="medium")
        estimate(session, small)
        begun = time.perf_counter()
        definition = define(session, frame, "Is it? {{ text }}", expected="label", candidates="medium")
        assert estimate(session, definition).rows == ROWS
        return (time.perf_counter() - begun) * 1000
