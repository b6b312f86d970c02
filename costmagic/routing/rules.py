"""Readable rules, asked in order: the decision tree of when a cheaper model will do.

A user's own rules (``[[rule]]`` in ``costmagic.toml``) come first, then those below. A rule that does not
match says nothing: without one, the default tier answers.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What a rule reads of a long prompt: the request stands at its beginning or end, material between.
HEAD, TAIL = 2_000, 500

# A rough size is enough for a rule, and costs nothing: four characters to a token.
CHARACTERS_PER_TOKEN = 4

LONG_DOCUMENT = 8_000  # tokens


class RuleWarning(UserWarning):
    """A rule of the user's can't be used and is skipped."""


@dataclass(frozen=True)
class Rule:
    """Sends what matches to ``tier``; all conditions that are given must hold.

    Attributes:
        match: searched in the prompt's beginning and end, case ignored.
        task: what the prompt asks for; as a condition in a user's rule, as a verdict in a built-in one.
        min_tokens, max_tokens: rough size of the prompt, inclusive.
        purposes: of the call ("user", "route", "judge", "label", "summary", "eval"); empty: any.
        narrow: what matches wants a label, a yes or no, a single value.
    """

    name: str
    tier: str
    match: re.Pattern[str] | None = None
    task: str | None = None
    min_tokens: int = 0
    max_tokens: int | None = None
    purposes: tuple[str, ...] = ()
    narrow: bool = False

    def holds(self, text: str, tokens: int, purpose: str) -> bool:
        """Whether the conditions hold; ``task`` is not looked at here."""
        if self.purposes and purpose not in self.purposes:
            return False
        if tokens < self.min_tokens or (self.max_tokens is not None and tokens > self.max_tokens):
            return False
        return self.match is None or self.match.search(text) is not None


def _built_in(name: str, tier: str, task: str | None, pattern: str, narrow: bool = False) -> Rule:
    return Rule(name, tier, re.compile(pattern, re.IGNORECASE | re.MULTILINE), task, narrow=narrow)


# An instruction stands at the beginning of a line, perhaps behind a greeting or a polite turn. The same verb inside
# a sentence is more often what the text is about ("a poem about a translator who …").
_ORDER = (
    r"^[^\w\n]{0,4}(?:(?:please|pls|kindly|now|then|bitte|por favor|s['’]il (?:te|vous) pla[iî]t|merci de)[\s,:]+)?"
    r"(?:(?:can|could|would) you |i (?:want|need) you to |i['’]?d like you to |your (?:task|job) is to "
    r"|kannst du |könntest du |können sie |könnten sie |peux-tu |pouvez-vous |pourrais-tu |pourriez-vous "
    r"|puedes |podrías |puede usted )?(?:please |bitte |me )?"
)
_CODE_NOUN = (
    r"(?:python|javascript|typescript|golang|c\+\+|c#|bash|powershell|sql|regex(?:p|es)?|regular expression|unit tests?"
    r"|dockerfile|makefile|(?:react|vue) component|(?:shell|python|bash) script|function|decorator|endpoint"
    r"|funktion|fonction|función|sql-abfrage|requête sql|consulta sql)"
)
_PROSE_NOUN = (
    r"(?:poem|story|song|joke|dialogue|scene|haiku|essay|speech|blog|article|e-?mail|letter|explanation|description"
    r"|gedicht|geschichte|poème|histoire|poema|cuento)"
)

# In the order of the decision tree: a step of a pipeline, code, narrow output, reasoning, long documents, then tasks
# that a mid-size model does well. Few and sure: what no rule knows, the learned router looks at.
BUILT_IN: tuple[Rule, ...] = (
    Rule("a step inside a pipeline", "routing", purposes=("route", "judge", "label", "summary")),
    _built_in(
        "code",
        "coding",
        "code",
        rf"{_ORDER}(?:write|implement|fix|debug|refactor|optimi[sz]e|schreib\w*|écri\w+|escrib\w+)\b"
        rf"(?![^.?!\n]{{0,60}}\b{_PROSE_NOUN}\b)[^.?!\n]{{0,40}}\b{_CODE_NOUN}\b"
        rf"|{_ORDER}(?:refactor|debug)\b",
    ),
    _built_in(
        "narrow output",
        "routing",
        None,
        r"\b(?:answer|reply|respond|return|output|antworte\w*|réponds|répondez|responde|contesta)\b[^.\n]{0,30}"
        r"\b(?:yes or no|yes/no|true or false|one word|a single word|only the (?:label|number|category|value|name)"
        r"|the label only|ja oder nein|einem wort|oui ou non|un (?:seul )?mot|sí o no|una (?:sola )?palabra)\b"
        r"|^[^\n]{0,200}\(?\b(?:yes or no|yes/no|true or false)\b\)?[?:.]?[ \t]*$",
        narrow=True,
    ),
    _built_in(
        "classification",
        "routing",
        "classification",
        rf"{_ORDER}(?:classify|categori[sz]e|klassifizier\w*|kategorisier\w*|classe[rz]?|classifie[rz]?|clasifi(?:ca|que))\b"
        r"|^[^\w\n]{0,3}(?:label|category|sentiment|intent|kategorie|catégorie|categoría)\s*:\s*\Z",
    ),
    _built_in(
        "a proof",
        "heavy",
        "math and reasoning",
        rf"{_ORDER}(?:prove (?:that|the)\b|give a proof|beweise\w*|démontre[rz]?|demuestr\w+)",
    ),
    Rule("a long document", "standard", min_tokens=LONG_DOCUMENT),
    _built_in(
        "summarization",
        "medium",
        "summarization",
        rf"{_ORDER}(?:(?:write|give me|create|provide|produce) (?:a|an)\b[^.?!:\n]{{0,30}}\bsummary\b|summari[sz]e\b"
        r"|tl;?dr\b|fass\w*\b[^.\n]{0,60}\bzusammen\b|résume[rz]?\b|resum(?:e|a|ir|ime)\b)"
        r"(?![^\n]{0,20}\bfunction\b)|^[^\w\n]{0,3}tl;?dr\W*\Z",
    ),
    _built_in(
        "translation",
        "medium",
        "translation",
        rf"{_ORDER}(?:translate\b|übersetz(?:e|en|t)?\b|tradui(?:s|re|sez)\b|traduc(?:e|ir|ime|id)\b|traduzca\b)"
        r"(?![^\n]{0,40}\b(?:code|function|script|cobol|fortran|java|python|query|pseudocode|formula|macro)\b)",
    ),
    _built_in(
        "extraction",
        "medium",
        "extraction",
        rf"{_ORDER}(?:extract\b|extrahier\w*|extrai\w+|extrae\b|extraiga\b)"
        r"(?![^\n]{0,60}\b(?:regex|python|sql|function|script|bash|awk|method)\b)",
    ),
    _built_in(
        "rewriting",
        "medium",
        "rewriting",
        rf"{_ORDER}(?:rewrite\b|rephrase\b|paraphrase\b|proofread\b|reword\b|umformulier\w*|formulier\w*\b[^.\n]{{0,60}}\bum\b"
        r"|reformule[rz]?\b|reescrib\w+|fix the (?:grammar|spelling))"
        r"(?![^\n]{0,60}\b(?:code|function|loop|query|sql|python|java|class|script)\b)",
    ),
    _built_in(
        "creative writing",
        "standard",
        "creative writing",
        rf"{_ORDER}(?:write|compose|invent|make up|schreib\w*|dichte|écri\w+|escrib\w+)\b[^.?!\n]{{0,30}}"
        r"\b(?:poem|haiku|limerick|short story|bedtime story|song|slogan|gedicht|geschichte|poème|histoire|poema|cuento"
        r"|canción)\b",
    ),
)


def compiled(tables: Sequence[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """The user's rules from their tables; one with a broken regex is named and skipped."""
    rules = []
    for number, table in enumerate(tables, 1):
        try:
            match = re.compile(table["match"], re.IGNORECASE | re.MULTILINE) if "match" in table else None
        except re.error as error:
            warnings.warn(
                f"[[rule]] number {number} is skipped: {table['match']!r}: {error}", RuleWarning, stacklevel=2
            )
            continue
        given = {key: table[key] for key in ("task", "min_tokens", "max_tokens") if key in table}
        rules.append(Rule(f"your rule {number}", table["tier"], match, **given))
    return tuple(rules)


@dataclass(frozen=True)
class Decision:
    """What the rules say: the first that holds, and what the prompt asks for; None where they know nothing."""

    rule: Rule | None
    task: str | None


def decide(
    prompt: str, purpose: str, own: Sequence[Rule] = (), built_in: Sequence[Rule] = BUILT_IN, task: str | None = None
) -> Decision:
    """Ask the user's own rules, then the built-in ones; ``task`` is what the prompt asks for where no pattern knows."""
    text, tokens = excerpt(prompt), len(prompt) // CHARACTERS_PER_TOKEN
    task = next((rule.task for rule in BUILT_IN if rule.task and rule.holds(text, tokens, purpose)), task)
    for rule in own:
        if rule.task in (None, task) and rule.holds(text, tokens, purpose):
            return Decision(rule, task)
    return Decision(next((rule for rule in built_in if rule.holds(text, tokens, purpose)), None), task)


_BLANK = re.compile(r"\s*\n\s*")


def excerpt(prompt: str) -> str:
    """The part of a prompt that rules read, without blank lines."""
    cut = prompt if len(prompt) <= HEAD + TAIL else f"{prompt[:HEAD]}\n{prompt[-TAIL:]}"
    return _BLANK.sub("\n", cut)
