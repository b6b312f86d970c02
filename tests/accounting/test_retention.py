"""What is old goes, what is needed stays, and the doctor looks after the file."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from made_calls import put
from test_cli import run, topic

from costmagic import Session
from costmagic.accounting.retention import CHUNK, prune
from costmagic.accounting.schema import fired, texts

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def session(home: Path) -> Session:
    return Session(home, settings={"preset": "sim"})


def ids(session: Session) -> set[str]:
    return set(session.ledger()["id"])


def test_calls_older_than_that_go_and_those_on_the_edge_stay(session: Session) -> None:
    put(session, NOW - 30 * DAY - timedelta(microseconds=1), CHUNK + 3)
    stay = put(session, NOW - 30 * DAY)
    assert prune(session.engine.ledger, 30, NOW) == CHUNK + 3
    assert ids(session) == {stay["id"]}
    assert prune(session.engine.ledger, 30, NOW) == 0


def test_what_a_later_call_rests_on_stays(session: Session) -> None:
    original, parent, alone = (put(session, NOW - 40 * DAY) for _ in range(3))
    put(session, NOW, cache="exact", cache_of=original["id"], cost_nusd=0)
    put(session, NOW, purpose="judge", parent_id=parent["id"])
    before = session.costs("feature")
    assert prune(session.engine.ledger, 30, NOW) == 1
    assert alone["id"] not in ids(session)
    assert {original["id"], parent["id"]} <= ids(session)
    after = session.costs("feature")
    assert (before["avoided"].sum(), after["avoided"].sum()) == (1, 1)
    assert before["cost"].sum() - after["cost"].sum() == 1


def test_texts_and_alerts_go_with_them(session: Session) -> None:
    session.ask("hello")
    put(session, datetime.now(UTC), cost_nusd=None)
    run("alerts")
    later = datetime.now(UTC) + 31 * DAY
    prune(session.engine.ledger, 30, later)
    with session.engine.ledger.engine().connect() as connection:
        assert connection.execute(texts.select()).all() == connection.execute(fired.select()).all() == []


def test_keep_days_removes_when_the_ledger_is_opened(session: Session, home: Path) -> None:
    put(session, datetime.now(UTC) - 31 * DAY, 3)
    put(session, datetime.now(UTC) - 29 * DAY)
    keeper = Session(home, settings={"preset": "sim", "keep_days": 30})
    keeper.ask("hello")
    deadline = time.monotonic() + 30
    while len(session.ledger()) > 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(session.ledger()) == 2


def test_prune_by_the_command(session: Session, home: Path, tmp_path: Path) -> None:
    put(session, datetime.now(UTC) - 31 * DAY, 3)
    done = run("ledger", "prune")
    assert done.returncode == 1
    assert "none is set" in done.stderr
    (tmp_path / "work" / "costmagic.toml").write_text("keep_days = 40")
    assert run("ledger", "prune").stdout == "0 calls of more than 40 days ago removed.\n"
    assert len(session.ledger()) == 3


def test_the_doctor_gives_free_space_back(session: Session, home: Path) -> None:
    put(session, NOW - 100 * DAY, 5_000)
    prune(session.engine.ledger, 30, NOW)
    session.close()
    size = (home / "ledger.db").stat().st_size
    found = topic(run("doctor", COSTMAGIC_PRESET="sim").stdout, "ledger")[0]
    assert "of it free: costmagic doctor --vacuum gives it back" in found
    done = run("doctor", "--vacuum", COSTMAGIC_PRESET="sim")
    assert done.returncode == 0
    assert "MB freed" in topic(done.stdout, "ledger")[0]
    assert (home / "ledger.db").stat().st_size < size / 2


def test_the_doctor_names_a_damaged_ledger(session: Session, home: Path) -> None:
    put(session, NOW, 2_000)
    session.close()
    path = home / "ledger.db"
    with path.open("r+b") as file:  # a page in the middle of a table
        file.seek(path.stat().st_size // 2 // 4_096 * 4_096)
        file.write(b"\xde\xad" * 2_048)
    done = run("doctor", COSTMAGIC_PRESET="sim")
    assert done.returncode == 1
    (found,) = topic(done.stdout, "ledger")
    assert found.startswith(f"✗ ledger     {path} is damaged: ")
    assert "restore a copy" in found
