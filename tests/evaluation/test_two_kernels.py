"""Two processes and one run: one of them goes on with it, and each sees what the other has bought."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from pathlib import Path

import paid_server
import pytest

from costmagic import Session
from costmagic.evaluation import find, recent
from costmagic.types import UsageError

ROWS = 200
OTHER = f"""
import json, sys
from costmagic import Session
from costmagic.evaluation import begin, define
session = Session(settings=json.loads(sys.argv[1]))
rows = [{{"text": str(i), "label": "word"}} for i in range({ROWS})]
definition = define(
    session, rows, "{{{{ text }}}}", expected="label", baseline="shop:words", candidates="shop:others", margin=0.001,
    budget=5, max_parallel=2,
)
run = begin(session, definition)
print(run.id, flush=True)
for line in sys.stdin:
    order = line.strip()
    getattr(run, order)()
    print(order, flush=True)
    if order != "start":
        run.wait()
        print(run.state().phase, run.state().calls, flush=True)
"""


def test_one_kernel_at_a_time_goes_on_and_each_sees_what_the_other_bought(tmp_path: Path) -> None:
    with paid_server.shop() as shop:
        made = paid_server.settings(shop, "1")
        settings = {"providers": made["providers"], "max_tokens": made["max_tokens"]}
        settings |= {"ledger_url": f"sqlite:///{tmp_path / 'ledger.db'}"}
        command = [sys.executable, "-c", OTHER, json.dumps(settings)]
        other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def tell(order: str) -> None:
            assert other.stdin
            other.stdin.write(f"{order}\n")
            other.stdin.flush()
            assert told() == [order]

        def told() -> list[str]:
            assert other.stdout
            return other.stdout.readline().split()

        try:
            (run_id,) = told()
            paid_server.sell_until(shop, 60)
            tell("start")
            session = Session(settings=settings)
            while not (listed := recent(session)) or listed[0].phase != "running":
                time.sleep(0.02)
            here = find(session, run_id)
            with pytest.raises(UsageError, match="in another kernel: pause or cancel it there"):
                here.resume()
            tell("pause")
            paid_server.sell_until(shop, 100)
            phase, calls = told()
            assert phase == "paused"
            assert int(calls) <= 100
            assert [one.phase for one in recent(session)] == ["paused"]
            here.resume()
            while here.state().calls < 100:
                time.sleep(0.02)
            here.pause()
            paid_server.sell_until(shop, math.inf)
            here.wait()
            assert 100 <= here.state().calls < 2 * ROWS
            tell("resume")
            assert told() == ["done", str(2 * ROWS)]
        finally:
            other.kill()
            other.communicate()
        assert paid_server.account(shop)["calls"] == 2 * ROWS
        assert find(session, run_id) is here
