"""Many threads and processes against one cap: what the provider charges never exceeds it."""

from __future__ import annotations

from decimal import Decimal

import paid_server

from costmagic import Session
from costmagic.estimates import MOST_MORE, MOST_TIMES

PROCESSES, THREADS, CAP = 4, 64, "0.3"

# What is reserved for a call once experience has taught how long the shop's prompts are: the rest that no call fits.
MOST_TOKENS = int(paid_server.PROMPT_TOKENS * MOST_TIMES) + MOST_MORE
WORST = Decimal(MOST_TOKENS * 1_000 + paid_server.MAX_TOKENS * 10_000) / 10**9


def test_threads_and_processes_never_exceed_a_cap_and_nearly_use_it_up() -> None:
    with paid_server.shop() as url:
        assert paid_server.customers(PROCESSES, url, CAP, THREADS) == [0] * PROCESSES
        account = paid_server.account(url)
    charged = Decimal(account["charged"]) / 10**9
    assert Decimal(CAP) - WORST < charged <= Decimal(CAP)
    session = Session(settings=paid_server.settings(url, CAP))
    frame = session.ledger()
    assert len(frame) == account["calls"] > PROCESSES * THREADS
    assert set(frame["status"]) == {"ok"}
    assert int(frame["cost_nusd"].sum()) == account["charged"]
    (standing,) = session.budget().standings
    assert (standing.spent, standing.reserved) == (charged, 0)
