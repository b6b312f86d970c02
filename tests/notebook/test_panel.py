"""What the kernel answers the panel, on real sessions with simulated models, and through a real kernel."""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from made_calls import put

import costmagic as cm
from costmagic import session as sessions
from costmagic.notebook import panel, panel_cell, panel_requests, panel_sources, panel_spend_wire, panel_wire, plan_wire
from costmagic.providers import sim
from notebook.test_wire import examples, fits

SHAPES = {
    "hello": panel_wire.Hello,
    "sources": panel_wire.Sources,
    "file": panel_wire.Source,
    "estimate": panel_wire.Estimated,
    "run": panel_wire.Run,
    "watch": panel_wire.Run,
    "pause": panel_wire.Run,
    "resume": panel_wire.Run,
    "cancel": panel_wire.Run,
    "recheck": panel_wire.Run,
    "runs": panel_wire.Runs,
    "disagreement": panel_wire.Disagreements,
    "code": panel_wire.Code,
    "adopt": panel_wire.Adopted,
    "policy": panel_wire.Policies,
    "remove": panel_wire.Done,
    "plan": plan_wire.Plan,
    "spend": panel_spend_wire.Spend,
    "today": panel_spend_wire.Today,
    "alerts": panel_spend_wire.AlertsState,
    "silence": panel_wire.Done,
}
KINDS = ("billing", "technical", "shipping", "account")
_ids = itertools.count(1)


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    """A notebook with 240 tickets in ``df``, whose default session asks simulated models of known accuracy."""
    (Path.cwd() / "costmagic.toml").write_text('preset = "sim"\n')
    rows = [{"text": f"Ticket {n}: {KINDS[n % 4]} trouble", "department": KINDS[n % 4]} for n in range(240)]
    answers = {f"Department? {row['text']}": row["department"] for row in rows}
    for ref, accuracy in (("opus", 1.0), ("sonnet", 1.0), ("haiku", 0.7)):
        sim.script(f"sim:claude-{ref}-5-5", answers=answers, accuracy=accuracy)
    shell = InteractiveShell()
    shell.user_ns["df"] = pd.DataFrame(rows)
    for module in ("panel_sources", "panel_requests"):
        monkeypatch.setattr(f"costmagic.notebook.{module}.get_ipython", lambda: shell)
    panel_requests.panel_runs._kept.clear()
    return shell


DEFINITION: dict[str, Any] = {
    "data": {"kind": "frame", "name": "df"},
    "prompt": "Department? {{ text }}",
    "expected": "department",
    "scorer": "exact",
    "feature": "tickets",
    "baseline": "heavy",
    "candidates": ["standard", "medium"],
    "margin": 0.02,
    "confidence": 0.95,
    "budget": "0.50",
    "limit": None,
}


def ask(kind: str, **fields: Any) -> dict[str, Any]:
    """The body of the answer, which has the shape that the front end reads, as JSON."""
    number = next(_ids)
    answer = json.loads(json.dumps(panel.answer({"id": number, "type": kind, **fields}), allow_nan=False))
    assert fits({**answer, "body": None}, panel_wire.Answer)
    assert (answer["id"], answer["error"]) == (number, None)
    assert fits(answer["body"], SHAPES[kind]), answer["body"]
    return dict(answer["body"])


def refused(kind: Any, **fields: Any) -> str:
    answer = panel.answer({"id": 7, "type": kind, **fields})
    assert (answer["id"], answer["body"]) == (7, None)
    assert answer["error"]
    return str(answer["error"])


