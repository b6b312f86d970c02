"""The semantic cache through the engine: the real embedder, the real index, real processes."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from costmagic import Session, UsageError, sim
from costmagic.cache_config import CacheConfig
from costmagic.caching.exact import CacheWarning, Entry, ExactCache
from costmagic.caching.key import partition_key
from costmagic.caching.semantic import SemanticCache
from costmagic.types import Message, Request, Usage

MODEL = "sim:claude-haiku-5-5"
QUESTION = "How do I reverse a list in Python?"
TWIN = "How can I reverse a list in Python?"

# By hand: COSTMAGIC_LOAD_SECONDS=60 (read here: the tests' home hides all such variables).
LOAD_SECONDS = os.environ.get("COSTMAGIC_LOAD_SECONDS", "4")


@pytest.fixture
def session(minilm_home: Path) -> Any:
    sim.script(MODEL, answers=lambda prompt: f"answer to {prompt}")
    with Session(minilm_home, settings={"preset": "sim"}) as session:
        yield session


def _ask(session: Session, prompt: str, **options: Any) -> Any:
    return session.ask(prompt, model=MODEL, **options)


def test_a_paraphrase_is_a_hit_with_its_row_and_receipt(session: Session) -> None:
    from costmagic.notebook.receipt import bundle, figures

    first, hit = _ask(session, QUESTION), _ask(session, TWIN)
    assert (first.cache, hit.cache) == (None, "semantic")
    assert hit.text == first.text
    assert hit.cost == 0
    assert hit.similarity > 0.95
    assert hit.avoided == first.cost
    assert hit.cached_at == first.started_at
    row = session.ledger().iloc[-1]
    assert (row["cache"], row["cache_of"], row["cost_nusd"]) == ("semantic", first.id, 0)
    line = bundle(hit)["text/plain"]
    assert line.startswith("[HIT]")
    assert f"{hit.similarity:.3f} alike" in line
    assert f"%llm cache wrong {hit.id}" in line
    assert f"%llm cache wrong {hit.id}" in bundle(hit)["text/markdown"]
    assert figures(hit)["cache"]["layer"] == "semantic"
    # Exact comes first, and a semantic hit is no entry of its own.
    assert _ask(session, QUESTION).cache == "exact"
    assert _ask(session, TWIN).cache == "semantic"


def test_what_means_something_else_is_asked(session: Session) -> None:
    _ask(session, QUESTION)
    assert _ask(session, "How do I reverse a tuple in Python?").cache is None
    assert _ask(session, "How do I not reverse a list in Python?").cache is None


@pytest.mark.parametrize("options", [{"fresh": True}, {"no_cache": True}, {"temperature": 1.0}])
def test_these_neither_take_nor_leave_an_answer(session: Session, options: dict[str, Any]) -> None:
    _ask(session, QUESTION)
    assert _ask(session, TWIN, **options).cache is None
    assert session.engine.similar.cache.size()[0] == 1


def test_a_time_dependent_prompt_never_enters(session: Session) -> None:
    _ask(session, "What is the best phone today?")
    assert _ask(session, "What's the best phone today?").cache is None
    assert session.engine.similar.cache.size()[0] == 0


def test_modes(minilm_home: Path, home: Path, tmp_path: Path) -> None:
    assert Session(minilm_home, settings={"preset": "sim"}).engine.similar.mode() == "verified"
    bare = Session(tmp_path / "bare", settings={"preset": "sim"})
    assert bare.engine.similar.mode() == "off"
    assert "costmagic pull minilm" in (bare.engine.similar.hint() or "")
    off = Session(minilm_home, settings={"preset": "sim", "cache": {"semantic": "off"}})
    assert off.engine.similar.hint() is None
    _ask(off, QUESTION)
    assert _ask(off, TWIN).cache is None


def test_threshold_is_the_plain_rule(minilm_home: Path) -> None:
    session = Session(minilm_home, settings={"preset": "sim", "cache": {"semantic": "threshold"}})
    _ask(session, "Is tea better than coffee?")
    # What a cosine can't tell: this is why verification is the default.
    assert _ask(session, "Is coffee better than tea?").cache == "semantic"
    assert _ask(session, "Is tea tasty?").cache is None


def test_a_wrong_vote_removes_the_entry_and_tightens_and_right_ones_relax(session: Session) -> None:
    similar = session.engine.similar
    _ask(session, QUESTION)
    hit = _ask(session, TWIN)
    partition = similar.cache.votes.hit(hit.id).partition  # type: ignore[union-attr]
    assert "stricter" in similar.vote("wrong")
    assert similar.cache.strictness(partition) == 1
    assert _ask(session, TWIN).cache is None
    again = _ask(session, "Please tell me how to reverse a list in Python")
    assert again.cache == "semantic"
    assert "easier" in similar.vote("right", again.id)
    assert similar.cache.strictness(partition) == 0.75
    assert similar.cache.strictness("another") == 0
    with pytest.raises(UsageError, match="no cache hit"):
        similar.vote("wrong", "nonsense")


def test_strictness_moves_both_kinds_of_threshold(minilm_home: Path) -> None:
    for mode in ("threshold", "verified"):
        session = Session(minilm_home, settings={"preset": "sim", "cache": {"semantic": mode}, "project": mode})
        similar = session.engine.similar
        _ask(session, QUESTION)
        before = similar.explain(session.prepare(TWIN, model=MODEL)).candidates[0]
        assert before.refusal is None
        assert _ask(session, TWIN).cache == "semantic"
        similar.vote("wrong")
        _ask(session, "What is a monad?")
        after = similar.explain(session.prepare(TWIN, model=MODEL)).candidates[0]
        assert after.threshold > before.threshold


def test_a_vote_on_an_exact_hit_removes_it(session: Session) -> None:
    _ask(session, QUESTION)
    assert _ask(session, QUESTION).cache == "exact"
    session.engine.similar.vote("wrong")
    assert _ask(session, QUESTION).cache is None


def test_another_kernel_can_vote_by_the_id_on_the_receipt(session: Session, minilm_home: Path) -> None:
    _ask(session, QUESTION)
    hit = _ask(session, TWIN)
    with Session(minilm_home, settings={"preset": "sim"}) as other:
        other.engine.similar.vote("wrong", hit.id)
    assert _ask(session, TWIN).cache is None


def test_a_refreshed_reply_is_served_to_twins_too(session: Session) -> None:
    _ask(session, QUESTION)
    sim.script(MODEL, answers=lambda prompt: "a better answer")
    _ask(session, QUESTION, fresh=True)
    assert _ask(session, TWIN).text == "a better answer"


def test_clear_empties_both_layers(session: Session) -> None:
    _ask(session, QUESTION)
    assert session.clear_cache() == 1
    assert _ask(session, TWIN).cache is None


def test_an_expired_reply_is_not_served(session: Session) -> None:
    _ask(session, QUESTION)
    similar = session.engine.similar
    key = next(key for key, _ in session.engine.exact.scan())
    entry = session.engine.exact.get(key)
    assert entry is not None
    session.engine.exact.put(key, replace(entry, made_at=datetime.now(UTC) - timedelta(days=31)))
    assert _ask(session, TWIN).cache is None
    assert similar.cache.told(0)[0].expired == 1


def test_failures_are_misses_with_one_warning(session: Session, minilm_home: Path) -> None:
    _ask(session, QUESTION)
    session.engine.similar.cache.neighbours._make_embedder = lambda: 1 / 0  # type: ignore[assignment,return-value]
    session.engine.similar.cache.neighbours._embedder = None
    with pytest.warns(CacheWarning, match="semantic cache"):
        assert _ask(session, TWIN).cache is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _ask(session, "What is a monad in Haskell?").status == "ok"


@pytest.mark.parametrize("damage", [b"this is no database" * 500, b""])
def test_a_damaged_store_is_made_anew_from_the_cache(session: Session, minilm_home: Path, damage: bytes) -> None:
    _ask(session, QUESTION)
    session.close()
    folder = minilm_home / "cache" / "semantic"
    for file in folder.glob("semantic.db*"):
        file.unlink()
    (folder / "semantic.db").write_bytes(damage)
    with Session(minilm_home, settings={"preset": "sim"}) as fresh, warnings.catch_warnings():
        warnings.simplefilter("ignore", CacheWarning)
        _ask(fresh, "What is a monad?")
        if thread := fresh.engine.similar.cache._rebuilding:
            thread.join(60)
        fresh.engine.similar.cache.rebuild()
        assert _ask(fresh, TWIN).cache == "semantic"


class _Same:
    """An embedder to which all texts are one: nothing but the partition keeps answers apart."""

    name, paid = "minilm", False

    def embed(self, texts: Any, call_id: str | None = None) -> NDArray[np.float32]:
        return np.tile(np.eye(1, 8, dtype=np.float32), (len(texts), 1))

    def tokens(self, text: str) -> None:
        """None: it has none."""


Asked = tuple[str, str, Request]  # user, project, request


def _random_request(rng: random.Random) -> Asked:
    older = rng.choice(
        [(), (Message("user", "a"), Message("assistant", "b")), (Message("user", "ab"), Message("assistant", ""))]
    )
    request = Request(
        provider=rng.choice(["sim", "openai"]),
        model=rng.choice(["m", "n", "m "]),
        messages=(*older, Message("user", rng.choice(["How do I boil an egg?", "How can I boil an egg?"]))),
        system=rng.choice([None, "", "Be brief.", "Be brief", "Be long."]),
        max_tokens=rng.choice([None, 10, 100]),
        temperature=rng.choice([None, 0, 0.0]),
        stop=rng.choice([(), ("x",), ("x", "y"), ("xy",)]),
        json=rng.random() < 0.3,
    )
    return rng.choice(["ann", "bob"]), rng.choice(["", "p", "q"]), request


def _with_one_change(first: Asked, other: Asked, rng: random.Random) -> Asked:
    """``first`` with one thing as it is in ``other``: the nearest that two different requests come."""
    name = rng.choice(["user", "project", *(f.name for f in fields(Request))])
    if name in ("user", "project"):
        return (other[0], first[1], first[2]) if name == "user" else (first[0], other[1], first[2])
    return (*first[:2], replace(first[2], **{name: getattr(other[2], name)}))


def _identity(user: str, project: str, request: Request) -> tuple[Any, ...]:
    return (user, project, replace(request, messages=(*request.messages[:-1], Message("user", ""))))


def test_no_reply_crosses_what_must_be_the_same(tmp_path: Path) -> None:
    """10,000 random pairs of requests whose texts mean the same, under an embedder that tells nothing apart."""
    rng = random.Random(5)
    config = CacheConfig()
    exact = ExactCache(tmp_path / "exact", config)
    made = datetime.now(UTC)
    crossed = served = pairs = 0
    for n in range(100):
        cache = SemanticCache(tmp_path / f"s{n}", config, exact, lambda: "verified", _Same)
        first = _random_request(rng)
        partition = partition_key(first[2], "e", *first[:2])
        _, asked, _ = cache.find(partition, first[2].messages[-1].content, "a")
        exact.put(f"k{n}", Entry(f"{n}", "m", "stop", Usage(1, 1), 1, "a", made))
        cache.add(asked, f"k{n}")
        for _ in range(100):
            other = _random_request(rng)
            if (kind := rng.random()) < 0.8:
                other = _with_one_change(first, other, rng) if kind < 0.6 else first
            found, _, _ = cache.find(partition_key(other[2], "e", *other[:2]), other[2].messages[-1].content, "b")
            same = _identity(*first) == _identity(*other)
            pairs += 1
            served += found is not None
            crossed += (found is not None) and not same
            assert (found is not None) == same
        cache.close()
    assert (crossed, pairs) == (0, 10_000)
    assert served > 1_000


WORKER = """
import sys, time
from costmagic import Session, sim
name, seconds = sys.argv[1], float(sys.argv[2])
sim.script("sim:claude-haiku-5-5", answers=lambda prompt: "about " + prompt.split("thing ")[1].split(" ")[0])
session = Session(settings={"preset": "sim"})
for warm in ("How do I warm thing up x?", "How can I warm thing up x?"):
    session.ask(warm, model="sim:claude-haiku-5-5")
