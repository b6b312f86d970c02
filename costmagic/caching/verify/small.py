"""Differences so small that a pair which is very much alike may share an answer all the same.

Each takes a cosine from which on it doesn't count. How alike pairs are that differ so and may not share an answer was
measured on the pairs that the judge is trained and tested with. No more than two are forgiven at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .lexicon import form, known, near, turning, words
from .reading import Reading, Word, read

# Below that nothing is forgiven.
FORGIVEN_FROM = 0.85

# What takes this is as sure as the plain rule, and a little surer.
SURE = 0.945


@dataclass(frozen=True, slots=True)
class Small:
    """Two prompts and their readings without a small difference, and the cosine from which on it doesn't count."""

    a: str
    b: str
    one: Reading
    two: Reading
    takes: float = 0.0


def small_differences(pair: Small, similarity: float) -> Iterator[Small]:
    """``pair`` without each small difference that it has and that ``similarity`` forgives, in turn."""
    for find in (_persons, _one_of_the_best, _any_of_them, _words_more, _same_stem, _near, _misspelt, _another_word, _the_or_a, _asked_too, _quotes):
        found = find(pair)
        if found and found.takes <= similarity:
            yield found


def _again(a: str, b: str, takes: float) -> Small:
    return Small(a, b, read(a), read(b), takes)


_YOU = {"you": "i", "your": "my", "yours": "mine", "yourself": "myself", "u": "i", "ur": "my"}
_I = frozenset({"i", "my", "mine", "me", "myself", "we", "our", "us"})
_PERSON = re.compile(r"\b(?:you|your|yours|yourself|u|ur)\b", re.IGNORECASE)
_OWN = re.compile(r"\byour (?:own )?([a-z]+)(?: ([a-z]+))?")
_YOU_DO = re.compile(
    r"^\W*(?:how|why|where|what|when|which|if)\b.*?\b(?:do|can|could|should|would|to|if|when)(?:n't)? "
    r"(?:you|u) (?:\w+ly |still |ever )?(\w+)"
)


def _persons(pair: Small) -> Small | None:
    """ "How do you …" beside "how do I …", where nobody would ask that of an assistant or of a company."""
    a, b = pair.a, pair.b
    low = [re.findall(r"[a-z']+", t.lower().replace("’", "'")) for t in (a, b)]
    said = [({*tokens} & _YOU.keys(), {*tokens} & _I) for tokens in low]
    if bool(said[0][0]) == bool(said[1][0]) or any(you and i for you, i in said):
        return None
    text, other = (pair.a, pair.two) if said[0][0] else (pair.b, pair.one)
    if len(other.words) < 2:  # "how do I learn?": nothing says of what
        return None
    plain = text.lower().replace("’", "'")
    tokens = {form(t).lemma for t in re.findall(r"[a-z]+", plain)}
    done = _YOU_DO.match(plain)
    if not done or form(done[1]).lemma not in words("anyone may ask how to") or tokens & words("a company's own"):
        return None
    owned = {form(n).lemma for both in _OWN.findall(plain) for n in both[:1]}
    if owned - words("anyone's own") - words("no assistant has"):
        return None
    of_oneself = _PERSON.sub(lambda m: _YOU[m[0].lower()], text)
    return _again(of_oneself, b, 0.88) if text is a else _again(a, of_oneself, 0.88)


def _one_of_the_best(pair: Small) -> Small | None:
    """The best of a kind beside the best ones: who asks for one is served by several, and the other way round."""
    one, two = pair.one, pair.two
    if one.frame.kind != "what" or two.frame.kind != "what" or (_uncounted(one), _uncounted(two)) == (one, two):
        return None
    if not all(any(w.name in _BEST for w in r.words[:3]) for r in (one, two)):
        return None
    places = {w.name for r in (one, two) for w in r.words if w.capital}
    favorite = any(w.name == "favorite" for w in one.words)
    # There is one best of all time; what is best for something is several.
    sought = all(
        any(w.marker in ("for", "to", "under") or (w.marker == "in" and w.name in places) for w in r.words)
        for r in (one, two)
    )
    return replace(pair, one=_uncounted(one), two=_uncounted(two), takes=FORGIVEN_FROM if sought else 0.95 if favorite else 0.97)
_BEST = frozenset({"best", "worst", "funniest", "weirdest", "favorite"})


def _uncounted(reading: Reading) -> Reading:
    return replace(
        reading,
        frame=replace(reading.frame, count=""),
        words=tuple(replace(w, plural=False) for w in reading.words),
    )


_ONE = r"\b(?:an?|any) (?:[\w-]+ )?{0}\b"
_SEVERAL = r"\b(?:the|all|these|those|my|your|our|both|some|two|three|\d+) (?:[\w-]+ )?{0}\b"


