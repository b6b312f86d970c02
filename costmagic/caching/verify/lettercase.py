"""Words that are others in another case: "Polish", "polish"."""

from __future__ import annotations

import re

from .lexicon import words

_DATA = re.compile(r"^(?:[dkmgtp]?i?b(?:ps)?|[km]?wh?|[mkg]?hz|m[lm]|m|bn?)$")
_SYMBOLS = re.compile(
    r"\b(?:chemistry|chemical|element|compound|formula|unit|symbol|physics|stands? for)\b", re.IGNORECASE
)
# What may follow a name, and what a word before another is no name for.
AFTER = (
    r" (?:is|are|was|were|do|does|did|made|weigh|cost|known|famous|called|like|have|has|can|will|located|so|and|or|in"
    r"|on|of|for|to|from|with)\b"
)
NEXT = rf"(?!{AFTER.strip()})[a-z]+"


# Where "python" and "android" are what programs are written in and for, however they are written.
_TECHNICAL = re.compile(
    r"\b(?:program(?:s|ming|mer)?|cod(?:e|ing)|develop(?:er|ers|ment|ing)?|apps?|phones?|software|beginners?|java|library"
    r"|libraries|learning|learn|training|framework|django|script)\b",
    re.IGNORECASE,
)
_TECHNOLOGIES = frozenset({"python", "java", "android", "oracle", "ruby", "rust", "swift", "flask"})


# In most of these "name" and "Name" are two things.
_IN_CODE = re.compile(
    r"\b[Ii]n (?:R|C|Go|Swift|Rust|Ruby|Julia|Scala|Perl)\b"
    r"|(?i:\b(?:python|java|javascript|typescript|kotlin|haskell|prolog|php|bash|zsh|vim|regex|latex|html|css|json|yaml"
    r"|pandas|numpy|linux|git)\b|c\+\+|c#)"
)


def _cased(text: str) -> bool:
    """Whether a text uses capitals as a careful writer does."""
    return bool(re.match(r"\W*[A-Z]", text)) and not text.isupper()


def letter_case(a: str, b: str) -> str | None:
    """Which word is another one by its case, None when none is."""
    tokens: tuple[dict[str, set[str]], dict[str, set[str]]] = ({}, {})
    for found, text in zip(tokens, (a, b), strict=True):
        first = True
        for match in re.finditer(r"[^\W\d_]+", text):
            before = text[: match.start()]
            free = re.search(r"(?:[.?!:]|\b(?:in|with|using))\s+$", before)  # "in python" is how many write it
            if not first and (not free or match[0].lower() in words("places that are words")):
                found.setdefault(match[0].lower(), set()).add(match[0])
            first = False
    both = tokens[0].keys() & tokens[1].keys()
    # Who writes other names in lower case too does not mean another thing by it.
    careless = (
        sum(
            w in words("names that are words") or not any(x.islower() for x in tokens[0][w] & tokens[1][w])
            for w in both
            if {x.islower() for x in tokens[0][w]} != {x.islower() for x in tokens[1][w]}
        )
        > 1
    )
    in_code = _IN_CODE.search(a) and _IN_CODE.search(b) and a.lower().rstrip("?. ") == b.lower().rstrip("?. ")
    technical = bool(_TECHNICAL.search(a) and _TECHNICAL.search(b))
    for word in both:
        one, two = tokens[0][word], tokens[1][word]
        if one == two or (technical and word in _TECHNOLOGIES):
            continue
        x, y = sorted(one)[0], sorted(two)[0]
        if in_code and word not in words("tools") | words("names that are words"):
            return f"'{x}' is not '{y}'"
        if len(word) < 4 and _SYMBOLS.search(a) and _SYMBOLS.search(b) and not x.islower() and not y.islower():
            return f"'{x}' is not '{y}'"
        if _DATA.match(word) and not x.islower() and not y.islower():
            return f"'{x}' is not '{y}'"
        article = [bool(re.search(rf"\b(?:the|an?) {word}\b(?! {NEXT})", text.lower())) for text in (a, b)]
        named = word in words("names that are words") or article[0] != article[1]
        if word in words("places that are words") and x.islower() != y.islower():
            return f"'{x}' is not '{y}'"
        if named and not careless and _cased(a) and _cased(b) and x.islower() != y.islower():
            return f"'{x}' is not '{y}'"
    return None
