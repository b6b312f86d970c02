"""Splits words into the pieces that the network knows, and tells where each stands."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from .reading import HEAD, QUOTED, TAIL, normalized, placed_words

SPECIAL = ("[PAD]", "[CUT]", "[UNK]", "[MASK]", "\n", "#1", "#2", "#3", "#4")
PAD, CUT, UNK, MASK = range(4)
SENTENCES = 5  # sentence numbers from each end that are told apart

_ENDS = frozenset(".?!:;\n")


class Vocabulary:
    """Splits words into known pieces, longest first (WordPiece)."""

    def __init__(self, entries: Sequence[str]) -> None:
        self._ids = {entry: i for i, entry in enumerate(entries)}
        self.split = functools.lru_cache(maxsize=20_000)(self._split)

    def _split(self, word: str) -> tuple[int, ...]:
        if word in self._ids:
            return (self._ids[word],)
        found: list[int] = []
        start, word = 0, word[:24]
        while start < len(word) and len(found) < 6:
            for end in range(len(word), start, -1):
                piece = self._ids.get(("##" if start else "") + word[start:end])
                if piece is not None:
                    break
            else:
                return (UNK,)
            found.append(piece)
            start = end
        return tuple(found)

    def encode(self, text: str) -> tuple[list[int], list[int]]:
        """Tokens of ``text``, and for each where it stands: quoted or not, sentence from the start, from the end."""
        text = normalized(text)
        quoted = bytearray(len(text))
        for match in QUOTED.finditer(text):
            quoted[match.start() + 1 : match.end() - 1] = b"\1" * (match.end() - match.start() - 2)
        tokens: list[tuple[int, int, int]] = []
        sentence, ended = 0, False
        for word, at in placed_words(text):
            if ended and word[0].isalnum():
                sentence, ended = sentence + 1, False
            tokens += [(piece, quoted[at], sentence) for piece in self.split(word)]
            ended = ended or word in _ENDS
        if len(tokens) > HEAD + TAIL:
            tokens = [*tokens[:HEAD], (CUT, 0, tokens[HEAD][2]), *tokens[-TAIL:]]
        tokens = tokens or [(UNK, 0, 0)]
        final, most = tokens[-1][2], SENTENCES - 1
        where = [(q * SENTENCES + min(s, most)) * SENTENCES + min(final - s, most) for _, q, s in tokens]
        return [token for token, _, _ in tokens], where
