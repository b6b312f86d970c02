"""The ledger out of files and into them, and back again without a difference."""

from __future__ import annotations

import csv
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from made_calls import put, row
from test_cli import run

from costmagic import Session, UsageError
from costmagic.accounting import Ledger
from costmagic.accounting.exchange import bring, export, format_of
from costmagic.accounting.schema import calls

NOW = datetime(2026, 11, 18, 12, 0, 0, 123_457, tzinfo=UTC)
FORMATS = ("otel", "csv", "parquet")


def everything(ledger: Ledger) -> list[tuple[Any, ...]]:
    with ledger.engine().connect() as connection:
        return [tuple(one) for one in connection.execute(calls.select().order_by(calls.c.id))]


@pytest.fixture
def full(home: Path) -> Session:
    """Calls with all that a row can hold, and with as little."""
    session = Session(home, settings={"preset": "sim"})
    session.ask("hello", feature="tickets", action='answer, "1"\n;', tier="heavy")
    session.ask("hello", feature="tickets")
    main = put(session, NOW, cost_nusd=2**53 + 1, quality=0.1, cache_write_tokens=7, reasoning_tokens=3, batched=True)
    put(session, NOW + timedelta(seconds=1), parent_id=main["id"], purpose="embed", cost_nusd=None, model=None)
    put(session, NOW, feature="=1+1\N{SNOWMAN}", status="error", latency_ms=None, usage_source=None)
    return session


@pytest.mark.parametrize("format", FORMATS)
def test_a_round_trip_loses_nothing(full: Session, tmp_path: Path, format: str) -> None:
    ledger, file = full.engine.ledger, tmp_path / "calls"
    assert export(ledger, file, format, None) == 5
    other = Ledger(tmp_path / "other.db")
    assert bring(other, file, format) == (5, 0)
    assert everything(other) == everything(ledger)
    assert bring(other, file, format) == (0, 5)  # again: nothing comes twice
    assert everything(other) == everything(ledger)


def test_spans_have_opentelemetrys_names(full: Session, tmp_path: Path) -> None:
    file = tmp_path / "calls.jsonl"
    export(full.engine.ledger, file, "otel", None)
    (line,) = file.read_text().splitlines()
    (resource,) = json.loads(line)["resourceSpans"]
    spans = resource["scopeSpans"][0]["spans"]
    child = next(span for span in spans if "parentSpanId" in span)
    main = next(span for span in spans if span["spanId"] == child["parentSpanId"])
    assert main["traceId"] == child["traceId"]
    assert (len(main["traceId"]), len(main["spanId"])) == (32, 16)
    told = {one["key"]: one["value"] for one in main["attributes"]}
    assert told["gen_ai.operation.name"] == {"stringValue": "chat"}
    assert told["gen_ai.provider.name"] == {"stringValue": "openai"}
    assert told["gen_ai.request.model"] == told["gen_ai.response.model"] == {"stringValue": "m"}
    assert told["gen_ai.usage.input_tokens"] == {"intValue": "100"}
    assert told["gen_ai.usage.output_tokens"] == {"intValue": "50"}
    assert told["gen_ai.usage.cache_read.input_tokens"] == {"intValue": "0"}
    assert told["gen_ai.usage.cache_write.input_tokens"] == {"intValue": "7"}
    assert told["gen_ai.usage.reasoning.output_tokens"] == {"intValue": "3"}
    assert told["costmagic.cost_nusd"] == {"intValue": str(2**53 + 1)}
    assert main["startTimeUnixNano"] == str(int(NOW.timestamp()) * 10**9 + 123_457_000)
    assert int(main["endTimeUnixNano"]) - int(main["startTimeUnixNano"]) == 1_000_000
    operations = [{one["key"]: one["value"] for one in span["attributes"]}["gen_ai.operation.name"] for span in spans]
    assert operations.count({"stringValue": "embeddings"}) == 1


