"""Small differences in how two prompts ask: of whom, for one or several, with which article, and what else."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from .lexicon import form, words
from .reading import Reading
from .small import FORGIVEN_FROM, Small, read_again

_YOU = {"you": "i", "your": "my", "yours": "mine", "yourself": "myself", "u": "i", "ur": "my"}
_I = frozenset({"i", "my", "mine", "me", "myself", "we", "our", "us"})
_PERSON = re.compile(r"\b(?:you|your|yours|yourself|u|ur)\b", re.IGNORECASE)
_OWN = re.compile(r"\byour (?:own )?([a-z]+)(?: ([a-z]+))?")
_YOU_DO = re.compile(
    r"^\W*(?:(?:how|why|what|which|if)\b.*?\b(?:do|can|could|should|would|to|if|when)(?:n?'?t)?"
    r"|(?:where|when)\b.*?\b(?:can|could|should|to|if|when)(?:n'?t)?) "
    r"(?:you|u) (?:\w+ly |still |ever )?(\w+)"
)


_GET = re.compile(
    r"\b(?:you|u) (?:get "
    r"(?:rid|over|started|used|better|into|out|off|along|pregnant|(?:an? )?(?:taller|bigger|smaller|stronger)"
    r"|a \w+ (?:to|at|in|out)\b)|learn (?:to|how|the|an?) |keep (?:an?|the|from) )"
)
_CAN_GET = re.compile(r"^\W*can (?:you|u) (?:still |really )?(?:get pregnant|lose weight|gain weight|die)\b")


_YOU_HIMSELF = re.compile(r"\b(?:you|u|yours)\b")


def persons(pair: Small) -> Small | None:
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
    if tokens & words("a company's own"):
        return None
    owned = [{form(n).lemma for n in both} for both in _OWN.findall(plain)]
    if not all(names & (words("anyone's own") | words("no assistant has")) for names in owned):
        return None
    done = _YOU_DO.match(plain)
    of_anyone = done and (form(done[1]).lemma in words("anyone may ask how to") or _GET.search(plain))
    if not of_anyone and not _CAN_GET.match(plain):
        advice = (pair.one if text is a else pair.two).frame.kind in ("how", "why")
        if not ((owned or "yourself" in tokens) and advice) or _YOU_HIMSELF.search(plain):
            return None
    of_oneself = _PERSON.sub(lambda m: _YOU[m[0].lower()], text)
    return read_again(of_oneself, b, 0.88) if text is a else read_again(a, of_oneself, 0.88)


_WE = {"we": "i", "us": "me", "our": "my", "ours": "mine", "ourselves": "myself"}
_US = re.compile(r"\b(?:we|us|our|ours|ourselves)\b", re.IGNORECASE)
_ME = re.compile(r"\b(?:i|me|my|mine|myself)\b", re.IGNORECASE)


def we_or_i(pair: Small) -> Small | None:
    """ "Why do we sneeze" beside "why do I sneeze"."""
    said = [(bool(_US.search(t)), bool(_ME.search(t))) for t in (pair.a, pair.b)]
    if {*said} != {(True, False), (False, True)} or re.search(r"\bUS\b", pair.a + pair.b):
        return None
    a, b = (_US.sub(lambda m: _WE[m[0].lower()], t) for t in (pair.a, pair.b))
    return read_again(a, b, 0.92)


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


_WHICH = re.compile(r"\b(my|the|an?) (?=([a-z][\w-]*))", re.IGNORECASE)


def the_or_a(pair: Small) -> Small | None:
    """ "The tire", "a tire" and "my tire" in a question about what to do with it."""
    if pair.one.frame.kind not in ("how", "difference") or pair.one.frame.kind != pair.two.frame.kind:
        return None
    found = [{word.lower(): which.lower() for which, word in _WHICH.findall(t)} for t in (pair.a, pair.b)]
    odd = [w for w in found[0].keys() & found[1].keys() if found[0][w][:1] != found[1][w][:1]]
    if len(odd) != 1 or odd[0] in words("not the same with an article"):
        return None
    a, b = (re.sub(rf"\b(?:my|an?) (?={re.escape(odd[0])}\b)", "the ", t, flags=re.I) for t in (pair.a, pair.b))
    return read_again(a, b, 0.93 if odd[0] in words("devices") else 0.97)


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
_ABOUT_IT = re.compile(
    r"^ *(?:and )?(?:how|why|what|when|where|who)\b[^?]*\b(?:it|its|they|them|this|these|he|she)\b[^?]*\?* *$", re.I
)


_QUOTES = re.compile(r"[\"“”]|(?<!\w)'(?=\w)|(?<=\w)'(?!\w)")


def quotes(pair: Small) -> Small | None:
    """A name with and without quotation marks."""
    quoted = [bool(_QUOTES.search(t)) for t in (pair.a, pair.b)]
    if quoted[0] == quoted[1]:
        return None
    a, b = (_QUOTES.sub("", t) for t in (pair.a, pair.b))
    return read_again(a, b, 0.90)
