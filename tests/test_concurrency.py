"""Threads, processes, kills: nothing is lost, nothing is paid twice."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from costmagic import ProviderError, Session, sim

OPUS = "sim:claude-opus-5-5"

WORKER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from costmagic import Session

name, threads, calls = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
session = Session(settings={"preset": "sim"})

def work(thread):
    for i in range(calls):
        session.ask(f"{name} {thread} {i // 2}", feature=name)

with ThreadPoolExecutor(threads) as pool:
    list(pool.map(work, range(threads)))
assert session.engine.ledger.unsaved() == 0
"""


def test_many_threads_and_processes_on_one_home_lose_no_row(home: Path) -> None:
    processes, threads, calls = 4, 64, 6
    workers = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", WORKER, f"p{n}", str(threads), str(calls)])
        for n in range(processes)
    ]
    assert [worker.wait(250) for worker in workers] == [0] * processes
    frame = Session(home).ledger()
    assert len(frame) == processes * threads * calls
    assert set(frame["status"]) == {"ok"}
    assert frame["latency_ms"].notna().all()
    # Each prompt is asked twice in a row: paid once, then served.
    assert (frame["cache"] == "exact").sum() == processes * threads * calls // 2
    assert frame.groupby("feature").size().tolist() == [threads * calls] * processes
    with sqlite3.connect(home / "ledger.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_identical_calls_in_flight_become_one(session: Session) -> None:
    sim.script(OPUS, answers={"hello": "the answer"}, latency=0.3)
    barrier = threading.Barrier(16)

    def ask(_: int) -> tuple[str, str | None]:
        barrier.wait()
        reply = session.ask("hello", model=OPUS)
        return reply.text, reply.cache

    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(ask, range(16)))
    assert {text for text, _ in replies} == {"the answer"}
    assert sorted(cache or "" for _, cache in replies) == [""] + ["exact"] * 15
    frame = session.ledger()
    assert len(frame) == 16
    paid = frame[frame["cache"] == "none"]
    assert len(paid) == 1
    assert set(frame[frame["cache"] == "exact"]["cache_of"]) == {paid["id"].iloc[0]}


def test_a_failure_in_flight_is_shared_too(session: Session) -> None:
    sim.script(OPUS, fail=400, latency=0.3)
    calls = []
    sim.script(OPUS, fail=lambda prompt, attempt: (calls.append(attempt), time.sleep(0.3), 400)[2])
    barrier = threading.Barrier(8)

    def ask(_: int) -> int | None:
        barrier.wait()
        with pytest.raises(ProviderError) as caught:
            session.ask("hello", model=OPUS)
        return caught.value.status

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [400] * 8
    assert len(calls) == 1
    assert list(session.ledger()["status"]) == ["error"] * 8


def test_a_stopped_leader_hands_over(session: Session) -> None:
    sim.script(OPUS, answers=lambda prompt: "word " * 50, tokens_per_s=100)
    leading = session.stream("hello", model=OPUS)
    started = threading.Event()
    outcome: list[str] = []

    def lead() -> None:
        try:
            for _ in leading:
                started.set()
        except KeyboardInterrupt:
            outcome.append("stopped")

    leader = threading.Thread(target=lead)
    leader.start()
    started.wait(10)
    with ThreadPoolExecutor(1) as pool:
        follower = pool.submit(session.ask, "hello", model=OPUS)
        time.sleep(0.1)
        leading.call.stop.set()
        assert follower.result(30).cache is None
    leader.join(10)
    assert outcome == ["stopped"]
    assert sorted(session.ledger()["status"]) == ["interrupted", "ok"]


def test_a_parked_leader_does_not_hold_others_up(session: Session) -> None:
    sim.script(OPUS, answers={"hello": "one two three"})
    parked = session.stream("hello", model=OPUS)
    next(parked)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(session.ask, "hello", model=OPUS).result(30).text == "one two three"
    assert "".join(parked).endswith("three")


KILLED = """
from costmagic import Session, sim
sim.script("sim:claude-opus-5-5", answers=lambda prompt: "word " * 5000, tokens_per_s=200)
session = Session(settings={"preset": "sim"})
for text in session.stream("long", model="sim:claude-opus-5-5"):
    print("x", flush=True)
"""


def test_a_killed_process_leaves_its_row_and_most_of_its_text(home: Path) -> None:
    worker = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE)
    assert worker.stdout
    for _ in range(450):  # three seconds of text: more than one checkpoint
        worker.stdout.readline()
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    session = Session(home, settings={"preset": "sim"})
    row = session.engine.ledger.history(1)[0]
    assert row["status"] == "interrupted"
    assert row["latency_ms"] is None
    assert row["cost_nusd"] > 0
    assert row["prompt"] == "long"
    assert row["reply"].count("word") > 50
    assert session.ask("next").status == "ok"


SIGNALLED = """
import sys
from costmagic import Session, sim
sim.script("sim:claude-opus-5-5", answers=lambda prompt: "word " * 5000, tokens_per_s=200)
session = Session(settings={"preset": "sim"})
stream = session.stream("long", model="sim:claude-opus-5-5")
try:
    for text in stream:
        print("x", flush=True)
except KeyboardInterrupt:
    stream.close()  # the interrupt may have come between two pieces
    print(stream.reply.status, flush=True)
"""


def test_an_interrupt_settles_the_call(home: Path) -> None:
    worker = subprocess.Popen([sys.executable, "-c", SIGNALLED], stdout=subprocess.PIPE, text=True)
    assert worker.stdout
    for _ in range(20):
        worker.stdout.readline()
    worker.send_signal(signal.SIGINT)
    rest = worker.stdout.read()
    worker.stdout.close()
    assert worker.wait(30) == 0
    assert rest.split()[-1] == "interrupted"
    row = Session(home).ledger().iloc[0]
    assert row["status"] == "interrupted"
    assert row["latency_ms"] > 0
