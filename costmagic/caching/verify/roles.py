"""Who does what to whom, and which number comes first: the same words in changed roles."""

from __future__ import annotations

import re
from itertools import pairwise

from .influence import turned
from .lexicon import form, words
from .reading import Reading
from .sides import other_side

# "Is taught by", "is the boy taught by", "is done to the boy by".
_PASSIVE = re.compile(
    r"\b(?:is|are|was|were|be|been|being|gets?|got|getting)(?: [a-z]+){0,6}? ([a-z]+)"
    r"(?: (?:to|of|for|from|with)(?: the| an?)? [a-z]+)? by\b"
)
_HELPING = r"(?!(?:can|could|do|does|did|will|would|shall|should|may|might|must|have|has|had|is|are|was|were|am)\b)"
_DOES = re.compile(rf"\b(?:i|you|he|she|we|they) {_HELPING}([a-z]+)\b")
_DONE_TO = re.compile(rf"\b{_HELPING}([a-z]+) (?:me|you|him|her|us|them)\b")
_OWNER = re.compile(r"\b([a-z]+) ?'s ([a-z0-9]+)\b")
_OF_OWNER = re.compile(r"\b([a-z]+)(?= of (?:the |an? )?([a-z]+)\b)")
_WORDS = re.compile(r"[a-z0-9]+")
_INTO, _FROM = frozenset({"into", "to"}), frozenset({"from"})
_AMOUNTS = frozenset(
    {"always", "all", "every", "each", "both", "never", "sometimes", "often", "usually", "most", "only"}
)
# What stands beside one of these can't change places with what does not.
_BESIDE = frozenset(
    {"against", "than", "over", "under", "above", "below", "behind", "beneath", "within", "inside", "into", "onto",
     "from", "before", "after", "without"}
)  # fmt: skip
_ARTICLES = frozenset({"a", "an", "the", "my", "your", "our", "his", "her", "their", "its"})
_BESIDE_VERBS = frozenset(
    {"be", "is", "are", "was", "were", "been", "being", "get", "can", "could", "do", "did", "will", "would", "should",
     "may", "might", "must", "have", "not", "ever", "often"}
)  # fmt: skip
_AS = re.compile(r"\bas (?:an?|the) ((?:[a-z]+ ?){1,3})")
# "I am used to it" is none of "I used to".
_IS_USED = re.compile(r"\b(?:i|you|he|she|we|they|people) (?:am|is|are|was|were|got) used to\b")
_SAYS = re.compile(
    r"\b(?:says?|said|claims?|claimed|(?:tells?|told) (?:me|us|you|him|her|them)) "
    r"(?:that )?(?:i|he|she|they|it|we|you)\b"
)
_PREPOSITIONS = frozenset({"to", "of", "for", "from", "with"})
_NO_THING = frozenset({"his", "her", "its", "their", "MY", "YOUR"})
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
        or turned(a, b)
        or _directed(a, b)
        or _beside(a, b)
        or _persons(*texts)
        or _as_whom(*texts)
        or _dated(a, b)
        or _owners(*texts)
        or _amounts(a, b)
        or _when(a, b)
        or _other_modal(a, b, *texts)
        or ({a.frame.count, b.frame.count} == {"one", "many"} and len({bool(_ALL.search(t)) for t in texts}) > 1)
    )


def _turned(a: Reading, b: Reading, one: str, two: str) -> bool:
    """Active beside passive, with the words in one order: "what eats it" and "what is eaten by it"."""
    passive = [{form(verb).lemma for verb in _PASSIVE.findall(text) if form(verb).past} for text in (one, two)]
    if passive[0] == passive[1]:
        return False
    names = [[w.name for w in r.words] for r in (a, b)]
    both = {*names[0]} & {*names[1]}
    active = [{form(w).lemma for w in text.split()} - said for text, said in zip((one, two), passive, strict=True)]
    order = [[n for n in each if n in both] for each in names]
    verbs = passive[0] & active[1] | passive[1] & active[0]
    in_order = len(both) > 1 and order[0] == order[1]
    return bool(verbs) and (in_order or any(_turned_by(v, *way) for v in verbs for way in ((one, two), (two, one))))


def _turned_by(verb: str, passive: str, active: str) -> bool:
    """Whether it is done by what it is done to in the other, or to what does it there."""
    one, two = _beside_verb(verb, passive, passive=True), _beside_verb(verb, active, passive=False)
    return bool(one and two and ((one[0] and one[0] == two[1]) or (one[1] and one[1] == two[0])))


def _beside_verb(verb: str, text: str, passive: bool) -> tuple[str, str] | None:
    """Of who does something, and of what it is done to, the words beside the verb; "" where there is none."""
    said = [form(w).lemma for w in text.split() if w not in _ARTICLES]
    for i, word in enumerate(said):
        before, after = [w for w in said[:i] if w not in _BESIDE_VERBS], said[i + 1 :]
        to = after[1:2] if after and after[0] in _PREPOSITIONS else []  # what is done to it
        if to:
            after = after[2:] if passive else to
        if word == verb and (after[:1] == ["by"]) is passive:
            done_to = to or before[-1:] if passive else after[:1]
            does = after[1:2] if passive else before[-1:]
            return ("".join(does), "".join(done_to))
    return None


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


def _beside(a: Reading, b: Reading) -> bool:
    """Whether two that are in both changed places beside one marker: rooks against a queen, a queen against rooks."""
    names, marked = [{w.name for w in r.words} for r in (a, b)], [_marked(r) for r in (a, b)]
    only = [{(m, n) for m, n in marked[i] - marked[1 - i] if n in names[1 - i]} for i in (0, 1)]
    return any(m == other for m, _ in only[0] for other, _ in only[1])


def _marked(reading: Reading) -> set[tuple[str, str]]:
    """(marker, word beside it): "within each date" is within the date."""
    found, before = set(), ""
    for word in reading.words:
        marker = f"{before} {word.marker}"
        before = marker if word.name in _NO_THING or word.name in words("quantifiers") else ""
        if not before:
            found |= {(m, word.name) for m in marker.split() if m in _BESIDE or (m == "of" and word.number)}
    return found


def _persons(one: str, two: str) -> bool:
    """Whom you owe something, and who owes it to you."""
    does, done = ([{form(v).lemma for v in said.findall(text)} for text in (one, two)] for said in (_DOES, _DONE_TO))
    verbs = (does[0] - does[1]) & (done[1] - done[0]) | (does[1] - does[0]) & (done[0] - done[1])
    return bool(verbs - words("empty"))


def _as_whom(one: str, two: str) -> bool:
    """As a guest, as the host; what he does, and what he says I do."""
    apart = [{*" ".join(_AS.findall(text)).split()} for text in (one, two)]
    said = [(bool(_SAYS.search(text)), bool(_IS_USED.search(text))) for text in (one, two)]
    return said[0] != said[1] or (all(apart) and not apart[0] & apart[1])


def _dated(a: Reading, b: Reading) -> bool:
    """Whether one thing was done then, and another: held in 1973, released in 1973."""
    one, two = ({w.name: before.name for before, w in pairwise(r.words) if w.number and before.past} for r in (a, b))
    return any(one[number] != two[number] for number in one.keys() & two.keys())


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
