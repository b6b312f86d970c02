"""Differences so small that a pair which is very much alike may share an answer all the same.

Each is tried alone: if nothing else differs, the pair is as good as the cosine that the difference takes. How alike pairs
are that differ so and may not share one was measured on the pairs that the judge is trained and tested with.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .lexicon import form, turning, words
from .reading import Reading, Word, read


FORGIVEN_FROM = 0.90


@dataclass(frozen=True, slots=True)
class Small:
    """A pair without a small difference: what is left to compare, and the cosine from which on it doesn't count."""

    a: str
    b: str
    one: Reading
    two: Reading
    takes: float


def small_differences(a: str, b: str) -> Iterator[Small]:
    """The pair without each small difference that it has, in turn."""
    for find in (_persons, _one_of_the_best, _any_of_them, _one_word_more, _the_or_a):
        found = find(a, b)
        if found:
            yield found


_YOU = {"you": "i", "your": "my", "yours": "mine", "yourself": "myself", "u": "i", "ur": "my"}
_I = frozenset({"i", "my", "mine", "me", "myself", "we", "our", "us"})
_PERSON = re.compile(r"\b(?:you|your|yours|yourself|u|ur)\b", re.IGNORECASE)
_ASKS = re.compile(
    r"^\W*(?:how|why|where|what|when|which|if)\b.*?\b(?:do|can|could|should|would|to|if|when) (?:you|u) (?:\w+ly |still |ever )?(\w+)"
)
_MAY = re.compile(r"^\W*(?:can|could|do|will|is it .+? if) (?:you|u) (?:\w+ly |still |ever |really )?(\w+)")


def _persons(a: str, b: str) -> Small | None:
    """ "How do you …" beside "how do I …", where nobody would ask that of an assistant or of a company."""
    low = [re.findall(r"[a-z']+", t.lower().replace("’", "'")) for t in (a, b)]
    said = [({*tokens} & _YOU.keys(), {*tokens} & _I) for tokens in low]
    if bool(said[0][0]) == bool(said[1][0]) or any(you and i for you, i in said):
        return None
    text, other = (a, b) if said[0][0] else (b, a)
    plain = text.lower()
    lemmas = {form(t).lemma for t in re.findall(r"[a-z]+", plain)}
    if lemmas & words("a company's own") or len(read(other).words) < 2:
        return None
    asks, may = _ASKS.match(plain), _MAY.match(plain)
    done = form((asks or may)[1]).lemma if asks or may else ""  # type: ignore[index]
    if not done or (asks and done in words("the one asked does")) or (may and done not in words("anyone may")):
        return None
    said_of_oneself = _PERSON.sub(lambda m: _YOU[m[0].lower()], text)
    a, b = (said_of_oneself, b) if text is a else (a, said_of_oneself)
    return Small(a, b, read(a), read(b), 0.90)


def _one_of_the_best(a: str, b: str) -> Small | None:
    """The best of a kind beside the best ones: who asks for one is served by several, and the other way round."""
    one, two = read(a), read(b)
    if one.frame.kind != "what" or two.frame.kind != "what":
        return None
    if not all(any(w.name in _BEST for w in r.words[:2]) for r in (one, two)):
        return None
    return Small(a, b, _uncounted(one), _uncounted(two), 0.96)


_BEST = frozenset({"best", "worst", "funniest", "weirdest"})


def _uncounted(reading: Reading) -> Reading:
    return replace(
        reading,
        frame=replace(reading.frame, count=""),
        words=tuple(replace(w, plural=False) for w in reading.words),
    )


_ONE = r"\b(?:an?|any) (?:[\w-]+ )?{0}\b"
_SEVERAL = r"\b(?:the|all|these|those|my|your|our|both|some|two|three|\d+) (?:[\w-]+ )?{0}\b"


def _any_of_them(a: str, b: str) -> Small | None:
    """ "A dog" beside "dogs", where each of them is meant."""
    one, two = read(a), read(b)
    if one.frame.kind not in ("how", "why", "what happens", "yes or no") or one.frame.kind != two.frame.kind:
        return None
    plurals = [Counter(w.name for w in r.words if w.plural) for r in (one, two)]
    odd = (plurals[0] - plurals[1]) + (plurals[1] - plurals[0])
    for name in odd:
        forms = [{w.surface for w in r.words if w.name == name} for r in (one, two)]
        single, several = (0, 1) if name in plurals[1] else (1, 0)
        texts = (a.lower(), b.lower())
        if name in words("not the same in number") or not all(forms):
            return None
        if not any(re.search(_ONE.format(re.escape(f)), texts[single]) for f in forms[single]):
            return None
        if any(re.search(_SEVERAL.format(re.escape(f)), texts[several]) for f in forms[several]):
            return None
    free = [
        replace(r, words=tuple(replace(w, plural=w.plural and w.name not in odd) for w in r.words)) for r in (one, two)
    ]
    return Small(a, b, free[0], free[1], 0.97) if odd else None


def _one_word_more(a: str, b: str) -> Small | None:
    """One word that only one side has, in a question that stays nearly the same with it."""
    one, two = read(a), read(b)
    names = [Counter(w.name for w in r.words) for r in (one, two)]
    more = [*((names[0] - names[1]).elements()), *((names[1] - names[0]).elements())]
    if len(more) != 1 or abs(len(one.words) - len(two.words)) != 1:
        return None
    longer, shorter = (one, two) if len(one.words) > len(two.words) else (two, one)
    if len(shorter.words) < 3:
        return None
    for place, word in enumerate(longer.words):
        if word.name == more[0] and (left := _without(longer, place)) and _harmless(word):
            return Small(a, b, left, two, 0.96) if longer is one else Small(a, b, one, left, 0.96)
    return None


_KINDS = ("negators", "quantifiers", "modals", "times", "units", "tools", "names that are words", "turns around")


def _harmless(word: Word) -> bool:
    return not (
        word.capital
        or word.number
        or word.name in ("I", "YOU", "MY", "YOUR")
        or word.name in turning()
        or any(w in words(kind) for kind in _KINDS for w in (word.name, word.surface))
    )


def _without(reading: Reading, place: int) -> Reading | None:
    """A reading without a word that does not make up a phrase of its own; the marker before it goes to the next."""
    word, after = reading.words[place], reading.words[place + 1 : place + 2]
    if word.marker and (not after or after[0].marker):
        return None
    rest = [*reading.words[:place], *reading.words[place + 1 :]]
    if word.marker:
        rest[place] = replace(rest[place], marker=word.marker)
    return replace(reading, words=tuple(rest))


_WHICH = re.compile(r"\b(my|the|an?) (?=([a-z][\w-]*))")


def _the_or_a(a: str, b: str) -> Small | None:
    """ "The tire", "a tire" and "my tire" in a question about what to do with it."""
    one, two = read(a), read(b)
    if one.frame.kind != "how" or two.frame.kind != "how":
        return None
    found = [{word: which for which, word in _WHICH.findall(t)} for t in (a, b)]
    odd = [w for w in found[0].keys() & found[1].keys() if found[0][w].replace("an", "a") != found[1][w].replace("an", "a")]
    if len(odd) != 1 or odd[0] in words("not the same with an article"):
        return None
    a, b = (re.sub(rf"\b(?:my|an?) (?={re.escape(odd[0])}\b)", "the ", t) for t in (a, b))
    return Small(a, b, read(a), read(b), 0.98)
