"""A prompt as the judge reads it: what it asks for, and its content words with how they belong together."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache

from .frames import Frame, active, rewrite, split_frame, strip_politeness
from .numbers import read_numbers
from .speakers import anyone as is_anyone
from .speakers import mentioned
from .speakers import speakers as who
from .text import TOKEN, bare_question, capitalised, is_english, split_literals, written_out
from .words import Word, persons, words

# More than one sentence, unless the second only asks what to do.
_SEVERAL = re.compile(r"[?!;]|\.\s(?!what (?:should|can|do) i do$)")
_ASKS = "how|what|why|where|when|who|which|can|could|should|is|are|do|does|will|would|did"
_SENTENCE = re.compile(rf"(?<=[a-z0-9)][.?!])\s+|,\s+(?=(?:(?:so|and|then) )?(?:{_ASKS})\b)")


@dataclass(frozen=True, slots=True)
class Reading:
    """All that is compared.

    Attributes:
        english: whether it seems to be in English; nothing but the plain words is compared otherwise.
        words: content words in their order; operators (negation, quantifiers, modals, numbers) are among them.
        literals: code, quoted texts and what follows a colon or a line break, which must be the same.
        plain: all words in lower case.
        tense: "past", "future" or "".
        speakers: of whom it speaks, of "I", "YOU" (the one asked, or anyone) and "PEOPLE".
        anyone: whether "you" can only be anyone, by what is done.
        mentioned: where words themselves are asked about, the small ones among them.
    """

    english: bool
    frame: Frame
    words: tuple[Word, ...]
    literals: tuple[str, ...]
    plain: tuple[str, ...]
    tense: str
    speakers: frozenset[str] = frozenset()
    anyone: bool = False
    mentioned: tuple[str, ...] = ()


@lru_cache(maxsize=512)
def read(text: str) -> Reading:
    """Read a prompt."""
    text = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'").replace("´", "'")
    body, literals = split_literals(bare_question(text))
    capitals = capitalised(body)
    lowered = written_out(body)
    plain = tuple(t for t in TOKEN.findall(lowered) if t not in ",;?!.")
    frame = Frame("statement")
    asked: tuple[Word, ...] = ()
    around: list[Word] = []
    tense = ""
    named = persons(TOKEN.findall(lowered))
    speakers: set[str] = set()
    anyone = True
    whole = strip_politeness(lowered.strip(" ?!.,;:-"))
    if not _SEVERAL.search(whole):  # a clause in front of its question goes behind it
        lowered = rewrite(whole)
    for sentence in _SENTENCE.split(lowered):
        sentence = strip_politeness(sentence.strip(" ?!.,;:-"))
        if not strip_politeness(f"{sentence}, x").removesuffix("x").strip(" ,"):
            continue  # nothing but manners
        sentence = active(rewrite(sentence))
        this, about = split_frame(sentence)
        if this.kind == "mean":
            about = re.sub(r" means?\W*$", "", about)
        if this.kind not in _ANYONE:
            speakers |= who(sentence)
            anyone = anyone and is_anyone(sentence)
        content, when = words(read_numbers(TOKEN.findall(about)), this, capitals, named)
        if this.kind == "statement" and frame.kind != "statement":
            around += _after_stop(content)
            tense = tense or when
            continue
        # The last question is what is asked; what was said before it comes after it.
        around += _after_stop(asked)
        if frame.kind != "statement":
            this = replace(this, kind=f"{frame.kind} / {this.kind}", mood=f"{frame.mood} / {this.mood}".strip(" /"))
        frame, asked, tense = this, content, when or tense
    return Reading(
        is_english(body, plain),
        frame,
        (*asked, *around),
        literals,
        plain,
        tense,
        frozenset(speakers),
        anyone,
        mentioned(lowered),
    )


# Frames whose "you" is only the way they are put.
_ANYONE = frozenset({"opinion", "mean", "how_long take"})


def _after_stop(words: tuple[Word, ...]) -> list[Word]:
    return [replace(w, marker=w.marker or ".") if i == 0 else w for i, w in enumerate(words)]