def _any_of_them(pair: Small) -> Small | None:
    """ "A dog" beside "dogs", where each of them is meant."""
    one, two = pair.one, pair.two
    asked = one.frame.kind
    advice = asked == "what of" and "should" in one.plain and "should" in two.plain
    if asked != two.frame.kind or not (advice or asked in ("how", "why", "what happens", "yes or no", "difference")):
        return None
    plurals = [Counter(w.name for w in r.words if w.plural) for r in (one, two)]
    odd = (plurals[0] - plurals[1]) + (plurals[1] - plurals[0])
    texts = (pair.a.lower(), pair.b.lower())
    bare = advice
    for name in odd:
        forms = [{w.surface for w in r.words if w.name == name} for r in (one, two)]
        single, several = (0, 1) if name in plurals[1] else (1, 0)
        if name in words("not the same in number") or not all(forms):
            return None
        if not any(re.search(_ONE.format(re.escape(f)), texts[single]) for f in forms[single]):
            bare = True
        if asked != "difference" and any(
            re.search(_SEVERAL.format(re.escape(f)), texts[i])
            for i, among in enumerate(forms)
            for f in among
        ):
            return None
    if not odd:
        return None
    one, two = (
        replace(r, words=tuple(replace(w, plural=w.plural and w.name not in odd) for w in r.words)) for r in (one, two)
    )
    # One file is deleted in another way than several.
    handled = one.words[:1] and one.words[0].surface in words("done to one or many")
    return replace(pair, one=one, two=two, takes=0.97 if handled else 0.95 if bare else 0.90)


def _words_more(pair: Small) -> Small | None:
    """One or two words that only one side has, in a question that stays nearly the same with them."""
    names = [Counter(w.name for w in r.words) for r in (pair.one, pair.two)]
    more = (names[0] - names[1], names[1] - names[0])
    if bool(more[0]) == bool(more[1]):
        return None
    longer, shorter = (pair.one, pair.two) if more[0] else (pair.two, pair.one)
    left = more[0] or more[1]
    if len(shorter.words) < 3 or sum(left.values()) > 2:
        return None
    little = all(name in words("adds little") for name in left)
    extra, at = [], 0
    for place, word in enumerate(longer.words):
        if at < len(shorter.words) and word.name == shorter.words[at].name:
            at += 1
        elif _harmless(word):
            extra.append(place)
        else:
            return None
    for place in reversed(extra):
        rest = _without(longer, place)
        if rest is None:
            return None
        longer = rest
    takes = 0.90 if little else SURE
    return replace(pair, one=longer, takes=takes) if more[0] else replace(pair, two=longer, takes=takes)


_COMPARED = re.compile(r"[a-z]{3,}(?:er|est|ous|ic|ide|ite|ate)$|(?:un|in|im|il|ir|dis|de|non|anti|mis|post|pre|sub|semi|hyper|hypo)[a-z]{3,}$")
_KINDS = ("negators", "quantifiers", "modals", "times", "units", "tools", "names that are words", "turns around", "of a kind")


def _harmless(word: Word) -> bool:
    return not (
        word.capital
        or _COMPARED.match(word.surface)
        or word.number
        or word.name.endswith("…")
        or word.name in ("I", "YOU", "MY", "YOUR")
        or word.name in turning()
        or any(w in words(kind) for kind in _KINDS for w in (word.name, word.surface))
    )


def _without(reading: Reading, place: int) -> Reading | None:
    """A reading without a word that is no phrase of its own; what stood before it then stands before the next."""
    word, after = reading.words[place], reading.words[place + 1 : place + 2]
    joined = word.marker in ("and", "or")
    if word.marker and not joined and (not after or after[0].marker):
        return None
    rest = [*reading.words[:place], *reading.words[place + 1 :]]
    if word.marker and not joined:
        rest[place] = replace(rest[place], marker=word.marker)
    return replace(reading, words=tuple(rest))


_WHICH = re.compile(r"\b(my|the|an?) (?=([a-z][\w-]*))")


def _the_or_a(pair: Small) -> Small | None:
    """ "The tire", "a tire" and "my tire" in a question about what to do with it."""
    if pair.one.frame.kind not in ("how", "difference") or pair.one.frame.kind != pair.two.frame.kind:
        return None
    found = [{word: which for which, word in _WHICH.findall(t)} for t in (pair.a, pair.b)]
    odd = [w for w in found[0].keys() & found[1].keys() if found[0][w][:1] != found[1][w][:1]]
    if len(odd) != 1 or odd[0] in words("not the same with an article"):
        return None
    a, b = (re.sub(rf"\b(?:my|an?) (?={re.escape(odd[0])}\b)", "the ", t) for t in (pair.a, pair.b))
    return _again(a, b, 0.97)


def _odd_ones(pair: Small) -> tuple[int, int] | None:
    """The places of the one word that is another, where all others are the same in the same order."""
    one, two = ([w.name for w in r.words] for r in (pair.one, pair.two))
    if len(one) != len(two) or len(one) < 2:
        return None
    places = [i for i, (x, y) in enumerate(zip(one, two, strict=True)) if x != y]
    return (places[0], places[0]) if len(places) == 1 else None


