"""Small differences in who is spoken of and whose something is: "how do you", "how do I"; "my tire", "the tire"."""

from __future__ import annotations

import re
from collections import Counter

from .guards import owners
from .lexicon import form, words
from .small import SURE, Small, read_again

_YOU = {"you": "i", "your": "my", "yours": "mine", "yourself": "myself", "u": "i", "ur": "my"}
_I = frozenset({"i", "my", "mine", "me", "myself", "we", "our", "us"})
_PERSON = re.compile(r"\b(?:you|your|yours|yourself|u|ur)\b", re.IGNORECASE)
_OWN = re.compile(r"\byour (?:own )?([a-z]+)(?: ([a-z]+))?")
_YOU_DO = re.compile(
    r"^\W*(?:(?:how|why|what|which|if)\b.*?\b(?:do|can|could|should|would|to|if|when)(?:n?'?t)?"
    r"|(?:where|when)\b.*?\b(?:can|could|should|to|if|when)(?:n'?t)?) "
    r"(?:you|u) (?:\w+ly |still |ever )?(\w+)"
)


_NOT_GOT = r"(?:paid|your|my|our|data|feedback|these|those|this|that|the (?:data|answers?|information))\b"
_GET = re.compile(rf"\b(?:you|u) (?:get (?!{_NOT_GOT})|learn (?:to|how|the|an?) |keep (?:an?|the|from) )")


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
    plain = text.lower().replace("’", "'")
    # "How do I learn?": nothing says of what.
    if len(other.words) < 2 and not re.search(r"\b(?:you|u) (?:stay|become) \w", plain):
        return None
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


_WHICH = re.compile(r"\b(my|the|an?) (?=([a-z][\w-]*))", re.IGNORECASE)


def the_or_a(pair: Small) -> Small | None:
    """ "The tire", "a tire" and "my tire" in a question about what to do with it."""
    kind = pair.one.frame.kind
    if kind != pair.two.frame.kind or not (kind in ("how", "difference", "why", "how is") or kind.startswith("how_")):
        return None
    found = [{word.lower(): which.lower() for which, word in _WHICH.findall(t)} for t in (pair.a, pair.b)]
    odd = [w for w in found[0].keys() & found[1].keys() if found[0][w][:1] != found[1][w][:1]]
    if len(odd) != 1 or odd[0] in words("not the same with an article"):
        return None
    a, b = (re.sub(rf"\b(?:my|an?) (?={re.escape(odd[0])}\b)", "the ", t, flags=re.I) for t in (pair.a, pair.b))
    return read_again(a, b, 0.93 if odd[0] in words("devices") else 0.97)


_OWNER = re.compile(r"\b(my|our|your|one'?s) (?:own )?(?!own\b)", re.IGNORECASE)
_SOUGHT = re.compile(r"\b(?:find|get|buy|see|make an?|lose|choose|pick|sell|open)\b", re.IGNORECASE)


def owned(pair: Small) -> Small | None:
    """ "Pursue my career in acting" beside "pursue career in acting": whose it is goes without saying."""
    if owners(pair.a, pair.b) is None or any(_SOUGHT.search(t) for t in (pair.a, pair.b)):
        return None
    said = [Counter(w.lower().replace("one's", "our") for w in _OWNER.findall(t)) for t in (pair.a, pair.b)]
    more = said[0] - said[1], said[1] - said[0]
    if bool(more[0]) == bool(more[1]) or min(len(pair.one.words), len(pair.two.words)) < 3:
        return None
    return read_again(_OWNER.sub("", pair.a), _OWNER.sub("", pair.b), SURE)
