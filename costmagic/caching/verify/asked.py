"""Small differences in what two prompts ask for: one or several, the best, and what is asked besides."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from .lexicon import words
from .reading import Reading
from .small import FORGIVEN_FROM, SURE, Small, read_again, uncounted
from .text import unquoted


def one_of_the_best(pair: Small) -> Small | None:
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
    ) or (_of_taste(one) and _of_taste(two))
    return replace(
        pair, one=_uncounted(one), two=_uncounted(two), takes=FORGIVEN_FROM if sought else 0.95 if favorite else 0.97
    )


def _of_taste(reading: Reading) -> bool:
    """Whether what is best is a matter of taste, so that whoever tells one could have told another."""
    names = {w.name for w in reading.words}
    return bool(names & words("best by taste")) and "time" not in names and "class" not in names


_BEST = frozenset(
    [
        "best",
        "worst",
        "funniest",
        "weirdest",
        "favorite",
        "coolest",
        "scariest",
        "craziest",
        "greatest",
        "saddest",
        "nicest",
    ]
)


def _uncounted(reading: Reading) -> Reading:
    return replace(
        reading,
        frame=replace(reading.frame, count=""),
        words=tuple(replace(w, plural=False) for w in reading.words),
    )


_SUPERLATIVE = re.compile(r"(?:best|worst|most|least|favou?rite|top|first|last|[a-z]{3,}est)$")


def the_best_where(pair: Small) -> Small | None:
    """ "Where is the best hotel in Agra" or "who is the best dentist" beside "what is": one names it."""
    kinds = {pair.one.frame.kind, pair.two.frame.kind}
    if kinds not in ({"what", "where"}, {"what", "who"}):
        return None
    if not all(any(_SUPERLATIVE.match(w.surface) for w in r.words[:2]) for r in (pair.one, pair.two)):
        return None
    one, two = (replace(r, frame=replace(r.frame, kind="what", count="", mood="")) for r in (pair.one, pair.two))
    return replace(pair, one=one, two=two, takes=0.93)


_SO_FAR = re.compile(r"\s+(?:of all times?|ever|so far)\W*$", re.IGNORECASE)


def of_all_time(pair: Small) -> Small | None:
    """ "The best drama of all time" beside "the best drama"."""
    found = [bool(_SO_FAR.search(t)) for t in (pair.a, pair.b)]
    superlative = all(any(_SUPERLATIVE.match(w.surface) for w in r.words[:3]) for r in (pair.one, pair.two))
    if found[0] == found[1] or not (superlative or all("most" in r.plain for r in (pair.one, pair.two))):
        return None
    return read_again(_SO_FAR.sub("?", pair.a), _SO_FAR.sub("?", pair.b), SURE)


def best_then_or_now(pair: Small) -> Small | None:
    """ "Which was the best game of 2016" beside "which is", "what was your first job" beside "what is"."""
    one, two = pair.one, pair.two
    if {one.tense, two.tense} != {"past", ""} or not {one.frame.kind, two.frame.kind} <= {"what", "what of"}:
        return None
    years = [{w.name for w in r.words if w.number and len(w.name) == 4} for r in (one, two)]
    for reading in (one, two) if not years[0] & years[1] else ():
        first = [w for w in reading.words[:2] if _SUPERLATIVE.match(w.surface) or w.name == "1th"]
        if not first or not ("YOU" in reading.speakers or any(w.number for w in reading.words[1:])):
            return None
    one, two = (replace(r, tense="", frame=replace(r.frame, kind="what")) for r in (one, two))
    return replace(pair, one=one, two=two, takes=SURE)


def in_number(pair: Small) -> Small | None:
    """ "The requirements of modulation" beside "the requirement", where neither says "a" or "one"."""
    one, two = pair.one, pair.two
    kinds = {one.frame.kind, two.frame.kind}
    favorite = kinds == {"who"} and "favorite" in {w.name for w in one.words}
    if len(kinds) > 1 or not (favorite or kinds <= {"what", "how", "how is", "why", "what of"}) or not one.words:
        return None
    plurals = [Counter(w.name for w in r.words if w.plural) for r in (one, two)]
    odd = (plurals[0] - plurals[1]) + (plurals[1] - plurals[0])
    if {*odd} & words("not the same in number") or any(w.capital for r in (one, two) for w in r.words if w.name in odd):
        return None
    if {one.frame.count, two.frame.count} == {"one", "many"} and not odd:
        return None
    if one.frame.kind == "how" and one.words[0].surface in words("done to one or many"):
        return None
    enough = 3 if kinds <= {"how", "how is", "why"} else 4
    long = min(len(one.words), len(two.words)) >= enough and not _SUPERLATIVE.match(one.words[0].surface)
    for reading, text in ((one, pair.a), (two, pair.b)):
        head = True  # what is asked for, up to the first small word: "the power of dreams"
        for word in reading.words:
            head = head and not word.marker
            exactly = _EXACTLY if head else _THOSE
            if word.name in odd and re.search(exactly.format(re.escape(word.surface)), text.lower()):
                return None
            if word.name in odd and head and not (favorite or long or word.name in words("told of one or several")):
                return None
    one, two = (uncounted(r, odd) for r in (one, two))
    return replace(pair, one=one, two=two, takes=SURE)


_THOSE = r"\b(?:one|this|that|these|those|all|both|\d+) (?:[\w-]+ )?{0}\b"
_EXACTLY = r"\b(?:an?|one|this|that|these|those|all|both|\d+) (?:[\w-]+ )?{0}\b"
_ONE = r"\b(?:an?|any) (?:[\w-]+ )?{0}\b"
_SEVERAL = r"\b(?:the|all|these|those|your|both|some|two|three|\d+) (?:[\w-]+ )?{0}\b"


_OF_ANY = frozenset({"how", "how is", "why", "what happens", "yes or no", "difference", "opinion"})


def any_of_them(pair: Small) -> Small | None:
    """ "A dog" beside "dogs", where each of them is meant."""
    one, two = pair.one, pair.two
    asked = one.frame.kind
    advice = asked == "what of" and "should" in one.plain and "should" in two.plain
    if asked != two.frame.kind or not (advice or asked in _OF_ANY):
        return None
    plurals = [Counter(w.name for w in r.words if w.plural) for r in (one, two)]
    odd = (plurals[0] - plurals[1]) + (plurals[1] - plurals[0])
    texts = (pair.a.lower(), pair.b.lower())
    bare = advice
    for name in odd:
        forms = [{w.surface for w in r.words if w.name == name} for r in (one, two)]
        single = 0 if name in plurals[1] else 1
        if name in words("not the same in number") or not all(forms):
            return None
        mine = any(re.search(rf"\bmy (?:\w+ )?{re.escape(f)}\b", texts[single]) for f in forms[single])
        if not mine and any(
            re.search(rf"\b(?:my|our) (?:\w+ )?{re.escape(f)}\b", texts[1 - single]) for f in forms[1 - single]
        ):
            return None
        if not mine and not any(re.search(_ONE.format(re.escape(f)), texts[single]) for f in forms[single]):
            bare = True
        if asked != "difference" and any(
            re.search(_SEVERAL.format(re.escape(f)), texts[i])
            for i, among in enumerate(forms)
            for f in among
            if asked != "how is" or i != single  # "how does the stock market work"
        ):
            return None
    if not odd:
        return None
    one, two = (
        replace(r, words=tuple(replace(w, plural=w.plural and w.name not in odd) for w in r.words)) for r in (one, two)
    )
    # One file is deleted in another way than several.
    handled = one.words[:1] and one.words[0].surface in words("done to one or many")
    easy = asked in ("difference", "opinion", "how is")
    return replace(pair, one=one, two=two, takes=0.97 if handled else 0.945 if bare and not easy else 0.90)


_TOO = re.compile(
    r"(?:,? and why|[?.,;]* *(?:and )?if (?:so|yes),? (?:why|how)|[?.,;] *(?:and )?(?:why|how)"
    r"|[?.,;] *explain\b[^?.]*)[?. ]*$",
    re.IGNORECASE,
)


def asked_too(pair: Small) -> Small | None:
    """Only one asks "and why?" as well, or another question about the same."""
    a, b = _TOO.sub("?", pair.a), _TOO.sub("?", pair.b)
    if (a == pair.a) != (b == pair.b):
        return read_again(a, b, 0.90)
    a, b = (_NEXT.sub(r" and \1", t) for t in (pair.a, pair.b))
    if (a, b) != (pair.a, pair.b) and _bare(a) == _bare(b):
        return read_again(a, a, 0.90)
    a, b = (_OF_THEM.sub(r"What are some examples of \1?", t) for t in (pair.a, pair.b))
    if (a == pair.a) != (b == pair.b):
        return read_again(a, b, 0.90)
    a, b = _EXAMPLES.sub("?", pair.a), _EXAMPLES.sub("?", pair.b)
    if (a == pair.a) != (b == pair.b):
        return read_again(a, b, 0.91)
    short, long = sorted((pair.a, pair.b), key=len)
    first, end, more = long.partition("?")
    if not end or not _ABOUT_IT.match(more) or "?" in short.rstrip("? "):
        return None
    return read_again(first, short, 0.91)


_NEXT = re.compile(r"(?:\? *(?:and )?|,? and )(how|why|what)\b(?=[^?]*\?? *$)", re.IGNORECASE)


def _bare(text: str) -> str:
    return " ".join(re.findall(r"[\w']+", text.lower()))


_EXAMPLES = re.compile(
    r"\? *(?:and )?what are (?:some|the|its|their) (?:\w+ )?(?:similarities|examples|types|uses|differences)\?* *$",
    re.I,
)
_OF_THEM = re.compile(
    r"^\W*what (?:is|are) (?:an? |the )?([^?.,]+)\? *"
    r"what are (?:some |the )?(?:\w+ )?examples(?: of (?:this|it|them))?\W*$",
    re.IGNORECASE,
)
_ABOUT_IT = re.compile(
    r"^ *(?:and )?(?:how|why|what|when|where|who)\b[^?]*\b(?:it|its|they|them|this|these|he|she)\b[^?]*\?* *$", re.I
)


_QUOTES = re.compile(r"[\"“”]|(?<!\w)'(?=\w)|(?<=\w)'(?!\w)")


def quotes(pair: Small) -> Small | None:
    """A name with and without quotation marks."""
    quoted = [bool(_QUOTES.search(t)) for t in (pair.a, pair.b)]
    if quoted[0] == quoted[1] or not unquoted(pair.a) or not unquoted(pair.b):
        return None
    a, b = (_QUOTES.sub("", t) for t in (pair.a, pair.b))
    return read_again(a, b, 0.90)