def rested(run: str) -> dict[str, Any]:
    """The run's state once nothing happens any more."""
    deadline = time.monotonic() + 60
    while (state := ask("watch", run=run))["phase"] in ("estimating", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return state


@pytest.mark.parametrize(
    "kind", [*sorted({*SHAPES} - {"file", "watch", "pause", "resume", "cancel", "recheck", "remove", "silence"})]
)
def test_the_examples_fit_the_types(kind: str) -> None:
    for example in examples("panel", kind):
        assert fits(example, SHAPES[kind]), example
        for field in example:
            assert not fits({name: value for name, value in example.items() if name != field}, SHAPES[kind])
            assert not fits({**example, field: object()}, SHAPES[kind])


def test_the_examples_of_answers_and_of_the_cells_state_fit() -> None:
    for answer in examples("panel", "answers"):
        assert answer.keys() == panel_wire.Answer.__annotations__.keys()
    assert all(fits(state, panel_wire.PanelState) for state in examples("panel", "states"))
    assert fits(panel_cell.state(cm.Session(settings={"preset": "sim"})), panel_wire.PanelState)


def test_every_request_that_the_front_end_sends_has_an_answer(shell: InteractiveShell) -> None:
    sent = examples("panel", "requests")
    assert {request["type"] for request in sent} == set(panel_requests.HANDLERS) == set(SHAPES)
    for request in sent:
        answer = panel.answer(request)
        assert answer["id"] == request["id"]
        assert (answer["error"] is None) != (answer["body"] is None)
        assert "Error:" not in str(answer["error"]), answer["error"]  # refused, not stumbled over


@pytest.mark.parametrize(
    "odd",
    [None, 7, "text", [], {}, {"id": "1", "type": "hello"}, {"id": True, "type": "hello"}, {"id": -1, "type": "hello"}],
)
def test_what_is_no_request_is_answered_with_an_error(odd: Any) -> None:
    answer = panel.answer(odd)
    assert answer["id"] is None
    assert "a request has an id" in str(answer["error"])


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("helo", {}, "did you mean 'hello'"),
        (None, {}, "unknown request"),
        ({"a": 1}, {}, "unknown request"),
        ("watch", {}, "run must be a text"),
        ("watch", {"run": ["x"]}, "run must be a text"),
        ("watch", {"run": "none"}, "no evaluation 'none'"),
        ("resume", {"run": "none", "budget": 3}, "no evaluation"),
        ("estimate", {}, "must be an object"),
        ("estimate", {"definition": {**DEFINITION, "data": None}}, "data must be an object"),
        ("estimate", {"definition": {**DEFINITION, "data": {"kind": "odd", "name": "x"}}}, "unknown kind of data"),
        ("estimate", {"definition": {**DEFINITION, "data": {"kind": "frame", "name": "gone"}}}, "no DataFrame 'gone'"),
        ("estimate", {"definition": {**DEFINITION, "candidates": "medium"}}, "a list of texts"),
        ("estimate", {"definition": {**DEFINITION, "margin": "2"}}, "margin must be a number"),
        ("estimate", {"definition": {**DEFINITION, "margin": 2}}, "margin is a share"),
        ("estimate", {"definition": {**DEFINITION, "limit": 1.5}}, "a whole number"),
        ("run", {"definition": {**DEFINITION, "expected": "departmet"}}, "did you mean 'department'"),
        ("file", {"path": "none.csv"}, "can't be read"),
        ("file", {"path": ""}, "which file"),
        ("remove", {"feature": "tickets"}, "has no policy"),
    ],
)
def test_mistakes_are_refused_in_a_line(shell: InteractiveShell, kind: Any, fields: dict[str, Any], words: str) -> None:
    said = refused(kind, **fields)
    assert words in said
    assert "\n" not in said


def test_a_mistake_of_this_program_is_an_error_too(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cm.Session, "tiers", lambda self: 1 / 0)
    assert refused("hello") == "ZeroDivisionError: division by zero"


