"""On which side of its verb that stands which is asked for: "what eats it", "what does it eat"."""

from __future__ import annotations

import re

from .lexicon import form

_WHICH = r"(?:what|whom?|(?:which|what|how many|how much)(?: [a-z]+){1,2}?|which)"
_DO = "do|does|did"
_HELPING = rf"{_DO}|has|have|had|can|could|will|would|should|may|might|must"
_BE = "is|are|was|were|am"
_LINKS = "to|from|into|by|with|than|over|after|before|for|of|against"
_OBJECT = re.compile(rf"^(?:what|whom?|which|how many|how much)(?: [a-z]+){{0,4}}? (?:{_DO}) (?P<rest>.+)$")
_NO_VERB = rf"{_HELPING}|{_BE}|{_LINKS}|the|an?|my|your|in|on|at|and|or|if|about"
_VERB = rf"(?P<verb>(?!(?:{_NO_VERB})\b)[a-z]+)"
_NOUN = rf"(?!(?:{_NO_VERB})\b)[a-z]+"
_SUBJECT = re.compile(rf"^(?:what|who|(?:which|what|how many) {_NOUN}) {_VERB} .")
_NAMED = r"(?!(?:you|i|we|they|it|he|she|one|people|this|that|these|those|my|your|our|his|her|their|most)\b)[a-z]+"
_OBJECT_OF = re.compile(rf"^{_WHICH} (?:{_HELPING}) (?:the |an? )?(?P<doer>{_NAMED})(?: [a-z]+){{0,2}}? [a-z]+$")
_SUBJECT_OF = re.compile(
    rf"^(?:who|what|(?:which|what|how many) {_NOUN}) {_VERB} (?:the |an? )?(?P<done_to>{_NAMED})\b"
)
_STRANDED = re.compile(rf"^(?:what|who|which)\b.* (?P<link>{_LINKS})$")
_LED = re.compile(rf"^(?P<link>{_LINKS}) (?:whom?|what|which)\b")
# "Whose doctor was he", "who was his son's doctor".
_OWNER, _OWNED = re.compile(r"^whose\b"), re.compile(rf"^who (?:{_BE})\b.* (?:'s|my|your|his|her|their|our)\b")
_DOES = re.compile(rf"^(?P<kind>what|how) (?:{_DO}) (?P<rest>.+)$")
# "What do you feel", "how do you feel".
_EITHER_WAY = frozenset({"feel", "think", "look", "like", "call", "mean", "say"})


def other_side(one: str, two: str) -> bool:
    """Whether two questions, in plain words, ask for what stands on other sides of what is done."""
    both_ways = ((one, two), (two, one))
    if {bool(_OWNER.match(text)) for text in (one, two)} == {True, False} and any(map(_OWNED.match, (one, two))):
        return True
    return any(_other_side(*way) or _doer(*way) or _linked(*way) for way in both_ways) or _what_or_how(one, two)


def _other_side(asked: str, other: str) -> bool:
    """ "What causes it" asks for the doer, "what does it cause" for what is done."""
    rest, subject = _OBJECT.match(asked), _SUBJECT.match(other)
    return bool(rest and subject and form(subject["verb"]).lemma in {form(w).lemma for w in rest["rest"].split()[1:]})


def _doer(asked: str, other: str) -> bool:
    """ "Which firm bought it" and "which firms has it acquired", whatever the verbs."""
    does, done = _OBJECT_OF.match(asked), _SUBJECT_OF.match(other)
    return bool(does and done and form(does["doer"]).lemma == form(done["done_to"]).lemma)


def _linked(left: str, other: str) -> bool:
    """What is added to it, and what it is added to; from whom she got it, and who got it from her."""
    found = _STRANDED.match(left) or _LED.match(left)
    if not found or _STRANDED.match(other) or _LED.match(other):
        return False
    told = re.search(rf"\b{found['link']} (?:the |an? )?(?!(?:{_NO_VERB})\b)((?:[a-z]+ )?[a-z]+)$", other)
    said = {form(w).lemma for w in left.split()}
    return bool(told and all(form(w).lemma in said for w in told[1].split()))


def _what_or_how(one: str, two: str) -> bool:
    """What a network learns, and how it learns."""
    asked = [_DOES.match(text) for text in (one, two)]
    if not asked[0] or not asked[1] or {asked[0]["kind"], asked[1]["kind"]} != {"what", "how"}:
        return False
    rest = [re.sub(r"\b(?:a|an|the) ", "", found["rest"]) for found in asked if found]
    return rest[0] == rest[1] and not _EITHER_WAY & {*rest[0].split()}
