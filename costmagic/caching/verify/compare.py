"""Two readings side by side: what differs, and whether that could change the answer."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from . import asked, links, manner, whose, wording
from .anew import said_anew
from .frames import KINDS
from .guards import guard
from .lexicon import form, opposites, synonyms, words
from .order import bare, light_names, order, say
from .reading import Reading, read
from .small import FORGIVEN_FROM, Small

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


@dataclass(frozen=True, slots=True)
class Seen:
    """What an examination of two texts found.

    Attributes:
        veto: why they can't share an answer, None when nothing forbids it.
        features: numbers for the judge, by name.
    """

    veto: str | None
    features: tuple[tuple[str, float], ...] = ()


def examine(a: str, b: str, similarity: float = 0.0) -> Seen:
    """Compare two prompts word by word; symmetric.

    Small differences are forgiven to a pair whose cosine, ``similarity``, is high enough.
    """
    one, two = read(a), read(b)
    reason = veto(one, two) or guard(a, b)
    # What leaves numbers different leaves another question, whatever else is forgiven.
    small = similarity >= FORGIVEN_FROM and one.english and two.english and _numbers(one) == _numbers(two)
    if reason and small:
        pair = Small(a, b, one, two)
        anew = said_anew(pair)
        forgiven = anew if anew and anew.takes <= similarity else _forgiven(pair, similarity, 3)
        if forgiven:
            return Seen(None, features(forgiven.one, forgiven.two))
    return Seen(reason) if reason else Seen(None, features(one, two))


def _numbers(reading: Reading) -> Counter[str]:
    return Counter(w.name for w in reading.words if w.number)


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


def veto(a: Reading, b: Reading) -> str | None:
    """Why two prompts can't share an answer, None when nothing forbids it."""
    if a.literals != b.literals:
        return "quoted text, code or what follows a colon differs"
    if not a.english or not b.english:
        if a.english != b.english:
            return "the languages differ"
        return None if a.plain == b.plain else "not in English, and not the same words"
    return _speakers(a, b) or _frames(a, b) or _tenses(a, b) or _contents(a, b) or _plurals(a, b) or order(a, b)


def _speakers(a: Reading, b: Reading) -> str | None:
    """Who is spoken of: "you" is the one asked, and only where nobody would ask that of them is it anyone."""
    if a.mentioned != b.mentioned:
        return "the words that are asked about differ"
    if ("PEOPLE" in a.speakers) != ("PEOPLE" in b.speakers) and {"I", "YOU"} & (a.speakers | b.speakers):
        return "only one asks about people"
    if ("YOU" in a.speakers) != ("YOU" in b.speakers) and not (a.anyone and b.anyone):
        return "only one says 'you'"
    return None


_SUBJECT = re.compile(r"\b(?:do|does|is|are|can|should|would) (an? )?([a-z]+)(?: ([a-z]+))?\b")


def _generic(reading: Reading) -> frozenset[str]:
    """The subject of a question about a whole kind: "do magnets …", "does a magnet …"."""
    if reading.frame.kind not in ("yes or no", "how is", "why", "what of", "how_long", "how_many", "how_much"):
        return frozenset()
    found = set()
    for article, *first in _SUBJECT.findall(" ".join(reading.plain)):
        for word in first:  # "do drivers", "do taxi drivers"
            if word and bool(article) != form(word).plural and word not in words("not the same in number"):
                found.add(synonyms().get((form(word).lemma,), form(word).lemma))
    return frozenset(found)


def _plurals(a: Reading, b: Reading) -> str | None:
    light = light_names(a, b)
    light |= {w.name for r in (a, b) for w in r.words if w.ing}  # "in studies", "in studying"
    exempt = light | words("units") | words("either number") | (_generic(a) & _generic(b))
    one, two = (Counter(w.name for w in r.words if w.plural and w.name not in exempt) for r in (a, b))
    if one != two and a.frame.kind != "what happens":
        odd = next(iter((one - two) + (two - one)))
        return f"one asks for one '{say(odd)}', the other for several"
    return None


def _frames(a: Reading, b: Reading) -> str | None:
    kinds = [KINDS.get(r.frame.kind, r.frame.kind) for r in (a, b)]
    if set(kinds) in ({"list", "what"}, {"list", "give"}, {"give", "what"}) and _told(a) and _told(b):
        kinds = ["what", "what"]
    if set(kinds) == {"explain", "what"}:
        kinds = ["what", "what"]
    if kinds[0] != kinds[1]:
        return f"one asks '{a.frame.kind}', the other '{b.frame.kind}'"
    moods = [_MOODS.get(r.frame.mood, r.frame.mood) for r in (a, b)]
    if moods[0] != moods[1]:
        return f"one asks '{a.frame.mood}', the other '{b.frame.mood}'"
    if {a.frame.count, b.frame.count} == {"one", "many"}:
        return "one asks for one, the other for several"
    return None


def _told(reading: Reading) -> bool:
    """Whether several things of something are asked for that can be told, not made up: "tips for …"."""
    made = words("made up") & {w.name for w in reading.words}
    return reading.frame.count != "one" and not made and any(w.marker for w in reading.words[1:])


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
    if {"is", "are", "am"} & {*b.plain}:
        return False
    one, two = (Counter(w.name for w in r.words if w.past) for r in (a, b))
    return "did" in a.plain and not one - two and sum((two - one).values()) == 1


def _contents(a: Reading, b: Reading) -> str | None:
    counts = [Counter(w.name for w in r.words) for r in (a, b)]
    only_a, only_b = list((counts[0] - counts[1]).elements()), list((counts[1] - counts[0]).elements())
    left_a, left_b = ([n for n in only if n not in light_names(a, b)] for only in (only_a, only_b))
    if not left_a and not left_b:
        return None
    both = [*left_a, *left_b]
    for x in left_a:
        for y in left_b:
            if frozenset((x, y)) in opposites():
                return f"'{say(x)}' and '{say(y)}' are opposites"
    for what, known in (
        ("a negation", words("negators")),
        ("a quantity", words("quantifiers")),
        ("can, must or should", words("modals")),
    ):
        if found := [n for n in both if n in known]:
            return f"{what} differs: '{say(found[0])}'"
    if found := [n for n in both if n[0].isdigit()]:
        return f"a number differs: {', '.join(dict.fromkeys(found))}"
    for what, known in (("a unit", words("units")), ("a time", words("times"))):
        if found := [n for n in both if n in known]:
            return f"{what} differs: '{say(found[0])}'"
    names = {w.name for r in (a, b) for w in r.words if w.capital}
    if found := [n for n in both if n in names]:
        return f"a name differs: '{say(found[0])}'"
    if left_a and left_b:
        return f"'{say(' '.join(left_a))}' is not '{say(' '.join(left_b))}'"
    return f"only one says '{say(' '.join(both))}'"


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
