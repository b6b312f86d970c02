"""Small differences in what holds the words of two prompts together: prepositions, compounds, helping verbs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import takewhile

from .lexicon import words
from .order import bare
from .reading import Reading
from .small import SURE, Small
from .words import Word

_EITHER = frozenset(
    frozenset(pair)
    for pair in (
        ("of", "for"),
        ("to", "for"),
        ("of", "on"),
        ("of", "about"),
        ("on", "about"),
        ("by", "through"),
        ("with", "through"),
        ("than", "then"),
        ("as", ""),
        ("behind", "of"),
        ("when", "while"),
    )
)
_FROM_A_PLACE = frozenset(
    frozenset(pair) for pair in (("in", "from"), ("at", "from"), ("in", "at"), ("on", "from"), ("for", "at"))
)
_ON_SCREEN = frozenset({"web", "internet", "net", "website", "app", "screen", "phone", "computer", "channel", "blog"})


def prepositions(pair: Small) -> Small | None:
    """ "An internship from Google" beside "in Google": the same words in the same order, linked alike."""
    one, two = pair.one, pair.two
    if len(one.words) < 2 or [w.name for w in one.words] != [w.name for w in two.words]:
        return None
    odd = [i for i, (x, y) in enumerate(zip(one.words, two.words, strict=True)) if bare(x.marker) != bare(y.marker)]
    if len(odd) != 1:
        return None
    if len(one.words) < 3 and {bare(w.words[odd[0]].marker) for w in (one, two)} != {"of", "for"}:
        return None
    after = takewhile(lambda w: not w.marker, two.words[odd[0] + 1 :])
    if not _alike(one.words[odd[0]], two.words[odd[0]], {w.name for w in after}):
        return None
    words_of = tuple(replace(y, marker=x.marker) for x, y in zip(one.words, two.words, strict=True))
    return replace(pair, two=replace(two, words=words_of), takes=SURE)


def _alike(x: Word, y: Word, after: set[str]) -> bool:
    markers = frozenset((bare(x.marker), bare(y.marker)))
    if markers in _FROM_A_PLACE:
        return x.capital or y.capital or x.name in words("tools") or x.name == "home"
    if markers == frozenset(("in", "")):
        return x.number and len(x.name) == 4
    if markers == frozenset(("in", "on")):
        return bool({x.name, *after} & _ON_SCREEN)
    return markers in _EITHER


_HELPING = frozenset({"can", "would", "should", "will", "must"})


def helping_verb(pair: Small) -> Small | None:
    """ "Why a girl would ignore you" beside "why would a girl ignore you"."""
    one, two = (_without_helping(r) for r in (pair.one, pair.two))
    helped = [Counter(w.name for w in r.words if w.name in _HELPING) for r in (pair.one, pair.two)]
    if helped[0] != helped[1] or sum(helped[0].values()) != 1 or len(one.words) != len(two.words):
        return None
    return replace(pair, one=one, two=two, takes=SURE)


def _without_helping(reading: Reading) -> Reading:
    return replace(reading, words=tuple(w for w in reading.words if w.name not in _HELPING))


_LINKS = frozenset({"of", "for", "in", "at", "from", "on"})


def compound(pair: Small) -> Small | None:
    """ "Courses in data analytics" beside "data analytics courses"."""
    for longer, other in ((pair.one, pair.two), (pair.two, pair.one)):
        words_of = longer.words
        if len(words_of) < 3 or sorted(w.name for w in words_of) != sorted(w.name for w in other.words):
            continue
        for at in range(1, len(words_of)):
            if words_of[at].marker not in _LINKS or words_of[at].marker not in longer.plain:  # "'s" is read as "of"
                continue
            for end in range(at + 1, min(at + 4, len(words_of) + 1)):
                if (end == len(words_of) or words_of[end].marker) and (moved := _before_head(longer, at, end, other)):
                    return replace(pair, one=moved, two=other, takes=SURE)
    return None


def _before_head(reading: Reading, at: int, end: int, other: Reading) -> Reading | None:
    """``other`` with the words of ``reading`` when those from ``at`` to ``end`` stand before what they tell of."""
    head, of = reading.words[at - 1], reading.words[at:end]
    # "A boat in a house" is no house boat.
    named = of[0].capital or of[0].name in words("tools") or head.name in words("best by taste")
    if of[0].marker not in ("of", "for") and not named:
        return None
    moved = replace(of[0], marker=head.marker), *of[1:], replace(head, marker="")
    whole = (*reading.words[: at - 1], *moved, *reading.words[end:])
    return replace(other, words=whole) if [w.name for w in whole] == [w.name for w in other.words] else None
