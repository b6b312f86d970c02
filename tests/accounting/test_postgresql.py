"""The same ledger on a real PostgreSQL."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from shutil import chown

import paid_server
import pytest
from made_calls import put
from scripted_http import ScriptedServer, Sse, claude
from sqlalchemy import text

import costmagic as cm
from costmagic import Session
from costmagic.accounting import LedgerWarning
from costmagic.accounting.database import connect
from costmagic.accounting.exchange import bring, export
from costmagic.accounting.migrations import MIGRATIONS, migrate
from costmagic.accounting.retention import prune
from costmagic.monitoring.watching import silence
from costmagic.savings import plan

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))

WORKER = """
import sys
from costmagic import Session
session = Session(settings={"preset": "sim", "ledger_url": sys.argv[1]})
for i in range(20):
    session.ask(f"{sys.argv[2]} {i}", feature="pg")
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server of our own, reached through a Unix socket in its own folder."""
    owner = "postgres" if os.geteuid() == 0 else getpass.getuser()  # PostgreSQL refuses to run as root
    with tempfile.TemporaryDirectory(prefix="pg") as name:
        folder = Path(name)
        chown(folder, owner)

        def run(program: str, *arguments: str) -> None:
            command = [str(BINARIES[-1] / program), *arguments]
            subprocess.run(command, check=True, capture_output=True, user=owner, cwd=folder)

        run("initdb", "-D", str(folder / "data"), "-U", "ledger", "--auth=trust", "--no-sync")
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        # Without a log file the server would keep our pipe open, and run() would wait for it forever.
        run("pg_ctl", "-D", str(folder / "data"), "-o", options, "-w", "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql+psycopg://ledger@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "stop")


def test_calls_are_kept_counted_and_summed(url: str, home: Path) -> None:
    session = Session(home, settings={"preset": "sim", "ledger_url": url})
    first = session.ask("hello \N{SNOWMAN}", feature="pg-one")
    again = session.ask("hello \N{SNOWMAN}", feature="pg-one")
    assert (first.status, again.cache) == ("ok", "exact")
    assert session.engine.ledger.unsaved() == 0
    frame = session.ledger()
    mine = frame[frame["feature"] == "pg-one"]
    assert list(mine["cache"]) == ["none", "exact"]
    assert first.cost is not None
    assert int(mine["cost_nusd"].iloc[0]) == first.cost * 10**9
    for by in ("feature", "model", "tier", "day", "action"):
        assert session.costs(by)["calls"].sum() == len(frame)
    assert session.costs("feature").loc["pg-one", "simulated_avoided"] == first.cost
    assert session.engine.ledger.history(1)[0]["prompt"] == "hello \N{SNOWMAN}"


def test_a_plan_is_made_of_it(url: str, home: Path) -> None:
    session = Session(home, settings={"preset": "sim", "ledger_url": url})
    for _ in range(3):
        session.ask("planned", model="sim:claude-haiku-4-5", no_cache=True)
    made = plan(session=session)
    assert made.simulated
    assert made.bill * 10**9 == int(session.ledger()["cost_nusd"].sum())
    assert made["exact cache"].calls == 2


def test_prefixes_are_remembered_and_summed(url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = {"input_tokens": 20, "cache_creation_input_tokens": 5_500, "output_tokens": 1}
    read = {"input_tokens": 20, "cache_read_input_tokens": 5_500, "output_tokens": 1}
    with ScriptedServer() as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-0123456789")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        server.play(Sse(claude("Hi")), Sse(claude("Hi", usage=written)), Sse(claude("Hi", usage=read)))
        session = Session(home, settings={"ledger_url": url})
        options = {"model": "anthropic:claude-haiku-4-5", "system": "You are a clerk. " * 1_200, "feature": "pg"}
        replies = [session.ask(prompt, **options) for prompt in "abc"]
    assert [bool(reply.request.cache_after) for reply in replies] == [False, True, True]
    report = session.cache_prefixes()
    assert (report.saved, report.premium) == (Decimal("0.00495"), Decimal("0.001375"))
    assert [(p.calls, p.reuse.within_5m) for p in report.prefixes if not p.simulated] == [(3, 2)]


def test_a_reply_with_a_nul_character_is_kept(url: str, home: Path) -> None:
    from costmagic import sim

    sim.script("sim:claude-opus-5-5", answers={"nul": "a\0b"})
    session = Session(home, settings={"preset": "sim", "ledger_url": url})
    assert session.ask("nul", model="sim:claude-opus-5-5").text == "a\0b"
    assert session.engine.ledger.unsaved() == 0


def test_a_server_that_drops_its_connections_loses_no_call(url: str, home: Path) -> None:
    session = Session(home, settings={"preset": "sim", "ledger_url": url})
    session.ask("before", feature="dropped")
    other = connect(url)
    with other.begin() as connection:
        mine = "pid <> pg_backend_pid() AND datname = current_database()"
        connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {mine}"))
    other.dispose()
    with pytest.warns(LedgerWarning, match="terminat|closed"):
        assert session.ask("while it is away", feature="dropped").text
    assert session.ask("after", feature="dropped").text
    assert session.engine.ledger.unsaved() == 0
    rows = session.ledger()
    assert list(rows[rows["feature"] == "dropped"]["status"]) == ["ok"] * 3


def test_evaluations_are_kept_found_and_gone_on_with(url: str, home: Path) -> None:
    from known import PROMPT, script, tickets

    from costmagic.evaluation import begin, define, find, recent, runs

    script(tickets(60), latency=0.01)
    session = Session(home, settings={"preset": "sim", "ledger_url": url})
    definition = define(
        session, tickets(60), PROMPT, expected="label", candidates="medium", margin=0.001, feature="pg-evaluated"
    )
    run = begin(session, definition).start()
    while run.state().calls < 20:
        assert not run.wait(0.02)
    run.pause()
    assert run.wait(30)
    runs._known.clear()
    again = find(Session(home, settings={"preset": "sim", "ledger_url": url}), run.id)
    assert again is not run
    assert (again.state().calls, again.state().spent) == (run.state().calls, run.state().spent)
    again.resume()
    assert again.wait(30)
    assert (again.state().phase, again.state().candidates[0].n) == ("done", 60)
    frame = session.ledger()
    mine = frame[frame["feature"] == "pg-evaluated"]
    assert len(mine) == 120
    assert (mine["cache"] == "none").all()
    assert recent(session, 1)[0].summary["candidates"][0]["n"] == 60
    assert session.engine.ledger.unsaved() == 0
    assert define(session, "calls:pg-one", candidates="medium").data.rows == 1


def test_processes_that_open_a_new_database_together_make_it_once(url: str, home: Path) -> None:
    engine = connect(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    workers = [subprocess.Popen([sys.executable, "-W", "error", "-c", WORKER, url, f"w{n}"]) for n in range(3)]
    assert [worker.wait(120) for worker in workers] == [0, 0, 0]
    session = Session(home, settings={"preset": "sim", "ledger_url": url})
    assert len(session.ledger()) == 60
    engine = connect(url)
    assert migrate(engine) == []
    with engine.connect() as connection:
        names = [row[0] for row in connection.exec_driver_sql("SELECT name FROM migrations")]
    assert names == [name for name, _ in MIGRATIONS]
    engine.dispose()


def test_threads_share_it(url: str, home: Path) -> None:
    session = Session(home, settings={"preset": "sim", "ledger_url": url})
    before = session.engine.ledger.count()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: session.ask(f"thread {n}"), range(64)))
    assert session.engine.ledger.count() == before + 64
    assert session.engine.ledger.unsaved() == 0


def test_a_cap_holds_across_threads_and_processes(url: str) -> None:
    cap = Decimal("0.15")
    with paid_server.shop() as shop:
        assert paid_server.customers(4, shop, str(cap), 64, url) == [0] * 4
        account = paid_server.account(shop)
    charged = Decimal(account["charged"]) / 10**9
    assert cap * Decimal("0.99") < charged <= cap
    (standing,) = Session(settings=paid_server.settings(shop, str(cap), url)).budget().standings
    assert (standing.spent, standing.reserved) == (charged, 0)


def test_days_are_summed_up_alerts_told_and_calls_brought_in(url: str, home: Path, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    session = Session(home, settings={"preset": "sim", "ledger_url": url})
    with session.engine.ledger.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM calls")
    paid = put(session, now - timedelta(days=2), feature="pg", action="a", cost_nusd=2 * 10**9, quality=0.5)
    put(session, now - timedelta(days=2), purpose="route", parent_id=paid["id"], cost_nusd=10**9)
    put(session, now - timedelta(days=2), feature="pg", cache="exact", cache_of=paid["id"], cost_nusd=0)
    put(session, now, feature="pg", action="a", cost_nusd=None)
    for _ in range(2):  # summed up, then as it was kept
        found = cm.metrics(7, session=session)
        assert found.cost_per_call.rows[0][2:5] == (3, 3, 1)
        assert found.cost_per_action.rows[0][2:5] == (2, 2, 3)
        assert found.hit_rate.rows[0][5] == 2
        assert found.token_efficiency.rows[0][3] == 0.5
        named = cm.metrics(7, by="action", session=session).cost_per_action
        assert named.rows[0][:5] == ("a", False, 2, 2, 3)
    put(session, now - timedelta(days=2), feature="pg", cost_nusd=5 * 10**9)
    assert cm.metrics(7, session=session).cost_per_feature.rows[0][2] == 8
    assert session.costs("day")["cost"].tolist() == [8, 0]
    found = cm.alerts(session=session)
    assert [alert.name for alert in found] == ["unpriced:openai:m"]
    assert len(found.new) == 1
    assert cm.alerts(session=session).new == frozenset()
    silence(session, "unpriced", "1d")
    assert len(cm.alerts(session=session)) == 0
    export(session.engine.ledger, tmp_path / "calls.csv", "csv", None)
    assert prune(session.engine.ledger, 1) == 4
    assert cm.metrics(7, session=session).cost_per_feature.rows[0][2] == 0
    assert bring(session.engine.ledger, tmp_path / "calls.csv", "csv") == (4, 1)
    assert cm.metrics(7, session=session).cost_per_feature.rows[0][2] == 8


def test_what_is_written_while_days_are_summed_up_is_never_missed(url: str, home: Path) -> None:
    session = Session(home, settings={"preset": "sim", "ledger_url": url})
    with session.engine.ledger.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM calls")
    day = datetime.now(UTC) - timedelta(days=3)

    def write(n: int) -> None:
        other = Session(home, settings={"preset": "sim", "ledger_url": url})
        for _ in range(15):
            put(other, day + timedelta(minutes=n), feature="pg")
        other.close()

    def read(_: int) -> None:
        other = Session(home, settings={"preset": "sim", "ledger_url": url})
        for _ in range(8):
            cm.metrics(7, session=other)
        other.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: write(n) if n % 2 else read(n), range(6)))
    (row,) = cm.metrics(7, session=session).cost_per_feature.rows
    assert row[2] == 45
