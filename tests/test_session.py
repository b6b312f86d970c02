"""One request's way, end to end, on simulated models."""

from __future__ import annotations

import gc
from decimal import Decimal
from pathlib import Path

import pytest

import costmagic as cm
from costmagic import Session, UsageError, sim
from costmagic.accounting.schema import PUBLIC_COLUMNS

OPUS = "sim:claude-opus-5-5"


def test_the_same_request_again_is_a_hit_that_costs_nothing(session: Session) -> None:
    first = session.ask("What is a hash?", feature="docs")
    again = session.ask("What is a hash?", feature="docs")
    assert first.cache is None
    assert first.cost is not None
    assert first.cost > 0
    assert (again.cache, again.cost, again.avoided, again.text) == ("exact", 0, first.cost, first.text)
    frame = session.ledger()
    assert list(frame["cache"]) == ["none", "exact"]
    assert frame["cache_of"].iloc[1] == first.id
    assert list(frame["cost_nusd"]) == [int(first.cost * 10**9), 0]


def test_a_hit_survives_the_session(home: Path) -> None:
    Session(home).ask("hello", model=OPUS)
    assert Session(home).ask("hello", model=OPUS).cache == "exact"


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "Hello"},
        {"prompt": "hello "},
        {"model": "sim:claude-haiku-5-5"},
        {"system": "Be brief."},
        {"system": ""},
        {"max_tokens": 100},
        {"temperature": 0},
        {"stop": "."},
        {"stop": ("a", "b")},
        {"json": True},
    ],
)
def test_whatever_changes_the_answer_misses(session: Session, change: dict[str, object]) -> None:
    options: dict[str, object] = {"prompt": "hello", "model": OPUS}
    session.ask(**options)  # type: ignore[arg-type]
    reply = session.ask(**{**options, **change})  # type: ignore[arg-type]
    same = change == {"system": ""}  # no system prompt, written differently
    assert reply.cache == ("exact" if same else None)


def test_owner_and_endpoint_keep_answers_apart(home: Path) -> None:
    def ask(**settings: object) -> str | None:
        return Session(home, settings=settings).ask("hello", model=OPUS).cache

    assert ask(user="ann") is None
    assert ask(user="ann") == "exact"
    assert ask(user="bob") is None
    assert ask(user="ann", project="b") is None
    sim.script(OPUS, answers={"hello": "something else"})
    assert ask(user="ann") is None


def test_fresh_calls_again_and_refreshes(session: Session) -> None:
    sim.script(OPUS, answers={"hello": "one"})
    session.ask("hello", model=OPUS)
    fresh = session.ask("hello", model=OPUS, fresh=True)
    assert (fresh.cache, fresh.cache_state) == (None, "refreshed")
    hit = session.ask("hello", model=OPUS)
    assert hit.cache == "exact"
    assert session.ledger()["cache_of"].iloc[-1] == fresh.id


def test_no_cache_leaves_the_cache_alone(session: Session) -> None:
    assert session.ask("hello", no_cache=True).cache_state == "off"
    assert session.ask("hello").cache is None
    assert session.ask("hello", no_cache=True).cache is None


@pytest.mark.parametrize("options", [{"max_tokens": 3}, {"prompt": "refuse"}])
def test_cut_and_refused_replies_are_not_cached(session: Session, options: dict[str, object]) -> None:
    sim.script("sim:claude-haiku-5-5", fail="refusal") if "prompt" in options else None
    for _ in range(2):
        reply = session.ask(**{"prompt": "hello", **options})  # type: ignore[arg-type]
        assert reply.cache is None
        assert reply.truncated or reply.refused
    assert list(session.ledger()["status"]) == (["refused"] * 2 if "prompt" in options else ["ok"] * 2)


def test_leaving_a_stream_early_books_what_arrived(session: Session) -> None:
    sim.script(OPUS, answers=lambda prompt: "one two three four five six")
    stream = session.stream("count", model=OPUS)
    for text in stream:
        if "three" in text:
            break
    stream.close()
    assert stream.reply.status == "interrupted"
    assert stream.reply.text.split() == ["one", "two", "three"]
    row = session.ledger().iloc[0]
    assert row["status"] == "interrupted"
    assert row["output_tokens"] >= 3
    assert session.ask("count", model=OPUS).cache is None


def test_a_forgotten_stream_is_booked_when_it_is_collected(session: Session) -> None:
    stream = session.stream("count")
    next(stream)
    assert list(session.ledger()["latency_ms"].isna()) == [True]  # under way: the row is there already
    del stream
    gc.collect()
    assert list(session.ledger()["latency_ms"].isna()) == [False]


def test_a_half_read_stream_does_not_block_the_same_question(session: Session) -> None:
    stream = session.stream("hello")
    next(stream)
    assert session.ask("hello").status == "ok"
    assert "".join(stream)
    assert stream.reply.status == "ok"


