"""A prompt as the judge reads it: what it asks for, and its content words with how they belong together."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache

from .frames import Frame, active, rewrite, split_frame, strip_politeness
from .lexicon import MARKER_GROUPS, form, longest_phrase, synonyms
from .lexicon import words as kind
from .numbers import read_numbers
from .speakers import anyone as is_anyone
from .speakers import mentioned
from .speakers import speakers as who
from .text import TOKEN, bare_question, capitalised, is_english, split_literals, written_out

# More than one sentence, unless the second only asks what to do.
_SEVERAL = re.compile(r"[?!;]|\.\s(?!what (?:should|can|do) i do$)")
_ASKS = "how|what|why|where|when|who|which|can|could|should|is|are|do|does|will|would|did"
_SENTENCE = re.compile(rf"(?<=[a-z0-9)][.?!])\s+|,\s+(?=(?:(?:so|and|then) )?(?:{_ASKS})\b)")

_PEOPLE = {
    "i": "I", "me": "I", "we": "I", "us": "I", "myself": "I", "ourselves": "I", "you": "YOU", "yourself": "YOU",
}  # fmt: skip
_OWNERS = {"my": "MY", "our": "MY", "mine": "MY", "your": "YOUR", "yours": "YOUR", "ones": "YOUR"}
_SAME_SMALL = {"n't": "not", "cannot": "not", "each": "every", "a few": "several"}
_GENERIC = frozenset({"how", "where can", "place to", "how_long take"})


@dataclass(frozen=True, slots=True)
class Word:
    """A content word: its group's name, the marker before it ("" for none), and its form as it stood."""

    name: str
    marker: str
    surface: str
    past: bool = False
    plural: bool = False
    ing: bool = False
    number: bool = False
    capital: bool = False


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
    persons = _persons(TOKEN.findall(lowered))
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
        words, when = _words(read_numbers(TOKEN.findall(about)), this, capitals, persons)
        if this.kind == "statement" and frame.kind != "statement":
            around += _after_stop(words)
            tense = tense or when
            continue
        # The last question is what is asked; what was said before it comes after it.
        around += _after_stop(asked)
        if frame.kind != "statement":
            this = replace(this, kind=f"{frame.kind} / {this.kind}", mood=f"{frame.mood} / {this.mood}".strip(" /"))
        frame, asked, tense = this, words, when or tense
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


