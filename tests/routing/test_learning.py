from __future__ import annotations

import json
import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_prompts import shapely

import costmagic as cm
from costmagic.accounting.labels import judged
from costmagic.call import Call
from costmagic.routing import baselines
from costmagic.routing.installed import install, installed, router_path
from costmagic.routing.labelled import labels_of
from costmagic.routing.learned import LearnedRouter, RouterWarning
from costmagic.routing.learning import MIN_LABELS, learn
from costmagic.routing.views import Views
from costmagic.session import Session, use
from costmagic.types import UsageError


def _judge(session: Session, prompt: str, on: str, quality: float, **changes: object) -> None:
    """Leave the row of a judged call."""
    call = Call(session.prepare(prompt, tier=on))
    row = call.row() | {"status": "ok", "purpose": "eval", "latency_ms": 1.0, "quality": quality} | changes
    session.engine.ledger.finish(row, call.request, "a reply")


def _judge_pairs(session: Session, prompts: Sequence[str], ok: Sequence[bool], **changes: object) -> None:
    for prompt, good in zip(prompts, ok, strict=True):
        _judge(session, prompt, "heavy", 0.9, **changes)
        _judge(session, prompt, "medium", 0.9 if good else 0.2, **changes)


def _separable(n: int) -> tuple[list[str], list[bool]]:
    """Prompts of one length, task and vocabulary; whether they have code marks decides, nearly always."""
    rng = np.random.default_rng(0)
    words = [f"word{i:03d}" for i in range(400)]
    prompts, ok = [], []
    for _ in range(n):
        good = bool(rng.random() < 0.5)
        parts = rng.choice(words, 12)
        ends = rng.choice(["{};", "[]=", "();"], 12) if not good else rng.choice([",,,", "...", "???"], 12)
        prompts.append(" ".join(f"{word}{end}" for word, end in zip(parts, ends, strict=True)))
        ok.append(good if rng.random() < 0.9 else not good)
    return prompts, ok


def test_a_router_that_beats_all_baselines_is_installed_with_its_evidence(session: Session, home: Path) -> None:
    prompts, ok = _separable(240)
    _judge_pairs(session, prompts, ok)
    learning = learn(session=session)
    assert learning.installed, learning
    assert (learning.labels, learning.successes) == (240, sum(ok))
    assert (learning.cheap, learning.strong) == ("medium", "heavy")
    frame = learning.to_frame()
    assert set(frame["baseline"]) == {"prompt length", "task prior", "nearest neighbours"}
    assert frame["beaten"].all()
    assert (frame["low"] > 0).all()
    assert (frame["low"] <= frame["difference"]).all()
    assert (frame["difference"] <= frame["high"]).all()
    assert "installed" in repr(learning)
    assert learning.path == home / "routing" / "default.npz"
    found = installed(home)
    assert found is not None
    assert found.evidence["labels"] == 240
    assert len(found.evidence["comparisons"]) == 3
    written = json.loads(learning.path.with_suffix(".json").read_text("utf-8"))
    assert all(c["interval_95"][0] > 0 for c in written["comparisons"])
    easy, hard = found.router.probability(["w... x??? y,,, z... a??? b,,,", "w{}; x[]= y(); z{}; a[]= b();"])
    assert easy > 0.7 > 0.3 > hard


def test_labels_that_are_noise_install_nothing_and_name_the_baselines(session: Session, home: Path) -> None:
    rng = np.random.default_rng(1)
    made = shapely(150, seed=0)
    _judge_pairs(session, made.prompts, list(rng.random(150) < 0.5))
    learning = learn(session=session)
    assert not learning.installed
    assert len(learning.comparisons) == 3
    unbeaten = [c.baseline for c in learning.comparisons if not c.beaten]
    assert unbeaten
    for baseline in unbeaten:
        assert any(f"'{baseline}'" in line for line in learning.missing)
    assert not (home / "routing").exists()
    assert installed(home) is None


def test_what_a_baseline_knows_as_well_installs_nothing(session: Session) -> None:
    # The task decides alone, and the prompt gives it away: no router can be better than the task's mean.
    rng = np.random.default_rng(2)
    for i in range(130):
        task = ("easy", "hard")[i % 2]
        good = (rng.random() < 0.8) == (task == "easy")
        prompt = f"{task} question with {'a little more' if i % 2 else 'few'} words, number {i}"
        _judge_pairs(session, [prompt], [good], task=task)
    learning = learn(session=session)
    assert not learning.installed
    assert any("task prior" in line for line in learning.missing)


