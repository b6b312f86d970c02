"""The text of a prompt before it is read: what must stay as it is, and the rest in one spelling."""

from __future__ import annotations

import re

from .frames import strip_politeness
from .lexicon import spellings
from .lexicon import words as kind

TOKEN = re.compile(
    r"\d+(?:\.\d+)*(?:st|nd|rd|th)?|[^\W\d_]+(?:[^\W_]|[-_](?=[^\W_]))*(?:\+\+|#)?|'s\b|[-+*/=<>^%&|~@]+|[,;?!.]"
)
_CONTRACTIONS = (
    (re.compile(r"\b(can)'?t\b"), r"\1 not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"\bshan't\b"), "shall not"),
    (re.compile(r"\bain't\b"), "is not"),
    (re.compile(r"\b(\w+)n't\b"), r"\1 not"),
    (re.compile(r"\blet's\b"), "let us"),
    (re.compile(r"\b(what|that|it|there|he|she|who|where|how|when|here|why|this)'s\b"), r"\1 is"),
    (re.compile(r"\b(\w+)'re\b"), r"\1 are"),
    (re.compile(r"\b(\w+)'ve\b"), r"\1 have"),
    (re.compile(r"\b(\w+)'ll\b"), r"\1 will"),
    (re.compile(r"\bi'm\b"), "i am"),
    (re.compile(r"\b(i|you|he|she|it|we|they|who|what|that|there)'d\b"), r"\1 would"),
)
_CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
_QUOTED = re.compile(r'"([^"]*)"|“([^”]*)”|«([^»]*)»|(?<!\w)\'([^\']+)\'(?!\w)')
_HYPHEN = re.compile(r"(?<=[a-z])-(?=[a-z0-9])|(?<=\d)-(?=[a-z])|(?<=\s)[-–—]+(?=\s)")
_PREFIX = re.compile(r"\bnon-(?=[a-z]{3})")
_MONEY = re.compile(r"([$€£¥₹])\s?(\d[\d,.]*\d|\d)(\s?(?:k|m|bn|thousand|million|billion)\b)?")
_RUPEES = re.compile(r"\b(?:rs|inr)\b\.? ?(\d[\d,]*)", re.IGNORECASE)
_CURRENCIES = {"$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "₹": "rupee"}
_NOT = re.compile(r"\b(?:anything but|by no means|in no way|not in the least|under no circumstances)\b")
_ABBREVIATIONS = re.compile(r"\bU\.? ?S\.? ?A?\b\.?(?=\W|$)|\bU\.? ?K\b\.?(?=\W|$)|\bIT\b(?! )|(?<=[a-z] )IT\b")


def written_out(text: str) -> str:
    """``text`` in lower case, contractions, money and well-known abbreviations written out, in American spelling."""
    text = _RUPEES.sub(r"\1 rupee", text)
    lowered = _HYPHEN.sub(" ", _PREFIX.sub("non", _MONEY.sub(_money, _ABBREVIATIONS.sub(_abbreviation, text).lower())))
    if "'" in lowered:
        for pattern, full in _CONTRACTIONS:
            lowered = pattern.sub(full, lowered)
    lowered = _NOT.sub("not", lowered)
    lowered = " ".join(_spelled(word) for word in lowered.split())
    return lowered


def is_english(body: str, plain: tuple[str, ...]) -> bool:
    """Whether the words seem to be English ones."""
    if any(ord(c) > 0x24F and c.isalpha() for c in body):
        return False
    letters = [t for t in plain if t[0].isalpha()]
    foreign = sum(t in kind("other languages") and t not in kind("english") for t in letters)
    return foreign <= max(1, sum(t in kind("english") for t in letters)) and (not letters or foreign * 3 < len(letters))


def _money(match: re.Match[str]) -> str:
    return f"{match[2]}{match[3] or ''} {_CURRENCIES[match[1]]} "


def _abbreviation(match: re.Match[str]) -> str:
    return "information technology" if match[0] == "IT" else "united kingdom" if "K" in match[0] else "united states"


_NUMBERED = re.compile(r"^\s*(?:\d{1,2}[.)]|Q:|Question:)\s+(?=[A-Z])")
_SMILEY = re.compile(r"\s+[:;=][-']?[\[\]()DPp|]+\s*$")


# What only code or formulas are written with.
_SIGNS = re.compile(
    r"[`=<>{}\[\]\\^|~@#;_]|\w\(\)|\(\(|\w\([^)]*[,.]|--|\+\+|[\w)] [*+] [\w(]|^\s*[\w.]+\(|\n"
    r"|(?<!\S)-\w|\w\([\"'“]"
)
# What is quoted or handed over stays as it is: it may be what is to be corrected.
_PAYLOAD = re.compile(r"[\"“”«»]|:\s|(?<!\w)'")
# How a hurried hand sets what a careful one would write.
_TYPED = (
    (re.compile(r"(?<=[A-Za-z])\((?:s|es)\)"), "s"),
    (re.compile(r"(?<=[a-z0-9])\((?=[A-Za-z]{2})"), " ("),
    (re.compile(r"\((\d{4})\)"), r"\1"),
    (re.compile(r"\band/or\b"), "or"),
    (re.compile(r"(?<=[a-z]{3})/(?=[a-z]{3})|(?<=[a-z]{2}) / (?=[a-z]{2})"), " or "),
    (re.compile(r"\b([Rr][Ss])\.(?=\d)"), r"\1 "),
    (
        re.compile(r"(?<=[A-Za-z0-9])([.?!])(?=(?:[Ww]hat|[Hh]ow|[Ww]hy|[Ww]hen|[Ww]here|[Ww]hich|[Ww]ho|I|i)\b)"),
        r"\1 ",
    ),
    (
        re.compile(r"\b([Dd]o|[Dd]oes|[Cc]an|[Cc]ould|[Ww]ould|[Ww]ill|[Aa]re|[Ii]f|[Dd]id|[Ss]hould) u\b(?= \w)"),
        r"\1 you",
    ),
    (re.compile(r"\b[Ii] m\b"), "I'm"),
    (re.compile(r"(?<=\bcan )l\b"), "I"),
)


def bare_question(text: str) -> str:
    """``text`` without a number before it and a smiley behind it; prose set as a careful hand would."""
    text = _SMILEY.sub("", _NUMBERED.sub("", text)).strip()
    text = re.sub(r"^([A-Z][a-z]+)`(?=s )", r"\1'", text)
    if not _SIGNS.search(text) and not _PAYLOAD.search(text):
        for pattern, careful in _TYPED:
            text = pattern.sub(careful, text)
    return text


# What quotation marks keep together is then a text that is measured.
_MEASURED = re.compile(r"\b(?:letters?|vowels?|consonants?|characters?|syllables?)\b", re.IGNORECASE)


def unquoted(text: str) -> str | None:
    """A prompt whose quotes and payload are read like the rest of it; None where code or a text to measure is in it."""
    if _SIGNS.search(text) or _MEASURED.search(text):
        return None
    return _QUOTED.sub(lambda m: next(filter(None, m.groups()), ""), re.sub(r":(?=\s)", ",", text)).replace('"', "")


_WHICH_OF = re.compile(
    r"(?:which|what|who)(?: one)? is (?:the )?(?:better|best|worse|more \w+|[a-z]+er)", re.IGNORECASE
)


def split_literals(text: str) -> tuple[str, tuple[str, ...]]:
    """(the prompt without them, code, quotes and payload)."""
    found: list[str] = []

    def take(match: re.Match[str]) -> str:
        found.append(" ".join(match[0].strip("`\"'“”«»").split()))
        return " LITERAL "

    text = _QUOTED.sub(take, _CODE.sub(take, text))
    head, line, rest = text.partition("\n")
    if line and rest.strip():
        found.append(" ".join(rest.split()))
        text = head + " LITERAL"
    head, colon, rest = re.match(r"(.*?)(:(?=\s|$)|$)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    if colon and rest.strip():
        if not strip_politeness(head.lower() + ", x").removesuffix("x").strip(" ,"):
            return rest.strip(), tuple(found)
        if _WHICH_OF.fullmatch(head.strip()):
            return f"{head} {rest.strip()}", tuple(found)
        if len(head.split()) <= 3 and re.search(r"\b(?:how|what|why|when|where|who|which)\b", rest.lower()):
            named = {*head.lower().split()} <= {*re.findall(r"[\w.+#-]+", rest.lower())}
            return rest.strip() if named else f"{head}, {rest}", tuple(found)  # a topic before its question
        found.append(" ".join(rest.split()).rstrip(".?!"))
        text = head + " LITERAL"
    return text, tuple(found)


def capitalised(text: str) -> frozenset[str]:
    """Words that begin with a capital where no sentence begins: names, unless everything does."""
    words = re.findall(r"(?<![.?!] )(?<!^)\b[a-z]?[A-Z][\w'-]*", text)
    if len(words) > 0.7 * max(1, len(text.split())):
        return frozenset()
    return frozenset(
        w.lower().removesuffix("'s")
        for w in words
        if not (w.lower() in kind("no names") and (len(w) == 1 or w[1:].islower()))
    )


def _spelled(word: str) -> str:
    bare = word.strip(",;.?!()")
    if bare in spellings():
        return word.replace(bare, " ".join(spellings()[bare]))
    if bare.endswith("s") and len(spellings().get(bare[:-1], ())) == 1 and len(bare) > 5:
        return word.replace(bare, spellings()[bare[:-1]][0] + "s")
    if len(bare) > 6:
        word = re.sub(r"(?<=[a-z]{3})(i|y)s(e|ed|es|ing|ation|er)\b", r"\1z\2", word)
    return word
