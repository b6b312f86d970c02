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
    """

    name: str
    tier: str
    match: re.Pattern[str] | None = None
    task: str | None = None
    min_tokens: int = 0
    max_tokens: int | None = None
    purposes: tuple[str, ...] = ()

    def holds(self, text: str, tokens: int, purpose: str) -> bool:
        """Whether the conditions hold; ``task`` is not looked at here."""
        if self.purposes and purpose not in self.purposes:
            return False
        if tokens < self.min_tokens or (self.max_tokens is not None and tokens > self.max_tokens):
            return False
        return self.match is None or self.match.search(text) is not None


def _built_in(name: str, tier: str, task: str | None, pattern: str) -> Rule:
    return Rule(name, tier, re.compile(pattern, re.IGNORECASE | re.MULTILINE), task)


_CODE_NOUNS = (
    r"code|function|script|class|quer(y|ies)|regex|unit tests?|sql|python|javascript|typescript|java|rust|golang|c\+\+"
    r"|bash|dockerfile|makefile|funktion|skript|abfrage|fonction|requête|función|consulta|programa?"
)

# In the order of the decision tree: a step of a pipeline, code, narrow output, reasoning, long documents, then
# tasks that a mid-size model does well. Few and sure: a prompt that no rule knows goes to the default tier.
BUILT_IN: tuple[Rule, ...] = (
    Rule("a step inside a pipeline", "routing", purposes=("route", "judge", "label", "summary")),
    _built_in(
        "code",
        "coding",
        "code",
        r"```|^\s*(def|class|import|from \w+ import|#include|SELECT\b.+\bFROM|public (static|class))\b"
        r"|Traceback \(most recent"
        r"|\b(write|fix|debug|refactor|review|port|optimi[sz]e|implement|schreib\w*|écri\w+|escrib\w+)\b"
        rf"[^.?!\n]{{0,60}}\b({_CODE_NOUNS})\b"
        rf"|\b(explain|what does|why does) (this|my|the following) ({_CODE_NOUNS})\b",
    ),
    _built_in(
        "narrow output",
        "routing",
        "classification",
        r"\b(yes or no|ja oder nein|oui ou non|sí o no|true or false|wahr oder falsch|vrai ou faux|verdadero o falso)\b"
        r"|\b(answer|reply|respond|return|antworte|réponds|responde)\b[^.\n]{0,30}"
        r"\b(one word|a single word|the label|yes|no|one of|einem wort|un (seul )?mot|una (sola )?palabra)\b"
        r"|\b(classify|categori[sz]e|klassifizier\w*|classe[rz]?|clasifica)\b"
        r"|\bwhich (department|category|label|queue|class)\b"
        r"|\b(label|category|sentiment|intent|kategorie|catégorie|categoría)\s*:\s*$",
    ),
    _built_in("a proof", "heavy", "math and reasoning", r"\b(prove that|proof (of|that)|beweise|démontre|demuestra)\b"),
    _built_in(
        "strategic planning",
        "heavy",
        "analysis and planning",
        r"\b(strateg(y|ic|ie|ia)|roadmap|root cause analysis|board (paper|memo)|business case|go-to-market)\b",
    ),
    Rule("a long document", "standard", min_tokens=LONG_DOCUMENT),
    _built_in(
        "summarization",
        "medium",
        "summarization",
        r"\b(summar(y|i[sz]\w*|ies)|tl;?dr|zusammenfass\w*|fasse\b.{0,60}\bzusammen|résum\w+|resum\w+"
        r"|key (points|takeaways)|minutes of)\b",
    ),
    _built_in(
        "translation",
        "medium",
        "translation",
        r"\b(translat\w+|übersetz\w*|tradui\w*|traduc\w*|how do you say)\b",
    ),
    _built_in(
        "extraction",
        "medium",
        "extraction",
        r"\b(extract|extrahier\w*|extrai\w*|extrae|pull out|list (all|every)( the)?)\b",
    ),
    _built_in(
        "rewriting",
        "medium",
        "rewriting",
        r"\b(rewrite|rephrase|paraphrase|proofread|umformulier\w*|reformul\w+|reescrib\w+|korrigier\w*|corrige[rz]?"
        r"|fix the (grammar|spelling))\b",
    ),
    _built_in(
        "creative writing",
        "standard",
        "creative writing",
        r"\b(write|compose|invent|schreib\w*|dichte|écri\w+|escrib\w+)\b[^.?!\n]{0,40}"
        r"\b(poem|haiku|limerick|story|song|slogan|gedicht|geschichte|poème|histoire|poema|cuento|canción)\b",
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


def decide(prompt: str, purpose: str, own: Sequence[Rule] = ()) -> tuple[Rule | None, str | None]:
    """(the first rule that holds, the task that the prompt asks for); None where nothing is known."""
    text = prompt if len(prompt) <= HEAD + TAIL else f"{prompt[:HEAD]}\n{prompt[-TAIL:]}"
    tokens = len(prompt) // CHARACTERS_PER_TOKEN
    standing = next((rule for rule in BUILT_IN if rule.holds(text, tokens, purpose)), None)
    task = next((rule.task for rule in BUILT_IN if rule.task and rule.holds(text, tokens, purpose)), None)
    for rule in own:
        if rule.holds(text, tokens, purpose) and rule.task in (None, task):
            return rule, task
    return standing, task