def test_too_few_labels_say_how_many_there_are_and_how_many_are_needed(session: Session) -> None:
    prompts, ok = _separable(MIN_LABELS - 1)
    _judge_pairs(session, prompts, ok)
    learning = learn(session=session)
    assert not learning.installed
    assert learning.labels == MIN_LABELS - 1
    assert "there are 99 labels, at least 100 are needed" in repr(learning)
    assert learning.to_frame().empty


def test_an_empty_ledger_says_so(session: Session) -> None:
    assert "there are 0 labels" in learn(session=session).missing[0]


def test_labels_of_one_kind_teach_nothing(session: Session) -> None:
    prompts, _ = _separable(MIN_LABELS)
    _judge_pairs(session, prompts, [True] * MIN_LABELS)
    assert "only 0 of 100 labels are ones where the cheap tier loses," in learn(session=session).missing[0]


def test_labels_without_texts_are_counted_as_what_is_missing(home: Path) -> None:
    with Session(settings={"preset": "sim", "store_text": False}) as session:
        _judge_pairs(session, *_separable(5))
        learning = learn(session=session)
    assert learning.labels == 0
    assert any(line.startswith("5 more labels have no text") for line in learning.missing)


def test_a_pair_counts_by_its_difference_a_thumb_by_itself(session: Session) -> None:
    _judge(session, "both wrong", "heavy", 0.0)
    _judge(session, "both wrong", "medium", 0.0)
    _judge(session, "a little worse", "heavy", 0.9)
    _judge(session, "a little worse", "medium", 0.8)
    for quality, prompt in ((1.0, "liked"), (0.5, "just liked"), (0.49, "disliked")):
        _judge(session, prompt, "medium", quality, purpose="user")
    _judge(session, "liked on the strong tier", "heavy", 1.0, purpose="user")
    _judge(session, "evaluated alone", "medium", 1.0)
    learning = learn(session=session)
    assert (learning.labels, learning.successes) == (5, 3)


def test_a_prompt_judged_several_times_counts_by_its_mean(session: Session) -> None:
    for prompt, cheap, strong in (
        ("as good", [0.7, 0.7, 0.7], [0.7]),  # 0.7 + 0.7 + 0.7 is a little less than 2.1
        ("better", [0.2, 1.0], [0.5]),
        ("worse", [0.2, 0.7], [0.5, 0.5]),
    ):
        for tier, qualities in (("medium", cheap), ("heavy", strong)):
            for quality in qualities:
                _judge(session, prompt, tier, quality)
    found = labels_of(judged(session.engine.ledger.engine()))
    assert dict(zip(found.prompts, found.ok, strict=True)) == {"as good": 1, "better": 1, "worse": 0}


@pytest.mark.parametrize(
    "changes", [{"quality": None}, {"status": "error"}, {"purpose": "judge"}, {"tier": None}], ids=str
)
def test_other_rows_are_no_labels(session: Session, changes: dict[str, object]) -> None:
    for on in ("heavy", "medium"):
        _judge(session, "a prompt", on, **({"quality": 1.0} | changes))  # type: ignore[arg-type]
    assert learn(session=session).labels == 0


def test_the_tiers_are_those_that_share_most_prompts(session: Session) -> None:
    for i in range(3):
        _judge(session, f"p{i}", "standard", 1.0)
        _judge(session, f"p{i}", "routing", 1.0)
    _judge_pairs(session, ["p0", "p1"], [True, True])
    learning = learn(session=session)
    assert (learning.cheap, learning.strong, learning.labels) == ("routing", "standard", 3)


def test_a_feature_learns_from_its_own_calls(session: Session) -> None:
    _judge_pairs(session, ["a", "b"], [True, False], feature="tickets")
    _judge_pairs(session, ["c"], [True])
    assert learn("tickets", session).labels == 2
    assert learn(session=session).labels == 3
    assert learn("unknown", session).labels == 0


