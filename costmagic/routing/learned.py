"""The user's own router: the chance that the cheap model's answer to a prompt loses nothing.

Logistic models on words, characters, structure and meaning (MiniLM's embeddings, where it is pulled) and trees, blended
and calibrated by another one. Fitting needs the extra ``learn``; using a fitted router needs NumPy only.
"""

from __future__ import annotations

import json
import os
import secrets
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .. import embedding
from ..config import default_home
from ..types import UsageError
from .blocks import FULL, PLAIN, Block, map_from
from .fitting import blend, fit_block, folds, groups, one_thread, require_sklearn, sigmoid
from .views import Embedder, Floats, Views

FORMAT = "costmagic-router"
VERSION = 3  # raised whenever the features change: an old file would then answer wrongly
SEED = 0
MIN_LABELS = 10  # fewer teach nothing but how often it went well

# How often the embedding may be spared although it would have moved a prompt's logit by more than what is allowed for.
SPARED_WRONGLY = 0.05

_REMEDY = "run `costmagic pull minilm` and install 'costmagic[embed]'"

Embed = Embedder | Literal["auto"] | None


class RouterWarning(UserWarning):
    """A learned router works, but not as well as it could."""


@dataclass(frozen=True)
class _Blend:
    """Weight of each block, and the bias of their sum."""

    weights: Mapping[str, float]
    bias: float

    def of(self, logits: Mapping[str, Floats], n: int) -> Floats:
        """The blended logits (n,), from each block's."""
        blended = np.full(n, self.bias)
        for name, weight in self.weights.items():
            blended += weight * logits[name]
        return blended


class LearnedRouter:
    """A fitted router. Make one with ``fit`` or ``load``.

    Attributes:
        labels: how many prompts it was fitted to.
        fitted_with: name of the embedder it was fitted with, None without one.
        embedder: what it takes the prompts' meaning from now, None when it works without.
    """

    def __init__(
        self,
        blocks: Mapping[str, Block],
        blends: Mapping[str, _Blend],
        labels: int,
        fitted_with: str | None = None,
        embedder: Embedder | None = None,
        frame: frozenset[int] = frozenset(),
        reach: float = 0.0,
    ) -> None:
        self._blocks = blocks
        self._blends = blends  # "full" where there were embeddings, "plain" always
        self.labels = labels
        self.fitted_with = fitted_with
        self.embedder = embedder if fitted_with else None
        self._frame = frame
        self._reach = reach  # how far the embedding moves a logit, nearly always
        self._warned = False

    @classmethod
    def fit(cls, prompts: Sequence[str], cheap_ok: Sequence[float] | Floats, embed: Embed = "auto") -> LearnedRouter:
        """Fit to n prompts and whether the cheap model's answer lost nothing: bools, or floats from 0 to 1.

        Args:
            embed: "auto" takes MiniLM where ``costmagic pull minilm`` was run; None does without;
                an object with ``embed(texts) -> (n, d)`` is used instead.

        With labels of one kind only, or fewer than 10, it is a constant: (successes + 1) / (n + 2). Deterministic.

        Raises:
            UsageError: lengths differ, no prompts, a label outside [0, 1], or scikit-learn is missing.
        """
        labels = _checked(prompts, cheap_ok)
        embedder = _resolve(embed)
        return cls.fit_views(Views.to_learn(list(prompts), embedder), labels, embedder)

    @classmethod
    def fit_views(cls, views: Views, labels: Floats, embedder: Embedder | None = None) -> LearnedRouter:
        """Like ``fit``, for prompts that were looked at before; ``labels`` are floats (n,)."""
        parts = folds(groups(views.prompts), labels, SEED)
        if not parts or len(labels) < MIN_LABELS:
            chance = (float(labels.sum()) + 1) / (len(labels) + 2)
            bias = float(np.log(chance / (1 - chance)))
            return cls({}, {"plain": _Blend({}, bias)}, len(labels))
        require_sklearn()
        names = PLAIN if views.meaning is None else (*PLAIN, *(name for name in FULL if name not in PLAIN))
        blocks, logits = {}, {}
        with one_thread():
            for name in names:
                blocks[name], logits[name] = fit_block(name, views, labels, parts, SEED)
        blends = {"plain": _blended(PLAIN, logits, labels)}
        if views.meaning is not None:
            blends["full"] = _blended(FULL, logits, labels)
            name = getattr(embedder, "name", "unnamed")
            moved = np.abs(blends["full"].of(logits, len(labels)) - blends["plain"].of(logits, len(labels)))
            reach = float(np.quantile(moved, 1 - SPARED_WRONGLY))
            return cls(blocks, blends, len(labels), name, embedder, views.frame, reach)
        return cls(blocks, blends, len(labels))

    def probability(self, prompts: Sequence[str]) -> Floats:
        """For each prompt the calibrated chance that the cheap model's answer loses nothing: floats (n,) in [0, 1].

        Where the embedder is missing that it was fitted with, the other features decide; a RouterWarning says
        so once.
        """
        _check_texts(prompts)
        try:
            views = Views.of(list(prompts), self.embedder, self._frame)
        except UsageError as error:  # weights or packages went away
            self._warn_once(str(error))
            self.embedder = None
            views = Views.of(list(prompts), None)
        return self.probability_of(views)

    def chance(self, prompt: str, least: float) -> float:
        """Like ``probability`` of one prompt, for a decision: is it at least ``least``, between 0 and 1?

        The embedding takes longest by far, so it is spared where the other features are so clear that it would
        hardly change the decision: beyond what it moved 95 % of the held-out prompts by.
        """
        if not self._embeds or not 0 < least < 1:
            return float(self.probability([prompt])[0])
        plain = self._logits(Views.of([prompt], None), "plain")[0]
        if abs(plain - np.log(least / (1 - least))) > self._reach:
            return float(sigmoid(plain))
        return float(self.probability([prompt])[0])

    @property
    def _embeds(self) -> bool:
        return self.embedder is not None and "full" in self._blends

    def probability_of(self, views: Views) -> Floats:
        """Like ``probability``, for prompts that were looked at before."""
        if not len(views):
            return np.empty(0)
        which = "plain"
        if "full" in self._blends:
            if views.meaning is not None:
                self._check_dimensions(views.meaning.shape[1])
                which = "full"
            else:
                self._warn_once(_REMEDY if self.fitted_with == embedding.MiniLM.name else "give it the same one again")
        return sigmoid(self._logits(views, which))

    def _logits(self, views: Views, which: str) -> Floats:
        blend = self._blends[which]
        return blend.of({name: self._blocks[name].logits(views) for name in blend.weights}, len(views))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write one file of plain arrays (NumPy's .npz, no pickle), whole or not at all."""
        arrays: dict[str, Any] = {}
        for name, block in self._blocks.items():
            arrays |= {f"{name}/{key}": value for key, value in block.map.arrays().items()}
            arrays[f"{name}/weights"] = block.weights
        about = {
            "format": FORMAT,
            "version": VERSION,
            "labels": self.labels,
            "fitted_with": self.fitted_with,
            "frame": sorted(self._frame),
            "reach": self._reach,
            "biases": {name: block.bias for name, block in self._blocks.items()},
            "blends": {name: {"weights": b.weights, "bias": b.bias} for name, b in self._blends.items()},
        }
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = target.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with partial.open("xb") as file:
                np.savez_compressed(file, about=np.array(json.dumps(about)), **arrays)
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | os.PathLike[str], embed: Embed = "auto") -> LearnedRouter:
        """Read what ``save`` wrote; ``embed`` as in ``fit``.

        Raises:
            UsageError: no such file, not a router's, or one of another version.
        """
        try:
            with np.load(Path(path), allow_pickle=False) as file:
                arrays = {key: file[key] for key in file.files}
            about = json.loads(str(arrays.pop("about")))
            if about["format"] != FORMAT:
                raise ValueError("another kind of file")
            if about["version"] != VERSION:
                raise UsageError(f"{path}: made by another version of costmagic: fit the router again")
            blocks = {
                name: Block(map_from(name, own := _own(arrays, name)), own["weights"], float(bias))
                for name, bias in about["biases"].items()
            }
            blends = {name: _Blend(b["weights"], float(b["bias"])) for name, b in about["blends"].items()}
            labels, fitted_with = int(about["labels"]), about["fitted_with"]
            frame, reach = frozenset(map(int, about["frame"])), float(about["reach"])
        except FileNotFoundError:
            raise UsageError(f"{path}: no such file") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, EOFError) as error:
            raise UsageError(f"{path}: not a learned router ({error})") from None
        if embed == "auto" and fitted_with != embedding.MiniLM.name:
            embed = None  # another embedder's vectors mean other things
        return cls(blocks, blends, labels, fitted_with, _resolve(embed), frame, reach)

    def _check_dimensions(self, given: int) -> None:
        wanted = len(self._blocks["meaning"].weights)
        if given != wanted:
            raise UsageError(f"the router's embedder gives {given} dimensions, it was fitted with {wanted}")

    def _warn_once(self, remedy: str) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"this router was fitted with embeddings, which are not here; its other features decide: {remedy}",
                RouterWarning,
                stacklevel=3,
            )

    def __repr__(self) -> str:
        names = ", ".join(self._blocks) or "a constant"
        return f"<LearnedRouter: {self.labels:,} labels; {names}>"


