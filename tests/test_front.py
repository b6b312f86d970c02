"""What holds for all of the front end's sources."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import costmagic

FRONT = Path(costmagic.__file__).parent.parent / "labextension"
STYLES = sorted([*FRONT.glob("src/**/*.css"), *FRONT.glob("style/*.css")])


def test_the_front_end_has_the_version_of_the_package() -> None:
    assert json.loads((FRONT / "package.json").read_text("utf-8"))["version"] == costmagic.__version__


def test_the_lock_file_says_nothing_of_where_packages_come_from() -> None:
    packages = json.loads((FRONT / "package-lock.json").read_text("utf-8"))["packages"]
    assert packages["node_modules/esbuild"]["integrity"]
    assert not [name for name, entry in packages.items() if "resolved" in entry]


@pytest.mark.parametrize("file", STYLES, ids=lambda file: file.name)
def test_colours_fonts_and_sizes_of_type_are_the_front_ends_own(file: Path) -> None:
    style = re.sub(r"/\*.*?\*/", "", file.read_text("utf-8"), flags=re.DOTALL)
    assert all(name.startswith("--jp-") for name in re.findall(r"var\(\s*([\w-]+)", style))
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)|\b(?:rgba?|hsla?|oklch)\(", style)
    for name, value in re.findall(r"\b((?:background|color|font-family|font-size)): ([^;]+);", style):
        assert value.startswith("var(--jp-") or value in ("inherit", "currentcolor"), f"{name}: {value}"