end, n, hits = time.monotonic() + seconds, 0, 0
while time.monotonic() < end:
    for who in ("p0", "p1"):
        m = n if who == name else max(0, n - 3)
        reply = session.ask(f"How do I repair thing {who}x{m} at home?", model="sim:claude-haiku-5-5")
        assert reply.text == f"about {who}x{m}", reply
        reply = session.ask(f"How can I repair thing {who}x{m} at home?", model="sim:claude-haiku-5-5")
        assert reply.text == f"about {who}x{m}", reply
        hits += reply.cache == "semantic"
        # What was asked is there: nothing is lost.
        assert reply.cache in ("semantic", "exact"), (reply, m)
    n += 1
assert session.engine.ledger.unsaved() == 0
session.close()
print(n, hits)
"""


def test_two_processes_share_it_under_load(minilm_home: Path) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", WORKER, f"p{n}", LOAD_SECONDS], stdout=subprocess.PIPE, text=True
        )
        for n in range(2)
    ]
    printed = [worker.communicate(timeout=250)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert all(int(line.split()[0]) > 3 for line in printed)
    with sqlite3.connect(minilm_home / "cache" / "semantic" / "semantic.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_killed_writer_leaves_a_cache_that_works(minilm_home: Path) -> None:
    for delay in (0.3, 0.7, 1.1):
        worker = subprocess.Popen([sys.executable, "-c", WORKER, "p0", "60"], stderr=subprocess.DEVNULL)
        folder = minilm_home / "cache" / "semantic"
        while not (folder / "semantic.db").exists() and worker.poll() is None:
            time.sleep(0.05)
        time.sleep(delay)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        sim.script(MODEL, answers=lambda prompt: "the answer")
        with warnings.catch_warnings(), Session(minilm_home, settings={"preset": "sim"}) as session:
            warnings.simplefilter("error")
            _ask(session, f"How do I sharpen knife {delay}?")
            assert _ask(session, f"How can I sharpen knife {delay}?").cache == "semantic"


def test_an_exact_hit_loads_neither_numpy_nor_the_embedder(minilm_home: Path) -> None:
    code = """
import sys
from costmagic import Session
with Session(settings={"preset": "sim"}) as session:
    session.ask("How do I boil an egg?", model="sim:claude-haiku-5-5", no_cache=True)
    session.engine.exact.put  # opens nothing
    before = set(sys.modules)
    session.ask("How do I boil an egg?", model="sim:claude-haiku-5-5", fresh=True)
    assert session.ask("How do I boil an egg?", model="sim:claude-haiku-5-5").cache == "exact"
    loaded = {"onnxruntime", "voyager", "numpy"} & (set(sys.modules) - before)
    assert not loaded, loaded
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