def test_without_a_session_it_learns_from_the_default_one(session: Session) -> None:
    _judge_pairs(session, ["a", "b"], [True, False], feature="tickets")
    _judge_pairs(session, ["c"], [True])
    use(session)
    try:
        assert cm.routing.learn().labels == 3
        assert cm.routing.learn("tickets").labels == 2
        assert cm.routing.learn(feature=None).labels == 3
    finally:
        use(None)


def test_a_session_in_the_feature_s_place_is_a_mistake_in_one_line(session: Session) -> None:
    with pytest.raises(UsageError, match="a feature's name, or None for everything, not Session"):
        learn(session)  # type: ignore[arg-type]


def test_a_cache_hit_has_the_prompt_of_the_call_it_repeats(session: Session) -> None:
    first = session.ask("What is up?", tier="medium")
    hit = Call(session.prepare("What is up?", tier="medium"))
    row = {"cache": "exact", "cache_of": first.id, "quality": 1.0, "status": "ok", "latency_ms": 1.0}
    session.engine.ledger.record(hit.row() | row)
    assert [j.prompt for j in judged(session.engine.ledger.engine())] == ["What is up?"]


@pytest.mark.parametrize("feature", ["default", "../up", "a/b", ".hidden", "ü ñ", "x" * 500, "", "A\0B"])
def test_any_feature_has_a_file_of_its_own(feature: str, home: Path) -> None:
    path = router_path(home, feature)
    assert path.parent == home / "routing"
    assert path != router_path(home, None)
    assert len(path.name) < 200
    assert "\0" not in path.name


def test_an_installed_router_is_read_again_only_when_its_file_changes(home: Path) -> None:
    path = router_path(home, None)
    install(path, LearnedRouter.fit(["a", "b"], [1, 1], embed=None), {"labels": 2})
    first = installed(home, "some feature")
    assert first is not None
    assert installed(home, "other") is first
    os.utime(path, ns=(1, 1))
    again = installed(home)
    assert again is not None
    assert again is not first
    path.write_bytes(b"broken")
    with pytest.warns(RouterWarning, match="left out"):
        assert installed(home) is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert installed(home) is None


def test_a_feature_has_its_own_router_before_the_one_for_everything(home: Path) -> None:
    for feature, ok in ((None, [1, 1]), ("tickets", [0, 0])):
        install(router_path(home, feature), LearnedRouter.fit(["a", "b"], ok, embed=None), {"feature": feature})
    own, common = installed(home, "tickets"), installed(home, "another")
    assert own is not None
    assert common is not None
    assert (own.evidence["feature"], common.evidence["feature"]) == ("tickets", None)
    assert own.router.probability(["x"])[0] < 0.5 < common.router.probability(["x"])[0]


def test_auc_counts_equal_scores_half() -> None:
    ok = np.array([1.0, 0, 1, 0])
    assert baselines.auc(ok, np.array([2.0, 1, 2, 1])) == 1
    assert baselines.auc(ok, np.array([1.0, 1, 1, 1])) == 0.5
    assert baselines.auc(ok, np.array([1.0, 1, 3, 2])) == pytest.approx((0.5 + 0 + 1 + 1) / 4)
    assert np.isnan(baselines.auc(np.ones(4), np.arange(4.0)))
    assert baselines.auc(ok, np.array([1.0, 1, 3, 2]), np.array([2.0, 1, 0, 0])) == 0.5


def test_neighbours_and_tasks_and_length_know_what_they_are_told() -> None:
    prompts = [f"{'cats purr' if i % 2 else 'dogs bark loudly'} here {i % 3}" for i in range(40)]
    ok = np.array([float(i % 2) for i in range(40)])
    seen = Views.of(prompts, None)
    unseen = Views.of(["cats purr again", "dogs bark loudly again"], None)
    assert list(baselines.by_neighbours(seen, ok, unseen)) == [1, 0]
    by_meaning = [replace(v, meaning=v.structure[:, :1] * 0 + 1) for v in (seen, unseen)]
    assert len(baselines.by_neighbours(by_meaning[0], ok, by_meaning[1])) == 2
    short, long = baselines.by_length(seen, ok, unseen)
    assert short > 0.5 > long
    easy, unknown = baselines.by_task(["a", "b"] * 20, np.tile([1.0, 0.0], 20), ["a", "never seen"])
    assert easy > 0.9
    assert unknown == 0.5
