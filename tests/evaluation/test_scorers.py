"""Every scorer, on what it should and should not accept."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmagic import UsageError
from costmagic.evaluation.judging import share_won
from costmagic.evaluation.scorers import SCORERS, scorer_of
from costmagic.evaluation.similarity import similarity

LABELS = ("billing", "billing support", "sales")


@pytest.mark.parametrize(
    ("spec", "answer", "expected", "score"),
    [
        ("exact", " Billing\n", "Billing", 1),
        ("exact", "billing", "Billing", 0),
        ("normalized", "**Billing.**", "billing", 1),
        ("normalized", "ｂｉｌｌｉｎｇ", "billing", 1),
        ("normalized", "3.5 kg", "35 kg", 0),
        ("contains", "It goes to Billing support, I think", "billing support", 1),
        ("contains", "rebilling", "billing", 0),
        ("choice", "The department is: Billing.", "billing", 1),
        ("choice", "Billing support", "billing", 0),  # the longer label
        ("choice", "Billing support", "billing support", 1),
        ("choice", "billing or sales", "sales", 0),  # names two
        ("choice(yes, no)", "No, it is not.", "no", 1),
        ("choice(yes, no)", "Maybe", "no", 0),
        ("regex", "order 1234 is late", r"order \d+", 1),
        ("regex", "order is late", r"order \d+", 0),
        (r"regex(#(\d+))", "see #12", "#12", 1),
        (r"regex(#(\d+))", "see #13", "#12", 0),
        (r"regex(\d+)", "it is 12", "12", 1),
        ("numeric", "2 + 2 is 4.", "4", 1),
        ("numeric", "$1,234.50", "1234.5", 1),
        ("numeric", "none", "4", 0),
        ("numeric(0.01)", "3.149", "3.14", 1),
        ("numeric(0.01)", "3.151", "3.14", 0),
        ("numeric(1%)", "101", "100", 1),
        ("numeric(1%)", "102", "100", 0),
        ("numeric", "−5", "-5", 1),
        ("json", '{"city": "Rome", "n": 2}', '{"city": "rome", "n": 2.0}', 1),
        ("json", '```json\n{"city": "Rome", "n": 3}\n```', '{"city": "Rome", "n": 2}', 0.5),
        ("json(n)", 'Here you are: {"city": "Oslo", "n": 2}', '{"city": "Rome", "n": 2}', 1),
        ("json", "no idea", '{"n": 2}', 0),
        ("f1", "the red car", "a red car", 2 / 3),
        ("f1", "Red, car!", "red car", 1),
    ],
)
def test_named_scorers(spec: str, answer: str, expected: str, score: float) -> None:
    assert scorer_of(spec, LABELS)(answer, expected) == pytest.approx(score)


def test_similarity_is_the_cosine_of_the_real_embedder(minilm_home: Path) -> None:
    scorer = scorer_of("similarity", embed=similarity(minilm_home))
    near, far = scorer("The parcel is late", "My package has not arrived"), scorer("The parcel is late", "I like tea")
    assert 0 <= far < 0.4 < near < 1
    assert scorer("The parcel is late", "The parcel is late") == pytest.approx(1)


def test_a_function_scores_and_its_mistakes_are_told() -> None:
    assert scorer_of(lambda answer, expected: len(answer) / 10)("abc", "") == pytest.approx(0.3)
    assert scorer_of(lambda answer, expected: True)("abc", "") == 1
    assert scorer_of(test_named_scorers).spec == "function test_named_scorers"
    with pytest.raises(ValueError, match="from 0 to 1, not 7"):
        scorer_of(lambda answer, expected: 7)("", "")
    with pytest.raises(ValueError, match="nan"):
        scorer_of(lambda answer, expected: float("nan"))("", "")


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("exakt", "did you mean 'exact'"),
        ("", "unknown scorer"),
        (3, "unknown scorer"),
        ("exact(1)", "takes no argument"),
        ("numeric(much)", "a tolerance is a number"),
        ("numeric(-1)", "a tolerance is a number"),
        ("regex([)", "unterminated"),
        ("judge", "which model is the judge"),
    ],
)
def test_a_scorer_that_makes_no_sense_is_refused(spec: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        scorer_of(spec)


def test_what_can_not_be_scored_raises() -> None:
    for spec, expected in (("numeric", "four"), ("json", "[1]"), ("json", "{")):
        with pytest.raises(ValueError):  # noqa: PT011
            scorer_of(spec)("1", expected)


def test_each_scorer_is_explained() -> None:
    assert set(SCORERS) == {
        *("exact", "normalized", "contains", "choice", "regex", "numeric", "json", "f1", "similarity", "judge"),
    }


@pytest.mark.parametrize(
    ("verdict", "candidate_is_a", "won"),
    [
        ("A", True, 1),
        ("A", False, 0),
        ("b.", False, 1),
        ("**TIE**", True, 0.5),
        ("I would say: B", True, 0),
        ("Answer A is a good one", True, 1),
    ],
)
def test_a_judges_word_counts(verdict: str, candidate_is_a: bool, won: float) -> None:
    assert share_won(verdict, candidate_is_a) == won


def test_a_judge_that_says_nothing_raises() -> None:
    for verdict in ("a difficult question", "A good question", "Answer A is better than answer B", ""):
        with pytest.raises(ValueError, match="neither A, B nor TIE"):
            share_won(verdict, True)
