"""Two readings side by side: what differs, and whether that could change the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .lexicon import opposites, words
from .reading import Reading, Word, read

# Ways of asking for things that come to the same once what is asked for is the same.
_KINDS = {"what of": "what", "list": "what", "give": "what"}
_MOODS = {
    "could": "can",
    "does": "do",
    "are": "is",
    "am": "is",
    "has": "have",
    "shall": "will",
    "were": "was",
    "might": "may",
}

# Chunks that may stand anywhere in a sentence.
_MOVABLE = frozenset(
    {"in", "with", "for", "during", "as", "without", "while", "when", "if", "because", "since", "until"}
)
_ORDERED = frozenset({"then", "before", "after", "until", "first", "1th", "from", "than"})

# Differences between markers that leave the meaning alone, where the words are the same in the same order: the two
# markers, and the words before them (None: any).
_LOOSE: tuple[tuple[frozenset[str], frozenset[str] | None], ...] = (
    (frozenset({"", "to"}), frozenset("start help learn go try continue like love hate prefer want".split())),
    (frozenset({"of", "in"}), None),
    (frozenset({"of", "for"}), frozenset("price cost recipe word name example".split())),
    (frozenset({"", "of"}), frozenset("all most half both every several".split())),
    (frozenset({"", "if"}), frozenset({"know"})),
)

# Words that add nothing when only one side has them.
_LIGHT = frozenset({"person", "thing", "really", "possible", "different", "various", "main", "overall"})


@dataclass(frozen=True, slots=True)
class Seen:
    """What an examination of two texts found.

    Attributes:
        veto: why they can't share an answer, None when nothing forbids it.
        features: numbers for the judge, by name.
    """

    veto: str | None
    features: tuple[tuple[str, float], ...] = ()


def examine(a: str, b: str) -> Seen:
    """Compare two prompts word by word; symmetric."""
    one, two = read(a), read(b)
    veto = _veto(one, two)
    if veto:
        return Seen(veto)
    return Seen(None, _features(one, two))


def _veto(a: Reading, b: Reading) -> str | None:
    if a.literals != b.literals:
        return "quoted text, code or what follows a colon differs"
    if not a.english or not b.english:
        if a.english != b.english:
            return "the languages differ"
        return None if a.plain == b.plain else "not in English, and not the same words"
    return _frames(a, b) or _tenses(a, b) or _contents(a, b) or _order(a, b)


def _frames(a: Reading, b: Reading) -> str | None:
    kinds = [_KINDS.get(r.frame.kind, r.frame.kind) for r in (a, b)]
    if kinds[0] != kinds[1]:
        return f"one asks '{a.frame.kind}', the other '{b.frame.kind}'"
    moods = [_MOODS.get(r.frame.mood, r.frame.mood) for r in (a, b)]
    if moods[0] != moods[1]:
        return f"one asks '{a.frame.mood}', the other '{b.frame.mood}'"
    if {a.frame.count, b.frame.count} == {"one", "many"}:
        return "one asks for one, the other for several"
    if kinds[0] in ("what", "statement", "recommend") and _numbers(a) != _numbers(b):
        return "one asks for one, the other for several"
    return None


def _numbers(reading: Reading) -> Counter[tuple[str, bool]]:
    """The words of what is asked for, up to the first small word, and which of them are plural."""
    asked: list[Word] = []
    for word in reading.words:
        if asked and word.marker and word.marker not in ("up", "down", "out", "off"):
            break
        asked.append(word)
    return Counter((w.name, True) for w in asked if w.plural)


def _tenses(a: Reading, b: Reading) -> str | None:
    if a.frame.kind == "what happens":  # if it did, if it does: all the same
        return None
    if {a.tense, b.tense} == {"past", ""} and _did(a, b):
        return None
    if a.tense != b.tense:
        return f"the tenses differ ({a.tense or 'present'}, {b.tense or 'present'})"
    if Counter(w.name for w in a.words if w.past) != Counter(w.name for w in b.words if w.past):
        return "the tenses differ"
    return None


def _did(a: Reading, b: Reading) -> bool:
    """Whether "did … sink" stands beside "… sank"."""
    if b.tense:
        a, b = b, a
    one, two = (Counter(w.name for w in r.words if w.past) for r in (a, b))
    return "did" in a.plain and not one - two and sum((two - one).values()) == 1


def _contents(a: Reading, b: Reading) -> str | None:
    counts = [Counter(w.name for w in r.words) for r in (a, b)]
    only_a, only_b = list((counts[0] - counts[1]).elements()), list((counts[1] - counts[0]).elements())
    left_a, left_b = ([n for n in only if n not in _LIGHT] for only in (only_a, only_b))
    if not left_a and not left_b:
        return None
    both = [*left_a, *left_b]
    for x in left_a:
        for y in left_b:
            if frozenset((x, y)) in opposites():
                return f"'{_say(x)}' and '{_say(y)}' are opposites"
    for what, known in (
        ("a negation", words("negators")),
        ("a quantity", words("quantifiers")),
        ("can, must or should", words("modals")),
    ):
        if found := [n for n in both if n in known]:
            return f"{what} differs: '{_say(found[0])}'"
    if found := [n for n in both if n[0].isdigit()]:
        return f"a number differs: {', '.join(dict.fromkeys(found))}"
    for what, known in (("a unit", words("units")), ("a time", words("times"))):
        if found := [n for n in both if n in known]:
            return f"{what} differs: '{_say(found[0])}'"
    names = {w.name for r in (a, b) for w in r.words if w.capital}
    if found := [n for n in both if n in names]:
        return f"a name differs: '{_say(found[0])}'"
    if left_a and left_b:
        return f"'{_say(' '.join(left_a))}' is not '{_say(' '.join(left_b))}'"
    return f"only one says '{_say(' '.join(both))}'"


def _say(name: str) -> str:
    return name.replace("_", " ").removesuffix("…")


Chunk = tuple[str, tuple[str, ...]]


def _chunks(reading: Reading, light: frozenset[str]) -> list[Chunk]:
    """The words in groups that begin at a marker."""
    groups: list[tuple[str, list[str]]] = [("", [])]
    for word in reading.words:
        if word.name in light:
            continue
        if word.marker and not (word.marker in (",", ".") and not groups[-1][1]):
            groups.append((word.marker, [word.name]))
        else:
            groups[-1][1].append(word.name)
    return [(marker, tuple(names)) for marker, names in groups if names]


def _order(a: Reading, b: Reading) -> str | None:
    counts = [Counter(w.name for w in r.words) for r in (a, b)]
    light = frozenset(n for n in (counts[0] - counts[1]) + (counts[1] - counts[0]) if n in _LIGHT)
    one, two = _chunks(a, light), _chunks(b, light)
    if one == two:
        return None
    flat = [[n for _, names in chunks for n in names] for chunks in (one, two)]
    if flat[0] == flat[1]:
        return _markers(a, b, light)
    ordered = {w.name for w in a.words} | {w.marker for w in (*a.words, *b.words)}
    if not ordered & _ORDERED:
        if _same_but_moved(one, two) or _same_but_swapped(one, two) or _not_moved(a, b):
            return None
        if _same_but_compound(one, two) or _same_but_compound(two, one):
            return None
        if a.frame.kind == "difference" and _sides(one) == _sides(two):
            return None
    return "the same words in another order"


def _markers(a: Reading, b: Reading, light: frozenset[str]) -> str | None:
    directed = any("from" in w.marker.split() for r in (a, b) for w in r.words)
    before = ""
    for x, y in zip(_flat(a, light), _flat(b, light), strict=False):
        if x.name != y.name:  # the same words, of which an owner is written in another place
            continue
        m, n = _bare(x.marker), _bare(y.marker)
        if m != n:
            loose = any({m, n} == pair and (after is None or before in after) for pair, after in _LOOSE)
            if not loose and not ({m, n} == {"", "in"} and x.name in words("times")):
                return f"'{m or 'nothing'}' before '{_say(x.name)}' is not '{n or 'nothing'}'"
            if directed and "to" in (m, n):
                return f"'{m or 'nothing'}' before '{_say(x.name)}' is not '{n or 'nothing'}'"
        before = x.name
    return None


def _bare(marker: str) -> str:
    return "" if marker in (",", ".") else marker


def _flat(reading: Reading, light: frozenset[str]) -> list[Word]:
    return [w for w in reading.words if w.name not in light]


def _same_but_moved(one: Sequence[Chunk], two: Sequence[Chunk]) -> bool:
    """Whether only chunks that may stand anywhere stand elsewhere."""
    if Counter(_key(c) for c in one) != Counter(_key(c) for c in two):
        return False
    kept = [[c for c in chunks if c[0].split()[-1:] == [] or c[0].split()[0] not in _MOVABLE] for chunks in (one, two)]
    core = [[n for _, names in chunks for n in names] for chunks in kept]
    return core[0] == core[1]


def _key(chunk: Chunk) -> Chunk:
    return ("" if chunk[0] in (",", ".") else chunk[0], chunk[1])


def _same_but_compound(apart: Sequence[Chunk], other: Sequence[Chunk]) -> bool:
    """Whether one says "h in x" where the other says "x h"."""
    for i in range(1, len(apart)):
        marker, names = apart[i]
        if marker not in ("in", "of", "for") or len(names) != 1 or not apart[i - 1][1]:
            continue
        before = apart[i - 1][1]
        for place in range(len(before)):
            whole = (apart[i - 1][0], (*before[:place], *names, *before[place:]))
            if [*map(_key, (*apart[: i - 1], whole, *apart[i + 1 :]))] == [*map(_key, other)]:
                return True
    return False


_CLAUSES = frozenset({"who", "that", "which", "if", "when", "because", "while", "and", "or", "but", "until", "unless"})


def _not_moved(a: Reading, b: Reading) -> bool:
    """Whether only "not" stands elsewhere, in a sentence of one clause: "isn't x y" and "is x not y"."""
    rest = [[w.name for w in r.words if w.name != "not"] for r in (a, b)]
    first = any(r.words and r.words[0].name == "not" for r in (a, b))
    once = all(sum(w.name == "not" for w in r.words) == 1 for r in (a, b))
    return first and once and rest[0] == rest[1] and not _CLAUSES & {*a.plain, *b.plain}


_BOTH_WAYS = frozenset({"and", "or", "versus", ",", ", and", ", or"})


def _same_but_swapped(one: Sequence[Chunk], two: Sequence[Chunk]) -> bool:
    """Whether one is the other with what stands on both sides of an "and" or "or" swapped."""
    for i in range(1, len(one)):
        marker, after = one[i]
        before = one[i - 1][1]
        if marker not in _BOTH_WAYS:
            continue
        for k in range(1, min(len(before), 3) + 1):
            for m in range(1, min(len(after), 3) + 1):
                left, right = before[len(before) - k :], after[:m]
                swapped = [
                    *one[: i - 1],
                    (one[i - 1][0], (*before[: len(before) - k], *right)),
                    (marker, (*left, *after[m:])),
                    *one[i + 1 :],
                ]
                if [_key(c) for c in swapped] == [_key(c) for c in two]:
                    return True
    return False


def _sides(chunks: Sequence[Chunk]) -> Counter[tuple[str, ...]]:
    """What stands on either side of "and" and the like, in no order."""
    sides: list[tuple[str, ...]] = [()]
    for marker, names in chunks:
        if marker in _BOTH_WAYS:
            sides.append(names)
        else:
            sides[-1] = (*sides[-1], *([marker] if marker else []), *names)
    return Counter(sides)


def _features(a: Reading, b: Reading) -> tuple[tuple[str, float], ...]:
    plain = [set(r.plain) for r in (a, b)]
    shared, every = len(plain[0] & plain[1]), max(1, len(plain[0] | plain[1]))
    surfaces = [Counter(w.surface for w in r.words) for r in (a, b)]
    replaced = sum((surfaces[0] - surfaces[1]).values()) + sum((surfaces[1] - surfaces[0]).values())
    n = max(1, max(len(a.words), len(b.words)))
    counts = [Counter(w.name for w in r.words) for r in (a, b)]
    light = sum(((counts[0] - counts[1]) + (counts[1] - counts[0])).values())
    return (
        ("shared", shared / every),
        ("replaced", replaced / (2 * n)),
        ("light", light / n),
        ("short", 1 / n),
        ("moved", float([w.name for w in a.words] != [w.name for w in b.words])),
        ("reframed", float(a.frame != b.frame)),
        ("same", float(a.plain == b.plain)),
    )
