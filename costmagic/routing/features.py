"""What a prompt looks like, as numbers: hashed words and character n-grams, and its structure."""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

# A prompt's beginning and end say what is asked; what lies between is mostly material.
HEAD, TAIL = 6_000, 2_000
RUNS = (3, 4, 5)

# The embedder takes a tenth of a millisecond for a token, for twenty more than all else together: it is given the
# first and the last pieces only, and what frames many prompts is no reason to read less of what they ask.
GIST_HEAD, GIST_TAIL = 26, 12
HEAD_REACH, TAIL_REACH = 160, 80  # characters, whatever they are
FRAME_SHARE, FRAME_LEAST = 0.01, 5

_WORD = re.compile(r"\w+")
# About what MiniLM's tokenizer makes one or two tokens of: a word or part of one, a mark.
_PIECE = re.compile(r"[A-Za-z0-9_]{1,8}|[^\W\x00-\x7f]{1,2}|[^\w\s]")
_BREAK = re.compile(r"\n+|(?<=[.!?:]) ")
_SENTENCE = re.compile(r"[.!?。！？](?=\s|$)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_ODD = np.uint64(0x9E3779B97F4A7C15)

Grams = tuple[NDArray[np.uint32], NDArray[np.float32]]


def excerpt(prompt: str) -> str:
    """The part of ``prompt`` that features are taken from: its first 6,000 and last 2,000 characters."""
    if len(prompt) <= HEAD + TAIL:
        return prompt
    return f"{prompt[:HEAD]}\n{prompt[-TAIL:]}"


def frame(prompts: Sequence[str]) -> frozenset[int]:
    """Hashes of the sentences and lines that 1 % of ``prompts`` share, and at least 5: instructions, headings."""
    counts = Counter(key for prompt in prompts for key in {_key(part) for part in _parts(prompt)})
    least = max(FRAME_LEAST, FRAME_SHARE * len(prompts))
    return frozenset(key for key, count in counts.items() if count >= least)


def gist(prompt: str, frame: frozenset[int] = frozenset()) -> str:
    """The part of ``prompt`` that its meaning is taken from: about its first 26 and last 12 tokens, ``frame`` left out.

    Where nothing but the frame is there, it counts after all.
    """
    if frame:
        parts = _parts(prompt)
        own = [part for part in parts if _key(part) not in frame]
        if own and len(own) < len(parts):
            prompt = "\n".join(own)
    head, tail = prompt[:HEAD_REACH], prompt[-TAIL_REACH:]
    first = [piece.end() for piece in _PIECE.finditer(head)]
    last = [piece.start() for piece in _PIECE.finditer(tail)]
    end = first[GIST_HEAD - 1] if len(first) >= GIST_HEAD else len(head)
    begin = len(prompt) - len(tail) + (last[-GIST_TAIL] if len(last) >= GIST_TAIL else 0)
    return prompt if begin <= end else f"{prompt[:end]} {prompt[begin:]}"


def _parts(prompt: str) -> list[str]:
    return [part for part in _BREAK.split(excerpt(prompt)) if part and not part.isspace()]


def _key(part: str) -> int:
    return zlib.crc32(" ".join(part.lower().split()).encode("utf-8", "replace"))


def words(prompt: str) -> Grams:
    """Hashes of the words of ``prompt``, ascending, and how often each occurs."""
    found = _WORD.findall(excerpt(prompt).lower())
    counts = Counter(zlib.crc32(word.encode("utf-8", "replace")) for word in found)
    hashes = np.fromiter(counts.keys(), np.uint32, len(counts))
    order = np.argsort(hashes)
    return hashes[order], np.fromiter(counts.values(), np.float32, len(counts))[order]


def characters(prompt: str) -> Grams:
    """Hashes of all runs of 3 to 5 characters of ``prompt``, likewise; white space counts as one space."""
    text = f" {' '.join(excerpt(prompt).lower().split())} "
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    hashes = []
    for n in RUNS:
        rolling = np.full(max(0, len(codes) - n + 1), n, dtype=np.uint64)
        for i in range(n):
            rolling = (rolling ^ codes[i : i + len(rolling)]) * _ODD
            rolling ^= rolling >> np.uint64(29)
        hashes.append((rolling >> np.uint64(32)).astype(np.uint32))
    unique, counts = np.unique(np.concatenate(hashes), return_counts=True)
    return unique, counts.astype(np.float32)


# Kinds of request, kinds of material, languages: words and pairs of words, lower-cased.
_WORDING = {
    "quantities": "how many, how much, how long, how far, how old, wie viel, wie viele, combien, cuántos, cuánto",
    "question words": "what, which, who, whom, whose, where, when",
    "why and how": "why, how, explain, warum, wieso, pourquoi, por qué",
    "definitions": "what is, what are, define, definition, meaning, was ist, qu est",
    "steps": "then, after, before, first, second, next, finally, step, steps, each, every",
    "rates": "per, total, times, twice, half, percent, more than, less than, average, left, remaining",
    "proofs": "prove, proof, derive, theorem, lemma, show that, justify, integral, equation, polynomial, matrix",
    "reasoning": "if, because, therefore, assume, suppose, given, following, most likely",
    "comparison": "compare, contrast, difference, versus, vs, better, pros and, trade offs, advantages",
    "analysis": "analyze, analyse, evaluate, design, plan, strategy, develop, propose, optimize, optimise",
    "writing": "write, story, poem, essay, email, letter, article, blog, script, song",
    "editing": "rewrite, rephrase, improve, correct, fix, edit, shorten, paraphrase, grammar",
    "condensing": "summarize, summarise, summary, tl dr, key points, main points, extract, list",
    "translation": "translate, translation, übersetze, traduire, traduis, traduce, in english, to english",
    "roles": "you are, act as, pretend, imagine, your task, want you",
    "narrowness": "or no, or false, one word, only, just, exactly, a single, answer with",
    "negation": "not, no, never, except, without, cannot, can t, don t, isn t, false",
    "formats": "json, csv, table, markdown, yaml, xml, bullet, words, sentences, paragraph, paragraphs",
    "coding": "function, python, code, java, javascript, class, sql, algorithm, api, string, array, c",
    "first person": "i, my, me, we, our",
    "second person": "you, your",
    "english": "the, of, and, to, is, in",
    "german": "der, die, das, und, ist, nicht, ein, eine",
    "french": "le, la, les, et, est, des, une, dans",
    "spanish": "el, los, las, y, es, una, para, del",
}
_PHRASES = [tuple(phrases.split(", ")) for phrases in _WORDING.values()]

# No pattern may look far ahead from each of many places: 8,000 like characters must not take their square.
_MARKS = tuple(
    re.compile(expression)
    for expression in (
        r"_{2,}|\.{3}|…",  # blanks
        r"(?m)(?:^|\s)\(?[A-Ja-j1-9][).:]\s",  # options
        r"(?m)^[ \t]*(?:[-*•]|\d{1,3}[.)])\s",  # bullets
        r"```|~~~",  # code fences
        r"(?m)^(?: {4,}|\t)\S|[;{}]$|^ *(?:def|class|import|from|return|assert|for|while|#include)\b",  # code lines
        r"[{}\[\]]|[=!]=|=>|->|::|\(\)|&&|\|\||</?\w|\w_\w|\w\(",  # code marks
        r"\\[a-z]|\$[^$\s][^$]{0,99}\$|[a-z]\^|[∑∫√π≤≥≠∞∂∈∀∃×÷±]",  # formulas
        r"\d ?[-+*/^=<>%] ?\d|= ?-?\d",  # arithmetic
        r"[$€£¥] ?\d",  # money
        r"[\"“”«»„]",  # quotes
        r"\(",  # brackets
        r"https?://|www\.|\w@\w",  # links
    )
)

_STARTS = re.compile(
    r"\W{0,9}(?:(what|which|who|where|when)|(why|how)|(is|are|do|does|did|can|could|should|would|will)"
    r"|(write|create|generate|make|give|compose)|(explain|describe|discuss|tell)|(the|a|an|in|this|it|there)"
    r"|(if|for|let|suppose))\b"
)


def structure(prompt: str) -> NDArray[np.float32]:
    """Length, layout and wording of ``prompt``: float32 of shape (STRUCTURE,), all finite."""
    text = excerpt(prompt)
    lowered = text.lower()
    tokens = _WORD.findall(lowered)
    numbers = [n.replace(",", "") for n in _NUMBER.findall(text)]
    lines = text.split("\n")
    sentences = len(_SENTENCE.findall(text)) or 1
    letters = sum(map(str.isalpha, text))
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    ending = text.rstrip()[-1:]
    n, nw = max(len(text), 1), max(len(tokens), 1)
    start = _STARTS.match(lowered)
    raw = text.encode("utf-8", "replace")
    values = [
        math.log1p(len(prompt)),
        math.log1p(len(tokens)),
        math.log1p(len(lines)),
        math.log1p(sentences),
        math.log1p(nw / sentences),
        sum(map(len, tokens)) / nw,
        math.log1p(max(map(len, tokens), default=0)),
        sum(len(word) > 7 for word in tokens) / nw,
        len(set(tokens)) / nw,
        len(zlib.compress(raw, 1)) / max(len(raw), 1) if len(raw) > 1 else 1.0,
        math.log1p(len(numbers)),
        max((min(len(number.partition(".")[0]), 12) for number in numbers), default=0),
        float(any("." in number for number in numbers)),
        sum(map(str.isdigit, text)) / n,
        sum(map(str.isupper, text)) / max(letters, 1),
        letters / n,
        sum(map(str.isspace, text)) / n,
        np.count_nonzero(codes > 0x7F) / n,
        np.count_nonzero(codes > 0x2E7F) / n,
        np.count_nonzero((codes >= 0x370) & (codes <= 0x6FF)) / n,
        math.log1p(text.count("?")),
        math.log1p(text.count(",")),
        float(ending == "?"),
        float(ending in {".", "!"}),
        float(ending == ":"),
        float(text[:1].islower()),
    ]
    values += [float(start is not None and start.lastindex == i) for i in range(1, _STARTS.groups + 1)]
    counts = Counter(tokens)
    counts.update(f"{first} {second}" for first, second in pairwise(tokens))
    values += [math.log1p(sum(counts[phrase] for phrase in phrases)) for phrases in _PHRASES]
    values += [math.log1p(len(mark.findall(text))) for mark in _MARKS]
    return np.array(values, dtype=np.float32)


STRUCTURE = len(structure(""))
