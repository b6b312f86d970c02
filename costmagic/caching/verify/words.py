"""The content words of a sentence, each with the small words before it and its form."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .frames import Frame
from .lexicon import MARKER_GROUPS, form, longest_phrase, synonyms
from .lexicon import words as kind

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


def words(
    tokens: list[str], frame: Frame, capitals: frozenset[str], named: frozenset[str]
) -> tuple[tuple[Word, ...], str]:
    """(content words, "past", "future" or "") of a sentence without its frame.

    Args:
        capitals: words that are written as names.
        named: which of "I" and "YOU" the whole prompt speaks of.
    """
    return _Words(tokens, frame, capitals, named).read()


class _Words:
    """Takes the tokens of one sentence one after the other. Each step says whether the token was its to take."""

    def __init__(self, tokens: list[str], frame: Frame, capitals: frozenset[str], named: frozenset[str]) -> None:
        self._tokens, self._frame, self._capitals, self._named = tokens, frame, capitals, named
        self._found: list[Word] = []
        self._marker = ""
        past = frame.mood in ("did", "was", "were", "had")
        self._tense = "past" if past else "future" if frame.mood in ("will", "shall") else ""
        self._both = len(named) > 1
        self._alone = not any(t in _PEOPLE for t in tokens) and frame.kind not in _GENERIC
        self._next = 0
        self._owner: list[Word] = []  # of what comes next: "x's h" is read as "h of x"
        self._owned = 0

    def read(self) -> tuple[tuple[Word, ...], str]:
        tokens = self._tokens
        steps = (
            *(self._stop, self._time, self._person, self._phrase, self._owning, self._perfect, self._small),
            *(self._operator, self._empty, self._number, self._content),
        )
        while self._next < len(tokens) or self._owner:
            if self._owner and self._owned < len(self._found) and self._at_end_of_owned():
                self._found += [replace(w, marker="" if n else "of") for n, w in enumerate(self._owner)]
                self._owner = []
                continue
            if self._next == len(tokens):
                self._found += self._owner
                break
            token = tokens[self._next]
            self._next += 1
            next(step for step in steps if step(token))
        if self._marker not in ("", ",", ".") and not set(self._marker.split()) <= {",", "."}:
            self._found.append(Word(f"{self._marker}…", "", self._marker))
        return tuple(self._found), self._tense

    def _at_end_of_owned(self) -> bool:
        after = self._after
        return not after or after in kind("markers") or after in ",;?!."

    @property
    def _after(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    @property
    def _before(self) -> str:
        return self._tokens[self._next - 2] if self._next > 1 else ""

    def _put(self, word: Word) -> bool:
        self._found.append(word)
        self._marker = ""
        return True

    def _stop(self, token: str) -> bool:
        if token not in ",;?!.":
            return False
        self._marker = "," if token in ",;" and self._found else "."
        return True

    def _time(self, token: str) -> bool:
        if token in ("did", "was", "were", "had"):
            self._tense = self._tense or "past"
        elif token in ("will", "shall") or (token == "going" and self._after == "to"):
            self._tense = self._tense or "future"
        else:
            return False
        return True

    def _person(self, token: str) -> bool:
        kind_of = self._frame.kind
        if token in ("we", "us") and self._named == {"I"} and kind_of not in _GENERIC and not self._alone:
            return self._put(Word("person", self._marker, token, plural=True))
        if token not in _PEOPLE and token not in _OWNERS:
            return False
        generic = (
            not self._both
            and token not in ("me", "us", "myself", "ourselves", "yourself")
            and (kind_of in _GENERIC or _modal_before(self._frame, self._tokens, self._next))
        )
        if generic:
            return True
        if token in _PEOPLE or self._both or self._alone:
            return self._put(Word(_PEOPLE.get(token) or _OWNERS[token], self._marker, token))
        return True

    def _phrase(self, token: str) -> bool:
        begin = self._next - 1
        phrase = _longest(self._tokens, begin)
        if not phrase:
            return False
        length, name = phrase
        said = self._tokens[begin : begin + length]
        shape = form(said[-1])
        past, capital = shape.past and length == 1, all(t in self._capitals for t in said)
        self._next = begin + length
        return self._put(Word(name, self._marker, " ".join(said), past, shape.plural, shape.ing, capital=capital))

    def _owning(self, token: str) -> bool:
        if token != "'s":
            return False
        found = self._found
        while found and not found[-1].number and (not self._owner or found[-1].capital):
            self._owner.insert(0, found.pop())
            self._marker = self._owner[0].marker
            if self._owner[0].marker:
                break
        self._owned = len(found)
        return True

    def _perfect(self, token: str) -> bool:
        if token not in ("have", "has") or not self._after or not form(self._after).past:
            return False
        self._tense = self._tense or "past"
        return True

    def _small(self, token: str) -> bool:
        if token not in kind("markers") or (token == "like" and not self._marker and not self._found):
            return False
        # "in order to" and the like: the last of several small words in a row counts with those before it.
        marker = MARKER_GROUPS.get(token, token)
        self._marker = marker if not self._marker or self._marker in ",." else f"{self._marker} {marker}"
        return True

    def _operator(self, token: str) -> bool:
        if token not in kind("negators") and token not in kind("quantifiers") and token not in kind("modals"):
            return False
        of, before, after = self._frame.kind, self._before, self._after
        some = token == "some" and of not in ("yes or no", "why", "how is")
        idle = (token == "any" and (before == "there" or form(after).plural)) or (
            token == "much" and of.startswith("how_")
        )
        if some or idle or (token in ("can", "could") and of in _GENERIC):
            return True
        token = {"could": "can"}.get(token, token)
        return self._put(Word(_SAME_SMALL.get(f"a {token}" if before == "a" else token, token), self._marker, token))

    def _empty(self, token: str) -> bool:
        return token in kind("empty") and token not in self._capitals

    def _number(self, token: str) -> bool:
        if not token[0].isdigit() and not (token.startswith("#") and token[1:2].isdigit()):
            return False
        return self._put(Word(token, self._marker, token, number=True))

    def _content(self, token: str) -> bool:
        shape, before = form(token), self._before
        if shape.plural and _before_verb(self._tokens, self._next):
            shape = replace(shape, plural=False)
        name = synonyms().get((shape.lemma,), shape.lemma)
        measured = before[:1].isdigit() or before in ("many", "per", "in", "to", "of")
        if len(token) <= 3 and name in kind("units") and name != shape.lemma and not measured:
            name = token  # "TB" may be an illness
        capital = token in self._capitals
        if capital and not shape.ing:
            # A name is no inflected word, but its plural may be one.
            name = synonyms().get((token,), name)
        return self._put(Word(name, self._marker, token, shape.past, shape.plural, shape.ing, capital=capital))


def _before_verb(tokens: list[str], i: int) -> bool:
    """Whether the word that ends at place ``i`` is a verb in -s: "that works", "how a microwave heats food"."""
    before = tokens[i - 2] if i > 1 else ""
    return before in ("that", "which", "who", "what", "it", "he", "she", "keeps") or (
        tokens[i - 1] in kind("verbs in -s") and before not in ("the", "my", "a", "of", "and")
    )


def persons(tokens: list[str]) -> frozenset[str]:
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


def _longest(tokens: list[str], start: int) -> tuple[int, str] | None:
    """The longest phrase at ``start`` that has a synonym: (words, name of its group)."""
    for length in range(min(longest_phrase(), len(tokens) - start), 1, -1):
        said = tokens[start : start + length]
        if not all(w[0].isalnum() for w in said):
            continue
        for key in (tuple(form(w).lemma for w in said), tuple(said)):
            if key in synonyms():
                return length, synonyms()[key]
    return None
