"""The ledger: exact, durable, and never in the way of an answer."""

from __future__ import annotations

import sqlite3
import warnings
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from scripted_http import ScriptedServer, Sse, claude
from sqlalchemy import event, inspect

import costmagic as cm
from costmagic import Session, UsageError
from costmagic.accounting import Ledger, LedgerWarning
from costmagic.accounting.database import connect
from costmagic.accounting.migrations import MIGRATIONS, migrate
from costmagic.accounting.money import from_nusd, to_nusd
from costmagic.accounting.schema import calls, metadata
from costmagic.accounting.store import new_id

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def row(**changes: Any) -> dict[str, Any]:
    """A whole row of a finished, paid call."""
    base = dict.fromkeys(c.name for c in metadata.tables["calls"].columns)
    base |= {"id": new_id(), "started_at": NOW.replace(tzinfo=None), "status": "ok", "purpose": "user"}
    base |= {"model_requested": "m", "model": "m", "provider": "p", "route_source": "rule", "cache": "none"}
    base |= {"input_tokens": 10, "output_tokens": 5, "usage_source": "reported", "cost_nusd": 1_000, "latency_ms": 1.0}
    return {**base, "retries": 0, "batched": False, "prompt_hash": "h", **changes}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.db")


@pytest.mark.parametrize(
    ("usd", "nusd"),
    [
        ("0.054399", 54_399_000),
        ("0", 0),
        ("0.0000000005", 0),
        ("0.0000000015", 2),
        ("0.0000000025", 2),
        ("123456.789", 123_456_789_000_000),
        (None, None),
    ],
)
def test_money_is_rounded_once_half_to_even(usd: str | None, nusd: int | None) -> None:
    assert to_nusd(None if usd is None else Decimal(usd)) == nusd
    assert from_nusd(nusd) == (None if nusd is None else Decimal(nusd) / 10**9)


def test_an_unknown_price_stays_unknown(ledger: Ledger) -> None:
    ledger.record(row(cost_nusd=None, feature="a", cache="none"))
    ledger.record(row(cost_nusd=5, feature="a"))
    frame = ledger.frame()
    assert frame["cost_nusd"].isna().tolist() == [True, False]
    costs = ledger.costs("feature")
    assert costs.loc["a", "cost"] == Decimal(5) / 10**9
    assert costs.loc["a", "unpriced"] == 1


def test_costs_add_up_in_every_grouping(ledger: Ledger) -> None:
    original = row(feature="f", tier="heavy", action="x", cost_nusd=700)
    ledger.record(original)
    ledger.record(
        row(feature="g", tier="medium", cost_nusd=50, started_at=NOW.replace(tzinfo=None) - timedelta(days=3))
    )
    ledger.record(row(feature="f", cache="exact", cache_of=original["id"], cost_nusd=0, input_tokens=10))
    ledger.record(row(feature="f", usage_source="simulated", cost_nusd=10_000))
    ledger.record(row(status="interrupted", usage_source="estimated", cost_nusd=1))
    for by in ("feature", "model", "tier", "day", "action"):
        costs = ledger.costs(by)
        assert costs.index.name == by
        assert costs["calls"].sum() == 5
        assert costs["hits"].sum() == 1
        assert costs["failed"].sum() == 1
        assert costs["cost"].sum() == Decimal(751) / 10**9
        assert costs["avoided"].sum() == Decimal(700) / 10**9
        assert costs["simulated_cost"].sum() == Decimal(10_000) / 10**9
        assert costs["input_tokens"].sum() == 40  # a hit uses none
        assert costs["estimated"].sum() == 1
    assert len(ledger.costs("day")) == 2
    with pytest.raises(UsageError, match="did you mean 'feature'"):
        ledger.costs("featur")


def test_since_cuts_at_the_moment(ledger: Ledger) -> None:
    ledger.record(row())
    assert len(ledger.frame(NOW)) == 1
    assert len(ledger.frame(NOW + timedelta(microseconds=1))) == 0
    assert ledger.costs("model", NOW + timedelta(microseconds=1)).empty


def test_an_empty_ledger_has_empty_answers(ledger: Ledger) -> None:
    assert ledger.frame().empty
    assert ledger.costs("day").empty
    assert ledger.costs("feature").empty
    assert ledger.history(5) == []
    assert ledger.token_sums("p", "m")[0] == 0


def test_ids_sort_by_time_and_differ() -> None:
    ids = [new_id() for _ in range(1_000)]
    assert len(set(ids)) == 1_000
    assert [i[:12] for i in ids] == sorted(i[:12] for i in ids)


def test_the_migrated_schema_is_the_one_in_the_code(tmp_path: Path) -> None:
    engine = connect(tmp_path / "ledger.db")
    inspector = inspect(engine)
    for name, table in metadata.tables.items():
        columns = {c["name"]: c for c in inspector.get_columns(name)}
        assert list(columns) == [c.name for c in table.columns]
        for column in table.columns:
            assert columns[column.name]["nullable"] == column.nullable or column.primary_key


def test_the_oldest_ledger_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    engine = connect(path)
    engine.dispose()
    assert migrate(engine) == []
    with sqlite3.connect(path) as connection:  # the state before the last migration was recorded
        for name in [*metadata.tables, "migrations"]:
            connection.execute(f"DELETE FROM {name}" if name == "migrations" else f"DROP TABLE {name}")
    assert migrate(connect(path)) == []  # connect() has done it
    with sqlite3.connect(path) as connection:
        assert [r[0] for r in connection.execute("SELECT name FROM migrations")] == [name for name, _ in MIGRATIONS]


