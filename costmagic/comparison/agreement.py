"""How much two replies say the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .. import embedding
from ..reply import Reply
from ..types import CostmagicError


@dataclass(frozen=True)
class Agreement:
    """Agreement of a reply with another one.

    Attributes:
        exact: whether they are the same but for white space, or hold the same JSON.
        token_f1: harmonic mean of the shares of words that they have in common, 0 to 1 (Rajpurkar et al. 2016,
            arXiv 1606.05250), case and punctuation left out.
        similarity: cosine of their sentence embeddings, -1 to 1; None where the embedder is not on this machine.
    """

    exact: bool
    token_f1: float
    similarity: float | None


def agreements(replies: Sequence[Reply], reference: Reply, home: Path) -> list[Agreement]:
    """The agreement of each reply with ``reference``."""
    similar = _similarities([reply.text for reply in replies], reference.text, home)
    return [
        Agreement(_same(reply, reference), token_f1(reply.text, reference.text), similarity)
        for reply, similarity in zip(replies, similar, strict=True)
    ]


def token_f1(one: str, other: str) -> float:
    """1 for the same words however often each, 0 for none in common; two texts without words agree."""
    mine, theirs = Counter(_words(one)), Counter(_words(other))
    if not mine or not theirs:
        return float(mine == theirs)
    return 2 * (mine & theirs).total() / (mine.total() + theirs.total())


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _same(one: Reply, other: Reply) -> bool:
    if one.data is not None and other.data is not None:
        return bool(one.data == other.data)
    return one.text.split() == other.text.split()


def _similarities(texts: Sequence[str], reference: str, home: Path) -> Sequence[float | None]:
    if not embedding.available(home):
        return [None] * len(texts)
    try:
        vectors = _embedder(home).embed([reference, *texts])
    except (CostmagicError, OSError, RuntimeError):  # damaged weights: a comparison does without
        return [None] * len(texts)
    return [float(cosine) for cosine in vectors[1:] @ vectors[0]]


@lru_cache(maxsize=1)
def _embedder(home: Path) -> embedding.MiniLM:
    return embedding.MiniLM(home)
