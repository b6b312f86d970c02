"""Two readings with the same words: do they say the same in another order, or with other small words?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .lexicon import words
from .reading import Reading
from .words import Word

# Words that add nothing when only one side has them.
_LIGHT = frozenset({"thing", "different", "various"})


def light_names(a: Reading, b: Reading) -> frozenset[str]:
    """Names that only one side has, or has more often, and that add nothing there."""
    counts = [Counter(w.name for w in r.words) for r in (a, b)]
    alone = (counts[0] - counts[1], counts[1] - counts[0])
    found = {name for names in alone for name in names if name in _LIGHT}
    for reading, names in zip((a, b), alone, strict=True):
        # "Why do people snore?": whoever it is. But "people skills", "human rights" are things of their own.
        why = reading.frame.kind == "why"
        if why and reading.words and reading.words[0].name in names and reading.words[0].name == "person":
            found |= {"person"} if reading.words[0].plural else set()
    return frozenset(found)


# Chunks that may stand anywhere in a sentence.
_MOVABLE = frozenset(
    {"in", "with", "for", "during", "as", "without", "while", "when", "if", "because", "since", "until"}
)
_ORDERED = frozenset({"then", "before", "after", "until", "first", "1th", "from", "than"})

# Differences between markers that leave the meaning alone, where the words are the same in the same order: the two
# markers, and the words before them (None: any).
_LOOSE: tuple[tuple[frozenset[str], frozenset[str] | None], ...] = (
    (
        frozenset({"", "to"}),
        frozenset(["start", "help", "learn", "go", "try", "continue", "like", "love", "hate", "prefer", "want"]),
    ),
    (frozenset({"of", "in"}), None),
    (frozenset({"of", "for"}), frozenset(["price", "cost", "recipe", "word", "name", "example"])),
    (frozenset({"", "of"}), frozenset(["all", "most", "half", "both", "every", "several"])),
    (frozenset({"", "if"}), frozenset({"know"})),
    (frozenset({"", "on"}), frozenset({"improve"})),
    (frozenset({"of", "for"}), frozenset({"symbol", "formula", "capital", "definition"})),
    (frozenset({"to", "for"}), frozenset({"time", "age"})),
    (frozenset({"of", "for"}), frozenset({"use"})),
    (frozenset({"of", "about"}), frozenset({"part", "fact"})),
    (frozenset({"of", "about"}), frozenset({"think"})),
    (frozenset({"of", "to"}), frozenset({"secret", "key", "solution", "answer"})),
    (frozenset({"from", "on"}), frozenset({"earn_money", "money"})),
    (frozenset({"from", "through"}), frozenset({"earn_money", "money"})),
)


def say(name: str) -> str:
    """The name of a group as a person reads it."""
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


def _names(chunks: Sequence[Chunk]) -> list[str]:
    return [name for _, names in chunks for name in names]


def moved(a: Reading, b: Reading) -> str | None:
    """Why the order of the words, which are the same, forbids a match; None when it doesn't."""
    light = light_names(a, b)
    one, two = _chunks(a, light), _chunks(b, light)
    if _names(one) == _names(two):
        return None
    ordered = {w.name for w in a.words} | {w.marker for w in (*a.words, *b.words)}
    names = {
        w.name for r in (a, b) for w in r.words if w.capital or w.name in words("tools") or w.name.startswith("united_")
    }
    whole = names | {w.name for r in (a, b) for w in r.words if w.plural}
    if _same_but_compound(one, two, names) or _same_but_compound(two, one, names):
        return None
    if not ordered & _ORDERED:
        if _same_but_moved(one, two) or _same_but_swapped(one, two, whole, names, a.frame.kind) or _not_moved(a, b):
            return None
        if _only_adverbs_moved(a, b):
            return None
        if a.frame.kind == "difference" and _sides(one) == _sides(two):
            return None
    return "the same words in another order"


def markers(a: Reading, b: Reading) -> str | None:
    """Why the markers before the words forbid a match where the words are the same in the same order."""
    light = light_names(a, b)
    one, two = _chunks(a, light), _chunks(b, light)
    if one == two or _names(one) != _names(two):
        return None
    directed = any("from" in w.marker.split() for r in (a, b) for w in r.words)
    before = ""
    for x, y in zip(_flat(a, light), _flat(b, light), strict=False):
        if x.name != y.name:  # the same words, of which an owner is written in another place
            continue
        m, n = bare(x.marker), bare(y.marker)
        if m != n:
            loose = any({m, n} == pair and (after is None or before in after) for pair, after in _LOOSE)
            loose = loose or ({m, n} <= {"in", "on", "with", "at"} and x.name in words("tools"))
            loose = loose or ({m, n} == {"to", "for"} and x.ing != y.ing)  # "to learn" and "for learning"
            loose = loose or ({m, n} == {"like", "like to"} and x.ing != y.ing)
            loose = loose or (
                {m.split(" ")[-1], n.split(" ")[-1]} == {"in", "at"}
                and m.split(" ")[:-1] == n.split(" ")[:-1]
                and x.capital
                and y.capital
            )
            if not loose and not ({m, n} == {"", "in"} and x.name in words("times")):
                return f"'{m or 'nothing'}' before '{say(x.name)}' is not '{n or 'nothing'}'"
            if directed and "to" in (m, n):
                return f"'{m or 'nothing'}' before '{say(x.name)}' is not '{n or 'nothing'}'"
        before = x.name
    return None


