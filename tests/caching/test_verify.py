"""The pairs that must not share an answer, and those that may."""

from __future__ import annotations

import pytest
from pair_sets import cosines_of, pairs_of, served_of

from costmagic.caching.neighbours import PLAIN_COSINE
from costmagic.caching.verify.compare import examine
from costmagic.caching.verify.frames import _rewrites
from costmagic.caching.verify.judge import Judge
from costmagic.embedding import MiniLM

ADVERSARIAL = ("adversarial", "held-out", "tester", "blind", "forgiven", "anew")


def test_no_adversarial_pair_is_served(minilm: MiniLM) -> None:
    pairs = [p for name in ADVERSARIAL for p in pairs_of(name) if not p["same"]]
    assert len(pairs) >= 6300
    cosines = cosines_of(pairs, minilm)
    assert served_of(pairs, cosines, minilm) == []
    # The set is worth its name: the plain rule serves many of them.
    assert sum(c > PLAIN_COSINE for c in cosines) > 100


def test_more_paraphrases_are_served_than_by_the_plain_rule(minilm: MiniLM) -> None:
    pairs = [p for name in ("paraphrases", "held-out", "tester") for p in pairs_of(name) if p["same"]]
    assert len(pairs) >= 500
    cosines = cosines_of(pairs, minilm)
    served = len(served_of(pairs, cosines, minilm))
    assert served > sum(c > PLAIN_COSINE for c in cosines)
    assert served / len(pairs) > 0.69


def test_more_of_the_held_out_paraphrases_are_served_than_by_the_plain_rule(minilm: MiniLM) -> None:
    pairs = [p for p in pairs_of("held-out") if p["same"]]
    cosines = cosines_of(pairs, minilm)
    assert len(served_of(pairs, cosines, minilm)) > sum(c > PLAIN_COSINE for c in cosines)


def test_more_of_what_is_asked_on_forums_is_served_than_by_the_plain_rule(minilm: MiniLM) -> None:
    pairs = pairs_of("forums")
    assert len(pairs) >= 700
    cosines = cosines_of(pairs, minilm)
    served = len(served_of(pairs, cosines, minilm))
    assert served > 1.15 * sum(c > PLAIN_COSINE for c in cosines)
    assert served / len(pairs) > 0.64


def test_the_order_of_the_two_does_not_matter() -> None:
    for name in (*ADVERSARIAL, "paraphrases", "forums"):
        for pair in pairs_of(name):
            for cosine in (0.0, 0.96):
                there, back = examine(pair["a"], pair["b"], cosine), examine(pair["b"], pair["a"], cosine)
                assert (there.veto is None) == (back.veto is None), pair


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
        pair[side].lower().strip(" ?") for name in ("forums", "paraphrases") for pair in pairs_of(name) for side in "ab"
    }
    fitted = 0
    for needed, fits, pattern, _ in _rewrites():
        for text in texts:
            if fits(text):
                fitted += 1
                assert needed in text, pattern
    assert fitted > 500
