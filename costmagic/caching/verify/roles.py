"""Who does what to whom, and which number comes first: the same words in changed roles."""

from __future__ import annotations

import re

from .lexicon import form
from .reading import Reading
from .sides import other_side

_PASSIVE = re.compile(r"\b(?:is|are|was|were|be|been|being|gets?|got|getting) ([a-z]+) by\b")
_OWNER = re.compile(r"\b([a-z]+) ?'s ([a-z0-9]+)\b")
_OF_OWNER = re.compile(r"\b([a-z]+)(?= of (?:the |an? )?([a-z]+)\b)")
_WORDS = re.compile(r"[a-z0-9]+")
_INTO, _FROM = frozenset({"into", "to"}), frozenset({"from"})
_AMOUNTS = frozenset(
    {"always", "all", "every", "each", "both", "never", "sometimes", "often", "usually", "most", "only"}
)
_ALL = re.compile(r"\b(?:all|every|complete|full|exhaustive|entire)\b")
_MODAL = re.compile(r"\b(?:can|could|may|might|will|would|should|must|(?:have|has|need|needs) to)\b")
_MODALS = {
    "could": "can",
    "may": "can",
    "might": "can",
    "would": "will",
    "have to": "must",
    "has to": "must",
    "need to": "must",
    "needs to": "must",
}


def changed(a: Reading, b: Reading) -> bool:
    """Whether doer and done to, divisor and dividend, may and must, or one and all have changed places."""
    texts = " ".join(a.plain), " ".join(b.plain)
    return (
        _numbers(a) != _numbers(b)
        or _turned(a, b, *texts)
        or other_side(*texts)
        or _directed(a, b)
        or _owners(*texts)
        or _amounts(a, b)
        or _when(a, b)
        or _other_modal(a, b, *texts)
        or ({a.frame.count, b.frame.count} == {"one", "many"} and len({bool(_ALL.search(t)) for t in texts}) > 1)
    )


def _turned(a: Reading, b: Reading, one: str, two: str) -> bool:
    """Active beside passive, with the words in one order: "what eats it" and "what is eaten by it"."""
    passive = [{form(verb).lemma for verb in _PASSIVE.findall(text)} for text in (one, two)]
    if passive[0] == passive[1]:
        return False
    names = [[w.name for w in r.words] for r in (a, b)]
    both = {*names[0]} & {*names[1]}
    active = [{form(w.surface).lemma for w in r.words} - said for r, said in zip((a, b), passive, strict=True)]
    order = [[n for n in each if n in both] for each in names]
    return len(both) > 1 and order[0] == order[1] and bool(passive[0] & active[1] | passive[1] & active[0])


def _owners(one: str, two: str) -> bool:
    """The Earth's gravity and the Moon, the Moon's gravity and the Earth; my son and her dog, her son and my dog."""
    owned = [
        {(what, owner) for owner, what in _OWNER.findall(text)} | {*_OF_OWNER.findall(text)} for text in (one, two)
    ]
    both = {*_WORDS.findall(one)} & {*_WORDS.findall(two)}
    owned = [owned[0] - owned[1], owned[1] - owned[0]]
    return any(
        (what == other and x != y and {x, y} <= both)
        or (what != other and x == y and {what, other} <= both and not _together(what, other, f"{one} | {two}"))
        for what, x in owned[0]
        for other, y in owned[1]
    )


def _together(what: str, other: str, said: str) -> bool:
    """Whether two words are named as one: "national language", "pros and cons"."""
    return bool(re.search(rf"\b(?:{what} (?:and )?{other}|{other} (?:and )?{what})\b", said))


def _directed(a: Reading, b: Reading) -> bool:
    """Whether something is made from what the other makes into something."""
    into, out_of = ([{w.name for w in r.words if {*w.marker.split()} & to} for r in (a, b)] for to in (_INTO, _FROM))
    return bool(into[0] & out_of[1] or into[1] & out_of[0])


def _amounts(a: Reading, b: Reading) -> bool:
    """Whether it is so always, or ever, each by one of two questions to say yes or no to."""
    if not a.frame.kind == b.frame.kind == "yes or no":
        return False
    return {*a.plain} & _AMOUNTS != {*b.plain} & _AMOUNTS


def _when(a: Reading, b: Reading) -> bool:
    """Before and after."""
    one, two = ({m for w in r.words for m in w.marker.split()} & {"before", "after"} for r in (a, b))
    return bool(one and two) and one != two


def exchanged(a: Reading, b: Reading) -> bool:
    """Whether two markers changed places: "from Mexico into Texas", "into Mexico from Texas"."""
    before = [{w.name: w.marker for w in r.words} for r in (a, b)]
    odd = [(before[0][n], before[1][n]) for n in before[0].keys() & before[1].keys() if before[0][n] != before[1][n]]
    return any(m and n and (n, m) in odd for m, n in odd)


def _numbers(reading: Reading) -> list[str]:
    """The numbers in their order."""
    return [w.name for w in reading.words if w.number]


def _other_modal(a: Reading, b: Reading, one: str, two: str) -> bool:
    """Whether what can, will, should and must be is asked, each by one of two questions to say yes or no to."""
    if not a.frame.kind == b.frame.kind == "yes or no":
        return False
    found = [{_MODALS.get(m, m) for m in _MODAL.findall(text)} for text in (one, two)]
    return all(found) and found[0] != found[1]
