"""What forbids that two readings share an answer, and what of that nothing can outweigh."""

from __future__ import annotations

import re
from collections import Counter

from .frames import KINDS
from .lexicon import form, opposed, synonyms, words
from .order import light_names, markers, moved, say
from .reading import Reading
from .roles import exchanged

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


def veto(a: Reading, b: Reading) -> str | None:
    """Why two prompts can't share an answer, None when nothing forbids it."""
    if a.literals != b.literals:
        return "quoted text, code or what follows a colon differs"
    if not a.english or not b.english:
        if a.english != b.english:
            return "the languages differ"
        return None if a.plain == b.plain else "not in English, and not the same words"
    return (
        _speakers(a, b)
        or _frames(a, b)
        or _tenses(a, b)
        or _contents(a, b)
        or _plurals(a, b)
        or moved(a, b)
        or markers(a, b)
    )


def decisive(a: Reading, b: Reading) -> bool:
    """Whether something differs that changes an answer however much alike two prompts are."""
    if a.literals != b.literals or not a.english or not b.english or a.mentioned != b.mentioned:
        return True
    if numbers(a) != numbers(b) or exchanged(a, b) or _asked_apart(a, b) or _ranges(a) != _ranges(b):
        return True
    left = _left(a, b)
    return _deciding(a, b, *left) is not None or (not any(left) and moved(a, b) is not None)


# Questions whose answers are of different kinds.
_APART = frozenset({"where", "when", "who", "why", "how_many", "how_much", "how_long", "how_often", "yes or no"})
# Before a number or a name, on which side of it something is.
_SIDES = frozenset({"before", "after", "until", "since", "through"})


def _asked_apart(a: Reading, b: Reading) -> bool:
    kinds = {KINDS.get(r.frame.kind, r.frame.kind) for r in (a, b)}
    return len(kinds) > 1 and kinds <= _APART


def _ranges(reading: Reading) -> set[tuple[str, str]]:
    return {(m, w.name) for w in reading.words if w.number or w.capital for m in w.marker.split() if m in _SIDES}


def numbers(reading: Reading) -> Counter[str]:
    """The numbers in it."""
    return Counter(w.name for w in reading.words if w.number)


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


def _left(a: Reading, b: Reading) -> tuple[list[str], list[str]]:
    """The names that only the one has and that say something, and only the other."""
    counts = [Counter(w.name for w in r.words) for r in (a, b)]
    light = light_names(a, b)
    only_a, only_b = (counts[0] - counts[1]).elements(), (counts[1] - counts[0]).elements()
    return [n for n in only_a if n not in light], [n for n in only_b if n not in light]


def _contents(a: Reading, b: Reading) -> str | None:
    left_a, left_b = _left(a, b)
    if not left_a and not left_b:
        return None
    if reason := _deciding(a, b, left_a, left_b):
        return reason
    both = [*left_a, *left_b]
    for what, known in (("a quantity", words("quantifiers")), ("can, must or should", words("modals"))):
        if found := [n for n in both if n in known]:
            return f"{what} differs: '{say(found[0])}'"
    if left_a and left_b:
        return f"'{say(' '.join(left_a))}' is not '{say(' '.join(left_b))}'"
    return f"only one says '{say(' '.join(both))}'"


def _deciding(a: Reading, b: Reading, left_a: list[str], left_b: list[str]) -> str | None:
    """Which of the words that differ decides by its kind."""
    for x in left_a:
        for y in left_b:
            if opposed(x, y):
                return f"'{say(x)}' and '{say(y)}' are opposites"
    both = [*left_a, *left_b]
    if {"like", "like…"} <= {*both}:
        return "what it is like to be somebody is not what somebody is like"
    ends = [bool(({*left} & words("ends or hinders")) | ({*left} & words("negators"))) for left in (left_a, left_b)]
    hinders = {*both} & words("hinders")
    if hinders and not all(ends):
        return f"only one says '{say(min(hinders))}'"
    if found := [n for n in both if n in words("negators")]:
        return f"a negation differs: '{say(found[0])}'"
    if found := [n for n in both if any(c.isdigit() for c in n)]:
        return f"a number differs: {', '.join(dict.fromkeys(found))}"
    for what, known in (("a unit", words("units")), ("a time", words("times"))):
        if found := [n for n in both if n in known]:
            return f"{what} differs: '{say(found[0])}'"
    names = {w.name for r in (a, b) for w in r.words if w.capital}
    if found := [n for n in both if n in names]:
        return f"a name differs: '{say(found[0])}'"
    return None
