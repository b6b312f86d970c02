"""Who does what to whom, however it is put: what is exchanged decides, what is only put anew does not."""

from __future__ import annotations

import pytest

from costmagic.caching.verify.compare import examine


@pytest.mark.parametrize(
    ("a", "b"),
    [
        # Opposites by their making, wherever they stand.
        ("Which glues are soluble in alcohol?", "Among glues, which are insoluble in alcohol?"),
        ("How do I enlist a witness who is reliable?", "How do I enlist a witness who is unreliable?"),
        ("Is a harmful spider found in Crete?", "Is a harmless spider found in Crete?"),
        # Signs of numbers.
        ("12 Kelvin steps above what?", "-12 Kelvin steps above what?"),
        ("What is f(5) for f(x) = x**3?", "What is f(-5) for f(x) = x**3?"),
        # Active and passive.
        ("Which tribes did Caesar conquer?", "By which tribes was Caesar conquered?"),
        ("Which spice can sumac replace in a stew?", "In a stew, sumac can be replaced by which spice?"),
        ("Did Nokia buy Siemens?", "Was Nokia bought by Siemens?"),
        ("How does nitrogen affect clover?", "In what way is nitrogen affected by clover?"),
        ("What does the ant give the aphid?", "What is the ant given by the aphid?"),
        ("Which lands has Venice raided?", "By which lands has Venice been raided?"),
        ("What does the wolf do to the fox?", "In the fable, what is done to the wolf by the fox?"),
        # Whose, and who.
        ("Who spotted the pilot's mistake?", "Which pilot's spotting was the mistake?"),
        ("From which peak can you see Bergen?", "Which peak can be seen from Bergen in May?"),
        # How many of what.
        ("How many ounces are in a pound?", "An ounce is how many pounds?"),
        ("What share of 90 is 30?", "What share is 90 of 30?"),
        # Beside a marker.
        ("How does one knight win against a bishop?", "How is a win against one knight possible with a bishop?"),
        ("Group by city and, within each city, by year.", "Group by year and then by city within each year."),
        # What acts on what.
        ("Can gum disease be a result of diabetes?", "Can gum disease result in diabetes?"),
        ("What is the effect of zinc on the uptake of copper?", "How does copper affect the way zinc is taken up?"),
        ("Why do bonds fall when rates rise?", "When bonds rise, why do rates fall?"),
        ("Which real tower was the inspiration for Orthanc?", "Which real tower was inspired by Orthanc?"),
        # When, and how.
        ("Which medals were won at the games held in 1936?", "Which medals were won at the games planned in 1936?"),
        ("What makes a toast good?", "Tell me what makes a toast anything but good"),
        ("I used to row. Which shoes do I need?", "I'm used to rowing. Which shoes do I need?"),
        # Persons.
        ("What if a cousin owes you rent?", "What if you owe a cousin rent?"),
        ("What should I bring as a guest?", "What should I bring as the host?"),
        ("What if my boss never listens?", "What if my boss says I never listen?"),
    ],
)
def test_exchanged_roles_decide(a: str, b: str) -> None:
    for one, two in ((a, b), (b, a)):
        seen = examine(one, two, 0.98)
        assert seen.veto
        assert not seen.weigh


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("What will be the impact of tariffs on farmers?", "What impact will tariffs have on farmers?"),
        ("Who painted the Night Watch?", "By whom was the Night Watch painted?"),
        ("How many feet are in a mile?", "A mile is how many feet?"),
        ("What are some of the oddest answers given by Siri?", "What are the oddest answers given by Siri?"),
        ("What advice would you give your younger self?", "What is the advice you'd give to your younger self?"),
        ("What are the causes of gout?", "What causes gout?"),
        ("Is noise bad for your sleep?", "Is noise really bad for your sleep?"),
        ("What can I do as a beginner?", "What could I do as a complete beginner?"),
        ("How do I win against a bishop with one knight?", "With one knight, how can I win against a bishop?"),
    ],
)
def test_what_is_only_put_anew_is_weighed_or_served(a: str, b: str) -> None:
    for one, two in ((a, b), (b, a)):
        seen = examine(one, two, 0.98)
        assert seen.weigh or not seen.veto


def test_what_is_done_differs_though_its_noun_is_there() -> None:
    a, b = "Who painted the ceiling of the hall?", "Who commissioned the painting of the ceiling in the hall?"
    assert examine(a, b, 0.98).veto
    assert examine(b, a, 0.98).veto
