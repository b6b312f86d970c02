"""What the pair model outweighs, and what nothing does."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pair_sets import cosines_of, pairs_of, served_of

from costmagic.caching.neighbours import PLAIN_COSINE
from costmagic.caching.verify.compare import examine
from costmagic.caching.verify.decide import decide
from costmagic.caching.verify.pair_model import PairModel
from costmagic.embedding import MiniLM


def _decide(a: str, b: str, minilm: MiniLM, rate: float = 0.01, strictness: float = 0.0) -> str | None:
    one, two = minilm.embed([a, b])
    return decide(a, b, float(one @ two), "minilm", minilm.tokens, rate, strictness).refusal


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (
            "How do I stop a dog from barking at night?",
            "What is the best way to stop a dog barking during the night?",
        ),
        ("Why is sleep important?", "Why is sleep so important for people?"),
        ("Why do leaves change color in autumn?", "What makes leaves change colour in the fall?"),
        ("How can I stop procrastinating?", "How do I get rid of procrastination?"),
    ],
)
def test_what_comes_to_the_same_is_served_though_the_words_differ(a: str, b: str, minilm: MiniLM) -> None:
    one, two = minilm.embed([a, b])
    seen = examine(a, b, float(one @ two))
    assert seen.veto
    assert seen.weigh
    assert _decide(a, b, minilm) is None
    assert _decide(b, a, minilm) is None


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("What should I feed a puppy of 3 weeks?", "What should I feed a puppy of 5 weeks?"),
        ("How do I drive from Lyon into Turin?", "How do I drive into Lyon from Turin?"),
        ("Is the bridge in Porto open to trucks?", "Is the bridge in Porto not open to trucks?"),
        ("How tall is the cathedral of Ulm?", "How tall is the cathedral of Cologne?"),
        ("What does `sort -r` do?", "What does `sort -R` do?"),
        ("What do you know about thing p1x0?", "What do you know about thing p1x7?"),
        ("What does parse_rows return?", "What does parse_columns return?"),
        ("Why is getUser slow?", "Why is getUsers slow?"),
        ("Can my landlord enter my flat?", "Is it possible for me to enter the flat of my landlord?"),
        ("Is it legal to fly a kite in Paris?", "Where is it legal to fly a kite in Paris?"),
        ("Is tea worth more than coffee?", "Is coffee worth more than tea, and in which countries?"),
        ("What happened in China through 1969?", "What happened in China after 1969?"),
        ("Is it just a law?", "Is it a just law?"),
        ("Is this even a number?", "Is this an even number?"),
        ("Are all of the exits not locked?", "Are not all of the exits locked?"),
        ("What is it like to be Ada Lovelace?", "What is Ada Lovelace like?"),
        ("How can I keep from laughing in church?", "What are some tips to laugh in church?"),
        ("How do I keep the baby from crying?", "How do I make the baby cry?"),
        ("Will the ban lower rents?", "Can the ban lower rents?"),
        ("Can I cite a blog here?", "Do I have to cite a blog here?"),
        ("Divide 12 by 300 in your head", "What is 300 divided by 12, in your head?"),
        ("Which birds eat wasps?", "Which birds are eaten by wasps?"),
        ("What did the strike bring about?", "What brought about the strike?"),
        ("How many wives outlived Henry VIII?", "How many of his wives did Henry VIII outlive?"),
        ("Which sauces is cheese added to?", "What sauces are added to cheese?"),
        ("What is one advantage of remote work?", "Give me a complete list of advantages of remote work"),
        ("What share of X is Y, if Y is 40?", "What share of Y is X, if Y is 40?"),
        ("What does the Sun's gravity do to Mars?", "What is the effect of the gravity of Mars on the Sun?"),
        ("Does cooling always shrink a metal?", "Does cooling ever shrink a metal?"),
        ("Which step precedes mixing?", "Which step comes directly following mixing?"),
        ("Write a letter refusing an invitation", "Write a letter about an invitation"),
    ],
)
def test_some_differences_are_never_outweighed(a: str, b: str) -> None:
    assert not examine(a, b, 0.99).weigh
    assert not examine(b, a, 0.99).weigh
    assert examine(a, b, 0.99).veto


def test_a_refusal_names_the_difference_and_the_odds(minilm: MiniLM) -> None:
    refusal = _decide("What are some good jokes for kids?", "What are some funny jokes for kids?", minilm)
    assert refusal
    assert "'good' is not 'funny', and the pair model gives it 0." in refusal


def test_votes_and_a_lower_rate_ask_for_more(minilm: MiniLM) -> None:
    pair = "Why is sleep important?", "Why is sleep so important for people?"
    assert _decide(*pair, minilm) is None
    assert _decide(*pair, minilm, strictness=8.0)
    assert _decide(*pair, minilm, rate=0.0)
    limits = [PairModel.load().threshold(rate) for rate in (0.5, 0.05, 0.01, 0.0)]
    assert limits == sorted(limits)
    assert limits[-1] == math.inf


def test_an_embedder_without_token_vectors_is_judged_by_the_words(minilm: MiniLM) -> None:
    a, b = "Why is sleep important?", "Why is sleep so important for people?"
    assert decide(a, b, 0.97, "minilm", lambda text: None, 0.01).refusal == examine(a, b, 0.97).veto
    assert decide(a, b, 0.97, "wordllama", minilm.tokens, 0.01).refusal == examine(a, b).veto


def test_long_prompts_are_left_to_the_words(minilm: MiniLM) -> None:
    story = "Once upon a time there was a miller who had three sons, a mill, a donkey and a cat. " * 4
    a, b = (f"{story}Why is sleep {word}?" for word in ("important", "so important for people"))
    assert "pair model" not in str(_decide(a, b, minilm))


def test_the_order_of_the_two_does_not_matter(minilm: MiniLM) -> None:
    a, b = (minilm.tokens(t) for t in ("Why do cats purr?", "What is the reason that cats purr so loudly?"))
    model = PairModel.load()
    assert model.logit(a, b) == pytest.approx(model.logit(b, a), abs=1e-4)
    assert np.isfinite(model.logit(a, a))


def test_few_adversarial_pairs_that_nothing_was_trained_with_are_served(minilm: MiniLM) -> None:
    pairs = pairs_of("unseen")
    assert len(pairs) > 3_500
    cosines = cosines_of(pairs, minilm)
    served = served_of(pairs, cosines, minilm)
    assert len(served) <= 2, served
    assert sum(c > PLAIN_COSINE for c in cosines) > 1_000


def test_few_traps_that_it_was_trained_with_are_served(minilm: MiniLM) -> None:
    pairs = pairs_of("traps")[::5]
    assert len(pairs) > 1_100
    served = served_of(pairs, cosines_of(pairs, minilm), minilm)
    assert len(served) <= 2, served


def test_sentences_built_anew_are_served_when_they_ask_the_same_alone(minilm: MiniLM) -> None:
    threes = pairs_of("contrast-moved")[::3]
    anew = [{"a": three["base"], "b": three["same"]} for three in threes]
    others = [{"a": three[side], "b": three["other"]} for three in threes for side in ("base", "same")]
    served, false = (served_of(pairs, cosines_of(pairs, minilm), minilm) for pairs in (anew, others))
    assert len(served) > 90
    assert not false
