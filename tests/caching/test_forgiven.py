"""Which differences mean nothing where two prompts are very much alike, and which do."""

from __future__ import annotations

import pytest

from costmagic.caching.verify.compare import examine


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
