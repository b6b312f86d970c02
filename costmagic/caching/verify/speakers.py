"""Who is spoken of, and which small words are themselves what is asked about."""

from __future__ import annotations

import re
from itertools import pairwise

from .lexicon import form
from .lexicon import words as kind
from .text import TOKEN

_ABOUT_WORDS = re.compile(r"\b(?:spell|pronounce|word|words|means?|meaning|difference between|synonyms?|antonyms?)\b")


_SITUATION = re.compile(r"\bwhat does it mean (?:if|when|that|to)\b")
_SMALL = "is|are|am|was|were|do|does|did|a|an|the|in|on|at|to|for|be|it|its|this|that|these|those|has|have|had"
_EITHER = re.compile(rf"\b({_SMALL}) (?:or|and|vs|versus) ({_SMALL})\b(?! \w+ing)")


def mentioned(lowered: str) -> tuple[str, ...]:
    """The small words of a text that asks about words."""
    if either := _EITHER.search(lowered):
        return either.groups()
    if not _ABOUT_WORDS.search(_SITUATION.sub("", lowered)):
        return ()
    small = (kind("empty") | kind("markers")) - kind("in any question")
    return tuple(sorted(t for t in TOKEN.findall(lowered) if t in small))


def speakers(sentence: str) -> set[str]:
    """Of whom a sentence speaks: "I", "YOU", and "PEOPLE" where they do what is asked about."""
    tokens = TOKEN.findall(sentence)
    found = {"YOU" for t in tokens if t in ("you", "your", "yours", "yourself")}
    found |= {"I" for t in tokens if t in ("i", "my", "me", "mine", "myself")}
    # "How do people …" asks of others what "How do I …" asks for oneself.
    return found | {
        "PEOPLE"
        for before, t in pairwise(tokens)
        if t in ("people", "folks", "someone", "somebody", "they")
        and before in ("do", "can", "should", "could", "would")
    }


_YOU_DO = re.compile(
    r"\b(can|could|do|should|would|might|to|if|when|that) you (?:\w+ly |still |also |ever )?(\w+)(?= \w)"
)


def anyone(sentence: str) -> bool:
    """Whether each "you" does what nobody would ask of an assistant or a company."""
    if re.search(r"\b(?:your|yours|yourself)\b", sentence):
        return False
    done = _YOU_DO.findall(sentence)
    if len(done) != len(re.findall(r"\byou\b", sentence)):
        return False
    if not re.search(r"\b(?:how|why|can|could|should|if|when)\b", sentence):
        return False
    asks = not re.match(r"(?:can|could|do|would|will)\b", sentence)
    if re.search(r"\byou make\b", sentence):
        return bool({form(t).lemma for t in sentence.split()} & kind("anyone makes"))
    return all(form(verb).lemma in kind("anyone may") or (asks and form(verb).lemma in kind("anyone does"))
               for _, verb in done)  # fmt: skip
