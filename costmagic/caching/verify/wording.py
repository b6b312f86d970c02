"""Small differences in the words of two prompts: one more, another form of one, another that comes to the same."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from .lexicon import near as lines_of
from .lexicon import turning, words
from .reading import Reading
from .small import SURE, Small
from .words import Word


def words_more(pair: Small) -> Small | None:
    """One or two words that only one side has, in a question that stays nearly the same with them."""
    names = [Counter(w.name for w in r.words) for r in (pair.one, pair.two)]
    more = (names[0] - names[1], names[1] - names[0])
    if bool(more[0]) == bool(more[1]):
        return None
    longer, shorter = (pair.one, pair.two) if more[0] else (pair.two, pair.one)
    left = more[0] or more[1]
    if len(shorter.words) + ({*left} <= words("adds little") | words("of what kind")) < 3 or sum(left.values()) > 2:
        return None
    little = all(name in words("adds little") for name in left)
    kind = sum(left.values()) == 1 and {*left} <= words("of what kind")
    extra, at = [], 0
    for place, word in enumerate(longer.words):
        if at < len(shorter.words) and word.name == shorter.words[at].name:
            at += 1
        elif word.name in words("adds little") or (_harmless(word) and not word.past):
            extra.append(place)
        else:
            return None
    # Before another word it says of what kind that is.
    narrows = not (little or kind) and any(
        not w.marker and n not in extra
        for n, w in enumerate(longer.words)
        if n - 1 in extra and not longer.words[n - 1].ing
    )
    for place in reversed(extra):
        rest = _without(longer, place)
        if rest is None:
            return None
        longer = rest
    takes = (
        0.90
        if little or (kind and extra[0] and not longer.words[extra[0] - 1].marker.endswith("…"))
        else 0.975
        if narrows
        else SURE
    )
    return replace(pair, one=longer, takes=takes) if more[0] else replace(pair, two=longer, takes=takes)


_COMPARED = re.compile(
    r"[a-z]{3,}(?:er|est|ous|ic|ide|ite|ate)$|(?:un|in|im|il|ir|dis|de|non|anti|mis|post|pre|sub|semi|hyper|hypo)[a-z]{3,}$"
)
_KINDS = (
    "negators",
    "quantifiers",
    "modals",
    "times",
    "units",
    "tools",
    "names that are words",
    "turns around",
    "of a kind",
)


def _harmless(word: Word) -> bool:
    return not (
        word.capital
        or _COMPARED.match(word.surface)
        or word.number
        or word.name.endswith("…")
        or not word.surface.replace(" ", "").isalpha()  # a name with a number in it
        or word.name in ("I", "YOU", "MY", "YOUR")
        or word.name in turning()
        or any(w in words(kind) for kind in _KINDS for w in (word.name, word.surface))
    )


def _without(reading: Reading, place: int) -> Reading | None:
    """A reading without a word that is no phrase of its own; what stood before it then stands before the next."""
    word, after = reading.words[place], reading.words[place + 1 : place + 2]
    joined = word.marker in ("and", "or")
    if word.marker and not joined and (not after or after[0].marker):
        return None
    rest = [*reading.words[:place], *reading.words[place + 1 :]]
    if word.marker and not joined:
        rest[place] = replace(rest[place], marker=word.marker)
    return replace(reading, words=tuple(rest))


def _odd_ones(pair: Small) -> tuple[int, int] | None:
    """The places of the one word that is another, where all others are the same in the same order."""
    one, two = ([w.name for w in r.words] for r in (pair.one, pair.two))
    if len(one) != len(two) or len(one) < 2:
        return None
    places = [i for i, (x, y) in enumerate(zip(one, two, strict=True)) if x != y]
    return (places[0], places[0]) if len(places) == 1 else None


def _as_one(pair: Small, places: tuple[int, int], takes: float) -> Small:
    """``pair`` with the second's word at its place read as the first's."""
    word = pair.one.words[places[0]]
    old = pair.two.words[places[1]]
    first = (*pair.one.words[: places[0]], replace(word, past=False, ing=False), *pair.one.words[places[0] + 1 :])
    second = (
        *pair.two.words[: places[1]],
        replace(word, marker=old.marker, plural=old.plural, past=False, ing=False),
        *pair.two.words[places[1] + 1 :],
    )
    return replace(pair, one=replace(pair.one, words=first), two=replace(pair.two, words=second), takes=takes)


_SUFFIX = re.compile(r"(?:ing|ings|ion|ions|ation|ations|ed|e|s|es|ment|ments|y|ies|ity|al|ally|ly)$")


def same_stem(pair: Small) -> Small | None:
    """One word in two forms: "banking exams" and "bank exams"."""
    places = _odd_ones(pair)
    if places is None:
        return None
    x, y = pair.one.words[places[0]], pair.two.words[places[1]]
    if not (_harmless(x) and _harmless(y)) or min(len(x.surface), len(y.surface)) < 4 or " " in x.surface + y.surface:
        return None
    stems = [_SUFFIX.sub("", w.surface) for w in (x, y)]
    short, long = sorted(stems, key=len)
    same = long == short if len(short) < 6 else long.startswith(short) and len(long) <= len(short) + 2
    return _as_one(pair, places, SURE) if same and len(short) >= 4 else None


def come_to_the_same(x: str, y: str) -> str | None:
    """The file that knows two names to come to the same where all else is the same, None when neither does."""
    for file in ("near.txt", "wordnet.txt"):
        if lines_of(file).get(x, {1}) & lines_of(file).get(y, {2}):
            return file
    return None


def near(pair: Small) -> Small | None:
    """Two words that come to the same where all else is the same, though not everywhere."""
    places = _odd_ones(pair)
    if places is None:
        return None
    x, y = pair.one.words[places[0]].name, pair.two.words[places[1]].name
    # Two words are often a phrase of their own: to make a scene; not so "improve my memory", "the role of the liver".
    rest = [w for i, w in enumerate(pair.one.words) if i != places[0]]
    own = pair.one.frame.kind == "how" and rest[0].name in words("anyone's own")
    long = len(rest) > 1 or own or (rest[0].marker == "of" and places[0] == 0)
    if {x, y} == {"good", "better"} and pair.one.frame.kind == pair.two.frame.kind == "how":
        return _as_one(pair, places, 0.94)
    file = come_to_the_same(x, y)
    if file is None:
        return None
    return _as_one(pair, places, (0.90 if file == "near.txt" else 0.92) if long else 0.975)
