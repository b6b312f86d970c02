"""Small differences in the manner of asking: for a place or a way, for some or for the best, whether or how much."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import takewhile

from .lexicon import synonyms, words
from .reading import Reading
from .small import Small, read_again, uncounted


def _kinds(pair: Small) -> tuple[str, str]:
    return pair.one.frame.kind, pair.two.frame.kind


def _as_kind(pair: Small, kind: str, takes: float) -> Small:
    """``pair`` with both asking for ``kind``."""
    one, two = (replace(r, frame=replace(r.frame, kind=kind, mood="")) for r in (pair.one, pair.two))
    return replace(pair, one=one, two=two, takes=takes)


_FOUND = frozenset({"find", "get", "learn", "buy", "download", "watch", "track", "obtain", "apply", "study", "rent"})


def where_or_how(pair: Small) -> Small | None:
    """ "Where can I learn to sing" beside "how can I learn to sing": both are told where and how."""
    if _kinds(pair) == ("where can", "where can"):
        return _either_got(pair)
    if {*_kinds(pair)} not in ({"how", "where can"}, {"how", "place to"}, {"where can", "place to"}):
        return None
    done = [r.words[0].name if r.words else "" for r in (pair.one, pair.two)]
    return _as_kind(pair, "how", 0.93) if done[0] == done[1] and done[0] in _FOUND else None


_GOT = frozenset({"find", "get", "buy"})


def _either_got(pair: Small) -> Small | None:
    """Where something can be bought, and where it can be found."""
    one, two = pair.one.words[:1], pair.two.words[:1]
    if not one or not two or one[0].name == two[0].name or not {one[0].name, two[0].name} <= _GOT:
        return None
    return replace(pair, two=replace(pair.two, words=(*one, *pair.two.words[1:])), takes=0.95)


_ANY = re.compile(r"^\W*(?:is|are) there (?:any |some )?(?:good |other )?", re.IGNORECASE)
_SOME = re.compile(r"^\W*(?:what|which)(?: are|'re) (?:some |the )?(?:of the )?(?:good )?", re.IGNORECASE)


def there_are(pair: Small) -> Small | None:
    """ "Are there any tech startups in Kolkata" beside "what are some": who answers the first names them."""
    a, b = pair.a, pair.b
    if bool(_ANY.match(a)) == bool(_ANY.match(b)) or bool(_SOME.match(a)) == bool(_SOME.match(b)):
        return None
    return read_again(_ANY.sub("What are some ", a, count=1), _ANY.sub("What are some ", b, count=1), 0.93)


_SEVERAL = re.compile(r"\bsome\b", re.IGNORECASE)
_COUNTED = frozenset({"advantage", "benefit", "use", "reason", "difference", "impact", "application"})


def some_of_them(pair: Small) -> Small | None:
    """Some of a kind beside one of it: "what are some places to see" answers "what place should I see"."""
    one, two = pair.one, pair.two
    plurals = [Counter(w.name for w in r.words if w.plural) for r in (one, two)]
    more = (plurals[0] - plurals[1], plurals[1] - plurals[0])
    odd = more[0] + more[1]
    several = [r.frame.count == "many" for r in (one, two)]
    if len(odd) > 1 or (more[0] and several[1]) or (more[1] and several[0]) or {*odd} & words("not the same in number"):
        return None
    if not odd and several[0] == several[1]:
        return None
    plural = pair.a if more[0] or (not odd and several[0]) else pair.b
    if not _SEVERAL.search(plural) and not (odd and {*odd} <= _COUNTED):
        return None
    one, two = (uncounted(r, odd) for r in (one, two))
    return replace(pair, one=one, two=two, takes=0.90)


_GOOD = frozenset(
    {"best", "good", "top", "great", "recommend", "excellent", "interesting", "nice", "amazing", "famous", "most"}
)


def good_ones(pair: Small) -> Small | None:
    """ "The best quotes" beside "the quotes" or "some good quotes": of several, one tells the good ones anyway."""
    if _kinds(pair) != ("what", "what"):
        return None
    one_of_them = "one" in (pair.one.frame.count, pair.two.frame.count)
    if one_of_them and not {*_names(pair.one)} & {*_names(pair.two)} & words("best by taste"):
        return None
    praised = [list(takewhile(lambda w: w.name in _GOOD and not w.marker, r.words)) for r in (pair.one, pair.two)]
    names = [[w.name for w in found] for found in praised]
    if names[0] == names[1] or (one_of_them and not all(names)):
        return None
    if not one_of_them and not all(any(w.plural for w in r.words[:5]) for r in (pair.one, pair.two)):
        return None
    if any(len(r.words) < 2 for r in (pair.one, pair.two)):
        return None
    one, two = (replace(r, words=r.words[len(found) :]) for r, found in zip((pair.one, pair.two), praised, strict=True))
    return replace(pair, one=one, two=two, takes=0.93)


def inflected(pair: Small) -> Small | None:
    """A participle in another form, in questions of the same tense: "homeschooling", "being homeschooled"."""
    one, two = pair.one, pair.two
    if one.tense != two.tense or {"who", "yes or no"} & {*_kinds(pair)}:
        return None
    past = [Counter(w.name for w in r.words if w.past) for r in (one, two)]
    odd = (past[0] - past[1]) + (past[1] - past[0])
    both = [{w.name for w in r.words} for r in (one, two)]
    if not odd or not {*odd} <= both[0] & both[1]:
        return None
    one, two = (
        replace(r, words=tuple(replace(w, past=w.past and w.name not in odd) for w in r.words)) for r in (one, two)
    )
    return replace(pair, one=one, two=two, takes=0.94)


def meant(pair: Small) -> Small | None:
    """ "What does it mean" beside "what is it"."""
    return _as_kind(pair, "what", 0.90) if {*_kinds(pair)} == {"mean", "what"} else None


def object_first(pair: Small) -> Small | None:
    """ "For learning SAP HANA" beside "of SAP HANA learning"."""
    one, two = (_verb_first(r) for r in (pair.one, pair.two))
    if (one, two) == (pair.one, pair.two):
        return None
    return replace(pair, one=one, two=two, takes=0.93)


def _verb_first(reading: Reading) -> Reading:
    """A reading in which what ends a chunk in -ing begins it, its marker "for"."""
    found = list(reading.words)
    for i, word in enumerate(found):
        start = i
        while start and not found[start].marker:
            start -= 1
        last = i + 1 == len(found) or found[i + 1].marker
        if word.ing and last and i > start:
            found[start : i + 1] = [
                replace(word, marker=found[start].marker.replace("of", "for")),
                replace(found[start], marker=""),
                *found[start + 1 : i],
            ]
        elif word.ing and word.marker == "of":
            found[i] = replace(word, marker="for")
    return replace(reading, words=tuple(found))


_EITHER = re.compile(r"\b([A-Za-z]{3,}) ?/ ?([A-Za-z]{3,})\b")


def either(pair: Small) -> Small | None:
    """ "Headphones/earphones" beside one of the two."""
    found = [_EITHER.findall(t) for t in (pair.a, pair.b)]
    if bool(found[0]) == bool(found[1]):
        return None
    texts = [pair.a, pair.b]
    longer = 0 if found[0] else 1
    said = {*re.findall("[a-z]+", texts[1 - longer].lower())}
    texts[longer] = _EITHER.sub(lambda m: m[2] if m[2].lower() in said else m[1], texts[longer])
    return read_again(texts[0], texts[1], 0.90)


def does_or_can(pair: Small) -> Small | None:
    """ "Does coffee cause headaches" beside "can coffee cause headaches"."""
    moods = {pair.one.frame.mood, pair.two.frame.mood}
    if _kinds(pair) != ("yes or no", "yes or no") or moods not in ({"do", "can"}, {"does", "can"}):
        return None
    if {"I", "YOU"} & (pair.one.speakers | pair.two.speakers) or not {*_names(pair.one)} & words("can or does"):
        return None
    return _as_kind(pair, "yes or no", 0.93)


def _names(reading: Reading) -> list[str]:
    return [w.name for w in reading.words]


_DEFINED = (
    re.compile(r"^\W*what(?: is|'s) an? ", re.IGNORECASE),
    re.compile(r"^\W*what are (?!the |some |your |my )", re.I),
)


def defined(pair: Small) -> Small | None:
    """ "What is an algorithm" beside "what are algorithms"."""
    one, two = pair.one, pair.two
    texts = (pair.a, pair.b) if _DEFINED[0].match(pair.a) else (pair.b, pair.a)
    if not (_DEFINED[0].match(texts[0]) and _DEFINED[1].match(texts[1])) or _names(one) != _names(two):
        return None
    if {*_names(one)} & (_GOOD | words("not the same in number")) or any(w.marker for w in one.words):
        return None
    one, two = (
        replace(r, frame=replace(r.frame, count=""), words=tuple(replace(w, plural=False) for w in r.words))
        for r in (one, two)
    )
    return replace(pair, one=one, two=two, takes=0.90)


def degree(pair: Small) -> Small | None:
    """ "How safe is it" beside "is it safe": who is told the one knows the other."""
    kinds = _kinds(pair)
    asked = next((k for k in kinds if k.startswith("how_")), "")
    other = pair.two if kinds[0] == asked else pair.one
    how = synonyms().get((asked[4:],), asked[4:])
    names = _names(other)
    if not asked or other.frame.kind != "yes or no" or other.frame.mood not in ("is", "are") or names.count(how) != 1:
        return None
    place = names.index(how)
    if other.words[place].marker:
        return None
    other = replace(
        other,
        frame=replace(other.frame, kind=asked, mood=""),
        words=(*other.words[:place], *other.words[place + 1 :]),
    )
    changed = replace(pair, two=other) if kinds[0] == asked else replace(pair, one=other)
    return replace(changed, takes=0.95)


def possible(pair: Small) -> Small | None:
    """ "Is it possible to build muscle without weights" beside "can I"."""
    if _kinds(pair) != ("yes or no", "yes or no") or {pair.one.frame.mood, pair.two.frame.mood} != {"is", "can"}:
        return None
    asked = pair.one if pair.one.frame.mood == "is" else pair.two
    words_of = [[w for w in r.words if w.name not in ("possible", "I", "YOU")] for r in (pair.one, pair.two)]
    if _names(asked)[:1] != ["possible"] or len(words_of[0]) < 3 or len(words_of[1]) < 3:
        return None
    one, two = (
        replace(r, words=(replace(found[0], marker=""), *found[1:]), speakers=frozenset())
        for r, found in zip((pair.one, pair.two), words_of, strict=True)
    )
    return _as_kind(replace(pair, one=one, two=two), "yes or no", 0.94)
