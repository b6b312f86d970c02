"""Two prompts side by side: what differs, and whether that could change the answer."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from . import asked, links, manner, whose, wording
from .anew import said_anew
from .differences import differences
from .guards import guard, written
from .lexicon import form
from .order import bare, light_names
from .reading import Reading, read
from .roles import changed
from .small import FORGIVEN_FROM, WEIGHED_FROM, Small, read_again
from .text import unquoted
from .vetoes import decisive, veto


@dataclass(frozen=True, slots=True)
class Seen:
    """What an examination of two texts found.

    Attributes:
        veto: why they can't share an answer, None when nothing forbids it.
        weigh: whether the pair model has a say: small differences were forgiven, or what forbids it can be outweighed.
        features: numbers for the judge, by name.
    """

    veto: str | None
    weigh: bool = False
    features: tuple[tuple[str, float], ...] = ()


def examine(a: str, b: str, similarity: float = 0.0) -> Seen:
    """Compare two prompts word by word; symmetric.

    Small differences are forgiven to a pair whose cosine, ``similarity``, is high enough.
    """
    one, two = read(a), read(b)
    reason = veto(one, two) or guard(a, b)
    # What leaves numbers or roles different leaves another question, whatever else is forgiven.
    if one.english and two.english and changed(one, two):
        return Seen(reason or "who does what to whom, or in what order, differs")
    if not reason:
        return Seen(None, features=features(one, two))
    if similarity < WEIGHED_FROM or not one.english or not two.english:
        return Seen(reason)
    pair = Small(a, b, one, two)
    if similarity >= FORGIVEN_FROM:
        anew = said_anew(pair)
        forgiven = anew if anew and anew.takes <= similarity else _forgiven(pair, similarity, 3)
        if forgiven:
            return Seen(None, True, features(forgiven.one, forgiven.two))
    return Seen(reason, not _decided(pair))


def _decided(pair: Small) -> bool:
    """Whether what differs decides, however much alike the two are."""
    if pair.one.literals != pair.two.literals:
        a, b = unquoted(pair.a), unquoted(pair.b)
        # Two that quote something, each another thing, are about what they quote.
        both = pair.one.literals and pair.two.literals
        if both or not a or not b or not _said(pair.one, b) or not _said(pair.two, a):
            return True
        pair = read_again(a, b, pair.takes)
        if changed(pair.one, pair.two):
            return True
    return decisive(pair.one, pair.two) or bool(written(pair.a, pair.b)) or differences(pair).reversed


def _said(reading: Reading, other: str) -> bool:
    """Whether all that ``reading`` quotes is said in the other prompt too."""
    quoted, said = ({form(w).lemma for w in re.findall(r"\w+", t.lower())} for t in (" ".join(reading.literals), other))
    return quoted <= said


# Those that change the texts come before those that change what was read of them.
_SMALL = (
    whose.persons,
    whose.we_or_i,
    whose.the_or_a,
    whose.owned,
    asked.asked_too,
    asked.quotes,
    manner.either,
    manner.there_are,
    asked.one_of_the_best,
    asked.any_of_them,
    wording.words_more,
    wording.same_stem,
    wording.near,
    manner.where_or_how,
    manner.some_of_them,
    manner.good_ones,
    manner.inflected,
    manner.meant,
    manner.object_first,
    manner.possible,
    manner.degree,
    manner.defined,
    manner.does_or_can,
    asked.the_best_where,
    asked.of_all_time,
    asked.best_then_or_now,
    asked.in_number,
    links.prepositions,
    links.helping_verb,
    links.compound,
)


def _forgiven(pair: Small, similarity: float, most: int, begin: int = 0) -> Small | None:
    """``pair`` without at most ``most`` small differences, None when others are left."""
    for place, find in enumerate(_SMALL[begin:], begin + 1):
        less = find(pair)
        if less is None or less.takes > similarity:
            continue
        if not (veto(less.one, less.two) or guard(less.a, less.b)):
            return less
        if most > 1 and (rest := _forgiven(less, similarity, most - 1, place)):
            return rest
    return None


FEATURES = ("unmatched", "replaced", "light", "moved", "reframed", "markers")


def features(a: Reading, b: Reading) -> tuple[tuple[str, float], ...]:
    """How much differs in what the vetoes let pass: shares of the words, mostly."""
    surfaces = [Counter(w.surface for w in r.words) for r in (a, b)]
    replaced = sum((surfaces[0] - surfaces[1]).values()) + sum((surfaces[1] - surfaces[0]).values())
    n = max(1, max(len(a.words), len(b.words)))
    counts = [Counter(w.name for w in r.words) for r in (a, b)]
    alone = (counts[0] - counts[1]) + (counts[1] - counts[0])
    light = sum(n for name, n in alone.items() if name in light_names(a, b))
    markers = [Counter(bare(w.marker) for w in r.words) for r in (a, b)]
    values = (
        (sum(alone.values()) - light) / n,
        max(0, replaced - sum(alone.values())) / (2 * n),
        light / n,
        float([w.name for w in a.words] != [w.name for w in b.words]),
        float(a.frame != b.frame),
        float(markers[0] != markers[1]),
    )
    return tuple(zip(FEATURES, values, strict=True))
