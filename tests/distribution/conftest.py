"""Distributions built as a release is, and a new virtual environment with nothing but the wheel in it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from distribution.fresh import ROOT, Fresh, run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what fills virtual environments, so that the quick subset can leave it out."""
    for item in items:
        if "fresh" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.install)


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, with the front end that stands in the checkout: `make` has built it."""
    if not (ROOT / "costmagic" / "labextension" / "package.json").exists():
        pytest.fail("the front end is not built: run `make front`")
    folder = tmp_path_factory.mktemp("dist")
    environment = {**os.environ, "HATCH_BUILD_NO_HOOKS": "true"}
    command: list[str | Path] = [sys.executable, "-m", "build", "--no-isolation", "--sdist", "--outdir", folder, ROOT]
    run(command, environment, folder)
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="session")
def wheel(sdist: Path) -> Path:
    """The wheel, built from the source distribution as an installer does it, hooks and all."""
    command: list[str | Path] = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps"]
    run([*command, "--wheel-dir", sdist.parent, sdist], os.environ, sdist.parent)
    return next(sdist.parent.glob("*.whl"))


@pytest.fixture(scope="session")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """A new virtual environment, into which nothing but the wheel was installed."""
    folder = tmp_path_factory.mktemp("fresh")
    run([sys.executable, "-m", "venv", folder], os.environ, folder)
    fresh = Fresh(folder, wheel)
    fresh.install(wheel)
    return fresh
