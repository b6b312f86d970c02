"""Prompts said anew: what differs in several places at once was worded by another mind.

Who changes what is asked changes it in one place and leaves the rest: "sort it in descending order". Who asks the same
anew words it differently throughout. So where two prompts are very much alike as a whole and yet differ in several
places, words that only one has weigh little, unless they are of the kinds that decide an answer: numbers, names,
negations, units, times, opposites, and one word in place of another.
"""

from __future__ import annotations

import re
from dataclasses import replace

from .differences import Differences, differences
from .frames import KINDS
from .guards import signs
from .lexicon import opposites, words
from .reading import Reading
from .small import SURE, Small
from .wording import come_to_the_same
from .words import Word

# From which cosine on differences in several places mean nothing, one more word beside another difference, and a phrase
# in place of another: that changes what is asked more often than words here and there.
SEVERAL_FROM = 0.90
ONE_FROM = 0.91
PHRASE_FROM = 0.925

# A single small difference in a question of so many words is none of what is asked.
_LONG = 5

_DECIDING = ("negators", "quantifiers", "modals", "units", "times", "tools")
_OTHERS = frozenset(
    {"he", "she", "his", "her", "hers", "him", "they", "their", "them"}
    | {"this", "that", "these", "those"}
    | {"besides", "including", "excluding", "plus", "non"}
)
_IDLE = frozenset({"ever", "any", "some", "always", "much", "either"})
# These are not what is done: "start learning", "become a designer".
_NOT_DONE = frozenset({"I", "YOU", "MY", "YOUR", "start", "try", "become"})
# One of these more doesn't make two words of one: "very mild" beside "severe".
_NO_MORE = frozenset({"very", "really", "quite", "so", "too", "extremely", "rather", "pretty", "fairly", "super"})
_HELPING = frozenset({"can", "could", "would", "should"})
# "How is it to meet her" is none of "how can I meet her".
_STATE = (("is",), ("are",), ("was",), ("were",), ("does",), ("did",))
# "Who painted it": the first word is what is done.
_WHO_IS = (*_STATE, ("am",), ("has",), ("have",), ("had",))
_ASKED_TOO = re.compile(r"\b(?:and|or) (?:how|what|where|when|why|who|which)\b")

# Ways of asking that are told the same where all else is alike; others must be the same on both sides.
_ALIKE = frozenset(
    frozenset(kinds)
    for kinds in (
        ("what", "yes or no"),
        ("what", "place to"),
        ("what", "where can"),
        ("what", "mean"),
        ("what", "what happens"),
        ("how", "what"),
        ("how", "place to"),
        ("how", "where can"),
        ("how", "how is"),
        ("where can", "place to"),
    )
)
# In these the first word is what is done, or what there is.
_OF_DOING = frozenset({frozenset({"how"}), frozenset({"where can"}), frozenset({"what", "yes or no"})})
# In these the tense tells of which event.
_OF_EVENTS = frozenset({"who", "where", "when", "yes or no", "what happens"})


def said_anew(pair: Small) -> Small | None:
    """``pair`` without its differences, where there are several and none decides an answer."""
    if not _asked_alike(pair.one, pair.two) or pair.one.literals != pair.two.literals:
        return None
    found = differences(pair)
    if _decided(found, pair.one, pair.two):
        return None
    takes = _takes(found, pair.one, pair.two)
    if takes is None or signs(pair.a, pair.b):
        return None
    return replace(pair, b=pair.a, two=pair.one, takes=takes)


def _kind(reading: Reading) -> str:
    return KINDS.get(reading.frame.kind, reading.frame.kind)


