"""Which requests may share an answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from costmagic.caching.eligibility import MAX_BYTES, time_dependent, why_not
from costmagic.types import Message, Request

REQUEST = Request("sim", "claude-haiku-5-5", (Message("user", "How do I boil an egg?"),))


def test_a_plain_question_may() -> None:
    assert why_not(REQUEST, "user", fresh=False) is None
    assert why_not(replace(REQUEST, temperature=0.0), "user", fresh=False) is None
    assert why_not(replace(REQUEST, json=True, system="Be brief."), "user", fresh=False) is None


@pytest.mark.parametrize(
    ("request_", "purpose", "fresh", "reason"),
    [
        (REQUEST, "user", True, "fresh"),
        (REQUEST, "eval", False, "eval"),
        (replace(REQUEST, temperature=0.7), "user", False, "temperature 0.7"),
        (replace(REQUEST, messages=(Message("user", "x" * (MAX_BYTES + 1)),)), "user", False, "longer than"),
        (replace(REQUEST, messages=(Message("assistant", "I say"),)), "user", False, "not the user's"),
        (replace(REQUEST, messages=(Message("user", "What is the latest version?"),)), "user", False, "'latest'"),
    ],
)
def test_these_may_not(request_: Request, purpose: str, fresh: bool, reason: str) -> None:
    assert reason in (why_not(request_, purpose, fresh) or "")


@pytest.mark.parametrize(
    "text",
    [
        "What should I wear today?", "What is happening NOW in Rome?", "Latest iPhone?", "Is the shop open this week?",
        "What's the time?", "who won yesterday", "What happened two days ago?", "What is the current interest rate?",
        "Welche Termine habe ich heute?", "Wie ist das Wetter?", "Was ist die neueste Version?", "Was kommt morgen?",
        "aktueller Kurs", "Que faire aujourd’hui ?", "Quelle est la dernière version ?", "Que faire maintenant ?",
        "les actualités", "¿Qué hora es?", "la última versión", "el precio actual del oro", "¿Y ahora?",
    ],
)  # fmt: skip
def test_time_dependent_prompts_are_told_in_four_languages(text: str) -> None:
    assert time_dependent(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "How do I know?", "What is a nowcast?", "What was the actual reason?", "Wie koche ich Reis?",
        "Explain Today's Menu parsing"[:7], "How do I boil an egg?", "Qui a peint la Joconde ?", "¿Cuál es la capital?",
    ],
)  # fmt: skip
def test_others_are_not(text: str) -> None:
    assert time_dependent(text) is None
