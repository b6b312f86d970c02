"""Which of two things acts on the other: the effect of sleep on stress, and how stress affects sleep."""

from __future__ import annotations

import re
from itertools import combinations

from .lexicon import form, opposites, words
from .reading import Reading

_THE = r"(?:(?:the|an?|my|your|our|his|her|their|its) )?"
_BE = "is|are|was|were|be|been|being|am"
_HELPING = rf"{_BE}|can|could|do|does|did|will|would|should|may|might|must|have|has|had|not|also|often|ever"
_VERB = "affect|influence|impact|cause|trigger|inspire|produce|shape|change|alter|prevent|worsen|improve|drive|trouble"
_EFFECT = "effects?|impacts?|influences?|consequences?|repercussions?"
# What acts, and what is acted on.
_ACTS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:{_EFFECT}|results?) (?:of|from) {_THE}([a-z]+)",
        rf"\b(?:caused|affected|influenced|impacted|triggered|inspired|shaped|produced|driven) by {_THE}([a-z]+)",
        rf"\b(?:because of|due to|owing to|stems? from|comes? from|follows? from|arises? from) {_THE}([a-z]+)",
        rf"\b(?:{_EFFECT}) (?:{_HELPING}) {_THE}([a-z]+)",
        rf"\b([a-z]+) (?:(?:{_HELPING}) )?(?:{_VERB})s?\b",
        r"\b([a-z]+) (?:leads? to|results? in|contributes? to|brings? about|gives? rise to)\b",
    )
)
_ACTED_ON = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:{_EFFECT}) (?:of [a-z ]+ )?(?:on|upon) {_THE}([a-z]+)",
        rf"\b(?:{_VERB})s? {_THE}([a-z]+)",
        rf"\b(?:leads? to|results? in|contributes? to|brings? about|gives? rise to|inspiration for) {_THE}([a-z]+)",
        rf"\bcauses? of {_THE}([a-z]+)",
        rf"\b([a-z]+) (?:{_BE}|gets?) (?:caused|affected|influenced|impacted|triggered|inspired) by\b",
    )
)

_NO_THING = frozenset(
    {*_HELPING.split("|"), "what", "which", "who", "how", "that", "it", "they", "there", "to", "and", "i", "you", "we"}
)


def turned(a: Reading, b: Reading) -> bool:
    """Whether what acts in one acts on it in the other, or two that rise and fall have changed places."""
    texts = " ".join(a.plain), " ".join(b.plain)
    acts, acted_on = ([_named(patterns, text) for text in texts] for patterns in (_ACTS, _ACTED_ON))
    said = [{form(word).lemma for word in text.split()} for text in texts]
    apart = all(acts) and not acts[0] & acts[1] and acts[0] <= said[1] and acts[1] <= said[0]
    both_ways = (acts[0] - acts[1]) & (acted_on[1] - acted_on[0]) | (acts[1] - acts[0]) & (acted_on[0] - acted_on[1])
    return apart or bool(both_ways or _opposed(a) & {(second, first) for first, second in _opposed(b)})


def _named(patterns: tuple[re.Pattern[str], ...], text: str) -> set[str]:
    found = {form(word).lemma for pattern in patterns for word in pattern.findall(text)}
    return {w for w in found - words("empty") - words("markers") - _NO_THING if not w.endswith("ly")}


def _opposed(reading: Reading) -> set[tuple[str, str]]:
    """What does one thing while another does its opposite: prices fall when wages rise."""
    said = [w.name for w in reading.words]
    before = {name: said[i - 1] for i, name in enumerate(said) if i}
    return {
        (before[x], before[y])
        for x, y in combinations(sorted(before), 2)
        if before[x] != before[y] and frozenset((x, y)) in opposites()
    }