def test_while_pandas_is_being_imported_there_is_no_frame_yet(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.user_ns["df"] = pd.DataFrame({"text": ["a"]})
    assert list(panel_sources.frames()) == ["df"]
    monkeypatch.setitem(sys.modules, "pandas", ModuleType("pandas"))
    assert panel_sources.frames() == {}


def test_of_a_large_frame_only_a_glance_crosses_the_wire(shell: InteractiveShell) -> None:
    class Mute:
        def __str__(self) -> str:
            raise RuntimeError("says nothing")

    wide = {f"column {n}": ["x" * 10_000, Mute(), None] * 40_000 for n in range(3)}
    shell.user_ns["large"] = pd.DataFrame(wide)
    shell.user_ns["_hidden"] = shell.user_ns["large"]
    shell.user_ns["many"] = pd.DataFrame({str(n): [n] for n in range(1_000)})
    Path("few.csv").write_text("text,label\n<b>007</b>,a\n")
    sources = ask("sources")["sources"]
    names = [(one["kind"], one["name"]) for one in sources]
    assert names == [("frame", "df"), ("frame", "large"), ("frame", "many"), ("sample", "sample")]
    large, many = sources[1], sources[2]
    assert (large["rows"], large["columns"]) == (120_000, list(wide))
    assert [len(row[0]) for row in large["examples"]] == [120, 1, 4]
    assert (len(many["columns"]), len(many["examples"][0])) == (200, 8)
    assert len(json.dumps(sources)) < 10_000
    assert ask("file", path="few.csv")["examples"] == [["<b>007</b>", "a"]]


def test_from_the_estimate_to_the_policy(shell: InteractiveShell) -> None:
    hello = ask("hello")
    assert [tier["name"] for tier in hello["tiers"]] == ["heavy", "standard", "medium", "coding", "routing"]
    assert all(tier["simulated"] and tier["reach"] is None for tier in hello["tiers"])
    estimate = ask("estimate", definition=DEFINITION)
    assert (estimate["items"], estimate["calls"]) == (240, 720)
    assert any("SIMULATED" in note for note in estimate["notes"])
    assert ask("runs") == {"runs": []}
    assert sessions.default().engine.ledger.count() == 0
    state = rested(ask("run", definition=DEFINITION)["id"])
    assert state["phase"] == "done"
    assert {c["name"]: c["verdict"] for c in state["candidates"]} == {"standard": "pass", "medium": "fail"}
    assert state["cheapest_passing"] == "standard"
    assert "standard saves $" in state["savings"]
    names: dict[str, Any] = {"df": shell.user_ns["df"]}
    exec(ask("code", run=state["id"])["code"], names)
    assert {name: c.state for name, c in names["ev"].verdicts.items()} == {"standard": "pass", "medium": "fail"}
    worst = ask("disagreement", run=state["id"], candidate="medium", index=0)["item"]
    assert (worst["baseline_score"], worst["candidate_score"]) == (1, 0)
    assert worst["expected"] == worst["baseline"] != worst["candidate"]
    last = ask("disagreement", run=state["id"], candidate="medium", index=10_000)["item"]
    assert last["index"] == last["total"] - 1
    assert ask("disagreement", run=state["id"], candidate="standard", index=0) == {"item": None}
    *_, stored = ask("runs")["runs"]
    assert (stored["phase"], stored["resumable"], stored["candidates"]) == ("done", False, ["standard", "medium"])
    assert "medium has not passed" in refused("adopt", run=state["id"], candidate="medium")
    assert "standard" in ask("adopt", run=state["id"], candidate="standard")["policy"]
    (policy,) = ask("policy")["policies"]
    assert (policy["feature"], policy["target"], policy["stale"]) == ("tickets", "standard", [])
    assert {"drop, points", "margin", "confidence", "pairs"} <= {one["label"] for one in policy["evidence"]}
    reply = sessions.default().ask("Department? Ticket 1: technical trouble", feature="tickets")
    assert (reply.tier, reply.route.source) == ("standard", "policy")
    again = rested(ask("recheck", feature="tickets")["id"])
    assert [c["verdict"] for c in again["candidates"]] == ["pass"]
    assert ask("today")["calls"] == ask("spend", days=1, by="feature")["total"]["calls"] > 300
    assert ask("remove", feature="tickets") == {}
    assert ask("policy")["policies"] == []


def test_a_run_pauses_goes_on_and_is_found_again_without_its_kernel(shell: InteractiveShell) -> None:
    for ref in ("opus", "sonnet"):
        sim.script(f"sim:claude-{ref}-5-5", answers=lambda prompt: "billing", latency=0.05)
    started = ask("run", definition=DEFINITION)
    while ask("watch", run=started["id"])["baseline"]["n"] < 5:
        time.sleep(0.02)
    assert ask("pause", run=started["id"])["phase"] == "paused"
    calls = rested(started["id"])["baseline"]["n"]
    (stored,) = ask("runs")["runs"]
    assert (stored["phase"], stored["resumable"]) == ("paused", True)
    assert "amount" in refused("resume", run=started["id"], budget="much")
    # As after a restart of the kernel: nothing of the run is left but the ledger.
    panel_requests.panel_runs._kept.clear()
    found = ask("watch", run=started["id"])
    assert (found["phase"], found["baseline"]["n"] >= calls) == ("paused", True)
    ask("resume", run=started["id"], budget=None)
    assert ask("cancel", run=started["id"])["phase"] == "cancelled"


def test_a_cap_that_is_reached_can_be_raised(shell: InteractiveShell) -> None:
    definition = {**DEFINITION, "candidates": ["standard"], "budget": "0.002"}
    state = rested(ask("run", definition=definition)["id"])
    assert state["phase"] == "out of budget"
    assert float(state["spent"]) <= 0.002
    ask("resume", run=state["id"], budget="1")
    assert rested(state["id"])["phase"] == "done"


def test_slow_requests_hold_up_no_quick_one(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(session: Any, asked: Any) -> dict[str, Any]:
        begun.set()
        assert go_on.wait(30)
        return {}

    monkeypatch.setattr(panel_requests, "HANDLERS", {**panel_requests.HANDLERS, "policy": slow})
    answers: list[Any] = []
    panel.serve({"id": 1, "type": "policy"}, answers.append)
    assert begun.wait(30)
    panel.serve({"id": 2, "type": "today"}, lambda answer: (answers.append(answer), go_on.set()))
    deadline = time.monotonic() + 30
    while len(answers) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [answer["id"] for answer in answers] == [2, 1]


@contextmanager
def _comm(kernel: Any) -> Iterator[Any]:
    """A comm to the panel's target, as a front end without subshells opens it; yields ask(data) → answer."""
    client, opened = kernel.client, "c0ffee"

    def send(kind: str, **content: Any) -> None:
        client.shell_channel.send(client.session.msg(kind, {"comm_id": opened, **content}))

    def answer(data: Any) -> Any:
        send("comm_msg", data=data)
        while True:
            message = client.get_iopub_msg(timeout=60)
            if message["msg_type"] in ("comm_msg", "comm_close") and message["content"]["comm_id"] == opened:
                return message["content"].get("data")

    send("comm_open", target_name="costmagic.panel", data={})
    yield answer
    send("comm_close", data={})


def test_a_real_kernel_answers_and_tells_that_costmagic_is_there(home: Path) -> None:
    from real_kernel import Kernel

    kernel = Kernel(person=True)
    try:
        status, published = kernel.run("%load_ext costmagic")
        assert status == "ok"
        opened = [p for p in published if p["type"] == "comm_open"]
        assert [p["target_name"] for p in opened] == ["costmagic.here"]
        with _comm(kernel) as answer:
            assert answer({"id": 1, "type": "today"})["body"]["calls"] == 0
            assert "unknown request" in answer({"id": 2, "type": "odd"})["error"]
            assert answer({"odd": True})["id"] is None
            assert answer({"id": 3, "type": "hello"})["body"]["version"] == 1
    finally:
        kernel.close()


def test_a_headless_run_hears_nothing_of_the_panel(home: Path) -> None:
    from real_kernel import Kernel

    kernel = Kernel()
    try:
        _, published = kernel.run("%load_ext costmagic")
        assert [p for p in published if p["type"].startswith("comm")] == []
        _, published = kernel.run("%llm panel")
        (shown,) = [p["data"] for p in published if "data" in p]
        assert list(shown) == ["text/plain"]
        assert "run this cell again" in shown["text/plain"]
    finally:
        kernel.close()


def test_spend_and_alerts_as_the_panel_shows_them(shell: InteractiveShell) -> None:
    session = sessions.default()
    now = datetime.now(UTC)
    put(session, now, feature="tickets", tier="heavy", action="a", quality=0.5, cost_nusd=2 * 10**9)
    put(session, now, feature=None, tier="medium", cost_nusd=None)
    put(session, now, feature="tickets", provider="sim", usage_source="simulated", cost_nusd=10**9)
    put(session, now - timedelta(days=7), feature="tickets", cost_nusd=10**9)
    for by in ("feature", "model", "tier", "action"):
        found = ask("spend", days=7, by=by)
        assert found["total"] == {
            **{"calls": 3, "hits": 0, "cost": "2", "avoided": "0", "simulated_cost": "1", "unpriced": 1}
        }
        assert (found["before"], len(found["days"]), len(found["metrics"])) == ("1", 7, 6)
    features = found["metrics"][-1]
    assert features["columns"][:3] == ["feature", "cost", "share"]
    assert [(row["name"], row["simulated"], row["bar"]) for row in features["rows"]] == [
        ("tickets", False, 1.0),
        (None, False, 0.0),
        ("tickets", True, 0.5),
    ]
    assert features["rows"][0]["cells"][:3] == ["$2.00", "100.0%", "+100.0%"]
    told = [(alert["name"], alert["severity"], alert["fresh"]) for alert in ask("alerts")["alerts"]]
    assert told == [("daily-spend", "critical", True), ("unpriced:openai:m", "warning", True)]
    assert [alert["fresh"] for alert in ask("alerts")["alerts"]] == [False, False]
    assert ask("silence", name="unpriced", time="7d") == {}
    told = ask("alerts")
    assert [alert["name"] for alert in told["alerts"]] == ["daily-spend"]
    assert told["silenced"][0]["name"] == "unpriced:openai:m"
    assert "like 12h, 7d or 2w" in refused("silence", name="unpriced", time="soon")
    assert "days is one of" in refused("spend", days=3, by="feature")
    assert "days is one of" in refused("spend", days=7, by="color")
