"""The shipped task classifier: accuracy on prompts by other people, calibration, any text, plain data, examples."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from costmagic.routing import tasks
from costmagic.routing.tasks import WEIGHTS, classify, nearest
from costmagic.routing.tasks.classifier import TaskClassifier
from costmagic.routing.verdict import TIER_OF, Verdict
from costmagic.session import Session
from costmagic.types import TASKS, TIERS

PROMPTS = Path(__file__).parents[2] / "training" / "prompts"
CODE = TASKS.index("code")


def rows(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (PROMPTS / f"{name}.jsonl").read_text("utf-8").splitlines()]


@cache
def judged(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(chances (n, 11), true task, difficulty off by) of a held-out file."""
    held = rows(name)
    chances, difficulties = TaskClassifier(WEIGHTS).predict([row["text"] for row in held])
    truth = np.array([TASKS.index(row["task"]) for row in held])
    return chances, truth, np.abs(difficulties - np.array([int(row["difficulty"]) for row in held]))


@pytest.mark.parametrize("name", ["held-out", "held-out-strangers"])
def test_prompts_by_people_it_never_read_get_their_task(name: str) -> None:
    chances, truth, off = judged(name)
    guess = chances.argmax(1)
    assert (guess == truth).mean() >= 0.90
    assert ((guess == CODE) == (truth == CODE)).mean() >= 0.98
    for task in range(len(TASKS)):
        assert (guess == truth)[truth == task].mean() >= 0.75
    assert off.mean() <= 0.45


def test_held_out_prompts_are_many_and_were_not_trained_on() -> None:
    def key(row: dict[str, str]) -> str:
        return " ".join(row["text"].lower().split())

    held = {key(row) for path in PROMPTS.glob("held-out*.jsonl") for row in rows(path.stem)}
    trained = {key(row) for path in PROMPTS.glob("*.jsonl") if "held-out" not in path.stem for row in rows(path.stem)}
    assert len(held) >= 330
    assert len(trained) >= 2_000
    assert not held & trained


def test_it_is_as_sure_as_it_is_right() -> None:
    both = [judged(name) for name in ("held-out", "held-out-strangers")]
    chances = np.concatenate([c for c, _, _ in both])
    right = chances.argmax(1) == np.concatenate([t for _, t, _ in both])
    sure = chances.max(1)
    assert abs(sure.mean() - right.mean()) <= 0.04
    assert right[sure >= 0.95].mean() >= 0.97
    assert right[sure < 0.7].mean() <= 0.85


def test_chances_are_a_distribution() -> None:
    verdict = classify("Translate this into Danish: good morning")
    assert sum(verdict.chances) == pytest.approx(1, abs=1e-5)
    assert verdict.ranked()[0] == (verdict.task, verdict.probability)
    assert verdict.difficulty in (1, 2, 3)


@pytest.mark.parametrize(
    "text",
    ["", " ", "\0", "\ud800", "🙂" * 3_000, "a" * 10**6, "a b " * 250_000, '"' * 10_000, "\n" * 10**6, "漢字" * 2_000],
)
def test_any_text_gets_a_verdict(text: str) -> None:
    assert np.isfinite(classify(text).chances).all()


def test_the_beginning_and_the_end_of_a_long_prompt_decide() -> None:
    filler = "The harbour was quiet and the boats lay still. " * 2_000
    assert classify(f"Translate into Spanish:\n{filler}").task == "translation"
    assert classify(f"{filler}\n\nSummarize the text above in two sentences.").task == "summarization"


def test_the_weights_are_small_plain_data() -> None:
    assert WEIGHTS.stat().st_size < 3 * 2**20
    with np.load(WEIGHTS, allow_pickle=False) as archive:
        assert all(archive[name].dtype != object for name in archive.files)


def test_it_needs_nothing_but_numpy() -> None:
    code = (
        "import sys; from costmagic.routing.tasks import classify; classify('hello')\n"
        "sys.exit(bool({'sklearn', 'scipy', 'torch', 'onnxruntime', 'pandas', 'sqlalchemy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_nearest_examples_ask_for_the_same() -> None:
    found = nearest("Put this into Italian for me: where is the station?")
    assert len(found) == 3
    assert found[0].says == "translation"
    assert found[0].similarity >= found[1].similarity >= found[2].similarity
    assert {e["task"] for e in json.loads(tasks.EXAMPLES.read_text("utf-8"))} == set(TASKS)


def test_every_task_and_difficulty_has_a_tier() -> None:
    assert tuple(TIER_OF) == TASKS
    assert {tier for tiers in TIER_OF.values() for tier in tiers} == set(TIERS)
    assert Verdict.certain("math and reasoning", 3).tier == "heavy"


@pytest.mark.parametrize(
    ("prompt", "task", "tiers"),
    [
        ("spam or not? 'You won a cruise, click here'", "classification", {"routing"}),
        ("make this sound friendlier: 'Send me the file by noon.'", "rewriting", {"medium"}),
        ("my unit test hangs when I await inside a lock in asyncio, what do I do?", "code", {"coding"}),
        ("Hi! How's your day going?", "chat", {"medium"}),
        ("Wie sagt man auf Französisch: bis morgen?", "translation", {"medium"}),
    ],
)
def test_what_no_rule_knows_goes_by_the_verdict(session: Session, prompt: str, task: str, tiers: set[str]) -> None:
    route = session.prepare(prompt).route
    assert (route.source, route.task) == ("learned", task)
    assert route.tier in tiers
    assert route.confidence is not None
    assert route.confidence >= 0.5
    assert task in route.reason


def test_the_explanation_names_examples_and_confidence(session: Session) -> None:
    explained = session.route("make this sound friendlier: 'Send me the file by noon.'")
    assert explained.task == "rewriting"
    assert explained.confidence is not None
    assert len(explained.examples) == 3
    assert {estimate.max_tokens for _, estimate in explained.estimates.rows} == {823}  # the task's limit, on every tier
    for text in (repr(explained), explained._repr_html_()):
        assert "confidence" in text
        assert "nearest examples" in text
        assert explained.examples[0].prompt[:20] in text.replace("&quot;", '"').replace("&#x27;", "'")


def test_a_rule_of_the_user_s_about_a_task_counts_what_was_learned(home: Path) -> None:
    rule = {"task": "rewriting", "tier": "coding"}
    own = Session(home, settings={"preset": "sim", "rule": [rule]})
    assert own.prepare("make this sound friendlier: 'Send me the file by noon.'").route.tier == "coding"
    assert own.prepare("Hi! How's your day going?").route.tier == "medium"


def test_nobody_is_sure_of_nonsense(session: Session) -> None:
    route = session.prepare("?").route
    assert route.unsure == (route.label == "default")
