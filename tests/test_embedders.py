"""Embedders by name; a paid one's calls are in the ledger."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from costmagic import ConfigError, Session

MODEL = "sim:claude-haiku-5-5"


class _Embeddings(BaseHTTPRequestHandler):
    """Embeds a text as the counts of its letters; fails on request."""

    status = 200
    asked: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        _Embeddings.asked.append(body)
        vectors = [[float(text.lower().count(chr(97 + i))) for i in range(26)] for text in body["input"]]
        answer = {
            "object": "list",
            "model": body["model"],
            "data": [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)],
            "usage": {"prompt_tokens": 1_000, "total_tokens": 1_000},
        }
        data = json.dumps(answer if self.status == 200 else {"error": {"message": "no"}}).encode()
        self.send_response(self.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Embeddings)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    monkeypatch.setattr(_Embeddings, "status", 200)
    _Embeddings.asked.clear()
    yield
    server.shutdown()
    server.server_close()


def _session(home: Path, name: str, **more: Any) -> Session:
    cache = {"semantic": "verified", "embedder": name}
    return Session(home, settings={"preset": "sim", "cache": cache, **more})


def test_a_paid_embedder_is_priced_and_in_the_ledger(home: Path, server: None) -> None:
    price = {"openai:text-embedding-3-small": {"input": 0.02, "output": 0}}
    session = _session(home, "openai:text-embedding-3-small", prices=price)
    session.ask("How do I boil an egg?", model=MODEL)
    hit = session.ask("How can I boil an egg?", model=MODEL)
    assert hit.cache == "semantic"
    rows = session.ledger()
    embeds = rows[rows["purpose"] == "embed"]
    assert len(embeds) == len(_Embeddings.asked) == 2
    assert set(embeds["model_requested"]) == {"text-embedding-3-small"}
    assert set(embeds["input_tokens"]) == {1_000}
    assert set(embeds["cost_nusd"]) == {20_000}
    assert list(embeds["parent_id"]) == [rows[rows["purpose"] == "user"].iloc[0]["id"], hit.id]


def test_a_paid_embedder_keeps_to_the_budget(home: Path, server: None) -> None:
    price = {"openai:text-embedding-3-small": {"input": 10, "output": 0}}  # a text of 22 bytes: at most $0.00022
    for daily, asked in ((0.0002, 0), (0.001, 1)):
        session = _session(home, "openai:text-embedding-3-small", prices=price, budget={"daily": daily})
        if asked:
            session.ask("How do I boil an eggs?", model=MODEL)
        else:
            with pytest.warns(UserWarning, match="semantic cache"):
                session.ask("How do I boil an egg!?", model=MODEL)
        assert len(_Embeddings.asked) == asked
        assert session.budget().standings[0].reserved == 0
    assert session.budget().standings[0].spent > 0
    with session.engine.ledger.engine().connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM reservations").scalar() == 0


def test_an_unknown_price_is_null(home: Path, server: None) -> None:
    session = _session(home, "openai:my-embedder")
    session.ask("How do I boil an egg?", model=MODEL)
    rows = session.ledger()
    assert rows[rows["purpose"] == "embed"]["cost_nusd"].isna().all()
    assert session.costs(by="model").loc["openai:my-embedder"]["unpriced"] == 1


def test_a_failing_embedder_fails_no_call(home: Path, server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Embeddings, "status", 400)
    session = _session(home, "openai:text-embedding-3-small")
    with pytest.warns(UserWarning, match="semantic cache"):
        assert session.ask("How do I boil an egg?", model=MODEL).status == "ok"
    rows = session.ledger()
    assert set(rows[rows["purpose"] == "embed"]["status"]) == {"error"}


def test_a_paid_embedder_is_never_the_default(home: Path) -> None:
    session = Session(home, settings={"preset": "sim", "cache": {"embedder": "openai:text-embedding-3-small"}})
    assert session.engine.similar.mode() == "off"


def test_the_embedder_is_part_of_the_partition(minilm_home: Path, server: None) -> None:
    with Session(minilm_home, settings={"preset": "sim"}) as session:
        session.ask("How do I boil an egg?", model=MODEL)
    other = _session(minilm_home, "openai:text-embedding-3-small")
    assert other.ask("How can I boil an egg?", model=MODEL).cache is None


def test_wordllama_where_it_is_installed(home: Path) -> None:
    pytest.importorskip("wordllama")
    session = _session(home, "wordllama")
    session.ask("How do I boil an egg?", model=MODEL)
    hit = session.ask("How can I boil an egg?", model=MODEL)
    assert hit.cache == "semantic"
    vectors = session.engine.similar.cache.neighbours.embed(["a", "b c"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)


@pytest.mark.parametrize(
    ("cache", "message"),
    [
        ({"semantic": "maybe"}, "cache.semantic = 'maybe' is not one of off, threshold, verified"),
        ({"embedder": "bert"}, "cache.embedder = 'bert' is not one of minilm, wordllama, openai:MODEL"),
        ({"false_hit_rate": 2}, "a share"),
        ({"false_hit_rate": 0}, "greater than 0"),
        ({"semantics": "off"}, "unknown key 'cache.semantics'"),
    ],
)
def test_mistakes_in_the_configuration(home: Path, cache: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Session(home, settings={"cache": cache})
