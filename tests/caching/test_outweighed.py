"""What the pair model may outweigh where two prompts are very much alike, and what prose typed in a hurry says."""

from __future__ import annotations

import pytest

from costmagic.caching.verify.compare import examine


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Which song(s) made you happy as a child?", "What songs made you happy as a child?"),
        ("What are the best apps/tools for taking notes?", "What are the best apps or tools for taking notes?"),
        ("Can cats and/or dogs eat rice?", "Can cats or dogs eat rice?"),
        ("What is the best phone under Rs.20000?", "Which phone is best under Rs 20000?"),
        ("How can u tell if a diamond is real?", "How can you tell if a diamond is real?"),
        ("I m 30 years old, can I still learn the piano?", "I'm 30 years old. Can I still learn the piano?"),
        ("I live in Oslo.what should I cook?", "I live in Oslo. What should I cook?"),
        ("What is new in Django(the framework)?", "What is new in Django (the framework)?"),
        ("How do I learn python programming?", "How do I learn Python programming?"),
        ("If you could fly where would you go first?", "Where would you go first if you could fly?"),
        ("Sudoku: how do I solve a hard sudoku?", "How do I solve a hard sudoku?"),
        ("What is the meaning behind the song Imagine?", "What is the meaning of the song Imagine?"),
    ],
)
def test_prose_is_read_as_a_careful_hand_would_have_set_it(a: str, b: str) -> None:
    assert examine(a, b).veto is None
    assert examine(b, a).veto is None


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ('What is the meaning of the word "sanguine"?', "What is the meaning of sanguine?"),
        ("Who would win a race: a horse or a camel?", "Who would win a race, a horse or a camel?"),
        ('What\'s the plot of the series "Dark"?', "What is the plot of the series Dark?"),
        ("How do I become patient with my children?", "How can I become more patient with my children?"),
        ("Which is the most famous waterfall in Peru?", "What are the famous waterfalls in Peru?"),
    ],
)
def test_quotes_payload_in_prose_and_degrees_are_weighed(a: str, b: str) -> None:
    assert examine(a, b, 0.97).weigh
    assert examine(b, a, 0.97).weigh


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("What does !!x do in JavaScript?", "What does !x do in JavaScript?"),
        ("What does a[1:] give in Python?", "What does a[:1] give in Python?"),
        ("What does print(x/y) show for x=3 and y=2?", "What does print(x//y) show for x=3 and y=2?"),
        ("Is example.com a scam?", "Is example.org a scam?"),
        ("What is Python?", "What is a python?"),
        ('What does the word "affect" mean?', 'What does the word "effect" mean?'),
        ("Translate to French: good morning", "Translate to French: good night"),
        ("Which is faster: a cheetah or a falcon?", "Which is slower: a cheetah or a falcon?"),
        ('Who sang "Yesterday" in 1965?', 'Who sang "Yesterday" in 1996?'),
        ("Correct the grammar: He are happy.", "Correct the grammar: He is happy."),
        ("Correct this: which song(s) do u like?", "Correct this: which songs do you like?"),
        ("What is the past tense of 'go'?", "What is the past tense of 'goes'?"),
        ("What does a neural network learn?", "How does a neural network learn?"),
        ("Which company acquired LinkedIn?", "What companies has LinkedIn bought?"),
        ("Who inherited the farm from Anna?", "From whom did Anna inherit the farm?"),
        ("Can my son babysit my neighbor's toddler?", "Can my neighbor's son babysit my toddler?"),
        ("How do I turn an MP4 into a GIF?", "How can I make an MP4 from a GIF?"),
        ("What does n stand for in statistics?", "What does N stand for in statistics?"),
        ("What does grep -v do?", "What does grep -V do?"),
        ("What is Co in chemistry?", "What is CO in chemistry?"),
        ("When do I write it's?", "When do I write its?"),
        ("What are the rules of chess.com?", "What are the rules of chess?"),
        ("How much is 1 EUR/USD?", "How much is 1 USD/EUR?"),
        ("Does rm -rf build/temp delete build?", "Does rm -rf build temp delete build?"),
        ('What does bool("False") return in Python?', "What does bool(False) return in Python?"),
        ('How many letters are in "the alphabet"?', "How many letters are in the alphabet?"),
        ("Is it ok to write u in an email?", "Is it ok to write you in an email?"),
        ("In Go, is a function named printAll exported?", "In Go, is a function named PrintAll exported?"),
        ("What is %m in Python strftime?", "What is %M in Python strftime?"),
        ("In bash, what is in $PATH?", "In bash, what is in $path?"),
        ("Who wrote the novel The Outsider?", "Who wrote the novel Outsider?"),
        ("Is 0.999... less than 1?", "Is 0.999 less than 1?"),
    ],
)
def test_code_names_and_other_content_decide(a: str, b: str) -> None:
    for one, two in ((a, b), (b, a)):
        seen = examine(one, two, 0.99)
        assert seen.veto
        assert not seen.weigh
