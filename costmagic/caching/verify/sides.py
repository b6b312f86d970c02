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
_HAS_DONE = re.compile(r"^(?:what|whom?|which)(?: [a-z]+){0,4}? (?:has|have|had) (?P<rest>.+)$")
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
# "By which firm was it bought", "what is it bought by".
_BY = re.compile(
    rf"\bby (?:whom?|what|which)\b.* (?:{_BE}|been)\b|\b(?:{_BE}|been) .*\bby (?:whom?|what|which)\b"
    rf"|^(?:whom?|what|which)\b.* (?:{_BE}|been)\b.* by$"
)
# "In a curry, which spice …"
_FRONTED = re.compile(
    r"^(?P<where>(?:in|at|on|for|during|after|before|among|within|when|if) (?:(?!by\b)[a-z]+ ){1,5}?)"
    r"(?P<asked>(?:what|who|whom|which|how)\b.*)$"
)
# "Whose doctor was he", "which man's doctor was he", "who was his son's doctor".
_OWNER = re.compile(r"^(?:whose|(?:which|what) [a-z]+ ?'s)\b")
_ASKED = re.compile(r"^(?:who|which) (?!owns?\b|has\b|had\b|(?:\w+ )?(?:'s|of)\b)")
_HOW_MANY = re.compile(r"\bhow (?:many|much) ([a-z]+)")
_DOES = re.compile(rf"^(?P<kind>what|how) (?:{_DO}) (?P<rest>.+)$")
# "What do you feel", "how do you feel".
_EITHER_WAY = frozenset({"feel", "think", "look", "like", "call", "mean", "say"})


def other_side(one: str, two: str) -> bool:
    """Whether two questions, in plain words, ask for what stands on other sides of what is done."""
    one, two = (_FRONTED.sub(r"\g<asked> \g<where>", text).strip() for text in (one, two))
    for way in ((one, two), (two, one)):
        if _owner(*way) or _other_side(*way) or _doer(*way) or _done_by(*way) or _linked(*way):
            return True
    return _what_or_how(one, two) or _counted(one, two)


def _owner(asked: str, other: str) -> bool:
    """Whose discovery it was, and who discovered something."""
    return bool(_OWNER.match(asked) and _ASKED.match(other))


def _other_side(asked: str, other: str) -> bool:
    """ "What causes it" asks for the doer, "what does it cause" for what is done."""
    rest, subject = _OBJECT.match(asked), _SUBJECT.match(other)
    return bool(rest and subject and form(subject["verb"]).lemma in {form(w).lemma for w in rest["rest"].split()[1:]})


def _doer(asked: str, other: str) -> bool:
    """ "Which firm bought it" and "which firms has it acquired", whatever the verbs."""
    does, done = _OBJECT_OF.match(asked), _SUBJECT_OF.match(other)
    return bool(does and done and form(does["doer"]).lemma == form(done["done_to"]).lemma)


def _done_by(asked: str, other: str) -> bool:
    """By whom they were defeated, and whom they defeated."""
    does = _OBJECT.match(other) or _HAS_DONE.match(other)
    if not does or not _BY.search(asked):
        return False
    doer = form(re.sub(r"^(?:the|an?) ", "", does["rest"]).split()[0])
    return not doer.past and doer.lemma in {form(word).lemma for word in asked.split()}


def _counted(one: str, two: str) -> bool:
    """How many inches are in a foot, and how many feet in an inch."""
    counted = [{form(word).lemma for word in _HOW_MANY.findall(text)} for text in (one, two)]
    said = [{form(word).lemma for word in text.split()} for text in (one, two)]
    return bool(all(counted) and not counted[0] & counted[1] and counted[0] <= said[1] and counted[1] <= said[0])


def _linked(left: str, other: str) -> bool:
    """What is added to it, and what it is added to; from whom she got it, and who got it from her."""
    found = _STRANDED.match(left) or _LED.match(left)
    if not found or _STRANDED.match(other) or _LED.match(other):
        return False
    told = re.findall(rf"\b{found['link']} (?:the |an? )?(?!(?:{_NO_VERB})\b)([a-z]+)", other)
    said = {form(w).lemma for w in left.split()}
    return any(form(w).lemma in said for w in told)


def _what_or_how(one: str, two: str) -> bool:
    """What a network learns, and how it learns."""
    asked = [_DOES.match(text) for text in (one, two)]
    if not asked[0] or not asked[1] or {asked[0]["kind"], asked[1]["kind"]} != {"what", "how"}:
        return False
    rest = [re.sub(r"\b(?:a|an|the) ", "", found["rest"]) for found in asked if found]
    return rest[0] == rest[1] and not _EITHER_WAY & {*rest[0].split()}
