"""What README.md says is tried: its cells run, its settings are read, its commands and pictures exist."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from costmagic import config
from costmagic.cli import main
from costmagic.notebook.commands import COMMANDS
from costmagic.notebook.options import PARSER

ROOT = Path(__file__).parents[1]
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
README = TEXTS[0].read_text("utf-8")
PICTURE_BYTES = 150_000

BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
CELLS = [text for kind, text in BLOCKS if kind in ("", "python")]


@pytest.fixture
def shell(local_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A shell on simulated tiers, with the local model at hand and what the cells expect of a notebook."""
    monkeypatch.setenv("COSTMAGIC_PRESET", "sim")
    matplotlib.use("agg")
    shell = InteractiveShell.instance()
    shell.push({"ticket": "I was charged twice.", "report": "Sales rose. Costs fell."})
    yield shell
    shell.extension_manager.unload_extension("costmagic")
    shell.reset()
    InteractiveShell.clear_instance()


def test_its_cells_run_one_after_the_other(shell: InteractiveShell) -> None:
    assert len(CELLS) >= 5
    for cell in CELLS:
        with capture_output():
            result = shell.run_cell(cell)
        assert result.success, cell


@pytest.mark.parametrize(
    "text", [text for kind, text in BLOCKS if kind == "toml"], ids=lambda text: text.split("\n")[0]
)
def test_its_settings_are_read(text: str, tmp_path: Path) -> None:
    tomllib.loads(text)
    (tmp_path / "work" / "costmagic.toml").write_text(text, "utf-8")
    config.load(None)  # raises for what it does not know


def test_its_commands_exist(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for kind, text in BLOCKS if kind == "console" for line in text.splitlines()]
    commands = [line.removeprefix("$ ").partition(" #")[0].split() for line in lines]
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    with pytest.raises(SystemExit):
        main(["--help"])
    helped = capsys.readouterr().out
    for program, *words in commands:
        if program == "make":
            assert words[0] in targets
        elif program == "costmagic":
            assert f"  {words[0]} " in helped
        else:
            assert program == "pip"
            assert set(re.split(r"[\[\],']+", words[1])[2:-1]) <= set(extras)
    assert {command[0] for command in commands} == {"make", "costmagic", "pip"}


def test_it_knows_every_option_and_every_subcommand() -> None:
    options = [option for action in PARSER._actions for option in action.option_strings if option.startswith("--")]
    assert not [option for option in options if f"`{option}" not in README and f" {option}" not in README]
    assert not [name for name in COMMANDS if not re.search(rf"`(?:%llm )?{name}\b", README)]


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.name)
def test_what_it_points_to_is_there(file: Path) -> None:
    text = file.read_text("utf-8")
    targets = [name for name in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in name]
    for name in targets:
        assert (ROOT / name).exists(), name
        if name.endswith(".png"):
            assert (ROOT / name).stat().st_size < PICTURE_BYTES
    named = re.findall(r"`((?:costmagic|tests|labextension|training|binder|bench|notebooks)/[\w./-]+)`", text)
    assert not [name for name in named if not (ROOT / name).exists()]


def test_the_map_for_contributors_has_every_package() -> None:
    text = TEXTS[1].read_text("utf-8")
    rows = re.findall(r"^\| (`.*?`) \|", text.partition("## The map")[2], re.MULTILINE)
    named = {name.rstrip("/") for row in rows for name in re.findall(r"`([\w/]+)`", row)}
    packages = {path.parent.name for path in (ROOT / "costmagic").glob("*/__init__.py")}
    assert packages <= named


def test_binder_opens_a_notebook_that_there_is() -> None:
    (address,) = re.findall(r"^\[binder\]: (\S+)$", README, re.MULTILINE)
    assert address.startswith("https://mybinder.org/v2/gh/OWNER/costmagic/")
    assert (ROOT / address.partition("/tree/")[2]).exists()