def _as_one(pair: Small, places: tuple[int, int], takes: float) -> Small:
    """``pair`` with the second's word at its place read as the first's."""
    word = pair.one.words[places[0]]
    old = pair.two.words[places[1]]
    first = (*pair.one.words[: places[0]], replace(word, past=False, ing=False), *pair.one.words[places[0] + 1 :])
    second = (
        *pair.two.words[: places[1]],
        replace(word, marker=old.marker, plural=old.plural, past=False, ing=False),
        *pair.two.words[places[1] + 1 :],
    )
    return replace(pair, one=replace(pair.one, words=first), two=replace(pair.two, words=second), takes=takes)


_SUFFIX = re.compile(r"(?:ing|ings|ion|ions|ation|ations|ed|e|s|es|ment|ments|y|ies|ity|al|ally|ly)$")


def _same_stem(pair: Small) -> Small | None:
    """One word in two forms: "banking exams" and "bank exams"."""
    places = _odd_ones(pair)
    if places is None:
        return None
    x, y = pair.one.words[places[0]], pair.two.words[places[1]]
    if not (_harmless(x) and _harmless(y)) or min(len(x.surface), len(y.surface)) < 4 or " " in x.surface + y.surface:
        return None
    stems = [_SUFFIX.sub("", w.surface) for w in (x, y)]
    return _as_one(pair, places, SURE) if stems[0] == stems[1] and len(stems[0]) >= 4 else None


def _near(pair: Small) -> Small | None:
    """Two words that come to the same where all else is the same, though not everywhere."""
    places = _odd_ones(pair)
    if places is None:
        return None
    x, y = pair.one.words[places[0]].name, pair.two.words[places[1]].name
    takes = 0.90 if len(pair.one.words) > 2 else 0.975  # two words are often a phrase of their own: to make a scene
    return _as_one(pair, places, takes) if near().get(x, {1}) & near().get(y, {2}) else None


_TOO = re.compile(r"(?:,? and why|[?.,;] *(?:and )?(?:why|how)|[?.,;] *explain\b[^?.]*)[?. ]*$", re.IGNORECASE)


def _asked_too(pair: Small) -> Small | None:
    """Only one asks "and why?" as well, or another question about the same."""
    a, b = _TOO.sub("?", pair.a), _TOO.sub("?", pair.b)
    if (a == pair.a) != (b == pair.b):
        return _again(a, b, 0.95)
    short, long = sorted((pair.a, pair.b), key=len)
    first, end, more = long.partition("?")
    if not end or not _ABOUT_IT.match(more) or "?" in short.rstrip("? "):
        return None
    return _again(first, short, 0.96)


_ABOUT_IT = re.compile(r"^ *(?:and )?(?:how|why|what|when|where|who)\b[^?]*\b(?:it|its|they|them|this|these|he|she)\b[^?]*\?* *$", re.I)


def _another_word(pair: Small) -> Small | None:
    """A word that makes next to no difference to the embedder."""
    places = _odd_ones(pair)
    if places is None or len(pair.one.words) < 3:
        return None
    both = (pair.one.words[places[0]], pair.two.words[places[1]])
    return _as_one(pair, places, 0.976) if all(map(_harmless, both)) else None


def _misspelt(pair: Small) -> Small | None:
    """A word that is known, and one that is not and differs by a letter too many, one too few, or two swapped."""
    places = _odd_ones(pair)
    if places is None:
        return None
    x, y = pair.one.words[places[0]], pair.two.words[places[1]]
    if x.number or y.number or (x.capital and y.capital) or x.surface[0] != y.surface[0]:
        return None
    knows = [{w.surface, w.name} & known() for w in (x, y)]
    if bool(knows[0]) == bool(knows[1]) or not slip(x.surface, y.surface):
        return None
    return _as_one(pair, places, FORGIVEN_FROM)


def slip(x: str, y: str) -> bool:
    """Whether one is the other with a letter more or less, or with two letters beside each other swapped."""
    short, long = sorted((x, y), key=len)
    if len(short) < 6 or not long.isalpha():
        return False
    if len(long) == len(short) + 1:
        return any(long[:i] + long[i + 1 :] == short for i in range(1, len(long)))
    odd = [i for i in range(len(x)) if x[i] != y[i]] if len(x) == len(y) else []
    return len(odd) == 2 and odd[1] == odd[0] + 1 and x[odd[0]] == y[odd[1]] and x[odd[1]] == y[odd[0]]


_QUOTES = re.compile(r"[\"“”]|(?<!\w)'(?=\w)|(?<=\w)'(?!\w)")


def _quotes(pair: Small) -> Small | None:
    """A name with and without quotation marks."""
    quoted = [bool(_QUOTES.search(t)) for t in (pair.a, pair.b)]
    if quoted[0] == quoted[1]:
        return None
    a, b = (_QUOTES.sub("", t) for t in (pair.a, pair.b))
    return _again(a, b, 0.95)
