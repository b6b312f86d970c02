"""How good an answer is: a number from 0 to 1, by a named rule or by a function of the user's."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..comparison.agreement import token_f1
from ..types import UsageError, did_you_mean

Score = Callable[[str, str], Any]

# name → what it does, as the panel and the help show it.
SCORERS = {
    "exact": "the same text but for white space around it",
    "normalized": "the same words: case, punctuation and accents' encoding left out",
    "contains": "the expected words occur in the answer, one after the other",
    "choice": "the one label that the answer names is the expected one: choice, or choice(a, b, c)",
    "regex": "the expected column is a pattern that the answer has; regex(PATTERN): both have the same match",
    "numeric": "the same number: numeric(0.01) allows a difference of 0.01, numeric(1%) of one in a hundred",
    "json": "the share of fields that are the same: json(a, b), or json for all of the expected ones",
    "f1": "how much of the words the two have in common",
    "similarity": "how much the two mean the same, by sentence embeddings",
    "judge": "another model says which answer is better: judge(heavy)",
}

_FENCE = re.compile(r"```[a-zA-Z]*\s*\n(.*?)```", re.DOTALL)
_NUMBER = re.compile(r"[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?|[-+−]?\.\d+")


@dataclass(frozen=True)
class Scorer:
    """A rule that scores answers.

    Attributes:
        spec: how it is written down: ``"numeric(0.01)"``; for a function ``"function NAME"``.
        score: (answer, expected) → 0 to 1; it may raise. None for a judge.
        judge: the tier or model that judges pairs of answers; None for all other scorers.
    """

    spec: str
    score: Score | None
    judge: str | None = None

    @property
    def is_function(self) -> bool:
        """Whether only the user's session knows it: it can't be found again by its name."""
        return self.spec.startswith("function ")

    def __call__(self, answer: str, expected: str) -> float:
        """The score. Raises whatever the rule raises, and ValueError when that is no number from 0 to 1."""
        assert self.score is not None
        value = float(self.score(answer, expected))
        if not 0 <= value <= 1:  # nan is neither
            raise ValueError(f"a score is a number from 0 to 1, not {value}")
        return value


def scorer_of(spec: str | Score | Scorer, labels: Sequence[str] = (), embed: Score | None = None) -> Scorer:
    """The scorer that ``spec`` means: a name, ``name(arguments)``, or a function of (answer, expected).

    ``labels`` are what ``choice`` chooses from where it names none; ``embed`` is what ``similarity`` asks.

    Raises:
        UsageError: no such scorer, or its arguments make no sense.
    """
    if isinstance(spec, Scorer):
        return spec
    if callable(spec):
        return Scorer(f"function {getattr(spec, '__name__', type(spec).__name__)}", spec)
    match = re.fullmatch(r"\s*(\w+)\s*(?:\((.*)\))?\s*", spec, re.DOTALL) if isinstance(spec, str) else None
    name, argument = (match[1], match[2]) if match else ("", None)
    if name not in SCORERS:
        raise UsageError(f"unknown scorer {spec!r:.60}{did_you_mean(str(spec), list(SCORERS))}")
    written = name if argument is None else f"{name}({argument.strip()})"
    argument = None if argument is None else argument.strip()
    if name in ("exact", "normalized", "contains", "f1") and argument:
        raise UsageError(f"scorer {name} takes no argument, not ({argument})")
    if name == "judge":
        if not argument:
            raise UsageError("which model is the judge? judge(heavy), or judge(provider:model)")
        return Scorer(written, None, argument.strip("'\""))
    makers: dict[str, Callable[[], Score]] = {
        "exact": lambda: lambda answer, expected: answer.strip() == expected.strip(),
        "normalized": lambda: lambda answer, expected: normal(answer) == normal(expected),
        "contains": lambda: lambda answer, expected: f" {normal(expected)} " in f" {normal(answer)} ",
        "choice": lambda: _choice(_list(argument) or list(labels)),
        "regex": lambda: _regex(argument),
        "numeric": lambda: _numeric(argument),
        "json": lambda: _json(_list(argument)),
        "f1": lambda: token_f1,
        "similarity": lambda: embed or _no_embedder,
    }
    return Scorer(written, makers[name]())


def normal(text: str) -> str:
    """Words in lower case, one blank between them; punctuation within numbers stays."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\d+(?:[.,]\d+)*|\w+", folded))


def _list(argument: str | None) -> list[str]:
    return [part.strip().strip("'\"") for part in argument.split(",") if part.strip()] if argument else []


def _choice(labels: Sequence[str]) -> Score:
    # Longer labels first: "billing support" is not also "billing".
    known = sorted({normal(label) for label in labels if normal(label)}, key=len, reverse=True)

    def score(answer: str, expected: str) -> bool:
        rest, found = f" {normal(answer)} ", set()
        for label in known or [normal(expected)]:
            if f" {label} " in rest:
                found.add(label)
                rest = rest.replace(f" {label} ", "  ")
        return found == {normal(expected)}

    return score


def _regex(pattern: str | None) -> Score:
    if not pattern:
        return lambda answer, expected: re.search(expected, answer) is not None
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"regex({pattern}): {error}") from None

    def found(text: str) -> str | None:
        match = compiled.search(text)
        return None if match is None else (match[1] if compiled.groups else match[0])

    def score(answer: str, expected: str) -> bool:
        wanted = found(expected)
        return found(answer) == (expected.strip() if wanted is None else wanted)

    return score


def _numeric(argument: str | None) -> Score:
    share = bool(argument) and str(argument).endswith("%")
    try:
        tolerance = Decimal((argument or "0").removesuffix("%").removeprefix("tol=").strip())
    except ArithmeticError:
        tolerance = Decimal("NaN")
    if not tolerance.is_finite() or tolerance < 0:
        raise UsageError(f"numeric({argument}): a tolerance is a number, 0 or more, or a percentage")

    def score(answer: str, expected: str) -> bool:
        wanted, given = _last_number(expected), _last_number(answer)
        if wanted is None:
            raise ValueError(f"the expected {expected!r:.40} holds no number")
        if given is None:
            return False
        return abs(given - wanted) <= (abs(wanted) * tolerance / 100 if share else tolerance)

    return score


def _last_number(text: str) -> Decimal | None:
    """The last number in a text: "2 + 2 is 4." says 4."""
    found = _NUMBER.findall(text)
    return Decimal(found[-1].replace(",", "").replace("−", "-")) if found else None


def _json(names: Sequence[str]) -> Score:
    def score(answer: str, expected: str) -> float:
        wanted = _object(expected)
        if not isinstance(wanted, dict):
            raise ValueError(f"the expected {expected!r:.40} is no JSON object")
        fields = names or list(wanted)
        try:
            given = _object(answer)
        except ValueError:
            return 0.0
        if not isinstance(given, dict) or not fields:
            return float(given == wanted)
        return sum(name in given and _same(given[name], wanted.get(name)) for name in fields) / len(fields)

    return score


def _object(text: str) -> Any:
    fenced = _FENCE.search(text)
    body = fenced[1] if fenced else text
    try:
        return json.loads(body)
    except ValueError:
        start, end = body.find("{"), body.rfind("}")
        return json.loads(body[start : end + 1] if 0 <= start < end else "")


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return normal(one) == normal(other)
    return bool(one == other)


def _no_embedder(answer: str, expected: str) -> float:
    raise UsageError("similarity needs the embedder: costmagic pull minilm")
