"""What is left of an evaluation: frames, files, the report, the figure, code."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from known import PROMPT, script, tickets

import costmagic as cm
from costmagic import Evaluation, Session, UsageError
from costmagic.evaluation import runs
from costmagic.quality_plot import Mark, frontier, quality_against_cost

pytest.importorskip("matplotlib")


@pytest.fixture
def evaluation(session: Session) -> Evaluation:
    frame = tickets(120)
    frame.loc[5, "text"] = "<script>alert(1)</script> costs $5 and $6"
    script(frame, medium=0.6)
    for _ in range(3):
        session.ask("Which department? x", feature="tickets", no_cache=True)
    return session.evaluate(
        frame, PROMPT, expected="label", feature="tickets", candidates=["standard", "medium"], margin=0.1
    )


def test_items_answers_and_disagreements_are_frames(evaluation: Evaluation) -> None:
    frame = evaluation.to_frame()
    assert frame.index.name == "row"
    assert {"prompt", "expected", "baseline", "baseline_score", "standard", "medium", "medium_score"} <= set(frame)
    assert (frame["baseline"] == frame["expected"]).all()
    differ = evaluation.disagreements("medium")
    known = frame.dropna(subset=["medium_score"])
    assert len(differ) == (known["medium_score"] == 0).sum() > 0
    assert (differ["candidate"] != differ["expected"]).all()
    assert len(evaluation.disagreements()) == 0  # of the cheapest that passes
    with pytest.raises(UsageError, match="did you mean 'medium'"):
        evaluation.disagreements("mediun")


def test_a_baseline_that_is_mostly_wrong_is_no_yardstick(session: Session, evaluation: Evaluation) -> None:
    assert "baseline itself" not in evaluation.state.message
    frame = tickets(60)
    script(frame)
    frame["label"] = "somewhere else"
    wrong = session.evaluate(frame, PROMPT, expected="label", candidates=["standard"], margin=0.1)
    assert wrong.verdicts["standard"].state == "pass"
    assert "The baseline itself scores 0% only" in wrong.state.message
    assert wrong.state.remarks[0].startswith("The baseline itself scores 0% only")
    assert "The baseline itself scores 0% only" in wrong._repr_html_()


def test_savings_are_those_at_the_observed_volume(evaluation: Evaluation) -> None:
    saving = evaluation.savings()["standard"]
    base, cheap = evaluation.state.baseline.cost_per_1000, evaluation.verdicts["standard"].cost_per_1000
    assert base is not None
    assert cheap is not None
    assert saving.per_1000 == base - cheap > 0
    assert saving.calls_per_month == 90  # three calls on the first day
    assert saving.per_month == saving.per_1000 * 90 / 1000


def test_it_is_saved_and_loaded_as_it_was(evaluation: Evaluation, session: Session, tmp_path: Path) -> None:
    path = evaluation.save(tmp_path / "ev.json")
    json.loads(path.read_text())
    again = Evaluation.load(path, session)
    assert again.state == evaluation.state
    assert again.verdicts == evaluation.verdicts
    assert again.to_frame().equals(evaluation.to_frame())
    assert again._repr_html_() == evaluation._repr_html_()
    runs._known.clear()
    of_ledger = Evaluation.load(evaluation.id, session)
    assert of_ledger.state == evaluation.state
    assert of_ledger.definition == evaluation.definition
    for wrong, told in ((tmp_path / "no.json", "No such file"), ("0123", "holds no evaluation '0123'")):
        with pytest.raises(UsageError, match=told):
            Evaluation.load(wrong, session)
    path.write_text('{"a": 1}')
    with pytest.raises(UsageError, match="no saved evaluation"):
        Evaluation.load(path, session)
    path.write_text('{"costmagic_evaluation": 1, "arms": []}')
    with pytest.raises(UsageError, match="is damaged"):
        Evaluation.load(path, session)


def test_the_report_is_static_escaped_and_says_what_counts(evaluation: Evaluation) -> None:
    html = evaluation._repr_html_()
    assert "<script" not in html
    # In a narrow notebook the table scrolls: no figure is broken into letters.
    assert re.search(r"white-space:nowrap'>[\d.]+ %<", html)
    assert "$" not in html.replace("<span>$</span>", "")
    for told in ("SIMULATED", "pass", "fail", "standard is the cheapest that passes", "95% interval", "disagreements"):
        assert told in html
    text = repr(evaluation)
    for told in ("would fail; lets a bad one pass", "95% interval", "(90 calls)", evaluation.id):
        assert told in text


def test_the_code_runs_the_same_again(evaluation: Evaluation, session: Session) -> None:
    code = evaluation.code()
    assert "expected='label'" in code
    assert "margin=0.1" in code
    assert "confidence" not in code  # as usual
    cm.session.use(session)  # type: ignore[attr-defined]
    frame = tickets(120)
    frame.loc[5, "text"] = "<script>alert(1)</script> costs $5 and $6"
    names = {"df": frame}
    exec(code.removesuffix("ev"), names)  # the cell's last line shows it
    again = names["ev"]
    assert isinstance(again, Evaluation)
    assert again.definition == evaluation.definition
    assert {n: c.state for n, c in again.verdicts.items()} == {n: c.state for n, c in evaluation.verdicts.items()}
    assert again.state.spent < evaluation.state.spent / 10  # most of it was in the cache


def test_the_figure_shows_the_frontier(evaluation: Evaluation) -> None:
    figure = evaluation.plot()
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["heavy SIMULATED: baseline", "standard SIMULATED: pass", "medium SIMULATED: fail"]
    marks = [
        Mark("best", 4.0, 0.95, 0.95, 0.95, None),
        Mark("good", 1.0, 0.94, 0.9, 0.97, "pass"),
        Mark("dear and worse", 2.0, 0.90, 0.8, 0.95, "fail"),
        Mark("cheap", 0.1, 0.7, 0.6, 0.8, "fail"),
        Mark("unpriced", None, 0.99, 0.9, 1.0, "pass"),
    ]
    assert [mark.name for mark in frontier(marks)] == ["cheap", "good", "best"]
    assert "not shown (no price): unpriced" in quality_against_cost(marks, 0.02).axes[0].get_xlabel()
    with pytest.raises(UsageError, match="nothing to plot"):
        quality_against_cost([marks[-1]], 0.02)


def test_nothing_known_is_shown_as_nothing(session: Session) -> None:
    from costmagic.evaluation import begin, define

    run = begin(session, define(session, tickets(9), PROMPT, expected="label", candidates="medium"))
    ev = run.evaluation
    assert ev.cheapest_passing is None
    assert len(ev.to_frame()) == len(ev.disagreements()) == 0
    assert ev.cost == Decimal(0)
    assert "The items are being made" in repr(ev)
    with pytest.raises(UsageError, match="nothing to plot"):
        ev.plot()
