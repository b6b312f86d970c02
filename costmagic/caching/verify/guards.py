"""What the words don't show: symbols, letter case, articles, owners and speakers. Any doubt there forbids a match."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

from .lettercase import AFTER, NEXT, letter_case
from .lexicon import form, spellings, words
from .text import bare_question

# Punctuation that only parts sentences; whatever else is no letter, digit or space says something.
_SENTENCE = frozenset(".,;:?!'\"-–—()…`“”‘’«»&¿¡")
_READ_AS_WORDS = re.compile(r"(?<=\d)\s?%|[$€£¥₹](?=\s?\d)")
_MEANT = re.compile(  # sentence punctuation where no sentence needs it
    r"(?<=\d)(?:\.\.\.|…)|(?<=\d)[!'\"]|(?<!\w)!+(?=\w)|(?<=\s)[!?.,;:'\"](?=\s\w)|(?<=\s)[-–—](?=\s?\d)|(?<![\w).])[-–—](?=\d)|(?<=\d)[-–—](?=\d)|\(\s*\)|\w+(?:\.\w+)+|\.\w+|[\w.]+\([^)\s]*|\([^)]*\d[^)]*\)"
)
_ESCAPED = re.compile(  # \\d is not \\D, nor "$HOME" '$HOME', nor -v -V
    r"[\w\])]\[[^\]\s]*\]|(?<!\S)(?:\.\w+){2,}|(?<!\w)-[A-Za-z]\b|\\\w|[\"'`]\$\w+[\"'`]"
)
_INITIALS = re.compile(r"\b(?:[A-Za-z]\.){2,}")
_LETTER = re.compile(r"(?<![\w'’.])[^\W\d_](?![\w'’]|\.\w)")
_ABOUT_LETTERS = re.compile(
    r"\b(?:stands? for|symbols?|denotes?|represents?|letters?)\b|^what does \w mean", re.IGNORECASE
)
_MIXED = re.compile(r"(?<![\w.])\d+(?:[a-zA-Z])(?!\w)")
_SCALES = frozenset("kKmMgGhHsSxXbBlLCFVWA")
_ARTICLE = re.compile(r"\b(a|an|the)\s+(?:(?:very|most)\s+)?([\w'’-]+)", re.IGNORECASE)
_THE_OR_NOT = frozenset(
    ["earth", "us", "usa", "uk", "un", "eu", "united", "netherlands", "philippines", "u", "czech", "internet", "fbi"]
)


@lru_cache(maxsize=512)
def _symbols(text: str) -> Counter[str]:
    """Signs that say something, and what is written in parentheses or with dots."""
    text = _INITIALS.sub(lambda m: m[0].replace(".", ""), unicodedata.normalize("NFC", text).replace("’", "'"))
    bare = _READ_AS_WORDS.sub(" ", text)
    kinds = ((c, unicodedata.category(c)) for c in bare if not c.isspace() and c not in _SENTENCE)
    found = Counter(c for c, of in kinds if of == "No" or not (c.isalnum() or of in ("Mn", "Cf")))
    bare = re.sub(r"(?:[?. ]|(?<=[^\W\d])!)+$", "", bare)
    bare = re.sub(r"(?<=\d),(?=\d{3}\b)", "", bare)
    found.update(m.lower().rstrip(".") or "…" for m in _MEANT.findall(bare))
    found.update(_ESCAPED.findall(text))
    return found


def _runs(text: str) -> list[str]:
    """Signs side by side, in their order."""
    return re.findall(r"[^\w\s.,;:?!'\"–—()…`“”‘’«»&¿¡-]+", _READ_AS_WORDS.sub(" ", text))


@lru_cache(maxsize=512)
def _letters(text: str) -> list[str]:
    """Single letters that are no article and no "I", in their order, then numbers with a letter that is no unit."""
    text = _INITIALS.sub(lambda m: m[0].replace(".", ""), text.strip().rstrip("?.! "))
    text = re.sub(r"\be-mail", "email", text, flags=re.IGNORECASE)
    text = text.lower() if text.isupper() and len(text) > 20 else text
    found: list[str] = []
    about_letters = bool(_ABOUT_LETTERS.search(text))
    for match in _LETTER.finditer(text):
        letter, before, after = match[0], text[: match.start()], text[match.end() :]
        article = re.match(r"\s+(?!(?:is|are|was|and|or|in|to|for|contagious)\b)[\w'\"$€£(]", after)
        if letter in "aA" and article and not before.endswith("-") and (letter == "a" or not before):
            continue
        if letter == "I" or (letter == "i" and not before.endswith("-") and not re.match(r"\s*[<>=+]", after)):
            continue
        if letter == "u" and re.search(r"\b(?:can|could|do|will|would|are|if|how do) $", before.lower()):
            continue
        if re.search(r"\d\s?$", before):  # a unit after a number is compared as a word
            continue
        found.append(letter if about_letters else letter.lower())
    found += sorted(re.findall(r"\b\d+0'?s\b", text))  # decades
    found += sorted(m.lower() for m in _MIXED.findall(text) if m[-1] not in _SCALES)
    return found


def _articles(a: str, b: str) -> str | None:
    found = []
    for text in (a, b):
        articles: dict[str, set[str]] = {}
        for article, word in _ARTICLE.findall(text):
            articles.setdefault(word.lower().removesuffix("'s"), set()).add(article.lower().replace("an", "a"))
        found.append(articles)
    said = [{w.lower().removesuffix("'s"): w for w in re.findall(r"[\w'’-]+", text)} for text in (a, b)]
    for word in sorted({*found[0], *found[1]} - words("either article") - _THE_OR_NOT):
        if word[0].isdigit():
            continue
        one, two = found[0].get(word, set()), found[1].get(word, set())
        if one == two or word not in said[0] or word not in said[1]:
            continue
        if one and two:
            return f"'the {word}' is not 'a {word}'"
        if word in words("not the same with an article") and "a" in one | two:
            return f"'a {word}' is not '{word}'"
        name = any(re.search(rf"(?<=[\w,] ){re.escape(word.capitalize())}(?=\W*$|'s|{AFTER})", t) for t in (a, b))
        if word in words("names that are words"):
            name = name or any(re.search(rf"(?<=[\w,] ){re.escape(word.capitalize())}\b", t) for t in (a, b))
        # Where another word stands between, the article may be that one's.
        other = b if one else a
        of = "" if word in words("names that are words") else "|of"
        stands = re.search(
            rf"\b(?:the|an?|my|your|our|his|her|their{of}|[\w'’-]+'s)\s+(?:\w+\s+)?{re.escape(word)}\b", other.lower()
        )
        # "A Git branch": the article is the branch's.
        whole = a if one else b
        of_next = re.search(rf"\b(?:an?|the) {re.escape(word)} (?![^a-z])(?P<of>{NEXT})", whole.lower())
        if of_next and of_next["of"] in words("times") | {"at", "today", "now"}:
            of_next = None
        if name and not stands and not of_next and word not in ("best", "most", "first", "last"):
            return f"'{word}' with and without its article"
    return None


_OWNED = re.compile(r"\b(my|our|your)\s+([\w'’-]+)(?:\s+([\w'’-]+))?")


_OWN = re.compile(r"\b(start|open|launch|run|create) (?:my|your|our) own\b")
_LIFE = re.compile(r"\b(purpose|meaning|goal) of (?:our|my|your) life\b")
_POINTS = re.compile(r"(?<!do )\b(it|this|that|these|those|them|there|him|her|here)\W*$")


def _owners(a: str, b: str) -> str | None:
    counts = [Counter({"our": "my"}.get(o, o) for o, _, _ in _OWNED.findall(t)) for t in (a, b)]
    if counts[0] == counts[1]:
        return None
    for text, other, more in ((a, b, counts[0] - counts[1]), (b, a, counts[1] - counts[0])):
        for owner, what, then in _OWNED.findall(text):
            if {"our": "my"}.get(owner, owner) in more:
                if (
                    owner == "your"
                    and what in ("health", "body")
                    and re.search(rf"\bfor (?:you|(?:the )?{what})\b", other)
                ):
                    continue
                if owner == "your" and form(what).lemma in ("view", "opinion", "thought", "take"):
                    continue
                verb = re.search(
                    r"\b(?:find|get(?! over| rid)|make|see|buy|have|need|choose|pick|give|lose)\b(?! weight)", text
                )
                named = {form(what).lemma, form(then).lemma if then else ""}
                mine = named & (words("anyone's own") | words("one's own where it is done") | words("devices"))
                # "My eyes" are "the eyes"; "my phone" is "a phone" where it isn't one to be found or bought.
                which = "an?|the|" if not mine else "" if mine & words("devices") else "an?|"
                another = re.search(rf"\b(?:{which}your|his|her|their) {re.escape(what)}\b", other)
                if another or owner == "your" or not mine or (verb and verb[0] != "lose" and "fat" not in text):
                    return f"only one says '{owner} {what}'"
    return None


def guard(a: str, b: str) -> str | None:
    """Why two prompts differ in what is no word; None when they don't."""
    return signs(a, b) or owners(a, b)


