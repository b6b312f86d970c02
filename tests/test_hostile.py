"""What a hostile or broken surrounding does: forks, locks, lying servers, odd clocks, replaced files."""

from __future__ import annotations

import os
import pickle
import sqlite3
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from scripted_http import HOLD, Answer, ScriptedServer, Sse, claude, gpt

from costmagic import ProviderError, Session, UsageError, sim
from costmagic.accounting import LedgerError, LedgerWarning, database
from costmagic.accounting.store import new_id
from costmagic.notebook.commands import run as command

OPUS = "sim:claude-opus-5-5"
TERRA = "openai:gpt-6.1-terra"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def openai(server: ScriptedServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-first-secret-key")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
    return Session(home)


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 2_000}},
        {"prompt_tokens": -1, "completion_tokens": 5},
        {"prompt_tokens": 10**20, "completion_tokens": 5},
        {"prompt_tokens": "many", "completion_tokens": 5},
        {"prompt_tokens": 10.5, "completion_tokens": 5},
    ],
)
def test_usage_that_makes_no_sense_is_estimated(openai: Session, server: ScriptedServer, usage: dict[str, Any]) -> None:
    server.play(Sse(gpt("The paid reply", usage={"total_tokens": 1, **usage})))
    reply = openai.ask("Hello", model=TERRA)
    assert (reply.text, reply.status, reply.usage.source) == ("The paid reply", "ok", "estimated")
    row = openai.ledger().iloc[0]
    assert (row["status"], row["usage_source"]) == ("ok", "estimated")


def test_a_price_that_makes_no_sense_is_unknown(home: Path) -> None:
    absurd = {"input": Decimal("1e999999"), "output": Decimal(10) ** 18}
    session = Session(home, settings={"preset": "sim", "prices": {OPUS: absurd}})
    reply = session.ask("Hello", model=OPUS)
    assert (reply.status, reply.cost) == ("ok", None)
    assert len(session.ledger()) == 1


def test_the_worst_case_counts_cache_writes_that_nobody_asked_for(openai: Session) -> None:
    estimate = openai.estimate("word " * 2_000, tiers=[TERRA, "sim:claude-haiku-4-5"], max_tokens=10)
    terra, haiku = estimate[TERRA], estimate["sim:claude-haiku-4-5"]
    # $1.25 a million for written input, $5 for output; Anthropic writes only when asked.
    assert terra.worst_cost == (terra.input_tokens * Decimal("1.25") + 10 * Decimal(5)) / 1_000_000
    assert haiku.worst_cost == (haiku.input_tokens * Decimal(1) + 10 * Decimal(5)) / 1_000_000


def test_a_reply_that_was_whole_before_the_cut_stands(openai: Session, server: ScriptedServer) -> None:
    server.play(Sse(gpt("All of it", usage={})[:-1], end="cut"))
    reply = openai.ask("Hello", model=TERRA)
    assert (reply.text, reply.status, reply.usage.source) == ("All of it", "ok", "estimated")


def test_a_changed_address_is_followed_with_its_key(
    openai: Session, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.play(Sse(gpt("one")))
    openai.ask("first", model=TERRA)
    with ScriptedServer() as other:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-second-secret-key")
        monkeypatch.setenv("OPENAI_BASE_URL", f"{other.url}/v1")
        other.play(Sse(gpt("two")))
        assert openai.ask("second", model=TERRA).text == "two"
        assert "sk-second-secret-key" in other.received[0].headers["authorization"]
    assert len(server.received) == 1


def test_the_key_is_in_no_traceback(openai: Session, server: ScriptedServer) -> None:
    server.play(Answer(401, {"error": {"message": "Incorrect API key provided: sk-first-secret-key"}}))

    def step_3() -> None:
        try:
            openai.ask("Hello", model=TERRA)
        except ProviderError as error:
            raise RuntimeError("step 3 failed") from error

    with pytest.raises(RuntimeError) as caught:
        step_3()
    printed = "".join(traceback.format_exception(caught.value))
    assert "Incorrect API key" in printed
    assert "sk-first-secret-key" not in printed


def test_a_web_page_as_an_error_is_cut_short(openai: Session, server: ScriptedServer) -> None:
    server.play(Answer(400, {"error": {"message": "<html>\x1b[31m" + "x" * 100_000}}))
    with pytest.raises(ProviderError) as caught:
        openai.ask("Hello", model=TERRA)
    assert len(str(caught.value)) < 1_000
    assert "\x1b" not in str(caught.value)


def test_a_provider_error_travels_between_processes() -> None:
    error = ProviderError("openai", "no", 400)
    error.cost = Decimal("0.1")
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.status, copy.cost) == (str(error), 400, Decimal("0.1"))