def _blended(names: Sequence[str], logits: Mapping[str, Floats], labels: Floats) -> _Blend:
    weights, bias = blend(np.column_stack([logits[name] for name in names]), labels)
    return _Blend(dict(zip(names, map(float, weights), strict=True)), bias)


def _own(arrays: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key.rpartition("/")[2]: value for key, value in arrays.items() if key.rpartition("/")[0] == name}


def _resolve(embed: Embed) -> Embedder | None:
    if embed != "auto":
        return embed
    home = default_home()
    return embedding.MiniLM(home) if embedding.available(home) else None


def _check_texts(prompts: Sequence[str]) -> None:
    if isinstance(prompts, str):
        raise UsageError("prompts must be several texts, like a list, not one text")
    wrong = next((p for p in prompts if not isinstance(p, str)), None)
    if wrong is not None or any(p is None for p in prompts):
        raise UsageError(f"each prompt must be a text, not {type(wrong).__name__}")


def _checked(prompts: Sequence[str], cheap_ok: Sequence[float] | Floats) -> Floats:
    """The labels as floats (n,)."""
    _check_texts(prompts)
    try:
        labels = np.asarray(cheap_ok, dtype=float)
    except (TypeError, ValueError):
        raise UsageError("cheap_ok takes true or false, or numbers from 0 to 1, one for each prompt") from None
    if labels.shape != (len(prompts),):
        raise UsageError(f"there are {len(prompts):,} prompts, but cheap_ok has the shape {labels.shape}")
    if not len(labels):
        raise UsageError("there are no prompts to learn from")
    if not ((labels >= 0) & (labels <= 1)).all():
        raise UsageError("cheap_ok must lie between 0 and 1")
    return labels
