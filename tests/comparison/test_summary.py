"""Agreement, and the marks of a comparison."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

import costmagic as cm
from costmagic import Session, sim, weights
from costmagic.comparison import summary
from costmagic.comparison.agreement import token_f1
from costmagic.embedding import MiniLM

OPUS, SONNET, HAIKU = "sim:claude-opus-5-5", "sim:claude-sonnet-5-5", "sim:claude-haiku-5-5"


@pytest.mark.parametrize(
    ("one", "other", "f1"),
    [
        ("The cat sat", "the cat, sat!", 1.0),
        ("a b c d", "a b", 2 / 3),
        ("a a a", "a", 0.5),
        ("yes", "no", 0.0),
        ("", "", 1.0),
        ("", "yes", 0.0),
        ("Grüße", "GRÜSSE", 1.0),
    ],
)
def test_token_f1(one: str, other: str, f1: float) -> None:
    assert token_f1(one, other) == pytest.approx(f1)
    assert token_f1(other, one) == pytest.approx(f1)


def test_agreement_is_with_the_dearest(session: Session) -> None:
    sim.script(OPUS, answers={"hello": "yes  it is\n"})
    sim.script(SONNET, answers={"hello": "yes it is"})
    sim.script(HAIKU, answers={"hello": "no it is"})
    comparison = cm.compare("hello", [HAIKU, SONNET, OPUS], session=session)
    assert comparison.dearest is comparison.columns[2]
    assert comparison.agreement[SONNET].exact
    assert not comparison.agreement[HAIKU].exact
    assert comparison.agreement[HAIKU].token_f1 == pytest.approx(2 / 3)
    assert comparison.agreement[HAIKU].similarity is None  # no embedder in this home
    rows = dict(summary.rows(comparison))
    assert rows[f"agrees with {OPUS}"] == ["token F1 0.67", "same text", ""]


def test_json_replies_agree_by_what_they_hold(session: Session) -> None:
    sim.script(OPUS, answers=lambda prompt: '{"a": 1, "b": 2}')
    sim.script(HAIKU, answers=lambda prompt: '```json\n{"b":2,"a":1}\n```')
    comparison = cm.compare("hello", [OPUS, HAIKU], session=session, json=True)
    assert comparison.agreement[HAIKU].exact


def test_similarity_is_the_embedders(session: Session, home: Path, minilm: MiniLM) -> None:
    folder = weights.folder(home)
    folder.mkdir()
    for file in weights.CATALOGUE["minilm"]:
        (folder / file.name).symlink_to(minilm._folder / file.name)
    sim.script(OPUS, answers={"hello": "The meeting was moved to Friday."})
    sim.script(SONNET, answers={"hello": "They postponed the meeting until Friday."})
    sim.script(HAIKU, answers={"hello": "Bananas are rich in potassium."})
    comparison = cm.compare("hello", [OPUS, SONNET, HAIKU], session=session)
    near, far = comparison.agreement[SONNET].similarity, comparison.agreement[HAIKU].similarity
    assert near is not None
    assert far is not None
    assert near > 0.7 > 0.3 > far
    assert f"similarity {near:.2f}" in repr(comparison)


def test_the_cheapest_and_the_fastest_are_marked(session: Session) -> None:
    sim.script(OPUS, answers={"hello": "a b c"}, latency=0.05)
    sim.script(SONNET, answers={"hello": "a b c"}, latency=0.8)
    sim.script(HAIKU, answers={"hello": "a b c"}, latency=0.8)
    comparison = cm.compare("hello", [OPUS, SONNET, HAIKU], session=session)
    marks = [[text for text, _ in summary.badges(comparison, column)] for column in comparison.columns]
    assert marks == [["SIMULATED", "FASTEST"], ["SIMULATED"], ["SIMULATED", "CHEAPEST"]]
    cheaper = dict(summary.rows(comparison))[f"cheaper than {OPUS}"]
    opus, sonnet = comparison.columns[0].price, comparison.columns[1].price
    assert opus is not None
    assert sonnet is not None
    assert cheaper[:2] == ["", f"{opus / sonnet:.1f} ×"]


def test_equals_are_not_marked(home: Path) -> None:
    price = {"input": Decimal(1), "output": Decimal(1)}
    session = Session(home, settings={"preset": "sim", "prices": {"sim:a": price, "sim:b": price}})
    for ref in ("sim:a", "sim:b"):
        sim.script(ref, answers={"hello": "same"})
    comparison = cm.compare("hello", ["sim:a", "sim:b"], session=session)
    assert summary.cheapest(comparison) == []


def test_a_hit_tells_nothing_of_speed_and_names_its_price(session: Session) -> None:
    session.ask("hello", model=OPUS)
    comparison = cm.compare("hello", [OPUS, HAIKU], session=session)
    hit = comparison.columns[0]
    assert (hit.cost, hit.latency_ms, hit.first_token_ms) == (0, None, None)
    assert comparison.dearest is hit
    rows = dict(summary.rows(comparison))
    assert rows["cost"][0].startswith("$0, avoided $0.0")
    assert rows["cost of 1,000 calls"][0] != "$0"
    assert summary.fastest(comparison) == []
    assert ("HIT", "success") in summary.badges(comparison, hit)
