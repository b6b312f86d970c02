"""Made-up prompts in the style of benchmarks and chats, with a known chance that a cheap model does well on each."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SUBJECTS = {
    "algebra": "group ring field ideal kernel subgroup isomorphism polynomial quotient permutation coset generator",
    "anatomy": "nerve artery muscle kidney liver tendon vein thorax femur skull larynx gland pelvis cornea",
    "law": "contract tort defendant plaintiff liability statute appeal verdict trespass hearsay landlord easement",
    "nutrition": "vitamin protein fat calcium fibre iron diet glucose sodium mineral appetite cholesterol",
    "physics": "force velocity momentum photon energy resistor lens magnet wavelength entropy pressure torque",
    "history": "empire treaty revolution colony king parliament reform trade peasant church crusade dynasty",
}
STEPS = (
    "{n} buys {a} more {t}.",
    "{n} gives {a} {t} to {m}.",
    "Each of the {t} costs ${a}.",
    "Then {m} loses {a} {t} and finds twice as many.",
    "After that they pack the {t} in boxes of {a}.",
    "A third of what is left goes to {m}.",
)
CODE = (
    "the longest common prefix of strings",
    "whether a number is prime",
    "the intersection of two tuples",
    "the shortest path in a weighted graph",
    "the edit distance between two words",
    "all permutations of a string",
    "the minimum of a rotated sorted array",
)
CHATS = (
    "Write a short story about {x}",
    "Explain {x} to a five year old",
    "Compare {x} and {y} in detail",
    "Plan a trip around {x} with a budget of ${q}",
    "Translate to German: I love {x} and {y}",
    "Design a database schema for {x} with {y} support",
)
WISHES = ("Include examples.", "Make it funny.", "Format it as a table.", "Cite sources.", "Justify every step.")
TOPICS = ["coffee", "climate change", "chess", "jazz", "Roman roads", "gardening", "electric cars", "dogs", "Linux"]
NAMES = ["Tom", "Maria", "Ahmed", "Julia", "Wei", "Carlos", "Nina", "Priya"]
THINGS = ["apples", "books", "pencils", "tickets", "cookies", "marbles"]


@dataclass(frozen=True)
class Made:
    """n prompts, the kind of each, the true chance that the cheap model is good enough, and what happened."""

    prompts: list[str]
    kinds: list[str]
    chance: NDArray[np.float64]
    ok: NDArray[np.bool_]


def benchmarks(n: int, seed: int) -> Made:
    """Exam questions, word problems, code and chats: hard by subject, by number of steps, by negation."""
    draw, rng = random.Random(seed), np.random.default_rng(seed)
    effect: dict[str, float] = {}
    prompts, kinds, ease = [], [], []
    for _ in range(n):
        prompt, kind, subject, steps = draw.choice((_exam, _exam, _sums, _code, _chat))(draw)
        for key, spread in ((kind, 0.8), (subject, 0.7)):
            effect.setdefault(key, rng.normal() * spread)
        slope = effect.setdefault(f"{kind} steps", rng.uniform(0.15, 0.6))
        prompts.append(prompt)
        kinds.append(kind)
        ease.append(effect[kind] + effect[subject] - slope * steps)
    return _made(prompts, kinds, ease, rng)


def wordy(n: int, seed: int) -> Made:
    """Nothing counts but which words a prompt has: where TF-IDF is at home."""
    rng = np.random.default_rng(seed)
    syllables = ["ba", "ke", "lo", "mi", "nu", "ra", "se", "ti", "vo", "wa", "zu", "fe", "gi", "ho", "ju", "ka"]
    words = np.array(["".join(rng.choice(syllables, 3)) for _ in range(1_500)])
    frequency = 1 / (np.arange(len(words)) + 10)
    weight = rng.normal(size=len(words))
    prompts, ease = [], []
    for _ in range(n):
        chosen = rng.choice(len(words), rng.integers(8, 30), p=frequency / frequency.sum())
        prompts.append(" ".join(words[chosen]))
        ease.append(weight[chosen].sum() / len(chosen) ** 0.5)
    return _made(prompts, ["words"] * n, ease, rng)


def shapely(n: int, seed: int) -> Made:
    """Nothing counts but length, numbers and code."""
    draw, rng = random.Random(seed), np.random.default_rng(seed)
    prompts, ease = [], []
    for _ in range(n):
        parts = [draw.choice((_exam, _sums, _code, _chat))(draw)[0] for _ in range(draw.choice((1, 1, 2, 3)))]
        prompt = "\n\n".join(parts)
        prompts.append(prompt)
        ease.append(-np.log(len(prompt)) - 0.15 * len(re.findall(r"\d+", prompt)) - 0.5 * ("assert" in prompt))
    return _made(prompts, ["mixed"] * n, ease, rng)


GENERATORS: dict[str, Callable[[int, int], Made]] = {"benchmarks": benchmarks, "wordy": wordy, "shapely": shapely}


def _made(prompts: list[str], kinds: list[str], ease: list[float], rng: np.random.Generator) -> Made:
    # So much noise that the truth itself ranks with an AUC of about 0.78.
    logits = np.array(ease)
    logits = 0.4 + 1.3 * (logits - logits.mean()) / logits.std()
    chance = 1 / (1 + np.exp(-logits))
    return Made(prompts, kinds, chance, rng.random(len(chance)) < chance)


def _exam(draw: random.Random) -> tuple[str, str, str, float]:
    subject = draw.choice(list(SUBJECTS))
    words = SUBJECTS[subject].split()
    first, second, *rest = draw.sample(words, 5)
    negated, case = draw.random() < 0.25, draw.random() < 0.3
    kind = "NOT true" if negated else "true"
    question = f"Which of the following statements about {first} and {second} is {kind}?"
    if case:
        question = f"Consider a case in which the {rest[0]} and the {rest[1]} met no {rest[2]}. {question}"
    options = "\n".join(f"{letter}. the {draw.choice(words)} of every {draw.choice(words)}" for letter in "ABCD")
    return f"{question}\n{options}", "exam", subject, 2.0 * negated + 2.0 * case


def _sums(draw: random.Random) -> tuple[str, str, str, float]:
    name, other, thing, count = *draw.sample(NAMES, 2), draw.choice(THINGS), draw.randint(1, 6)
    steps = [draw.choice(STEPS).format(n=name, m=other, t=thing, a=draw.randint(2, 20)) for _ in range(count)]
    question = f"How many {thing} does {draw.choice((name, other))} have now?"
    return " ".join([f"{name} has {draw.randint(3, 50)} {thing}.", *steps, question]), "sums", "sums", count


def _code(draw: random.Random) -> tuple[str, str, str, float]:
    what, tested = draw.choice(CODE), draw.random() < 0.6
    test = f"\nassert solve({[draw.randint(1, 99) for _ in range(4)]}) == {draw.randint(0, 99)}" if tested else ""
    return f"Write a python function to find {what}.{test}", "code", what, 0.0


def _chat(draw: random.Random) -> tuple[str, str, str, float]:
    pattern, count = draw.choice(CHATS), draw.choice((0, 0, 1, 2, 3))
    x, y = draw.sample(TOPICS, 2)
    prompt = pattern.format(x=x, y=y, q=draw.randint(1, 90) * 100)
    return " ".join([prompt, *draw.sample(WISHES, count)]), "chat", pattern, count
