"""The public face of the package."""

from __future__ import annotations

import subprocess
import sys

import pytest

import costmagic as cm


def test_what_learns_is_there_by_name() -> None:
    assert cm.routing.LearnedRouter.__name__ == "LearnedRouter"
    assert callable(cm.routing.curve)
    assert callable(cm.routing.learn)
    with pytest.raises(AttributeError):
        _ = cm.routing.nothing


def test_routing_alone_does_not_import_numpy() -> None:
    code = "import sys, costmagic.routing; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
