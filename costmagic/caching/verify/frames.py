"""Ways of asking that come to the same: politeness goes, and each question gets the name of what it asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from .lexicon import form, lines


@dataclass(frozen=True, slots=True)
class Frame:
    """What is asked for (``kind``), how many of it ("one", "many", ""), and in what tense or mood (``mood``)."""

    kind: str
    count: str = ""
    mood: str = ""


# Ways of asking for things that come to the same once what is asked for is the same.
KINDS: Mapping[str, str] = {"what of": "what"}


@cache
def _polite() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What may stand before and after a request."""
    every = list(lines("polite.txt"))
    cut = every.index("[tail]")
    before, after = "|".join(every[:cut]), "|".join(every[cut + 1 :])
    return re.compile(f"^(?:{before})"), re.compile(rf"[ ,.!?-]+(?:{after})[ .!?]*$")


@cache
def _frames() -> tuple[tuple[re.Pattern[str], str, str], ...]:
    """(pattern, kind, count); the first that fits counts."""
    parts: dict[str, str] = {}
    found = []
    for line in lines("frames.txt"):
        if line.startswith("{"):
            name, _, pattern = line.partition(" = ")
            parts[name] = pattern
            continue
        kind, count, pattern = line.split(" | ", 2)
        for name, part in parts.items():
            pattern = pattern.replace(name, part)
        found.append((re.compile(pattern), kind.strip(), count.strip()))
    return tuple(found)


_GROUP = re.compile(r"\[[^\]]*\][?*+]?|\\.[?*+]?|[^\\\[(][?*]")


def _needed(source: str) -> str:
    """The longest text that whatever fits a regular expression holds, "" where none is plain to see."""
    while (shorter := re.sub(r"\((?:[^()\\]|\\.)*\)[?*+]?", "\0", source)) != source:
        source = shorter
    return "" if "|" in source else max(re.split(r"[\0^$.+]", _GROUP.sub("\0", source)), key=len)


@cache
def _rewrites() -> tuple[tuple[str, Callable[[str], object], re.Pattern[str], str], ...]:
    """(what a text must hold to fit, whether it fits, pattern, replacement), to be applied in turn."""
    found = []
    for line in lines("rewrites.txt"):
        source, text = line.split(" =>", 1)
        pattern = re.compile(source)
        # What can only stand at the beginning is not looked for elsewhere.
        fits = pattern.match if source.startswith("^") else pattern.search
        found.append((_needed(source), fits, pattern, text.strip().replace("\\s", " ")))
    return tuple(found)


def rewrite(text: str) -> str:
    """``text``, whose politeness is gone, as the question that it comes to."""
    for needed, fits, pattern, replacement in _rewrites():
        if needed in text and fits(text):  # most don't fit, and that is found faster than replaced
            text = pattern.sub(replacement, text, count=1)
    return text


_PASSIVE = re.compile(
    r"^how (?:can|could|should) (?!i |you |we |he |she |they |one |someone |anyone |people )(.+?) be (\w+)(| .+)$"
)


_MAY_BE = re.compile(r"^can (?!i |you |we |he |she |they |it |one |someone |anyone |people )(.+?) be (\w+)$")
_IS_DONE = re.compile(
    r"^how (?:is|are) (?!(?:i|you|we|he|she|they|it|this|that|my|your)\b)([^,]+?) "
    r"(?!formed$)(\w+)(| (?:in|at|on) [^,]+)$"
)
_DISTANCE = re.compile(r"^what is the distance (?:from|between) (.+) (?:to|and) (.+)$")


def active(sentence: str) -> str:
    """ "How can x be stopped" as "how can i stop x"."""
    match = _MAY_BE.match(sentence)
    if match and (done := form(match[2])).past:
        return f"can i {done.lemma} {match[1]}"
    match = _IS_DONE.match(sentence)
    if match and (done := form(match[2])).past and match[2].endswith(("ed", "en", "wn", "de", "lt")):
        return f"how do i {done.lemma} {match[1]}{match[3]}"
    match = _PASSIVE.match(sentence)
    if match and (done := form(match[2])).past:
        return f"how can i {done.lemma} {match[1]}{match[3]}"
    match = _DISTANCE.match(sentence)
    if match:  # as far there as back
        return " ".join(("what is the distance from", *" to ".join(sorted(match.groups())).split()))
    return sentence


def strip_politeness(text: str) -> str:
    """``text`` (lower case, contractions written out) without what is only good manners."""
    before, after = _polite()
    for _ in range(6):
        shorter = after.sub("", before.sub("", text)).strip(" ,;:-")
        if shorter == text or not shorter:
            return text
        text = shorter
    return text


def split_frame(text: str) -> tuple[Frame, str]:
    """(what is asked for, what it is about) of a question or request without politeness."""
    for pattern, kind, count in _frames():
        match = pattern.match(text)
        if match is None:
            continue
        rest = text[match.end() :]
        if "degree" in pattern.groupindex:
            return Frame(f"how_{match['degree']}"), rest
        if kind == "yes or no":
            return Frame(kind, "", match[0].strip()), rest
        return Frame(kind, count), rest
    return Frame("statement"), text