def test_the_ledger_has_the_documented_columns(session: Session) -> None:
    session.ask("hello", tier="heavy", feature="f", action="a")
    frame = session.ledger()
    assert tuple(frame.columns) == PUBLIC_COLUMNS
    row = frame.iloc[0]
    assert (row["status"], row["purpose"], row["feature"], row["action"]) == ("ok", "user", "f", "a")
    assert (row["tier"], row["provider"], row["model_requested"]) == ("heavy", "sim", "claude-opus-5-5")
    assert (row["route_source"], row["usage_source"], row["retries"]) == ("explicit", "simulated", 0)
    assert str(frame["started_at"].dtype).startswith("datetime64")
    assert str(frame["started_at"].dt.tz) == "UTC"
    assert row["baseline_model"] == OPUS
    assert row["baseline_cost_nusd"] == row["cost_nusd"]


def test_the_baseline_is_the_heavy_tier_for_the_same_tokens(session: Session) -> None:
    reply = session.ask("hello", tier="medium")
    usage = reply.usage
    # claude-opus-5-5 costs $4 and $20 per million tokens.
    expected = (usage.input_tokens * Decimal(4) + usage.output_tokens * Decimal(20)) / 1_000_000
    assert reply.baseline_cost == expected
    assert reply.cost == (usage.input_tokens * Decimal("0.1") + usage.output_tokens * Decimal("0.5")) / 1_000_000


def test_json_replies_are_parsed_and_bad_ones_keep_their_text(session: Session) -> None:
    sim.script(OPUS, answers={"good": '```json\n{"a": [1, 2]}\n```', "bad": "not json"})
    assert session.ask("good", model=OPUS, json=True).data == {"a": [1, 2]}
    bad = session.ask("bad", model=OPUS, json=True)
    assert bad.data is None
    assert bad.data_error
    assert bad.text == "not json"
    assert bad.cost
    assert session.ask("bad", model=OPUS, json=True).cache is None
    hit = session.ask("good", model=OPUS, json=True)
    assert (hit.cache, hit.data) == ("exact", {"a": [1, 2]})


def test_an_action_joins_calls(session: Session) -> None:
    with cm.action("answer ticket 17"):
        session.ask("one")
        session.ask("two", action="other")
    session.ask("three")
    assert session.ledger()["action"].fillna("").tolist() == ["answer ticket 17", "other", ""]


def test_estimates_send_nothing(session: Session) -> None:
    estimates = session.estimate("hello world", tiers=["heavy", "sim:claude-haiku-4-5"], max_tokens=100)
    assert len(estimates) == 2
    heavy = estimates["heavy"]
    assert heavy.worst_cost == (heavy.input_tokens * Decimal(4) + 100 * Decimal(20)) / 1_000_000
    assert "heavy" in repr(estimates)
    assert "<table" in estimates._repr_html_()
    assert list(estimates.to_frame().index) == ["heavy", "sim:claude-haiku-4-5"]
    assert len(session.ledger()) == 0


def test_texts_can_be_switched_off(home: Path) -> None:
    session = Session(home, settings={"preset": "sim", "store_text": False})
    session.ask("my secret prompt")
    assert b"secret prompt" not in (home / "ledger.db").read_bytes() + _wal(home)
    assert session.engine.ledger.history(1)[0]["prompt"] is None


def test_files_are_for_the_owner_only(session: Session, home: Path) -> None:
    session.ask("hello")
    assert (home / "ledger.db").stat().st_mode & 0o077 == 0
    assert (home / "cache" / "exact").stat().st_mode & 0o077 == 0


def test_module_functions_use_the_shared_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSTMAGIC_PRESET", "sim")
    reply = cm.ask("hello", feature="f")
    assert "".join(cm.stream("hello")) == reply.text
    assert len(cm.ledger()) == 2
    assert cm.costs(by="feature").loc["f", "calls"] == 1
    assert cm.estimate("hello", tiers=["heavy"])["heavy"].worst_cost
    assert "claude-haiku-5-5" in repr(reply)


def test_totals_keep_simulated_money_apart(session: Session) -> None:
    session.ask("hello")
    session.ask("hello")
    totals = session.totals
    assert (totals.calls, totals.hits, totals.cost) == (2, 1, 0)
    assert totals.simulated_cost > 0
    with pytest.raises(UsageError):
        session.ask("")
    assert session.totals.calls == 2


def _wal(home: Path) -> bytes:
    wal = home / "ledger.db-wal"
    return wal.read_bytes() if wal.exists() else b""


def test_a_closed_session_opens_again(home: Path) -> None:
    with Session(home, settings={"preset": "sim"}) as session:
        session.ask("hello")
    assert session.ask("hello").cache == "exact"
    assert len(session.ledger()) == 2
