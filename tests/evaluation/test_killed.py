"""A process that is killed in mid-run: another one goes on, and nothing is paid twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import paid_server
import pytest

from costmagic import Session
from costmagic.evaluation import find, recent
from costmagic.evaluation import store as stored_runs

ROWS = 60
RUN = f"""
import sys
from costmagic import Session
from costmagic.evaluation import begin, define
session = Session(settings={{**{{"ledger_url": sys.argv[2]}}, **__import__("json").loads(sys.argv[1])}})
rows = [{{"text": str(i), "label": "word"}} for i in range({ROWS})]
definition = define(
    session, rows, "{{{{ text }}}}", expected="label", baseline="shop:words", candidates="shop:others", margin=0.001,
    budget=5, max_parallel=8,
)
run = begin(session, definition)
run.watch(lambda state: print(run.id, state.calls, flush=True))
run.start()
run.wait()
"""


def settings(shop: str) -> dict[str, object]:
    values = paid_server.settings(shop, "1")
    return {"providers": values["providers"], "max_tokens": values["max_tokens"]}


def kill_in_mid_run(shop: str, ledger: str, calls: int) -> str:
    """The id of a run whose process was killed after it had told of ``calls`` answers."""
    import json

    command = [sys.executable, "-c", RUN, json.dumps(settings(shop)), ledger]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    for line in process.stdout:
        run_id, count = line.split()
        if int(count) >= calls:
            os.kill(process.pid, signal.SIGKILL)
            break
    assert process.wait() == -signal.SIGKILL
    return run_id


def goes_on(shop: str, ledger: str, run_id: str) -> None:
    session = Session(settings={**settings(shop), "ledger_url": ledger})
    before = paid_server.account(shop)
    stored = stored_runs.load(session, run_id)
    run = find(session, run_id)
    assert run.state().phase == "paused"
    assert 0 < run.state().calls < 2 * ROWS
    assert [(listed.id, listed.phase) for listed in recent(session)] == [(run_id, "paused")]
    run.resume()
    assert run.wait(60)
    state = run.state()
    assert (state.phase, state.candidates[0].n, state.candidates[0].errors) == ("done", ROWS, 0)
    # Sold: what was sold before, and what is missing; calls that were cut by the kill are sold again.
    after = paid_server.account(shop)
    missing = 2 * ROWS - len(stored.answers) - len(stored.bought)
    assert after["calls"] - before["calls"] == missing
    assert len(stored.cut) <= 8
    rows = session.ledger()
    finished = rows[rows["latency_ms"].notna()]
    assert len(finished) == 2 * ROWS
    assert (finished.groupby(["prompt_hash", "model_requested"]).size() == 1).all()
    # What was under way may have been sold: it counts as if it had cost all that it could.
    charged = Decimal(after["charged"]) / 10**9
    assert charged <= state.spent <= charged + len(stored.cut) * Decimal("0.0012")


def test_another_process_goes_on(tmp_path: Path) -> None:
    ledger = f"sqlite:///{tmp_path / 'ledger.db'}"
    with paid_server.shop() as shop:
        goes_on(shop, ledger, kill_in_mid_run(shop, ledger, 40))


def _wait_for_workers(session: Session) -> None:
    """Until the calls that are under way have come to their end, and no more come."""
    before = -1
    while (now := len(session.ledger())) != before or session.ledger()["latency_ms"].isna().any():
        before = now
        time.sleep(0.5)


def test_what_was_bought_and_not_written_any_more_is_found(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    from known import PROMPT, script, tickets

    from costmagic.evaluation import begin, define, runs

    script(tickets(30))
    run = begin(session, define(session, tickets(30), PROMPT, expected="label", candidates="medium", margin=0.001))
    add: Callable[..., None] = stored_runs.add
    written: list[int] = []

    def dies(session: Session, run_id: str, answers: list[object]) -> None:
        if len(written) > 2:
            raise SystemExit  # as dead as a thread can be
        written.append(len(answers))
        add(session, run_id, answers)

    monkeypatch.setattr(stored_runs, "add", dies)
    monkeypatch.setattr("threading.excepthook", lambda args: None)
    run.start()
    run._thread and run._thread.join(30)
    _wait_for_workers(session)  # which a real death would have ended too
    monkeypatch.undo()
    assert sum(written) < len(session.ledger())
    runs._known.clear()
    again = find(session, run.id)
    again.resume()
    assert again.wait(30)
    assert again.state().candidates[0].n == 30
    assert len(session.ledger()) == 60
    assert (session.ledger()["cache"] == "none").all()
