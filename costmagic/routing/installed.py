"""The learned routers that are installed under ``COSTMAGIC_HOME/routing``, one for a feature or for everything."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .. import embedding
from ..types import UsageError
from .learned import LearnedRouter, RouterWarning


def router_path(home: Path, feature: str | None) -> Path:
    """Where the router of ``feature`` is, or the one for everything: ``routing/default.npz``."""
    name = "default" if feature is None else quote(feature, safe=" ")
    if feature == "default" or len(name) > 150 or name.startswith("."):
        name = hashlib.sha256(str(feature).encode("utf-8", "replace")).hexdigest()
    return home / "routing" / f"{name}.npz"


def install(path: Path, router: LearnedRouter, evidence: Mapping[str, Any]) -> None:
    """Put the router there, its evidence beside it as JSON."""
    router.save(path)
    partial = path.with_suffix(".json.part")
    partial.write_text(json.dumps(evidence, indent=2, ensure_ascii=False) + "\n", "utf-8")
    os.replace(partial, path.with_suffix(".json"))


@dataclass(frozen=True)
class Installed:
    """A router that ``learn`` installed, and the evidence it was installed on."""

    router: LearnedRouter
    evidence: Mapping[str, Any]


_cache: dict[Path, tuple[tuple[int, int], Installed | None]] = {}


def installed(home: Path, feature: str | None = None) -> Installed | None:
    """The router of ``feature``, else the one for everything, else None; read again when its file changes."""
    paths = [router_path(home, f) for f in dict.fromkeys((feature, None))]
    return next((found for path in paths if (found := _read(home, path)) is not None), None)


def _read(home: Path, path: Path) -> Installed | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    state = (stat.st_mtime_ns, stat.st_size)
    if path not in _cache or _cache[path][0] != state:
        _cache[path] = (state, _open(home, path))
    return _cache[path][1]


def _open(home: Path, path: Path) -> Installed | None:
    embedder = embedding.MiniLM(home) if embedding.available(home) else None
    try:
        router = LearnedRouter.load(path, embedder)
        evidence = json.loads(path.with_suffix(".json").read_text("utf-8"))
    except (UsageError, OSError, ValueError) as error:
        # A broken router must not stop a prompt: the other routers decide.
        warnings.warn(f"the learned router is left out: {error}", RouterWarning, stacklevel=4)
        return None
    return Installed(router, evidence)