def in_child(work: Callable[[], bool], seconds: int = 30) -> bool:
    """Run ``work`` in a forked child; whether it returned True in time."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if work() else 1
        finally:
            os._exit(code)
    alarm = threading.Timer(seconds, os.kill, (child, 9))
    alarm.start()
    _, status = os.waitpid(child, 0)
    alarm.cancel()
    return status == 0


def test_a_forked_child_has_connections_of_its_own(openai: Session, server: ScriptedServer) -> None:
    server.play(Sse(gpt("parent")), Sse(gpt("child")), Sse(gpt("parent again")))
    openai.ask("one", model=TERRA)
    assert in_child(lambda: openai.ask("two", model=TERRA).text == "child")
    assert openai.ask("three", model=TERRA).text == "parent again"
    assert len(openai.ledger()) == 3


def test_a_forked_child_waits_for_no_flight_and_no_lock_of_its_parent(session: Session) -> None:
    sim.script(OPUS, answers={"hello": "one two three"})
    half_read = session.stream("hello", model=OPUS)
    next(half_read)
    ledger = session.engine.ledger
    with ledger._writing, session._lock:
        assert in_child(lambda: session.ask("hello", model=OPUS).text == "one two three")
    assert "".join(half_read).endswith("three")


def test_a_forked_child_loads_local_weights_again(local_home: Path) -> None:
    session = Session(local_home)
    assert session.ask("Say hello.", max_tokens=3).status == "ok"
    assert in_child(lambda: session.ask("Say goodbye.", max_tokens=3).status == "ok", 60)


def test_a_ledger_that_another_program_holds_does_not_hold_up_the_answer(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.2)
    session = Session(home, settings={"preset": "sim"})
    session.ask("before")
    other = sqlite3.connect(home / "ledger.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.warns(LedgerWarning, match="locked"):
        assert session.ask("one").text
    assert session.ask("two").text
    assert session.engine.ledger.unsaved() == 2
    other.execute("ROLLBACK")
    other.close()
    session.close()
    assert session.engine.ledger.unsaved() == 0
    assert list(session.ledger()["status"]) == ["ok"] * 3


def test_a_stalled_stream_is_saved_with_what_it_has_cost(
    server: ScriptedServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    session = Session(home)
    events = claude("x" * 1_500, usage={"input_tokens": 50_000, "output_tokens": 1})
    begun = [event for event in events if event["type"] not in ("message_delta", "message_stop")]
    server.play(Sse([*begun, HOLD]))
    stream = session.stream("Hello", model="anthropic:claude-haiku-4-5")
    assert next(stream)
    for _ in range(200):  # a second passes without another word
        row = session.engine.ledger.history(1)[0]
        if row["reply"]:
            break
        threading.Event().wait(0.05)
    assert row["reply"] == "x" * 1_500
    assert (row["status"], row["latency_ms"], row["input_tokens"]) == ("interrupted", None, 50_000)
    assert row["cost_nusd"] > 50_000_000  # $1 a million tokens
    stream.close()
    assert session.ledger().iloc[0]["latency_ms"] > 0


@pytest.mark.parametrize("year", [1970, 2400])
def test_a_wrong_clock_does_not_hang_the_costs(session: Session, year: int) -> None:
    session.ask("now")
    row = {**session.stream("x").call.row(), "id": new_id(), "latency_ms": 1.0, "status": "ok"}
    session.engine.ledger.record({**row, "started_at": datetime(year, 1, 15, 12)})
    costs = session.costs("day")
    assert sorted(day.year for day in costs.index) == sorted([year, date.today().year])


@pytest.mark.parametrize("since", ["2026-01-01", date(2026, 1, 1), datetime(2026, 1, 1)])
def test_since_takes_dates_of_all_kinds(session: Session, since: Any) -> None:
    session.ask("now")
    assert len(session.ledger(since=since)) == 1


@pytest.mark.parametrize("since", ["soon", datetime.min, 5])
def test_a_moment_that_is_none_is_refused(session: Session, since: Any) -> None:
    with pytest.raises(UsageError, match="since takes"):
        session.ledger(since=since)


@pytest.mark.parametrize(
    "wrong",
    [{"max_tokens": 10**5_000}, {"temperature": 10**5_000}, {"max_cost": 10**5_000}],
    ids=lambda w: next(iter(w)),
)
def test_absurd_numbers_are_usage_errors(session: Session, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        session.ask("x", **wrong)


@pytest.mark.parametrize("by", [None, ["model"], 5])
def test_costs_by_nonsense_is_refused(session: Session, by: Any) -> None:
    with pytest.raises(UsageError, match="can't be grouped"):
        session.costs(by)


def test_one_tier_may_be_given_as_a_text(session: Session) -> None:
    assert len(session.estimate("x", tiers="heavy")) == 1


def test_a_session_opens_in_a_folder_that_is_gone(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert Session(home, settings={"preset": "sim"}).ask("hello").text


def test_other_weights_under_the_same_name_miss(home: Path) -> None:
    from costmagic.providers.local import LocalProvider

    models = home / "models"
    models.mkdir()
    (models / "mine.gguf").write_bytes(b"one")
    provider = LocalProvider("local", Session(home).settings)
    before = provider.endpoint("mine")
    (models / "mine.gguf").write_bytes(b"other")
    assert provider.endpoint("mine") != before


def test_no_table_steers_the_terminal(session: Session) -> None:
    sim.script(OPUS, answers={"evil": "a\x1b]0;title\x07b"})
    session.ask("evil", model=OPUS, feature="f\x1b[31m")
    for line in ("history", "costs", ""):
        assert "\x1b" not in repr(command(line, session))


def test_a_ledger_that_can_not_be_read_is_one_line(home: Path) -> None:
    (home / "ledger.db").write_bytes(b"this is no database" * 100)
    session = Session(home, settings={"preset": "sim"})
    with pytest.warns(LedgerWarning):
        assert session.ask("hello").text
    for read in (session.ledger, session.costs, lambda: command("history", session)):
        with pytest.raises(LedgerError, match="can't be read"):
            read()
    assert "can't be read" in repr(command("", session))
