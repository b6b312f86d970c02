"""The pairs that must not share an answer, and those that may."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from costmagic.caching.neighbours import PLAIN_COSINE
from costmagic.caching.verify.compare import examine
from costmagic.caching.verify.decide import decide
from costmagic.caching.verify.frames import _rewrites
from costmagic.caching.verify.judge import Judge
from costmagic.embedding import MiniLM

ADVERSARIAL = ("adversarial", "held-out", "tester", "blind", "forgiven", "anew")

PAIRS = Path(__file__).parents[2] / "training" / "pairs"


@cache
def _pairs(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (PAIRS / f"{name}.jsonl").read_text("utf-8").splitlines()]


def _cosines(pairs: list[dict[str, Any]], minilm: MiniLM) -> list[float]:
    a, b = (minilm.embed([pair[side] for pair in pairs]) for side in ("a", "b"))
    return [float(x @ y) for x, y in zip(a, b, strict=True)]


def _served(pairs: list[dict[str, Any]], cosines: list[float], minilm: MiniLM, rate: float = 0.01) -> list[Any]:
    """Those whose two prompts may share an answer."""
    return [
        pair
        for pair, cosine in zip(pairs, cosines, strict=True)
        if not decide(pair["a"], pair["b"], cosine, "minilm", minilm.tokens, rate).refusal
    ]


def test_no_adversarial_pair_is_served(minilm: MiniLM) -> None:
    pairs = [p for name in ADVERSARIAL for p in _pairs(name) if not p["same"]]
    assert len(pairs) >= 6300
    cosines = _cosines(pairs, minilm)
    assert _served(pairs, cosines, minilm) == []
    # The set is worth its name: the plain rule serves many of them.
    assert sum(c > PLAIN_COSINE for c in cosines) > 100


def test_more_paraphrases_are_served_than_by_the_plain_rule(minilm: MiniLM) -> None:
    pairs = [p for name in ("paraphrases", "held-out", "tester") for p in _pairs(name) if p["same"]]
    assert len(pairs) >= 500
    cosines = _cosines(pairs, minilm)
    served = len(_served(pairs, cosines, minilm))
    assert served > sum(c > PLAIN_COSINE for c in cosines)
    assert served / len(pairs) > 0.69


def test_more_of_the_held_out_paraphrases_are_served_than_by_the_plain_rule(minilm: MiniLM) -> None:
    pairs = [p for p in _pairs("held-out") if p["same"]]
    cosines = _cosines(pairs, minilm)
    assert len(_served(pairs, cosines, minilm)) > sum(c > PLAIN_COSINE for c in cosines)


def test_more_of_what_is_asked_on_forums_is_served_than_by_the_plain_rule(minilm: MiniLM) -> None:
    pairs = _pairs("forums")
    assert len(pairs) >= 700
    cosines = _cosines(pairs, minilm)
    served = len(_served(pairs, cosines, minilm))
    assert served > 1.15 * sum(c > PLAIN_COSINE for c in cosines)
    assert served / len(pairs) > 0.64


def test_the_order_of_the_two_does_not_matter() -> None:
    for name in (*ADVERSARIAL, "paraphrases", "forums"):
        for pair in _pairs(name):
            for cosine in (0.0, 0.96):
                there, back = examine(pair["a"], pair["b"], cosine), examine(pair["b"], pair["a"], cosine)
                assert (there.veto is None) == (back.veto is None), pair


@pytest.mark.parametrize(
    ("a", "b", "cosine"),
    [
        ("How do you recover a Gmail password?", "How do I recover a Gmail password?", 0.90),
        ("What is the best app for editing photos?", "What are the best apps for editing photos?", 0.90),
        ("How do I train a puppy?", "How do I train puppies?", 0.92),
        ("Why are teachers so strict with students?", "Why are teachers strict with students?", 0.95),
        ("How do wolves hunt deer in winter?", "How do wolves typically hunt deer in winter?", 0.95),
        ("Are there banking exams in May in Delhi?", "Are there bank exams in May in Delhi?", 0.95),
        ("Is it hard to build a table from oak?", "Is it tough to build a table from oak?", 0.92),
        ("How do I change the tire on a truck?", "How do I change a tire on a truck?", 0.98),
        ("Who ended the Great Depression, and why?", "Who ended the Great Depression?", 0.96),
        ("How does Hamlet end?", "How does 'Hamlet' end?", 0.96),
        ("Where can I learn to sing?", "How can I learn to sing?", 0.95),
        ("Are there any good bakeries in Lyon?", "What are some bakeries in Lyon?", 0.95),
        ("What is a good book on bees?", "What are some good books on bees?", 0.93),
        ("What are the best quotes in Casablanca?", "What are the quotes in Casablanca?", 0.95),
        ("What are the benefits of homeschooling?", "What are the benefits of being homeschooled?", 0.95),
        ("What are tips for learning SAP HANA?", "What are tips for SAP HANA learning?", 0.95),
        ("Does stress cause acne in adults?", "Can stress cause acne in adults?", 0.95),
        ("What is an algorithm?", "What are algorithms?", 0.92),
        ("How safe is it to travel to Mexico?", "Is it safe to travel to Mexico?", 0.96),
        ("Can I build muscle without weights?", "Is it possible to build muscle without weights?", 0.96),
        ("Which headphones/earphones are best?", "Which headphones are best?", 0.92),
        ("Why do we sneeze in sunlight?", "Why do I sneeze in sunlight?", 0.93),
        ("Why do cats purr when they envision mice?", "Why do cats purr when they foresee mice?", 0.93),
        ("How do you judge a melon at the market?", "How do I judge a melon at the market?", 0.92),
        ("What is the GMAT exam used for in Spain?", "What is the GMAT used for in Spain?", 0.92),
    ],
)
def test_small_differences_are_forgiven_to_what_is_much_alike(a: str, b: str, cosine: float) -> None:
    assert examine(a, b, cosine).veto is None
    assert examine(b, a, cosine).veto is None
    assert examine(a, b, 0.84).veto
    assert examine(a, b).veto


@pytest.mark.parametrize(
    ("a", "b", "cosine"),
    [
        ("What are good exercises for a stiff neck?", "Which exercises are best for stiff necks and shoulders?", 0.90),
        ("How do I keep a houseplant alive on holiday?", "What should I do to keep houseplants alive?", 0.92),
        ("Where is the best bakery in Ghent?", "What is the best bakery in Ghent?", 0.95),
        ("Which was the best film of 2011?", "Which is the best film of 2011?", 0.96),
        ("What is the role of a cell wall?", "What is the role of cell walls?", 0.96),
        ("How do I pursue my career in acting?", "How do I pursue a career in acting?", 0.96),
        ("How do I get an internship at Siemens?", "How do I get an internship from Siemens?", 0.96),
        ("Why a cat would hide under the bed all day?", "Why would a cat hide under the bed all day?", 0.96),
        ("What are some courses in data engineering?", "What are some data engineering courses?", 0.96),
        ("What is osmosis? What are some examples?", "What are some examples of osmosis?", 0.93),
        ("What is a good password manager?", "What is the best password manager?", 0.96),
        ("What are the requirements of a visa?", "What are the requirement of a visa?", 0.96),
    ],
)
def test_what_is_said_anew_is_served_where_the_whole_is_much_alike(a: str, b: str, cosine: float) -> None:
    assert examine(a, b, cosine).veto is None
    assert examine(b, a, cosine).veto is None
    assert examine(a, b, 0.80).veto


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("How do I sort a list of words by length?", "How do I sort lists of words by length in reverse order?"),
        ("How do I treat a very mild burn?", "What is the right way to treat a severe burn?"),
        ("What is the average rent in Oslo?", "What's the minimum rent of a flat in Oslo?"),
        ("How do I change from tea to coffee?", "How can one change to tea from coffee?"),
        ("Who painted the Night Watch?", "Who was the Night Watch painted by and where is it now?"),
        ("How do I install the old printer driver?", "What is the way to update an old printer driver safely?"),
        ("What do you make of his plan for Mars?", "What is his plan for Mars?"),
        ("What is the best hotel in Rome?", "What is the best hotel in Rome for kids and parents?"),
        ("How will robots change farming?", "How have robots already changed the farming?"),
        ("Can my son inherit the house from me?", "Can I inherit houses from my own son?"),
        ("What does \\d match in a regex?", "What does \\D match in a regex?"),
        ("What does x[1:] give for a list?", "What does x[:1] give for a list?"),
        ("What does echo '$HOME' print in bash?", 'What does echo "$HOME" print in bash?'),
        ("How do I get ready for the 1Z0-444 exam?", "How can I get ready for the 1Z0-517 exam?"),
        ("Which pills may I bring into Japan?", "Which pills must I declare when I come into Japan?"),
        ("Where can I buy Nice souvenirs?", "where can i buy some nice souvenirs"),
        ("Which birds attack and eat wasps?", "Which birds are attacked and eaten by a wasp?"),
        ("How long is the flight from Oslo to Rome?", "How long does one fly to Oslo when coming from Rome?"),
        ("What are the pros of non renewable energy?", "What are the pros of renewable energy sources?"),
        ("What is the best coaching for chess in Chicago?", "What's the best chess coaching job in Chicago?"),
        ("How much energy is in a fig in kilojoules?", "How much energy does a fig have in kilocalories?"),
    ],
)
def test_what_is_said_anew_and_changed_is_refused(a: str, b: str) -> None:
    assert examine(a, b, 0.97).veto
    assert examine(b, a, 0.97).veto


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("How do you handle refunds for members?", "How do I handle refunds for members?"),
        ("How do you find your data?", "How do I find my data?"),
        ("Who is the best man at a wedding?", "Who are the best men at a wedding?"),
        ("How do I delete the file in Linux?", "How do I delete the files in Linux?"),
        ("Why do cats purr when they are in pain?", "Why do cats purr when they are in great pain?"),
        ("What is the cost of a licensed agent in Ohio?", "What is the cost of an agent in Ohio?"),
        ("Is the exam mainly multiple choice?", "Is the exam entirely multiple choice?"),
        ("How is sulfuric acid made?", "How is sulfurous acid made?"),
        ("Do few people survive rabies?", "Do a few people survive rabies?"),
        ("What is marital law?", "What is martial law?"),
        ("How do I pick a lock?", "How do I choose a lock?"),
        ("When do you open the shop?", "When do I open the shop?"),
        ("How do you compare to other banks?", "How do I compare to other banks?"),
        ("How do I get a visa for Brazil?", "How do I get a tourist visa for Brazil?"),
        ("Can you write code?", "Can I write code?"),
        ("What is a glass?", "What are glasses?"),
        ("Are there any sharks in Malta?", "What are the benefits of sharks in Malta?"),
        ("How hard is it to become a pilot?", "Is it easy to become a pilot?"),
        ("Where can I buy a house in Rome?", "How can I build a house in Rome?"),
        ("How do I break a leg?", "How do I break my legs?"),
        ("Does garlic kill bacteria?", "Can bacteria kill garlic?"),
        ("How do I repair thing p1x0 at home?", "How do I repair thing p0x0 at home?"),
        ("How do I repair the p1x0 thing at home?", "How do I repair the thing at home?"),
        ("Can I take clonidine with food at night?", "Can I take clonazepam with food at night?"),
    ],
)
def test_what_asks_for_another_answer_is_never_small(a: str, b: str) -> None:
    assert examine(a, b, 0.97).veto
    assert examine(b, a, 0.97).veto


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        ("What is 1+1?", "What is 21+1?", "number"),
        ("How do I return something?", "How do I NOT return something?", "negation"),
        ("How do I enable cookies?", "How do I disable cookies?", "opposites"),
        ("Flights from Oslo to Rome", "Flights from Rome to Oslo", "order"),
        ("Do most birds fly?", "Do all birds fly?", "quantity"),
        ("Is 5 GB enough?", "Is 5 MB enough?", "unit"),
        ("Who wrote Hamlet?", "When was Hamlet written?", "one asks"),
        ("What is open on Monday?", "What is open on Sunday?", "time"),
        ("Can I eat before surgery?", "Can I eat after surgery?", "'before'"),
        ("What is a side effect of aspirin?", "What are the side effects of aspirin?", "several"),
        ("Translate: good morning", "Translate: good evening", "quoted"),
        ("Explain `a && b`", "Explain `a || b`", "quoted"),
        ("Who won the cup?", "Who will win the cup?", "tenses"),
        ("How do I boil an egg?", "Wie koche ich ein Ei?", "languages"),
        ("Wie koche ich Reis?", "Wie koche ich Nudeln?", "not in English"),
        ("What is the capital of Austria?", "What is the capital of Australia?", "name"),
    ],
)
def test_a_refusal_says_why(a: str, b: str, reason: str) -> None:
    assert reason in (examine(a, b).veto or "")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("How do you handle refunds?", "How do I handle refunds?"),
        ("What can dogs eat?", "What do dogs eat?"),
        ("How long do I have to return it?", "How long does it take to return it?"),
        ("Tell me a joke", "What is a joke?"),
        ("When was it built? And by whom?", "Where was it built? And by whom?"),
        ("What does 😂 mean?", "What does 😭 mean?"),
        ("Is x ≤ 4 possible?", "Is x ≥ 4 possible?"),
        ("What is 5² + 1?", "What is 52 + 1?"),
        ("What's new in Python 3.10?", "What's new in Python 3.1?"),
        ("Is Pixel 6a worth it?", "Is Pixel 6 worth it?"),
        ("Why is foo(1, 2) slow?", "Why is foo(2, 1) slow?"),
        ("Is the cat on the box?", "Is the cat in the box?"),
        ("How do I find my phone?", "How do I find a phone?"),
        ("What is specific heat?", "What is heat?"),
        ("What is the cloud?", "What is a cloud?"),
        ("How do I clean Windows?", "How do I clean windows?"),
        ("What was the first cell phone?", "What was the first smartphone?"),
        ("Who won the game?", "Who won the games?"),
        ("hello kitty cake", "kitty cake"),
        ("Is 50 Mbps fast?", "Is 50 MBps fast?"),
        ("Do I just need a visa?", "Do I also need a visa?"),
        ("How do I build a boat in a house?", "How do I build a house boat?"),
        ("Are big cats and dogs related?", "Are big dogs and cats related?"),
        ("What is TB?", "What is a terabyte?"),
    ],
)
def test_small_things_that_change_the_answer_are_seen(a: str, b: str) -> None:
    assert examine(a, b).veto
    assert examine(b, a).veto


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Explain recursion", "What is recursion?"),
        ("symptoms of lupus", "What are the symptoms of lupus?"),
        ("What is the population of Japan?", "How many people live in Japan?"),
        ("Which is better, Python or Java?", "Is Python or Java better?"),
        ("I want to cancel my subscription", "How do I cancel my subscription?"),
        ("Who was the telephone invented by?", "Who was the inventor of the telephone?"),
        ("If my flight is cancelled, can I get a refund?", "Can I get a refund if my flight is cancelled?"),
        ("What happened on 11 September 2001?", "What happened on September 11, 2001?"),
        ("Which river is the longest in Africa?", "What is the longest river in Africa?"),
        ("How can global warming be stopped?", "How can we stop global warming?"),
        ("How does a vaccine work?", "How do vaccines work?"),
        ("How do I turn off notifications?", "How do I disable notifications?"),
        ("My package hasn't arrived", "My package has not arrived yet"),
        ("How do you boil an egg?", "How do I boil an egg?"),
        ("How do I legally change my name?", "How do I change my name legally?"),
        ("Which app is best for learning Spanish?", "What is the best app for learning Spanish?"),
        ("What is the quickest way to lose weight?", "How do I lose weight quickly?"),
        ("Is peanut butter bad for you?", "Is peanut butter bad for your health?"),
        ("How is paper recycled?", "How do I recycle paper?"),
        ("How do I reset my router to factory mode?", "How do I reset a router to factory mode?"),
        ("Which is better: Rome or Milan?", "Which is better, Rome or Milan?"),
        ("How do I download YouTube videos?", "How do I download videos from YouTube?"),
    ],
)
def test_ways_of_asking_that_come_to_the_same_are_known(a: str, b: str) -> None:
    assert examine(a, b).veto is None
    assert examine(b, a).veto is None


@pytest.mark.parametrize(
    "text", ["", "?", "…", "\n\n", "'s", "how", "why is", "\ud83d\ude00", "x" * 5_000, "a's b's c's", "1,2,3"]
)
def test_any_text_can_be_read(text: str) -> None:
    assert examine(text, text).veto is None
    examine(text, "What is the capital of France?")


def test_an_unknown_embedder_is_judged_by_the_words_alone() -> None:
    judge = Judge.load()
    seen = examine("How do I boil an egg?", "How can I boil an egg?")
    assert judge.probability("openai:text-embedding-3-small", seen, 0.1) == judge.probability("none", seen, 0.9)
    assert judge.probability("minilm", seen, 0.7) < judge.probability("minilm", seen, 0.99)


def test_a_lower_rate_asks_for_no_less() -> None:
    judge = Judge.load()
    for name in ("minilm", "wordllama", "default"):
        limits = [judge.threshold(name, rate) for rate in (0.5, 0.05, 0.01)]
        assert limits == sorted(limits)


def test_what_a_rewrite_needs_is_in_all_that_it_fits() -> None:
    texts = {
        pair[side].lower().strip(" ?") for name in ("forums", "paraphrases") for pair in _pairs(name) for side in "ab"
    }
    fitted = 0
    for needed, fits, pattern, _ in _rewrites():
        for text in texts:
            if fits(text):
                fitted += 1
                assert needed in text, pattern
    assert fitted > 500
