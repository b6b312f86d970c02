"""A router that the user's own judgements trained decides where no rule does, and names its nearest examples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from made_prompts import benchmarks
from numpy.typing import NDArray

from costmagic import Session
from costmagic.call import Call
from costmagic.embedding import MiniLM
from costmagic.routing.examples import nearest_labels
from costmagic.routing.installed import install, router_path
from costmagic.routing.labelled import Labels
from costmagic.routing.learned import LearnedRouter

EASY = [f"opening hours of shop number {n} in town" for n in range(40)]
HARD = [f"tax consequences when company {n} merges abroad" for n in range(40)]


def put_router(home: Path, feature: str | None = None, strong: str | None = "heavy") -> None:
    router = LearnedRouter.fit(EASY + HARD, [True] * 40 + [False] * 40, embed=None)
    evidence = {"feature": feature, "cheap": "medium", "strong": strong, "labels": 80}
    install(router_path(home, feature), router, evidence)


@pytest.fixture
def session(home: Path) -> Session:
    return Session(home, settings={"preset": "sim", "routing": {"quality": 0.7}})


def test_the_cheap_tier_answers_where_it_loses_nothing(session: Session, home: Path) -> None:
    put_router(home)
    easy = session.prepare("opening hours of shop number 77 in town").route
    hard = session.prepare("tax consequences when company 77 merges abroad").route
    assert (easy.tier, easy.source, hard.tier, hard.source) == ("medium", "learned", "heavy", "learned")
    assert "your router (80 labels)" in easy.reason
    assert "at least 70%" in easy.reason
    assert "below 70%" in hard.reason
    assert easy.confidence is not None
    assert easy.confidence > 0.7
    assert hard.confidence is not None
    assert hard.confidence > 0.3


def test_it_is_for_its_feature_alone(session: Session, home: Path) -> None:
    put_router(home, "shops")
    prompt = "tax consequences when company 77 merges abroad"
    assert session.prepare(prompt, feature="shops").route.label == "your router"
    assert session.prepare(prompt, feature="other").route.label != "your router"


def test_rules_come_first_unless_only_the_user_s_own_are_wanted(session: Session, home: Path) -> None:
    put_router(home)
    prompt = "Translate to French: tax consequences when company 77 merges abroad"
    assert session.prepare(prompt).route.source == "rule"
    own = Session(home, settings={"preset": "sim", "routing": {"quality": 0.7, "rules": "own"}})
    assert own.prepare(prompt).route.label == "your router"
    assert own.prepare(prompt).route.task == "translation"


def test_thumbs_alone_can_not_send_anything_up(session: Session, home: Path) -> None:
    put_router(home, strong=None)
    assert session.prepare("opening hours of shop number 77 in town").route.label == "your router"
    assert session.prepare("tax consequences when company 77 merges abroad").route.label != "your router"


def test_the_explanation_shows_the_nearest_judged_prompts(session: Session, home: Path) -> None:
    put_router(home)
    for prompt, good in ((EASY[3], True), (HARD[3], False)):
        for tier, quality in (("heavy", 0.9), ("medium", 0.9 if good else 0.2)):
            call = Call(session.prepare(prompt, tier=tier))
            row = call.row() | {"status": "ok", "purpose": "eval", "latency_ms": 1.0, "quality": quality}
            session.engine.ledger.finish(row, call.request, "a reply")
    explained = session.route("opening hours of shop number 77 in town")
    assert [(e.prompt, e.says) for e in explained.examples] == [
        (EASY[3], "medium lost nothing"),
        (HARD[3], "medium lost"),
    ]
    assert explained.examples[0].similarity > explained.examples[1].similarity
    for text in (repr(explained), explained._repr_html_()):
        assert EASY[3] in text
        assert "medium lost nothing" in text


def test_a_broken_router_is_left_out(session: Session, home: Path) -> None:
    path = router_path(home, None)
    path.parent.mkdir()
    path.write_bytes(b"not a router")
    with pytest.warns(UserWarning, match="left out"):
        route = session.prepare("tax consequences when company 77 merges abroad").route
    assert route.label != "your router"


def test_the_nearest_are_nearest_by_words() -> None:
    labels = Labels("medium", "heavy", ("a red car", "a blue car", "green tea"), (None,) * 3, np.array([1.0, 0, 1]), 0)
    found = nearest_labels("the red car", labels, None)
    assert [e.prompt for e in found] == ["a red car", "a blue car", "green tea"]
    assert found[2].similarity == 0
    assert nearest_labels("x", Labels(None, None, (), (), np.array([]), 0), None) == ()


def test_the_embedding_is_asked_only_where_it_could_change_the_decision(minilm: MiniLM) -> None:
    class Counting:
        name, asked = "minilm", 0

        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            self.asked += len(texts)
            return minilm.embed(texts)

    made, counting = benchmarks(700, seed=4), Counting()
    router = LearnedRouter.fit(made.prompts[:400], made.ok[:400], embed=counting)
    unseen, least = made.prompts[400:], 0.7
    whole = router.probability(unseen)
    counting.asked = 0
    decided = np.array([router.chance(prompt, least) for prompt in unseen])
    assert 0 < counting.asked < len(unseen) / 2
    assert ((decided >= least) != (whole >= least)).mean() < 0.03
    # Where it was asked the chance is the whole one; at the edges of the scale nothing can be spared.
    assert np.isclose(decided, whole, atol=0.02).sum() >= counting.asked
    assert np.allclose([router.chance(prompt, 1.0) for prompt in unseen[:3]], whole[:3], atol=0.02)


def test_what_was_saved_spares_the_embedding_as_well(minilm: MiniLM, tmp_path: Path) -> None:
    made = benchmarks(120, seed=4)
    router = LearnedRouter.fit(made.prompts, made.ok, embed=minilm)
    router.save(tmp_path / "r.npz")
    loaded = LearnedRouter.load(tmp_path / "r.npz", embed=minilm)
    assert [loaded.chance(p, 0.7) for p in made.prompts] == [router.chance(p, 0.7) for p in made.prompts]
