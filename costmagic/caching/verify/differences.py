"""In what, and in how many places, two readings differ."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from .guards import owners
from .reading import Reading
from .roles import exchanged
from .small import Small
from .wording import come_to_the_same
from .words import Word

# Small words that turn what stands behind them into something else.
_TURNING = frozenset(
    {"without", "before", "after", "until", "except", "unless", "against", "despite", "up", "down", "over", "under"}
    | {"above", "below", "beneath", "inside", "outside", "off", "out", "from", "between", "if", "while", "during"}
    | {"since", "than", "by"}
)
# What these begin may stand anywhere.
_FREE = frozenset({"in", "for", "on", "at", "with"})
_PERSONS = frozenset({"I", "YOU", "MY", "YOUR"})
_BE = frozenset({"is", "are", "was", "were", "be", "been", "being"})
_OF_DEGREE = frozenset({"most", "more", "least", "less"})
_AMOUNTS = frozenset(
    {"minimum", "maximum", "average", "median", "total", "typical", "usual", "slightly", "mildly", "severely"}
)
_SUPERLATIVE = re.compile(r"(?!best|latest|honest|guest|forest|interest|request|contest|protest|invest)[a-z]{4,}est$")


@dataclass(frozen=True, slots=True)
class Differences:
    """What differs between two readings.

    Attributes:
        only: the words that only the one has, and only the other; "most dangerous" is one.
        left: those of them that don't come to the same as one of the other side's.
        places: in how many places words differ.
        forms: how many kinds of other small differences there are: the way of asking, whose it is, a participle, one
            or several.
        linked: whether other small words hold them together.
        persons: whether it is asked of others, or of what is another's.
        moved: whether the words that both have stand in another order.
        rebuilt: whether the sentences are also built from other small words, so that it isn't two words that changed
            places.
        turned: whether small words differ that turn something around: "before", "without".
        compared: whether something is compared: "more than".
        degrees: whether "the most", "the least" and the like are only on one side.
    """

    only: tuple[list[Word], list[Word]]
    left: tuple[list[Word], list[Word]]
    places: int
    forms: int
    linked: bool
    persons: bool
    moved: bool
    rebuilt: bool
    turned: bool
    compared: bool
    degrees: bool

    @property
    def replaced(self) -> int:
        """How many words come to the same as one of the other side's."""
        return len(self.only[0]) - len(self.left[0])

    @property
    def reversed(self) -> bool:
        """Whether those who are spoken of, what is compared, or what is done to whom may have changed places."""
        return self.moved and (self.persons or self.compared or not self.rebuilt)


def differences(pair: Small) -> Differences:
    """What differs between the readings of ``pair``."""
    one, two = pair.one, pair.two
    units = _units(one.words), _units(two.words)
    names = [[w.name for w in found] for found in units]
    ordered = [[w.name for w in _units(_ordered(r))] for r in (one, two)]
    counts = [Counter(n) for n in names]
    common = counts[0] & counts[1]
    only = _without(units[0], common), _without(units[1], common)
    small = _small(one), _small(two)
    linked = [Counter({m: n for m, n in found.items() if m not in _TURNING}) for found in small]
    other = bool(linked[0] - linked[1] and linked[1] - linked[0])
    persons = _persons(one) != _persons(two)
    forms = (
        one.frame.kind != two.frame.kind and {one.frame.kind, two.frame.kind} != {"what", "what of"},
        persons or owners(pair.a, pair.b) is not None,
        _with(one, "past", common) != _with(two, "past", common),
        {one.frame.count, two.frame.count} == {"one", "many"}
        or _with(one, "plural", common) != _with(two, "plural", common),
    )
    matcher = SequenceMatcher(None, names[0], names[1], autojunk=False)
    return Differences(
        only=only,
        left=_left(*only),
        places=sum(kind != "equal" for kind, *_ in matcher.get_opcodes()),
        forms=sum(forms),
        linked=other or (not any(only) and linked[0] != linked[1]),
        persons=persons,
        moved=all([*_of(found[0], common)] != [*_of(found[1], common)] for found in (names, ordered)),
        rebuilt=small[0] != small[1],
        turned=_done_by(one, small[0]) != _done_by(two, small[1])
        or any(small[0][m] != small[1][m] for m in _TURNING)
        or bool(_directed(one, "from") & _directed(two, "to") or _directed(two, "from") & _directed(one, "to"))
        or exchanged(one, two),
        compared="than" in {*one.plain, *two.plain},
        degrees={*map(_degree, only[0])} - {""} != {*map(_degree, only[1])} - {""},
    )


def _ordered(reading: Reading) -> list[Word]:
    """The words, with what may stand anywhere ("in Sydney") at the end, by the small word before it."""
    chunks: list[list[Word]] = [[]]
    for word in reading.words:
        if word.marker:
            chunks.append([])
        chunks[-1].append(word)
    markers = [c[0].marker if c else "" for c in chunks]
    if len({*markers}) < len(markers):  # which of two belongs to what is not sure
        return [*reading.words]
    places = sorted(range(len(chunks)), key=lambda i: (markers[i] in _FREE, markers[i] if markers[i] in _FREE else ""))
    return [w for i in places for w in chunks[i]]


def _units(words_of: Sequence[Word]) -> list[Word]:
    """The content words but for persons, "most dangerous" and the like as one."""
    found: list[Word] = []
    for word in words_of:
        if word.name in _PERSONS:
            continue
        if found and found[-1].name in _OF_DEGREE and not word.marker:  # "more than coffee" is none
            found[-1] = replace(word, name=f"{found[-1].name} {word.name}")
        else:
            found.append(word)
    return found


def _without(units: list[Word], common: Counter[str]) -> list[Word]:
    """``units`` without the names in ``common``, as often as they are in it."""
    left = common.copy()
    found = []
    for word in units:
        if left[word.name] > 0:
            left[word.name] -= 1
        else:
            found.append(word)
    return found


def _of(names: list[str], common: Counter[str]) -> Iterator[str]:
    """``names`` that both sides have, as often as both have them."""
    left = common.copy()
    for name in names:
        if left[name] > 0:
            left[name] -= 1
            yield name


def _left(one: list[Word], two: list[Word]) -> tuple[list[Word], list[Word]]:
    """What is left without words that come to the same as one of the other's."""
    rest, others = [], [*two]
    for word in one:
        same = next((other for other in others if come_to_the_same(word.name, other.name)), None)
        if same is None:
            rest.append(word)
        else:
            others.remove(same)
    return rest, others


def _persons(reading: Reading) -> tuple[frozenset[str], list[str]]:
    return reading.speakers, [w.name for w in reading.words if w.name in _PERSONS]


def _small(reading: Reading) -> Counter[str]:
    """The small words between the others."""
    return Counter(m for w in reading.words for m in w.marker.split() if m not in ",.")


def _done_by(reading: Reading, small: Counter[str]) -> bool:
    """Whether something is done by what comes behind: "eaten by wasps"."""
    return small["by"] > 0 and any(w.past for w in reading.words) and bool(_BE & {*reading.plain})


def _directed(reading: Reading, where: str) -> set[str]:
    return {w.name for w in reading.words if where in w.marker.split()}


def _with(reading: Reading, form: str, common: Mapping[str, int]) -> Counter[str]:
    return Counter(w.name for w in reading.words if w.name in common and getattr(w, form))


def _degree(word: Word) -> str:
    """ "most" of "most dangerous" and "safest", "" where it is of no degree."""
    degree = word.name.partition(" ")[0]
    if degree in _OF_DEGREE | _AMOUNTS:
        return degree
    return "most" if _SUPERLATIVE.match(word.surface) else ""
