"""Fixtures: a clean home, the real local model, the real model server, a real IPython shell."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from costmagic import session as sessions
from costmagic import weights
from costmagic.embedding import MiniLM
from costmagic.providers import sim

ROOT = Path(__file__).parent.parent

# Where `make` pulls the weights to, once for all tests.
MODELS_HOME = Path(os.environ.get("COSTMAGIC_TEST_HOME", ROOT / ".costmagic"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs weights, so that the quick subset can leave it out."""
    for item in items:
        if {"weights_file", "minilm", "minilm_home"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.model)


@pytest.fixture(scope="session")
def weights_file() -> Path:
    """SmolLM2's weights, pulled when missing."""
    for _ in weights.pull(MODELS_HOME, weights.DEFAULT):
        pass
    return weights.find(MODELS_HOME, weights.DEFAULT)


@pytest.fixture(scope="session")
def minilm() -> MiniLM:
    """The real embedder, its weights pulled when missing."""
    for _ in weights.pull(MODELS_HOME, "minilm"):
        pass
    return MiniLM(MODELS_HOME)


@pytest.fixture
def minilm_home(home: Path, minilm: MiniLM) -> Path:
    """The clean home, with the embedder in it."""
    folder = weights.folder(home)
    folder.mkdir(exist_ok=True)
    for file in weights.CATALOGUE["minilm"]:
        (folder / file.name).symlink_to(weights.folder(MODELS_HOME) / file.name)
    return home


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home and working folder, no keys, no server addresses, no scripts."""
    for name in list(os.environ):
        if name.endswith(("_API_KEY", "_AUTH_TOKEN", "_BASE_URL")) or name.startswith(("COSTMAGIC_", "OLLAMA_")):
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    folder.mkdir()
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setenv("COSTMAGIC_HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(work)
    sessions.use(None)
    sim.reset()
    yield folder
    sessions.use(None)
    sim.reset()


@pytest.fixture
def local_home(home: Path, weights_file: Path) -> Path:
    """The clean home, with the local model in it."""
    folder = weights.folder(home)
    folder.mkdir()
    (folder / weights_file.name).symlink_to(weights_file)
    return home


@pytest.fixture
def session(home: Path) -> Iterator[sessions.Session]:
    """A session on simulated models."""
    with sessions.Session(settings={"preset": "sim"}) as session:
        yield session


@dataclass(frozen=True)
class ModelServer:
    """A real llama.cpp server that speaks OpenAI's and Anthropic's protocols."""

    url: str
    key: str


@pytest.fixture(scope="session")
def model_server(weights_file: Path) -> ModelServer:
    import xllamacpp

    key = secrets.token_hex(8)
    params = xllamacpp.CommonParams()
    params.model.path = str(weights_file)
    params.n_ctx = 8_192
    params.n_parallel = 2
    params.cpuparams.n_threads = 1
    params.warmup = False
    params.verbosity = -1
    params.api_keys = [key]
    server = xllamacpp.Server(params)
    # The server lives as long as the process: tests that come late may still be talking to it.
    _servers.append(server)
    return ModelServer(server.listening_address, key)


_servers: list[object] = []


@pytest.fixture
def real_server(model_server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> ModelServer:
    """The standard variables point both SDKs at the real model server."""
    monkeypatch.setenv("OPENAI_API_KEY", model_server.key)
    monkeypatch.setenv("OPENAI_BASE_URL", model_server.url + "/v1")
    monkeypatch.setenv("ANTHROPIC_API_KEY", model_server.key)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", model_server.url)
    return model_server