def test_spans_of_others_come_in_with_what_they_tell(home: Path, tmp_path: Path) -> None:
    attributes = [
        {"key": "gen_ai.system", "value": {"stringValue": "anthropic"}},
        {"key": "gen_ai.response.model", "value": {"stringValue": "claude-haiku-4-5"}},
        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "12"}},
        {"key": "gen_ai.usage.cache_creation.input_tokens", "value": {"intValue": "5"}},
        {"key": "http.method", "value": {"stringValue": "POST"}},
    ]
    span = {"traceId": "a" * 32, "spanId": "b" * 16, "startTimeUnixNano": "1700000000000000000"}
    span |= {"endTimeUnixNano": "1700000001500000000", "attributes": attributes}
    file = tmp_path / "spans.json"
    file.write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}))
    done = run("ledger", "import", str(file))
    assert (done.returncode, done.stdout) == (0, f"1 calls read from {file}; 0 were there already.\n")
    frame = Session(home).ledger()
    (only,) = frame.to_dict("records")
    assert (only["provider"], only["model_requested"], only["input_tokens"]) == ("anthropic", "claude-haiku-4-5", 12)
    assert (only["cache_write_tokens"], only["latency_ms"], only["status"]) == (5, 1_500, "ok")
    assert only["started_at"] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert frame["cost_nusd"].isna().all()  # nobody said what it cost


def test_export_since_a_day_by_the_command(full: Session, tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    done = run("ledger", "export", str(file), "--since", "1d")
    today = sum(started.date() == datetime.now().date() for started in full.ledger()["started_at"])
    assert (done.returncode, done.stdout) == (0, f"{today:,} calls written to {file}.\n")
    with file.open(newline="") as opened:
        assert len(list(csv.DictReader(opened))) == today
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir() if one.name.endswith(".part")] == []


def test_what_comes_in_shows_in_sums_that_were_kept(home: Path, tmp_path: Path) -> None:
    session = Session(home, settings={"preset": "sim"})
    original = put(session, NOW - timedelta(days=2), feature="f")
    hit = put(session, NOW - timedelta(days=1), feature="f", cache="exact", cache_of=original["id"], cost_nusd=0)
    file = tmp_path / "calls.csv"
    export(session.engine.ledger, file, "csv", None)
    other = Ledger(tmp_path / "other.db")
    with other.transaction() as connection:
        connection.execute(calls.insert(), hit)
    assert other.costs("feature").loc["f", "avoided"] == 0
    bring(other, file, "csv")
    assert other.costs("feature").loc["f", "avoided"] == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", None),
        ("a.csv", b"id,started_at\nx,yesterday\n", "call x: since takes a date"),
        ("a.csv", b"id,started_at\nx,2026-01-01\n", "call x: status, purpose, model_requested"),
        ("a.csv", b"\xff\xfe\x00", "can't be read as csv"),
        ("a.jsonl", b"{", "can't be read as otel"),
        ("a.jsonl", b"[1]", "can't be read as otel"),
        ("a.parquet", b"PAR1", "can't be read as parquet"),
    ],
)
def test_a_file_that_holds_no_calls_is_told_in_one_line(
    home: Path, tmp_path: Path, name: str, content: bytes, message: str | None
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    ledger = Ledger(home / "ledger.db")
    if message is None:
        assert bring(ledger, file, "csv") == (0, 0)
        return
    with pytest.raises(UsageError, match=message) as caught:
        bring(ledger, file, format_of(file, None))
    assert "\n" not in str(caught.value)
    assert ledger.count() == 0


def test_a_file_of_unknown_kind_or_place_is_refused(home: Path, tmp_path: Path) -> None:
    done = run("ledger", "export", str(tmp_path / "calls.xlsx"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "costmagic: what calls.xlsx is to be is not clear: --format otel, csv or parquet\n"
    assert "can't be read as csv" in run("ledger", "import", str(tmp_path / "none.csv")).stderr
    done = run("ledger", "export", str(tmp_path / "no" / "calls.csv"))
    assert (done.returncode, "can't be written" in done.stderr) == (1, True)


def test_more_calls_than_one_chunk(home: Path, tmp_path: Path) -> None:
    from costmagic.accounting.exchange import CHUNK

    ledger, other = Ledger(home / "ledger.db"), Ledger(tmp_path / "other.db")
    with ledger.transaction() as connection:
        connection.execute(calls.insert(), [row(NOW + timedelta(seconds=i)) for i in range(CHUNK + 1)])
    for format in FORMATS:
        assert export(ledger, tmp_path / format, format, None) == CHUNK + 1
    assert bring(other, tmp_path / "parquet", "parquet") == (CHUNK + 1, 0)
    assert bring(other, tmp_path / "otel", "otel") == (0, CHUNK + 1)
