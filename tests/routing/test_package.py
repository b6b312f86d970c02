"""The public face of the package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.parametrize("way", ["import costmagic as cm; r = cm.routing", "from costmagic import routing as r"])
def test_importing_costmagic_is_enough(way: str, tmp_path: Path) -> None:
    code = (
        f"{way}\n"
        "assert r.curve([0], [1], 1, 2, [0.3]).apgr == 0.5\n"
        "assert r.LearnedRouter.fit(['a', 'b'], [True, True], embed=None).probability(['c'])[0] == 0.75\n"
        "assert 'costmagic.session' not in __import__('sys').modules\n"
        "print(r.learn().missing[0])"
    )
    environment = os.environ | {"COSTMAGIC_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment, cwd=tmp_path
    )
    assert done.stdout.startswith("there are 0 labels, at least 100 are needed"), done.stderr
    assert "routing" in dir(cm)