def _words(
    tokens: list[str], frame: Frame, capitals: frozenset[str], persons: frozenset[str]
) -> tuple[tuple[Word, ...], str]:
    result: list[Word] = []
    marker = ""
    tense = (
        "past" if frame.mood in ("did", "was", "were", "had") else "future" if frame.mood in ("will", "shall") else ""
    )
    both = len(persons) > 1
    alone = not any(t in _PEOPLE for t in tokens) and frame.kind not in _GENERIC
    i = 0
    owned = 0
    owner: list[Word] = []  # of what comes next: "x's h" is read as "h of x"
    while i < len(tokens) or owner:
        if (
            owner
            and result
            and (i == len(tokens) or tokens[i] in kind("markers") or tokens[i] in ",;?!.")
            and owned < len(result)
        ):
            result += [replace(w, marker="" if n else "of") for n, w in enumerate(owner)]
            owner = []
            continue
        if i == len(tokens):
            result += owner
            break
        token = tokens[i]
        i += 1
        if token in ",;?!.":
            marker = "," if token in ",;" and result else "."
            continue
        if token in ("did", "was", "were", "had"):
            tense = tense or "past"
            continue
        if token in ("will", "shall") or (token == "going" and tokens[i : i + 1] == ["to"]):
            tense = tense or "future"
            continue
        if token in ("we", "us") and persons == {"I"} and frame.kind not in _GENERIC and not alone:
            result.append(Word("person", marker, token, plural=True))
            marker = ""
            continue
        if token in _PEOPLE or token in _OWNERS:
            generic = (
                not both
                and token not in ("me", "us", "myself", "ourselves", "yourself")
                and (frame.kind in _GENERIC or _modal_before(frame, tokens, i))
            )
            if not generic and (token in _PEOPLE or both or alone):
                result.append(Word(_PEOPLE.get(token) or _OWNERS[token], marker, token))
                marker = ""
            elif not generic and token in _OWNERS:
                result.append(Word(_OWNERS[token], marker, token)) if both else None
            continue
        phrase = _phrase(tokens, i - 1)
        if phrase:
            length, name = phrase
            surface = " ".join(tokens[i - 1 : i - 1 + length])
            shape = form(tokens[i - 2 + length])
            result.append(
                Word(
                    name,
                    marker,
                    surface,
                    shape.past and length == 1,
                    shape.plural,
                    shape.ing,
                    False,
                    all(t in capitals for t in surface.split()),
                )
            )
            marker, i = "", i - 1 + length
            continue
        if token == "'s":
            while result and not result[-1].number and (not owner or result[-1].capital):
                owner.insert(0, result.pop())
                marker = owner[0].marker
                if owner[0].marker:
                    break
            owned = len(result)
            continue
        if token in ("have", "has") and i < len(tokens) and form(tokens[i]).past:
            tense = tense or "past"
            continue
        if token in kind("markers") and not (token == "like" and not marker and not result):
            # "in order to" and the like: the last of several small words in a row counts with those before it.
            marker = (
                MARKER_GROUPS.get(token, token)
                if not marker or marker in ",."
                else f"{marker} {MARKER_GROUPS.get(token, token)}"
            )
            continue
        if token in kind("negators") or token in kind("quantifiers") or token in kind("modals"):
            some = token == "some" and frame.kind not in ("yes or no", "why", "how is")
            before, after = (tokens[i - 2] if i > 1 else ""), tokens[i] if i < len(tokens) else ""
            idle = (token == "any" and (before == "there" or form(after).plural)) or (
                token == "much" and frame.kind.startswith("how_")
            )
            if some or idle or (token in ("can", "could") and frame.kind in _GENERIC):
                continue
            token = {"could": "can"}.get(token, token)
            name = _SAME_SMALL.get(f"a {token}" if before == "a" else token, token)
            result.append(Word(name, marker, token))
            marker = ""
            continue
        if token in kind("empty") and token not in capitals:
            continue
        if token[0].isdigit() or (token.startswith("#") and token[1:2].isdigit()):
            result.append(Word(token, marker, token, number=True))
            marker = ""
            continue
        shape = form(token)
        if shape.plural and before_verb(tokens, i):
            shape = replace(shape, plural=False)
        name = synonyms().get((shape.lemma,), shape.lemma)
        before = tokens[i - 2] if i > 1 else ""
        if (
            len(token) <= 3
            and name in kind("units")
            and name != shape.lemma
            and not (before[:1].isdigit() or before in ("many", "per", "in", "to", "of"))
        ):
            name = token  # "TB" may be an illness
        if token in capitals and not shape.ing:
            # A name is no inflected word, but its plural may be one.
            name = synonyms().get((token,), name)
        result.append(Word(name, marker, token, shape.past, shape.plural, shape.ing, capital=token in capitals))
        marker = ""
    if marker not in ("", ",", ".") and not set(marker.split()) <= {",", "."}:
        result.append(Word(f"{marker}…", "", marker))
    return tuple(result), tense


def before_verb(tokens: list[str], i: int) -> bool:
    """Whether the word that ends at place ``i`` is a verb in -s: "that works", "how a microwave heats food"."""
    before = tokens[i - 2] if i > 1 else ""
    return before in ("that", "which", "who", "what", "it", "he", "she", "keeps") or (
        tokens[i - 1] in kind("verbs in -s") and before not in ("the", "my", "a", "of", "and")
    )


def _persons(tokens: list[str]) -> frozenset[str]:
    """Which of "I" and "YOU" a text speaks of, owners included."""
    named = {_PEOPLE.get(t) or {"MY": "I", "YOUR": "YOU"}.get(_OWNERS.get(t, "")) for t in tokens}
    return frozenset(name for name in named if name)


def _modal_before(frame: Frame, tokens: list[str], i: int) -> bool:
    """Whether the pronoun before place ``i`` is the subject of a question about what anyone can or should do."""
    if frame.kind == "yes or no":
        return i == 1 and frame.mood in ("can", "could", "should", "would", "must", "may")
    before = tokens[i - 2] if i >= 2 else ""
    asks = frame.kind in ("what of", "what", "when") or frame.kind.startswith("how_")
    return asks and before in ("can", "could", "should", "do", "would", "to")


def _phrase(tokens: list[str], start: int) -> tuple[int, str] | None:
    """The longest phrase at ``start`` that has a synonym: (words, name of its group)."""
    for length in range(min(longest_phrase(), len(tokens) - start), 1, -1):
        words = tokens[start : start + length]
        if not all(w[0].isalnum() for w in words):
            continue
        for key in (tuple(form(w).lemma for w in words), tuple(words)):
            if key in synonyms():
                return length, synonyms()[key]
    return None
