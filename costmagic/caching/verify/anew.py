"""Prompts said anew: what differs in several places at once was worded by another mind.

Who changes what is asked changes it in one place and leaves the rest: "sort it in descending order". Who asks the same
anew words it differently throughout. So where two prompts are very much alike as a whole and yet differ in several
places, words that only one has weigh little, unless they are of the kinds that decide an answer: numbers, names,
negations, units, times, opposites, and one word in place of another.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from .frames import KINDS
from .guards import owners, signs
from .lexicon import opposites, words
from .reading import Reading, Word
from .small import SURE, Small
from .wording import come_to_the_same

# From which cosine on several words more, or one word more beside another difference, mean nothing.
SEVERAL_FROM = 0.86
ONE_FROM = 0.91
PHRASE_FROM = 0.925

# Small words that turn what stands behind them into something else.
_TURNING = frozenset(
    {"without", "before", "after", "until", "except", "unless", "against", "despite", "up", "down", "over", "under"}
    | {"above", "below", "beneath", "inside", "outside", "off", "out", "from", "between", "if", "while", "during"}
    | {"since", "than"}
)
_DECIDING = ("negators", "quantifiers", "modals", "units", "times", "tools")
_PERSONS = frozenset({"I", "YOU", "MY", "YOUR"})
_OTHERS = frozenset(
    {"he", "she", "his", "her", "hers", "him", "they", "their", "them"}
    | {"this", "that", "these", "those"}
    | {"besides", "including", "excluding", "plus"}
)
_FREE = frozenset({"in", "for", "on", "at", "with"})
_ALSO = re.compile(r"\b(?:and|or) (?:how|what|where|when|why|who|which)\b")
_HELPING = frozenset({"can", "could", "would", "should"})
_IDLE = frozenset({"ever", "any", "some", "always", "much", "either"})
_SUPERLATIVE = re.compile(r"(?!best|latest|honest|guest|forest|interest|request|contest|protest|invest)[a-z]{4,}est$")
_OF_DEGREE = frozenset({"most", "more", "least", "less"})

# Ways of asking that are told the same where all else is alike; others must be the same on both sides.
_ALIKE = (
    frozenset({"what", "yes or no"}),
    frozenset({"what", "place to"}),
    frozenset({"what", "where can"}),
    frozenset({"what", "mean"}),
    frozenset({"how", "place to"}),
    frozenset({"how", "where can"}),
    frozenset({"how", "how is"}),
    frozenset({"where can", "place to"}),
)


# There the first word is what is done.
_OF_DOING = frozenset({"how", "where can"})

# There the tense tells of which event.
_OF_EVENTS = frozenset({"who", "where", "when", "yes or no", "what happens"})


def _asked_alike(kind: str, other: str) -> bool:
    return kind == other or {kind, other} in _ALIKE


@dataclass(frozen=True, slots=True)
class Differences:
    """What differs between two readings of which nothing forbids that they mean the same.

    Attributes:
        only: the words that only the one has, and only the other, but for those that come to the same; of "most
            dangerous" the last.
        replaced: how many words come to the same as another.
        places: in how many places they stand.
        forms: how many kinds of other small differences there are: the way of asking, one or several, a participle,
            whose it is.
        linked: whether other small words hold them together.
    """

    only: tuple[list[Word], list[Word]]
    replaced: int
    places: int
    forms: int
    linked: bool


def said_anew(pair: Small) -> Small | None:
    """``pair`` without its differences, where there are several and none decides an answer."""
    found = differences(pair)
    if found is None:
        return None
    fewer, more = sorted(found.only, key=len)
    several = found.replaced + found.forms
    if not fewer and more and all(w.surface in _IDLE for w in more) and found.forms < 2:
        return None
    if not fewer and any(w.name in words("of a kind") | words("for whom") for w in more):
        return None
    if pair.one.tense != pair.two.tense and len(more) + found.replaced < 2:
        return None
    if not more and found.forms + found.linked == 1 and len(pair.one.words) >= 5 and not _persons_differ(pair):
        return replace(pair, b=pair.a, two=pair.one, takes=SURE)
    if not more and several == 1 and found.linked and pair.one.frame.kind == pair.two.frame.kind:
        return replace(pair, b=pair.a, two=pair.one, takes=SURE)
    if len(fewer) == len(more) and (fewer or several < 2):
        return None
    if len(more) + found.replaced > 1 and (found.places > 1 or several):
        # A phrase in place of another changes what is asked more often than words here and there.
        takes = ONE_FROM if found.places == 1 and fewer else SEVERAL_FROM
        return replace(pair, b=pair.a, two=pair.one, takes=takes)
    if fewer and len(fewer) < len(more):
        return replace(pair, b=pair.a, two=pair.one, takes=PHRASE_FROM)
    if not fewer and (several or found.linked) and not (more and more[0].name in words("turns around")):
        return replace(pair, b=pair.a, two=pair.one, takes=ONE_FROM if several else SURE)
    return None


def _persons_differ(pair: Small) -> bool:
    """Whether it is of others, or of what is another's, that one asks."""
    said = [Counter(w.name for w in r.words if w.name in _PERSONS) for r in (pair.one, pair.two)]
    return pair.one.speakers != pair.two.speakers or said[0] != said[1]


