"""A real IPython shell with costmagic in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell

from costmagic.notebook import voting


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A shell with costmagic loaded, on simulated models."""
    monkeypatch.setenv("COSTMAGIC_PRESET", "sim")
    shell = InteractiveShell.instance()
    shell.extension_manager.load_extension("costmagic")
    voting.forget()
    yield shell
    shell.extension_manager.unload_extension("costmagic")
    shell.reset()
    InteractiveShell.clear_instance()