def bare(marker: str) -> str:
    """A marker without what only breaks the sentence."""
    return "" if marker in (",", ".") else marker


def _flat(reading: Reading, light: frozenset[str]) -> list[Word]:
    return [w for w in reading.words if w.name not in light]


def _same_but_moved(one: Sequence[Chunk], two: Sequence[Chunk]) -> bool:
    """Whether only chunks that may stand anywhere stand elsewhere.

    Each must begin differently, and no others may be there: what they belong to would not be sure.
    """
    if Counter(_key(c) for c in one) != Counter(_key(c) for c in two):
        return False
    marked = [marker for marker, _ in map(_key, one) if marker]
    if len(set(marked)) < len(marked) or not all(marker.split()[0] in _MOVABLE for marker in marked):
        return False
    core = [[n for marker, names in map(_key, chunks) if not marker for n in names] for chunks in (one, two)]
    return core[0] == core[1]


def _key(chunk: Chunk) -> Chunk:
    return ("" if chunk[0] in (",", ".") else chunk[0], chunk[1])


def _same_but_compound(apart: Sequence[Chunk], other: Sequence[Chunk], named: set[str]) -> bool:
    """Whether one says "h in X" where the other says "X h".

    "Oil in fish" is no fish oil, so X must be a name, or h what one looks for: "sites for shopping".
    """
    for i in range(1, len(apart)):
        marker, names = apart[i]
        if (
            marker not in ("in", "of", "for", "from", "on")
            or len(names) > 3
            or not apart[i - 1][1]
            or (
                not {*names} <= named
                and apart[i - 1][1][-1] != "recipe"
                and not (marker == "for" and apart[i - 1][1][-1] in words("best by taste"))
            )
        ):
            continue
        before = apart[i - 1][1]
        for place in range(len(before)):
            whole = (apart[i - 1][0], (*before[:place], *names, *before[place:]))
            if [*map(_key, (*apart[: i - 1], whole, *apart[i + 1 :]))] == [*map(_key, other)]:
                return True
    return False


def _only_adverbs_moved(a: Reading, b: Reading) -> bool:
    """Whether only "naturally", "quickly" and the like stand elsewhere, in a sentence of one clause."""
    rest = [[(bare(w.marker), w.name) for w in r.words if w.surface not in words("of manner")] for r in (a, b)]
    some = all(any(w.surface in words("of manner") and not w.marker for w in r.words) for r in (a, b))
    return some and rest[0] == rest[1] and not _CLAUSES & {*a.plain, *b.plain} and "only" not in a.plain


_CLAUSES = frozenset({"who", "that", "which", "if", "when", "because", "while", "and", "or", "but", "until", "unless"})


def _not_moved(a: Reading, b: Reading) -> bool:
    """Whether only "not" stands elsewhere, in a sentence of one clause: "isn't x y" and "is x not y"."""
    rest = [[w.name for w in r.words if w.name != "not"] for r in (a, b)]
    first = any(r.words and r.words[0].name == "not" for r in (a, b))
    once = all(sum(w.name == "not" for w in r.words) == 1 for r in (a, b))
    # "Not every", "always not": what it turns around depends on its place.
    alone = not (_CLAUSES | _TURNED) & {*a.plain, *b.plain} and not words("quantifiers") & {*rest[0]}
    return first and once and alone and rest[0] == rest[1]


_TURNED = frozenset({"always", "just", "only", "even", "necessarily", "really", "completely", "entirely", "fully"})

_BOTH_WAYS = frozenset({"and", "or", "versus", ", and", ", or"})


def _same_but_swapped(one: Sequence[Chunk], two: Sequence[Chunk], whole: set[str], names: set[str], kind: str) -> bool:
    """Whether one is the other with what stands on both sides of an "and" or "or" swapped.

    Both must be things, names or plurals (``whole``) or behind a marker: what is done first may matter, and what stands
    before the first may belong to it alone ("big cats and dogs").
    """
    for i in range(1, len(one)):
        marker, after = one[i]
        before = one[i - 1][1]
        # "x to a and y to b": what stands on both sides belongs to other things.
        parallel = one[i - 1][0] and any(c[0] == one[i - 1][0] for c in one[i + 1 :])
        if marker not in _BOTH_WAYS or parallel:
            continue
        for k in range(1, min(len(before), 3) + 1):
            for m in range(1, min(len(after), 3) + 1):
                left, right = before[len(before) - k :], after[:m]
                alone = k == len(before) or {*left, *right} <= names
                things = kind == "difference" or {left[-1], right[-1]} <= whole or (one[i - 1][0] and k == len(before))
                if not alone or not (things or "or" in marker):
                    continue
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
