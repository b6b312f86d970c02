"""A new virtual environment, and programs run in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(command: list[str | Path], environment: Mapping[str, str], folder: Path) -> str:
    """What the command printed, both streams; fails with it unless the command succeeded."""
    done = subprocess.run(
        command,
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-4_000:]
    return done.stdout


@dataclass(frozen=True)
class Fresh:
    """A new virtual environment.

    Attributes:
        folder: where it is.
        wheel: what was installed into it.
    """

    folder: Path
    wheel: Path

    def run(self, *command: str | Path, folder: Path, **variables: str) -> str:
        """Run a program of it: nothing that the tests' own environment has is on the way."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER"))}
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        program = self.folder / "bin" / command[0]
        first = program if program.exists() else command[0]
        environment = {**kept, "PATH": path, "VIRTUAL_ENV": str(self.folder), **variables}
        return run([first, *command[1:]], environment, folder)

    def install(self, *requirements: str | Path) -> None:
        """Install from the package index; by uv, which does in seconds what takes pip minutes on a busy machine."""
        command: list[str | Path] = [Path(sys.executable).parent / "uv", "pip", "install", "--quiet"]
        run([*command, "--python", self.folder / "bin" / "python", *requirements], os.environ, self.folder)