@lru_cache(maxsize=512)
def signs(a: str, b: str) -> str | None:
    """Why two prompts differ in symbols, single letters, letter case, articles, or what they point to."""
    return written(a, b) or _pointed(_bare(a), _bare(b))


@lru_cache(maxsize=512)
def written(a: str, b: str) -> str | None:
    """Why two prompts differ in symbols, single letters or letter case: no embedding tells that well."""
    a, b = _bare(a), _bare(b)
    if a == b:
        return None
    if (one := _symbols(a)) != (two := _symbols(b)):
        odd = (one - two) + (two - one)
        return f"a symbol differs: {' '.join(sorted(odd)[:3])}"
    if one and _runs(a) != _runs(b):
        return "the symbols are in another order"
    letters = _letters(a), _letters(b)
    if letters[0] != letters[1]:
        one, two = map(Counter, letters)
        odd = (one - two) + (two - one)
        return f"a letter differs: {' '.join(sorted(odd)[:3])}" if odd else "single letters are in another order"
    if _FOCUS.findall(a.lower()) != _FOCUS.findall(b.lower()):
        return "'just', 'only' or 'even' stands on another side of an article"
    return _codes(a, b) or letter_case(a, b) or _titles(a, b) or _marks(a, b)


_TITLE = re.compile(r"(?<=[\w,] )(?:The|An?) ([A-Z][\w'’-]+)")


