"""A prompt as the task classifier reads it: its ends, its words, what is quoted, and the hashes of what is in it."""

from __future__ import annotations

import functools
import re
import unicodedata
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A prompt's beginning and end carry the request: characters that are looked at, then tokens.
HEAD_CHARS, TAIL_CHARS = 900, 500
HEAD, TAIL = 56, 32
RUNS = (2, 3, 4, 5)  # characters
HASH_BITS = 26  # 1 strange feature in 600 is taken for a known one

_TOKEN = re.compile(r"\n|[^\W\d_]+|\d+|[^\w\s]|_")
QUOTED = re.compile(
    r'"[^"]{12,}"|“[^“”]{12,}”|„[^„“”]{12,}[“”]|«[^«»]{12,}»|(?<!\w)\'[^\'\n]{12,}\'(?!\w)|```.*?```', re.DOTALL
)
_SENTENCE = re.compile(r"(?<=[.?!:;])\s+|\n+")
_HOLE = " \x02 "  # stands for a quotation

Hashes = NDArray[np.uint32]


def normalized(text: str) -> str:
    """``text`` cut to its ends, lower-cased, without accents (people leave them out)."""
    if len(text) > HEAD_CHARS + TAIL_CHARS:
        text = f"{text[:HEAD_CHARS]}\n{text[-TAIL_CHARS:]}"
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return text.lower()


def words(text: str) -> list[str]:
    """Words, numbers (as their length) and signs of normalized ``text``; a sign repeated counts once."""
    return [word for word, _ in placed_words(text)]


def placed_words(text: str) -> list[tuple[str, int]]:
    """Likewise, each with where it begins."""
    found, last = [], ""
    for match in _TOKEN.finditer(text):
        word = match.group()
        if word != last or word.isalnum():
            found.append((f"#{min(len(word), 4)}" if word[0].isdigit() else word, match.start()))
        last = word
    return found


def _ends(items: list[Any]) -> list[Any]:
    return items if len(items) <= HEAD + TAIL else items[:HEAD] + items[-TAIL:]


_ODD = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


@functools.lru_cache(maxsize=50_000)
def _word_hash(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))


def _hashes(found: Sequence[str]) -> NDArray[np.uint64]:
    return np.array([_word_hash(word) for word in found], dtype=np.uint64)


def _mixed(tag: int, *parts: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One hash for each position of ``parts``, another one for another ``tag``."""
    mixed = np.full(len(parts[0]), tag, dtype=np.uint64)
    for part in parts:
        mixed = (mixed ^ part) * _ODD
        mixed ^= mixed >> _SHIFT
    return mixed


def _runs(tag: int, w: NDArray[np.uint64]) -> list[NDArray[np.uint64]]:
    """Single words, pairs, triples, and pairs with a gap."""
    pairs = (_mixed(tag + 1, w[:-1], w[1:]), _mixed(tag + 2, w[:-2], w[1:-1], w[2:])) if len(w) > 1 else ()
    return [_mixed(tag, w), *pairs, _mixed(tag + 3, w[:-2], w[2:])]


def _whole(found: list[str]) -> list[NDArray[np.uint64]]:
    w = _hashes(_ends(found))
    places = [_mixed(10, w[:6]), _mixed(11, w[:2]), _mixed(12, w[-6:])]
    if len(w) > 1:
        places.append(_mixed(13, w[:1], w[1:2]))
    return [*_runs(20, w), *places]


def _outside(text: str, quotations: int) -> list[NDArray[np.uint64]]:
    """Of what is not quoted: the words; those of the first and the last sentence apart; and the prompt's shape."""
    sentences = [part for part in _SENTENCE.split(text) if part.strip()] or [""]
    found = [*_runs(30, _hashes(_ends(words(text))))]
    for tag, sentence in ((40, sentences[0]), (60, sentences[-1])):
        w = _hashes(words(sentence)[:24])
        opening = [_mixed(tag + 10 + n, *(w[i : i + 1] for i in range(n))) for n in (1, 2, 3) if len(w) >= n]
        found += [*_runs(tag, w), *opening, _mixed(tag + 15, w[-1:])]
    shape = [
        min(len(sentences), 8), 16 + min(quotations, 4), 32 + min(text.count("\n"), 6), 48 + len(text).bit_length(),
        64 + sentences[-1].rstrip().endswith("?"), 66 + sentences[0].rstrip().endswith("?"), 68 + (len(sentences) == 1),
    ]  # fmt: skip
    return [*found, _mixed(80, np.array(shape, dtype=np.uint64))]


def _characters(text: str) -> list[NDArray[np.uint64]]:
    codes = np.frombuffer(f" {' '.join(text.split())} ".encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    ends = {n: len(codes) - n + 1 for n in RUNS if len(codes) >= n}
    return [_mixed(90 + n, *(codes[i : end + i] for i in range(n))) for n, end in ends.items()]


def features(text: str) -> list[Hashes]:
    """Hashes of what is in ``text``, ascending: of all words, of what is not quoted, of runs of characters."""
    whole = normalized(text)
    unquoted, quotations = QUOTED.subn(_HOLE, whole)
    groups = (_whole(words(whole)), _outside(unquoted, quotations), _characters(unquoted))
    shift = np.uint64(64 - HASH_BITS)
    return [np.unique((np.concatenate(group) >> shift).astype(np.uint32)) for group in groups]
