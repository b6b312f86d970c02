"""Numbers as they may be written, read as one."""

from __future__ import annotations

import re
from collections.abc import Mapping


def _count(words: str, start: int = 1, step: int = 1) -> Mapping[str, int]:
    return {word: n for n, word in zip(range(start, 10_000, step), words.split(), strict=False)}


_SMALL = _count(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen",
    0,
)
_TENS = _count("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10)
_LARGE = {"hundred": 100, "thousand": 1_000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_ORDINALS = _count("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth")
_OTHERS = {"half": "0.5", "dozen": "12", "couple": "2", "pair": "2"}
_SUFFIXED = re.compile(r"^(\d+(?:\.\d+)?)(k|m|bn|b)$")

# Before these, or after those, "one" is a pronoun.
_ONE_BEFORE = ("can", "could", "should", "would", "must", "does", "is", "has", "may", "might", "will")
_ONE_AFTER = ("no", "some", "any", "every", "each", "which", "this", "that", "the", "only", "another", "best")


def read_numbers(tokens: list[str]) -> list[str]:
    """``tokens`` with numbers in words as digits, thousands joined, and currency signs written out."""
    result: list[str] = []
    i = 0
    while i < len(tokens):
        token = tokens[i]
        after = tokens[i + 1] if i + 1 < len(tokens) else ""
        before = tokens[i - 1] if i else ""
        if token[0].isdigit():
            whole = token
            # 1,000,000 comes as tokens with commas between.
            while i + 2 < len(tokens) and tokens[i + 1] == "," and re.fullmatch(r"\d{3}(?:\.\d+)?", tokens[i + 2]):
                whole += tokens[i + 2]
                i += 2
            if i + 1 < len(tokens) and tokens[i + 1] in _LARGE and re.fullmatch(r"\d+(?:\.\d+)?", whole):
                whole = _plain(float(whole) * _LARGE[tokens[i + 1]])
                i += 1
            result.append(_tidy(whole))
            i += 1
        elif token in _TENS or (
            token in _SMALL and not (token == "one" and (after in _ONE_BEFORE or before in _ONE_AFTER))
        ):
            value, used = _in_words(tokens, i)
            result.append(_plain(value))
            i += used
        elif token in _ORDINALS and not (token == "second" and before in ("a", "per", "one", "each", "every")):
            result.append(f"{_ORDINALS[token]}th")
            i += 1
        elif token in _LARGE and before in ("a", "the", ""):
            result.append(_plain(_LARGE[token]))
            i += 1
        elif token in _OTHERS:
            result.append(_OTHERS[token])
            i += 1
        elif token == "%":
            result.append("percent")
            i += 1
        else:
            result.append(token)
            i += 1
    return result


def _in_words(tokens: list[str], start: int) -> tuple[float, int]:
    """The number that is written in words at ``start``, and how many words it takes."""
    total, current, i = 0.0, 0.0, start
    while i < len(tokens):
        word = tokens[i]
        if word in _SMALL or word in _TENS:
            current += _SMALL.get(word, _TENS.get(word, 0))
        elif word in _LARGE:
            current = max(current, 1) * _LARGE[word]
            if _LARGE[word] > 100:
                total, current = total + current, 0.0
        elif not (
            word == "and"
            and i > start
            and tokens[i - 1] in _LARGE
            and i + 1 < len(tokens)
            and (tokens[i + 1] in _SMALL or tokens[i + 1] in _TENS)
        ):
            break
        i += 1
        if i < len(tokens) and tokens[i - 1] in _SMALL and (tokens[i] in _SMALL or tokens[i] in _TENS):
            break  # "two three" are two numbers
    return total + current, i - start


def _tidy(token: str) -> str:
    token = re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "th", token)
    if match := _SUFFIXED.match(token):
        return _plain(float(match[1]) * {"k": 1e3, "m": 1e6, "b": 1e9, "bn": 1e9}[match[2]])
    return token


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.10g}"