def _titles(a: str, b: str) -> str | None:
    """ "The Invisible Man" is not "Invisible Man"."""
    for text, other in ((a, b), (b, a)):
        for title in _TITLE.findall(text):
            if re.search(rf"(?<=\w )(?<![Tt]he )(?<![Aa]n )(?<![Aa] ){re.escape(title)}\b", other):
                return f"'{title}' with and without its article"
    return None


_ABOUT_WRITING = re.compile(
    r"\b(?:write|writing|spell|spelling|use|say|grammar|sentences?|commas?|apostrophes?|punctuat\w+|phrases?|correct)\b",
    re.IGNORECASE,
)


def _marks(a: str, b: str) -> str | None:
    """Whether only commas or apostrophes differ where it is asked how something is written, or what it says so."""
    if not (_ABOUT_WRITING.search(a) and _ABOUT_WRITING.search(b)):
        return None
    for mark, name in ((",", "a comma"), ("'", "an apostrophe")):
        one, two = (t.replace("’", "'").lower().rstrip("?.! ") for t in (a, b))
        if one != two and one.replace(mark, "") == two.replace(mark, ""):
            return f"{name} differs"
    return None


# "Is it just a law?", "Is it a just law?"
_FOCUS = re.compile(r"\b(?:just|only|even) (?=(?:an?|the)\b)|(?<= an )(?:just|only|even)\b|(?<= a )(?:just|even)\b")


def _pointed(a: str, b: str) -> str | None:
    if a == b:
        return None
    points = [_POINTS.findall(text) for text in _low(a, b)]
    if points[0] != points[1]:
        return f"only one ends in '{(points[0] or points[1])[0]}'"
    return _articles(a, b)


# What programs call things: "parse_rows", "getUser".
_CODE = re.compile(r"\b(?:\w*_\w+|[a-z]+[A-Z]\w*)\b")


def _codes(a: str, b: str) -> str | None:
    """Which name from code only one prompt has."""
    said = [{w.lower() for w in re.findall(r"\w+", text)} for text in (a, b)]
    for text, other in ((a, said[1]), (b, said[0])):
        if odd := [code for code in _CODE.findall(text) if code.lower() not in other]:
            return f"a name differs: '{odd[0]}'"
    return None


def _bare(text: str) -> str:
    return bare_question(text.replace("？", "?"))


@lru_cache(maxsize=512)
def owners(a: str, b: str) -> str | None:
    """Why it matters whose something is: "my phone" beside "a phone"."""
    return _owners(*_low(bare_question(a), bare_question(b)))


def _low(a: str, b: str) -> list[str]:
    low = (" ".join(" ".join(spellings().get(w, (w,))) for w in t.lower().split()) for t in (a, b))
    return [_LIFE.sub(r"\1 of life", _OWN.sub(r"\1 a", text)) for text in low]