def test_a_ledger_from_before_the_prompt_cache_keeps_its_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.db"
    with monkeypatch.context() as before:
        before.setattr("costmagic.accounting.migrations.MIGRATIONS", MIGRATIONS[:2])
        connect(path).dispose()
    with sqlite3.connect(path) as connection:
        names = [r[1] for r in connection.execute("PRAGMA table_info(calls)")]
        assert "prefix_hash" not in names
        old = {**row(), "started_at": "2026-11-23 12:00:00.000000"}
        marks = ", ".join("?" for _ in names)
        connection.execute(f"INSERT INTO calls VALUES ({marks})", [old[name] for name in names])
    ledger = Ledger(path)
    assert ledger.frame()["cost_nusd"].tolist() == [1_000]
    with ledger.engine().connect() as opened:
        kept = opened.exec_driver_sql("SELECT prefix_hash, prefix_saved_nusd, cache_after FROM calls").one()
    assert kept == (None, None, None)


@pytest.mark.parametrize("named", ["{}", "sqlite:///{}"], ids=["path", "url"])
def test_a_failing_migration_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    path = tmp_path / "ledger.db"
    location = path if named == "{}" else named.format(path)
    connect(location).dispose()

    def broken(connection: Any) -> None:
        connection.exec_driver_sql("CREATE TABLE half (id TEXT)")
        raise RuntimeError("killed here")

    monkeypatch.setattr("costmagic.accounting.migrations.MIGRATIONS", (*MIGRATIONS, ("999_broken", broken)))
    with pytest.raises(RuntimeError, match="killed here"):
        connect(location)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'half'").fetchone() == (0,)


def _no_warning_but_an_answer(session: Session) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert session.ask("again").text


def test_a_ledger_that_can_not_be_opened_warns_once_and_still_answers(home: Path) -> None:
    (home / "ledger.db").mkdir()
    session = Session(home, settings={"preset": "sim"})
    with pytest.warns(LedgerWarning, match="can't be written") as caught:
        assert session.ask("hello").text
    assert len(caught) == 1
    _no_warning_but_an_answer(session)
    assert session.totals.calls == 2


def test_a_read_only_ledger_warns_once_still_answers_and_still_reads(home: Path) -> None:
    Session(home, settings={"preset": "sim"}).ask("before")
    url = f"sqlite:///file:{home / 'ledger.db'}?mode=ro&uri=true"
    session = Session(home, settings={"preset": "sim", "ledger_url": url})
    with pytest.warns(LedgerWarning, match="readonly"):
        assert session.ask("hello").text
    _no_warning_but_an_answer(session)
    assert len(session.ledger()) == 1
    assert session.engine.ledger.unsaved() > 0


def test_a_full_disk_keeps_rows_in_memory_until_there_is_room(home: Path) -> None:
    session = Session(home, settings={"preset": "sim"})
    session.ask("before")
    engine = session.engine.ledger.engine()
    limit = [1]

    def full(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {limit[0]}")

    event.listen(engine, "checkout", full)
    with pytest.warns(LedgerWarning, match="full"):
        assert session.ask("x" * 50_000).text
    _no_warning_but_an_answer(session)
    assert len(session.ledger()) == 1
    limit[0] = 1_000_000
    assert session.ask("after").text
    assert session.engine.ledger.unsaved() == 0
    frame = session.ledger()
    assert len(frame) == 4
    assert set(frame["status"]) == {"ok"}
    assert frame["latency_ms"].notna().all()


def test_history_shows_prompt_and_reply_of_hits_too(session: Session) -> None:
    first = session.ask("hello")
    session.ask("hello")
    newest, oldest = session.engine.ledger.history(5)
    assert newest["cache"] == "exact"
    assert newest["prompt"] == oldest["prompt"] == "hello"
    assert newest["reply"] == oldest["reply"] == first.text


def test_the_final_row_is_written_whole(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-0123456789")
    session, final = Session(home, settings={"preset": "sim"}), {}
    ledger = session.engine.ledger

    def finish(given: dict[str, Any], *more: Any) -> None:
        final[given["id"]] = given
        Ledger.finish(ledger, given, *more)

    monkeypatch.setattr(ledger, "finish", finish)
    usage = {"input_tokens": 20, "cache_creation_input_tokens": 5_500, "cache_read_input_tokens": 7, "output_tokens": 3}
    usage |= {"cache_creation": {"ephemeral_1h_input_tokens": 100}}
    with ScriptedServer() as server, cm.action("one"):
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        server.play(*(Sse(claude("Hi there", usage=usage)) for _ in range(3)))
        asked = {"model": "anthropic:claude-haiku-4-5", "system": "You are a clerk. " * 1_200, "feature": "f"}
        for prompt in "ab":
            session.ask(prompt, **asked)
        with session.stream("c", **asked) as stream:
            next(stream)
    session.ask("on a tier")
    assert {one["status"] for one in final.values()} == {"ok", "interrupted"}
    with ledger.engine().connect() as connection:
        found = {one["id"]: dict(one) for one in connection.execute(calls.select()).mappings()}
    assert found == final
    assert len(found) == 4
