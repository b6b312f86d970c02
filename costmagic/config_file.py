"""The settings in force: ``costmagic.toml`` is read again when it changes, and a broken one changes nothing."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from .config import candidates, load
from .types import ConfigError

# Which file counts, and what tells that it was written: (path, time of its last change, size).
_State = tuple[Path, int, int] | None


class ConfigWarning(UserWarning):
    """``costmagic.toml`` has a mistake; the settings that were read before it stay in force."""


class ConfigFile:
    """Reads the settings, and again whenever their file has changed.

    Raises:
        ConfigError: the first reading finds a mistake. There is nothing yet that could stay in force.
    """

    def __init__(
        self,
        home: str | os.PathLike[str] | None = None,
        file: str | os.PathLike[str] | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> None:
        self._arguments = (home, file, overrides)
        # The folder that counts is the one that work began in: a later cd is not a change of settings.
        self._candidates = [Path(file).expanduser()] if file else candidates()
        self._state = self._now()
        self.settings = load(home, self._state[0] if self._state else file, overrides)
        self._read_at = datetime.now()
        self.mistake: str | None = None

    def changed(self) -> bool:
        """Whether ``settings`` are others than at the last call; a mistake in the file warns once."""
        state = self._now()
        if state == self._state:
            return False
        self._state = state
        home, file, overrides = self._arguments
        try:
            settings = load(home, state[0] if state else file, overrides)
        except ConfigError as error:
            self.mistake = f"{error}; the settings read at {self._read_at:%H:%M:%S} stay in force"
            warnings.warn(self.mistake, ConfigWarning, stacklevel=4)
            return False
        self.mistake, self._read_at = None, datetime.now()
        was, self.settings = self.settings, settings
        return settings != was

    @property
    def place(self) -> Path:
        """The file that counts; where there is none, the one that would: in the folder that work began in."""
        return self._state[0] if self._state else self._candidates[0]

    def _now(self) -> _State:
        for path in self._candidates:
            try:
                found = path.stat()
            except OSError:
                continue
            if path.is_file():
                return path, found.st_mtime_ns, found.st_size
        return None
