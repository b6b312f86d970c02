"""Comparisons on simulated models and on servers that fail: columns, sums checked beforehand, what stays."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from scripted_http import HOLD, Answer, Received, ScriptedServer, Sse, gpt

import costmagic as cm
from costmagic import BudgetError, Comparison, MissingKeyError, ProviderError, Session, UsageError, sim
from costmagic.comparison import Running, prepare
from costmagic.routing.learning import judged

OPUS, SONNET, HAIKU = "sim:claude-opus-5-5", "sim:claude-sonnet-5-5", "sim:claude-haiku-5-5"
THREE = [OPUS, SONNET, HAIKU]
TERRA = "openai:gpt-6.1-terra"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def paid(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session on simulated models, and a real SDK that talks to the scripted server."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
    return Session(settings={"preset": "sim", "max_tokens": 1_000})


def until(done: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_columns_run_side_by_side(session: Session) -> None:
    # Each waits for the others: one after the other, none would ever answer.
    together = threading.Barrier(3)
    for ref in THREE:
        sim.script(ref, answers=lambda prompt: str(together.wait(60)))
    comparison = cm.compare("hello", THREE, session=session)
    assert sorted(reply.text for reply in comparison.replies.values()) == ["0", "1", "2"]
    assert list(comparison.replies) == THREE


def test_each_column_has_its_exact_cost_and_its_row(session: Session) -> None:
    sim.script(OPUS, answers={"hello": "one two three"})
    sim.script(HAIKU, answers={"hello": "one"})
    comparison = cm.compare("hello", "heavy, medium", session=session, feature="try")
    frame = comparison.to_frame()
    assert list(frame.index) == ["heavy", "medium"]
    assert list(frame["model"]) == [OPUS, HAIKU]
    ledger = session.ledger()
    rows = ledger.set_index("id").loc[list(frame["id"])]
    assert list(rows["status"]) == ["ok", "ok"]
    assert set(ledger["purpose"]) == {"eval"}
    assert set(ledger["feature"]) == {"try"}
    assert [int(cost * 10**9) for cost in frame["cost"]] == list(rows["cost_nusd"])
    heavy, medium = frame.loc["heavy"], frame.loc["medium"]
    assert heavy["cost_per_1000"] == heavy["cost"] * 1_000
    assert medium["times_cheaper"] == round(float(heavy["cost"] / medium["cost"]), 3)
    assert heavy["simulated"]
    assert session.totals.calls == 2


def test_a_failing_column_harms_no_other(paid: Session, server: ScriptedServer) -> None:
    server.play(Answer(400, {"error": {"message": "context is too long for you"}}))
    sim.script(HAIKU, answers={"hello": "fine"}, latency=0.3)
    comparison = cm.compare("hello", [TERRA, HAIKU], session=paid)
    failed, fine = comparison.columns
    assert (failed.state, fine.state) == ("error", "ok")
    assert isinstance(failed.error, ProviderError)
    assert failed.error.status == 400
    assert fine.text == "fine"
    assert comparison.dearest is fine
    assert "context is too long" in repr(comparison)
    assert sorted(paid.ledger()["status"]) == ["error", "ok"]


def test_a_tier_whose_model_is_gone_is_not_answered_by_another(paid: Session, server: ScriptedServer) -> None:
    settings = {"preset": "sim", "tiers": {"heavy": TERRA, "standard": TERRA}}
    session = Session(settings=settings)
    for _ in range(2):  # the second time the tier is known to be gone
        server.play(Answer(404, {"error": {"message": "no such model"}}))
        comparison = cm.compare("hello", "heavy,medium", session=session, no_cache=True)
        assert [column.state for column in comparison.columns] == ["error", "ok"]
        assert comparison.columns[0].ref == comparison.columns[0].call.request.ref == TERRA
    assert sorted(session.ledger()["status"]) == ["error", "error", "ok", "ok"]


def test_a_column_that_breaks_in_mid_stream_keeps_what_arrived(paid: Session, server: ScriptedServer) -> None:
    server.play(Sse(gpt("half a re")[:1], end="cut"))
    comparison = cm.compare("hello", [TERRA, HAIKU], session=paid)
    assert (comparison.columns[0].state, comparison.columns[0].text) == ("error", "half a re")
    reply = comparison.replies[TERRA]
    assert reply.cost is not None
    assert reply.cost > 0
    assert paid.engine.ledger.history(2)[-1]["reply"] or paid.engine.ledger.history(2)[0]["reply"]


def test_a_prompt_too_long_for_one_model_is_answered_by_the_others(session: Session) -> None:
    sim.script("sim:gpt-4", answers=lambda prompt: "short")
    comparison = cm.compare("word " * 12_000, ["sim:gpt-4", HAIKU], session=session)
    small, big = comparison.columns
    assert (small.state, big.state) == ("error", "ok")
    assert isinstance(small.error, UsageError)
    assert "has room for 8,192" in str(small.error)
    assert len(session.ledger()) == 1


def test_stop_ends_one_column_alone(session: Session) -> None:
    for ref in (OPUS, HAIKU):
        sim.script(ref, answers=lambda prompt: "word " * 60, tokens_per_s=100)
    comparison = prepare("hello", [OPUS, HAIKU], session=session)
    one, other = comparison.columns
    with Running(comparison.columns) as running:
        running.start()
        until(lambda: one.text)
        one.stop()
        while not running.wait(1):
            pass
    assert (one.state, other.state) == ("interrupted", "ok")
    assert 0 < len(one.text.split()) < 60
    assert len(other.text.split()) == 60
    assert sorted(session.ledger()["status"]) == ["interrupted", "ok"]


def test_a_column_that_hangs_is_given_up(session: Session) -> None:
    begun, released = threading.Event(), threading.Event()

    def hang(prompt: str) -> str:
        begun.set()
        released.wait(60)
        return "too late"

    sim.script(OPUS, answers=hang)
    sim.script(HAIKU, answers=lambda prompt: "fine")
    comparison = prepare("hello", [OPUS, HAIKU], session=session)
    mute, other = comparison.columns
    with Running(comparison.columns) as running:
        running.start()
        assert begun.wait(30)
        running.stop(mute)
        assert running.stopping(mute)
        while not running.wait(0.1):
            pass
    comparison.settle()
    assert not released.is_set()
    assert (mute.state, mute.text, other.state) == ("interrupted", "", "ok")
    assert comparison.to_frame().loc[OPUS, "cost"] is None
    assert sorted(session.ledger()["status"]) == ["interrupted", "ok"]
    released.set()


def test_a_column_is_stopped_before_its_server_says_a_word(paid: Session, server: ScriptedServer) -> None:
    def silent(request: Received) -> Sse:
        server.holding.set()
        server.released.wait(60)
        return Sse(gpt("too late"))

    server.play(silent)
    comparison = prepare("hello", [TERRA, HAIKU], session=paid)
    with Running(comparison.columns) as running:
        running.start()
        assert server.holding.wait(30)
        comparison.columns[0].stop()
        while not running.wait(0.1):
            pass
    assert not server.released.is_set()
    assert [column.state for column in comparison.columns] == ["interrupted", "ok"]
    assert comparison.columns[0].reply is not None


def test_leaving_early_stops_all_and_keeps_what_arrived(paid: Session, server: ScriptedServer) -> None:
    server.play(Sse([*gpt("first words")[:1], HOLD, *gpt("")[1:]]))
    sim.script(OPUS, answers=lambda prompt: "word " * 600, tokens_per_s=100)
    comparison = prepare("hello", [TERRA, OPUS], session=paid)

    def interrupted() -> None:
        with Running(comparison.columns) as running:
            running.start()
            until(lambda: all(column.text for column in comparison.columns))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    comparison.settle()
    assert [column.state for column in comparison.columns] == ["interrupted", "interrupted"]
    assert comparison.columns[0].text == "first words"
    assert server.hung_up.wait(10)
    frame = paid.ledger()
    assert list(frame["status"]) == ["interrupted", "interrupted"]
    assert frame["output_tokens"].min() > 0


@pytest.mark.parametrize(
    ("refs", "words"),
    [
        ("heavy", "at least two"),
        ("", "at least two"),
        ("heavy,,", "at least two"),
        ("heavy,medium,heavy", "'heavy' is there twice"),
        ("hevy,medium", "did you mean 'heavy'"),
        (f"{OPUS},sim:claude-opus-5-6", "did you mean 'sim:claude-opus-5-5'"),
        (",".join(f"sim:{i}" for i in range(13)), "at most 12"),
        (7, "a list of tiers and models"),
    ],
)
def test_a_mistake_in_the_list_sends_nothing(session: Session, refs: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        cm.compare("hello", refs, session=session)
    assert len(session.ledger()) == 0


def test_a_missing_key_is_no_answer_by_another_model(home: Path) -> None:
    session = Session(settings={"preset": "sim", "tiers": {"heavy": "anthropic:claude-opus-5-5"}})
    with pytest.raises(MissingKeyError, match="ANTHROPIC_API_KEY"):
        cm.compare("hello", "heavy,medium", session=session)
    with pytest.raises(UsageError, match="leave tier out"):
        cm.compare("hello", "heavy,medium", session=session, tier="heavy")
    assert len(session.ledger()) == 0


def worst(session: Session, refs: list[str], prompt: str = "hello") -> Decimal:
    costs = [session.estimate(prompt, [ref])[ref].worst_cost for ref in refs]
    return sum((cost for cost in costs if cost is not None), Decimal(0))


def test_max_cost_is_for_all_columns_together(session: Session) -> None:
    total = worst(session, [OPUS, HAIKU])
    with pytest.raises(UsageError, match="2 calls together could cost"):
        cm.compare("hello", [OPUS, HAIKU], session=session, max_cost=total - Decimal("0.000000001"))
    assert len(session.ledger()) == 0
    assert cm.compare("hello", [OPUS, HAIKU], session=session, max_cost=total).replies[OPUS].status == "ok"
    # What the cache holds is not paid again.
    again = cm.compare("hello", [OPUS, HAIKU], session=session, max_cost=0)
    assert [reply.cache for reply in again.replies.values()] == ["exact", "exact"]
    assert [column.price for column in again.columns] == [reply.avoided for reply in again.replies.values()]


def test_an_unpriced_column_is_never_free_and_can_keep_no_cap(home: Path) -> None:
    sim.script("sim:newest", answers={"hello": "yes"})
    session = Session(settings={"preset": "sim"})
    with pytest.raises(UsageError, match="price of sim:newest is not known"):
        cm.compare("hello", ["sim:newest", HAIKU], session=session, max_cost=100)
    comparison = cm.compare("hello", ["sim:newest", HAIKU], session=session)
    new = comparison.columns[0]
    assert (new.cost, new.price) == (None, None)
    assert comparison.dearest is comparison.columns[1]
    assert "unpriced" in repr(comparison)
    assert "price unknown" in repr(comparison)
    assert comparison.to_frame().loc["sim:newest", "cost_per_1000"] is None


def test_a_budget_that_cannot_pay_all_columns_sends_none(paid: Session, server: ScriptedServer) -> None:
    most = paid.engine.estimator.most
    costs = []
    for ref in (TERRA, "openai:gpt-6.1-sol"):
        request = paid.prepare("hello", model=ref).request
        costs.append(most(request, paid.engine.estimator.size(request)))
    assert None not in costs
    total = sum(costs, Decimal(0))
    paid.budget(f"{total - Decimal('0.000000001'):f}/day")
    with pytest.raises(BudgetError, match="2 calls side by side: the daily budget") as caught:
        cm.compare("hello", [TERRA, "openai:gpt-6.1-sol"], session=paid)
    assert caught.value.worst_cost == total
    assert server.received == []
    assert len(paid.ledger()) == 0
    paid.budget(f"{total:f}/day")
    server.play(Sse(gpt("a")), Sse(gpt("b")))
    comparison = cm.compare("hello", [TERRA, "openai:gpt-6.1-sol"], session=paid)
    assert [column.state for column in comparison.columns] == ["ok", "ok"]
    assert paid.budget().standings[0].reserved == 0


def test_short_money_never_puts_another_model_into_a_column(paid: Session, server: ScriptedServer) -> None:
    session = Session(settings={"preset": "openai", "budget": {"daily": 0.0001, "on_exceed": "downgrade"}})
    with pytest.raises(BudgetError):
        cm.compare("hello", "heavy,medium", session=session)
    assert server.received == []


def test_a_vote_is_quality_in_the_ledger_and_teaches_the_router(session: Session) -> None:
    comparison = cm.compare("hello", "heavy,medium", session=session)
    told: list[Comparison] = []
    comparison.watch(told.append)
    comparison.vote("heavy")
    comparison.vote(2, good=False)
    assert told == [comparison, comparison]
    quality = dict(zip(session.ledger()["tier"], session.ledger()["quality"], strict=True))
    assert quality == {"heavy": 1.0, "medium": 0.0}
    rows = {row.tier: row for row in judged(session.engine.ledger.engine())}
    assert (rows["heavy"].quality, rows["heavy"].compared, rows["heavy"].prompt) == (1.0, True, "hello")
    assert rows["medium"].quality == 0.0
    comparison.vote("medium", good=None)
    assert session.ledger()["quality"].isna().sum() == 1
    assert list(comparison.to_frame()["vote"]) == [True, None]


def test_a_vote_on_a_cached_reply_is_kept_too(session: Session) -> None:
    cm.compare("hello", "heavy,medium", session=session)
    again = cm.compare("hello", "heavy,medium", session=session)
    again.vote("heavy")
    (row,) = judged(session.engine.ledger.engine())
    assert (row.prompt, row.quality) == ("hello", 1.0)


def test_only_a_whole_answer_can_be_voted_on(paid: Session, server: ScriptedServer) -> None:
    server.play(Answer(400, {"error": {"message": "no"}}))
    comparison = cm.compare("hello", [TERRA, HAIKU], session=paid)
    with pytest.raises(UsageError, match="no whole answer"):
        comparison.vote(TERRA)
    with pytest.raises(UsageError, match="no column 'haiku'"):
        comparison.vote("haiku")
    with pytest.raises(UsageError, match="no column '3'"):
        comparison.vote(3)
    assert paid.ledger()["quality"].isna().all()


def test_a_kept_reply_is_an_evaluation_item(session: Session, home: Path) -> None:
    sim.script(HAIKU, answers=lambda prompt: "¡Hola!")
    comparison = cm.compare("Grüße \ud800", "heavy,medium", session=session, feature="greet", system="Be kind.")
    comparison.keep("medium")
    comparison.keep("medium")
    file = home / "evaluation" / "comparisons.jsonl"
    assert file.stat().st_mode & 0o077 == 0
    (line,) = file.read_text("utf-8").splitlines()
    item = json.loads(line)
    assert item["prompt"].startswith("Grüße")
    assert item["accepted"] == "¡Hola!"
    assert (item["accepted_from"], item["feature"], item["system"]) == (HAIKU, "greet", "Be kind.")
    assert item["refs"] == [
        {"name": "heavy", "model": OPUS, "good": None},
        {"name": "medium", "model": HAIKU, "good": True},
    ]
    assert item["date"].startswith("20")
    assert item["simulated"] is True
    comparison.vote("heavy", good=False)
    with pytest.raises(UsageError, match="not good enough"):
        comparison.keep("heavy")


def test_a_blind_comparison_hides_names_and_figures_until_all_are_voted(session: Session) -> None:
    comparison = cm.compare("hello", THREE, session=session, blind=True)
    shown = repr(comparison)
    assert "claude" not in shown.replace("simulated reply by claude", "")
    assert "$" not in shown
    for look in (lambda: comparison.replies, comparison.to_frame, comparison.plot):
        with pytest.raises(UsageError, match="blind"):
            look()
    comparison.vote("A")
    comparison.vote("B", good=False)
    assert comparison.hidden
    comparison.vote(3)
    assert not comparison.hidden
    assert sorted(comparison.replies) == sorted(THREE)
    assert "$" in repr(comparison)


def test_a_blind_comparison_is_shuffled_and_can_be_revealed(session: Session) -> None:
    orders = {
        tuple(column.name for column in prepare("hello", THREE, session=session, blind=True).columns) for _ in range(60)
    }
    assert len(orders) == 6
    comparison = cm.compare("hello", THREE, session=session, blind=True)
    comparison.reveal()
    assert not comparison.hidden


def test_a_grid_of_prompts_and_models(session: Session) -> None:
    grid = cm.compare_many(["one", "two"], "heavy,medium", session=session)
    assert len(grid) == 2
    frame = grid.to_frame()
    assert list(frame.index) == [(1, "heavy"), (1, "medium"), (2, "heavy"), (2, "medium")]
    assert list(frame["text"]) == ["one", "one", "two", "two"]
    assert "2 of 2 answered" in repr(grid)
    grid[1].vote("medium")
    assert grid.to_frame().loc[(2, "medium"), "vote"] is True


def test_a_grid_is_checked_as_a_whole(session: Session) -> None:
    one = worst(session, [OPUS, HAIKU], "one")
    with pytest.raises(UsageError, match="4 calls together"):
        cm.compare_many(["one", "two"], [OPUS, HAIKU], session=session, max_cost=one + one / 2)
    for wrong in ("one prompt", [], ["x"] * 51):
        with pytest.raises(UsageError, match="compare_many"):
            cm.compare_many(wrong, [OPUS, HAIKU], session=session)
    assert len(session.ledger()) == 0


def test_the_figure_shows_cost_against_latency(session: Session) -> None:
    sim.script("sim:newest", answers={"hello": "yes"})
    comparison = cm.compare("hello", [OPUS, HAIKU, "sim:newest"], session=session)
    axes = comparison.plot().axes[0]
    assert [text.get_text() for text in axes.texts] == [f"{OPUS} SIMULATED", f"{HAIKU} SIMULATED"]
    assert axes.get_yscale() == "log"
    assert "sim:newest" in axes.get_xlabel()
    (x, y) = axes.collections[0].get_offsets()[0]
    reply = comparison.replies[OPUS]
    assert reply.cost is not None
    assert (x, y) == pytest.approx((reply.latency_ms / 1000, float(reply.cost * 1000)))
    cached = cm.compare("hello", [OPUS, HAIKU], session=session)
    with pytest.raises(UsageError, match="nothing to plot"):
        cached.plot()
