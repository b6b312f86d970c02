"""What the live meter costs while a reply streams."""

from __future__ import annotations

import tempfile
import time
from statistics import median

from costmagic import Session, sim
from costmagic.notebook.running import Running
from costmagic.notebook.widgets import Widget

WORDS = 2_000


def update_ms() -> float:
    """Milliseconds of one update of the meter, from the figures to the message, p50 over a long reply."""
    with tempfile.TemporaryDirectory() as home, Session(home, settings={"preset": "sim"}) as session:
        sim.script("sim:claude-opus-5-5", answers=lambda prompt: "some words " * (WORDS // 2))
        stream = session.stream("Hello", model="sim:claude-opus-5-5", no_cache=True)
        running = Running(session.engine, stream.call)
        next(stream)
        widget = Widget("meter", running.state())
        times = []
        for _ in stream:
            begun = time.perf_counter()
            widget.push(running.state())
            times.append((time.perf_counter() - begun) * 1000)
        widget.close()
        return median(times)