def differences(pair: Small) -> Differences | None:
    """What differs, None where one difference decides by itself."""
    one, two = pair.one, pair.two
    if one.literals != two.literals or one.mentioned != two.mentioned:
        return None
    kinds = KINDS.get(one.frame.kind, one.frame.kind), KINDS.get(two.frame.kind, two.frame.kind)
    if "statement" in kinds or not _asked_alike(*kinds) or (one.tense != two.tense and {*kinds} & _OF_EVENTS):
        return None
    if len(_ALSO.findall(" ".join(one.plain))) != len(_ALSO.findall(" ".join(two.plain))):
        return None
    if kinds == ("yes or no", "yes or no") and one.frame.mood != two.frame.mood:
        return None
    others = _persons_differ(pair)
    if (others and "yes or no" in kinds) or signs(pair.a, pair.b) or _turned(one) != _turned(two):
        return None
    units = _units(one), _units(two)
    names = [[name for name, _ in found] for found in units]
    counts = [Counter(n) for n in names]
    more = counts[0] - counts[1], counts[1] - counts[0]
    common = counts[0] & counts[1]
    if [*_of(names[0], common)] != [*_of(names[1], common)]:
        return None
    first = [n[0] if n else "" for n in names]
    if kinds[0] == kinds[1] and kinds[0] in _OF_DOING and first[0] != first[1] and not come_to_the_same(*first):
        return None
    if any(frozenset((x, y)) in opposites() for x in more[0] for y in more[1]):
        return None
    only = [_words_of(found, left) for found, left in zip(units, more, strict=True)]
    helped = "yes or no" not in kinds
    if any(_decides(word) and not (helped and word.surface in _HELPING) for found in only for word in found):
        return None
    if {*map(_degree, only[0])} - {""} != {*map(_degree, only[1])} - {""}:
        return None
    small = _linked(one), _linked(two)
    swapped = bool(small[0] - small[1] and small[1] - small[0])
    linked = swapped or (not any(only) and small[0] != small[1])
    replaced = _drop_the_same(only)
    matched = SequenceMatcher(None, names[0], names[1], autojunk=False).get_opcodes()
    forms = (
        kinds[0] != kinds[1],
        others or owners(pair.a, pair.b) is not None,
        _with(one, "past", common) != _with(two, "past", common),
        {one.frame.count, two.frame.count} == {"one", "many"}
        or _with(one, "plural", common) != _with(two, "plural", common),
    )
    return Differences(
        (only[0], only[1]),
        replaced,
        sum(kind != "equal" for kind, *_ in matched),
        sum(forms),
        linked,
    )


def _ordered(reading: Reading) -> list[Word]:
    """The words, with what may stand anywhere ("in Sydney") at the end, by the small word before it."""
    chunks: list[list[Word]] = [[]]
    for word in reading.words:
        chunks.append([word]) if word.marker else chunks[-1].append(word)
    markers = [c[0].marker for c in chunks if c and c[0].marker]
    if len({*markers}) < len(markers):  # which of two belongs to what is not sure
        return [*reading.words]
    free = sorted((c for c in chunks if c and c[0].marker in _FREE), key=lambda c: c[0].marker)
    return [w for c in chunks if not (c and c[0].marker in _FREE) for w in c] + [w for c in free for w in c]


def _units(reading: Reading) -> list[tuple[str, Word]]:
    """The content words, "most dangerous" and the like as one."""
    found: list[tuple[str, Word]] = []
    for word in _ordered(reading):
        if word.name in _PERSONS:
            continue
        if found and found[-1][0] in _OF_DEGREE:
            name = f"{found[-1][0]} {word.name}"
            found[-1] = name, replace(word, name=name)
        else:
            found.append((word.name, word))
    return found


def _words_of(units: list[tuple[str, Word]], left: Counter[str]) -> list[Word]:
    """The last words of the names in ``left``, as often as they are in it."""
    left = left.copy()
    found = []
    for name, word in reversed(units):
        if left[name] > 0:
            left[name] -= 1
            found.append(word)
    return found


def _drop_the_same(only: list[list[Word]]) -> int:
    """Take words that come to the same from both lists: how many they were."""
    found = 0
    for word in [*only[0]]:
        for other in only[1]:
            if come_to_the_same(word.name, other.name):
                only[0].remove(word)
                only[1].remove(other)
                found += 1
                break
    return found


def _degree(word: Word) -> str:
    """ "most" of "most dangerous" and "safest", "" where it is of no degree."""
    degree = word.name.partition(" ")[0]
    return degree if degree in _OF_DEGREE else "most" if _SUPERLATIVE.match(word.surface) else ""


def _decides(word: Word) -> bool:
    """Whether a word that only one side has decides what is asked."""
    return (
        (word.surface in _OTHERS)
        or word.name.endswith("…")
        or word.capital
        or word.number
        or any(c.isdigit() for c in word.name)
        or (word.surface not in _IDLE and any(word.name in words(kind) for kind in _DECIDING))
    )


def _linked(reading: Reading) -> Counter[str]:
    """The small words between that turn nothing around."""
    return Counter(m for w in reading.words for m in w.marker.split() if m not in _TURNING and m not in ",.")


def _turned(reading: Reading) -> Counter[str]:
    return Counter(m for w in reading.words for m in w.marker.split() if m in _TURNING)


def _of(names: list[str], common: Counter[str]) -> Iterator[str]:
    """``names`` that both sides have, as often as both have them."""
    left = common.copy()
    for name in names:
        if left[name] > 0:
            left[name] -= 1
            yield name


def _with(reading: Reading, form: str, common: Mapping[str, int]) -> Counter[str]:
    return Counter(w.name for w in reading.words if w.name in common and getattr(w, form))