def _asked_alike(one: Reading, two: Reading) -> bool:
    """Whether the ways of asking are such that one answer can serve both."""
    kinds = frozenset((_kind(one), _kind(two)))
    if "statement" in kinds or (len(kinds) > 1 and kinds not in _ALIKE):
        return False
    if kinds == {"yes or no"} and one.frame.mood != two.frame.mood:
        return False
    if one.mentioned != two.mentioned:
        return False
    if one.tense != two.tense and (kinds & _OF_EVENTS or "future" in (one.tense, two.tense)):
        return False
    if kinds == {"how", "how is"} and any(r.plain[1:2] in _STATE for r in (one, two)):
        return False
    asked_too = [len(_ASKED_TOO.findall(" ".join(r.plain))) for r in (one, two)]
    return asked_too[0] == asked_too[1]


def _decided(found: Differences, one: Reading, two: Reading) -> bool:
    """Whether one of the differences decides by itself."""
    kinds = frozenset((_kind(one), _kind(two)))
    whether = "yes or no" in kinds
    if found.turned or found.degrees or (found.persons and whether):
        return True
    if found.reversed or (found.moved and any(w.name in ("I", "YOU") for r in (one, two) for w in r.words)):
        return True
    for word in (*found.only[0], *found.only[1]):
        if _decides(word) and (whether or word.surface not in _HELPING):
            return True
    if kinds in _OF_DOING or (kinds == {"who"} and not any(r.plain[1:2] in _WHO_IS for r in (one, two))):
        done = [next((w.name for w in r.words if not _added(w)), "") for r in (one, two)]
        if done[0] != done[1] and not come_to_the_same(*done):
            return True
    for x, y in ((x, y) for x in one.words for y in two.words if x.name == y.name and x.capital != y.capital):
        if _may_be_a_name(x) or _may_be_a_name(y):
            return True
    return any(frozenset((x.name, y.name)) in opposites() for x in found.only[0] for y in found.only[1])


def _may_be_a_name(word: Word) -> bool:
    return word.surface in words("names that are words") and word.name not in words("tools")


def _added(word: Word) -> bool:
    """Whether a word before what is done is none of it."""
    return word.name in _NOT_DONE or word.surface in words("of manner")


def _decides(word: Word) -> bool:
    """Whether a word that only one side has decides what is asked."""
    return (
        word.surface in _OTHERS
        or word.name.endswith("…")
        or word.capital
        or word.name.startswith("united_")
        or word.number
        or any(c.isdigit() for c in word.name)
        or (word.surface not in _IDLE and any(word.name in words(kind) for kind in _DECIDING))
    )


def _takes(found: Differences, one: Reading, two: Reading) -> float | None:
    """From which cosine on the differences mean nothing, None where they may mean something."""
    fewer, more = sorted(([w for w in left if w.name not in _NO_MORE] for left in found.left), key=len)
    several = found.replaced + found.forms
    retold = len(more) + found.replaced > 1
    if found.moved and not (fewer and len(fewer) < len(more)):
        sought = all(r.words[:1] and r.words[0].name in words("praised") for r in (one, two))
        little = not fewer and all(w.name in words("of what kind") | words("what for") for w in more)
        return ONE_FROM if sought and little else None
    if one.tense != two.tense and not retold:
        return None
    if {_kind(one), _kind(two)} == {"how", "what"}:
        return ONE_FROM if not fewer and len(more) > 1 and not found.moved else None
    if not more:
        if not (several or found.linked or found.places):
            return SURE
        if several == 1 and found.linked and one.frame.kind == two.frame.kind:
            return SURE
        if found.forms + found.linked == 1 and len(one.words) >= _LONG and not found.persons:
            return SURE
        return None if several < 2 else SEVERAL_FROM if retold else ONE_FROM
    if len(fewer) == len(more):
        return None
    if fewer:
        alone = found.places == 1
        return PHRASE_FROM if alone and not several else ONE_FROM if alone else SEVERAL_FROM
    if all(w.surface in _IDLE for w in more) and found.forms < 2:
        return None
    if any(w.name in words("of a kind") | words("for whom") for w in more):
        return None
    if retold and (found.places > 1 or several):
        return SEVERAL_FROM
    if len(more) > 1 and not several:
        return SURE if found.linked else None
    if more[0].name in words("turns around"):
        return None
    return ONE_FROM if several else SURE if found.linked else None
