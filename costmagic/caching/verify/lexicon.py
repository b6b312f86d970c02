"""What is known about words, as plain text files under ``data/``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

# Markers of a group may stand for each other.
MARKER_GROUPS: Mapping[str, str] = {
    "regarding": "about", "concerning": "about", "using": "with", "towards": "to", "toward": "to",
    "though": "although",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """A word as it stands: its lemma, and whether its form is past, plural or ends in -ing."""

    lemma: str
    past: bool = False
    plural: bool = False
    ing: bool = False


def lines(name: str) -> Iterator[str]:
    """The lines of a data file, without comments and empty ones."""
    text = files(__package__).joinpath("data", name).read_text("utf-8")
    for line in text.splitlines():
        line = line.partition("#")[0].strip()
        if line:
            yield line


@cache
def words(kind: str) -> frozenset[str]:
    """The words of a kind: a section of ``words.txt``."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in lines("words.txt"):
        if line.startswith("["):
            section = line.strip("[]")
        else:
            found.setdefault(section, []).extend(line.split())
    return frozenset(found[kind])


@cache
def spellings() -> Mapping[str, tuple[str, ...]]:
    """Word → how it is read."""
    return {word: tuple(rest) for word, *rest in (line.split() for line in lines("spelling.txt"))}


@cache
def _irregular() -> Mapping[str, Form]:
    known = {}
    for line in lines("irregular.txt"):
        word, lemma, *past = line.split()
        verb = lemma in ("go", "do", "have", "be", "die", "lie", "tie", "use") or bool(past)
        known[word] = Form(lemma, past=bool(past), plural=not verb and word != lemma, ing=word.endswith("ing"))
    return known


@cache
def synonyms() -> Mapping[tuple[str, ...], str]:
    """Lemmas of a word or phrase → the name of its group."""
    known: dict[tuple[str, ...], str] = {}
    for line in lines("synonyms.txt"):
        group = [phrase.split() for phrase in line.split(",")]
        name = "_".join(group[0])
        for phrase in group:
            known[tuple(form(word).lemma for word in phrase)] = name
    return known


@cache
def longest_phrase() -> int:
    """Words of the longest phrase that has a synonym."""
    return max(len(phrase) for phrase in synonyms())


@cache
def opposites() -> frozenset[frozenset[str]]:
    """Pairs of group names that are each other's opposite."""
    pairs = set()
    for line in lines("opposites.txt"):
        for pair in line.split(","):
            words = pair.split()
            if len(words) == 2:
                pairs.add(frozenset(synonyms().get((form(w).lemma,), form(w).lemma) for w in words))
    return frozenset(pairs)


_NEGATING = ("un", "in", "im", "il", "ir", "dis", "non", "mis", "anti")


@cache
def opposed(one: str, two: str) -> bool:
    """Whether two names of groups are each other's opposite: known to be, or by their making ("un…", "…less")."""
    if frozenset((one, two)) in opposites():
        return True
    return any(
        (len(y) > 2 and any(x == prefix + y for prefix in _NEGATING))
        or (x.endswith("less") and x[:-4] in (y, y.removesuffix("ful"), y.removesuffix("ed"), y.removesuffix("y")))
        for x, y in ((one, two), (two, one))
    )


@cache
def near(file: str) -> Mapping[str, frozenset[int]]:
    """Name of a group → the lines of ``near.txt`` or ``wordnet.txt`` in which it is."""
    known: dict[str, set[int]] = {}
    for number, line in enumerate(lines(file), 3):
        for word in line.split():
            known.setdefault(synonyms().get((form(word).lemma,), form(word).lemma), set()).add(number)
    return {name: frozenset(numbers) for name, numbers in known.items()}


@cache
def turning() -> frozenset[str]:
    """Names of groups that are the opposite of some other."""
    return frozenset(name for pair in opposites() for name in pair)


@cache
def form(word: str) -> Form:
    """The lemma of a lower-case English word, by its ending where nothing else is known."""
    if known := _irregular().get(word):
        return known
    if len(word) <= 3 or not word.isalpha():
        return Form(word)
    if (
        word.endswith("ing")
        and len(word) > 5
        and word not in words("nouns in -ing")
        and any(v in word[:-3] for v in "aeiouy")
    ):
        return Form(_stem(word[:-3]), ing=True)
    if word.endswith("ied") and len(word) > 4:
        return Form(word[:-3] + "y", past=True)
    if word.endswith("ed") and not word.endswith("eed") and len(word) > 4 and any(v in word[:-2] for v in "aeiouy"):
        return Form(_stem(word[:-2]), past=True)
    if word.endswith("s") and not word.endswith("ss") and word not in words("no plurals"):
        if word.endswith("ies") and len(word) > 4:
            return Form(word[:-3] + "y", plural=True)
        if word.endswith(("ches", "shes", "sses", "xes", "zes")):
            return Form(word[:-2], plural=True)
        if not word.endswith(("us", "is")):
            return Form(word[:-1], plural=True)
    return Form(word)


# Stems of verbs of more than one syllable that lose an -e before -ing and -ed.
_LOST_E = re.compile(
    r"(?:[vzcu]|[ndr]g|[^aeiou]at|eat|iat|uat|[aeiourn]s|[bcdfgkptz]l|[^aeiou](?:in|id|ud|ag|um|ul|il|ur|ir|ar|yp|ap)"
    r"|quir|cod|plod|[pbc]ut|invit|unit|excit|mot|delet|plet|pet|nor|stor|plor|fer)$"
)
_KEEPS = re.compile(
    r"(?:eat|focus|bias|appear|clear|repair|visit|develop|offer|prefer|differ|refer|transfer|suffer|sing|ring|bring"
    r"|long|travel|input|output|begin|train|explain|seem|chat|format|combat|repeat|defeat|control)$"
)


def _stem(stem: str) -> str:
    """The lemma of a verb without its -ing or -ed: doubled consonants and lost -e are put right."""
    if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in "aeiouslfz":
        return stem[:-1]
    vowels = len(re.findall("[aeiouy]+", stem))
    if _KEEPS.search(stem) and stem not in ("creat",):
        return stem
    if vowels == 1 and re.search("[^aeiou][aeiouy][^aeiouwxy]$", stem):
        return stem + "e"
    if stem == "us" or _LOST_E.search(stem):
        return stem + "e"
    return stem
