"""``[[downgrade]]``: the policy decides for its feature, and the receipt cites it."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmagic import ConfigError, Session

POLICY = """
preset = "sim"
[[downgrade]]
feature = "tickets"
from = "heavy"
to = "medium"
margin = 0.02
confidence = 0.95
drop = 0.004
interval = [-0.008, 0.016]
n = 1312
dataset_hash = "ab12"
prompt_hash = "cd34"
date = 2026-11-20
prices = { "anthropic:claude-haiku-5-5" = { input = 0.10, output = 0.50 } }

[[downgrade]]
feature = "labels"
from = "standard"
to = "sim:claude-haiku-4-5"
"""


@pytest.fixture
def session(home: Path) -> Session:
    Path("costmagic.toml").write_text(POLICY)
    return Session(home)


def test_the_policy_decides_for_its_feature_and_cites_its_evidence(session: Session) -> None:
    reply = session.ask("Prove that 2 is even", feature="tickets")
    assert (reply.tier, reply.route.source, reply.route.task) == ("medium", "policy", "math and reasoning")
    for told in ("heavy → medium", "'tickets'", "drop 0.4 % [-0.8 % to 1.6 %]", "margin 2 %", "1,312", "2026-11-20"):
        assert told in reply.route.reason
    row = session.ledger().iloc[0]
    assert (row["route_source"], row["tier"]) == ("policy", "medium")


def test_other_features_and_explicit_wishes_are_not_touched(session: Session) -> None:
    assert session.prepare("Prove that 2 is even", feature="reports").route.tier == "heavy"
    assert session.prepare("Prove that 2 is even").route.tier == "heavy"
    assert session.prepare("hello", feature="tickets", tier="heavy").route.source == "explicit"
    assert session.prepare("hello", feature="tickets", model="sim:claude-opus-5-5").route.source == "explicit"
    assert session.prepare("judge this", feature="tickets", purpose="judge").route.tier == "routing"


def test_the_policy_comes_before_rules_of_the_user(home: Path) -> None:
    Path("costmagic.toml").write_text(f"{POLICY}\n[[rule]]\nmatch = 'hello'\ntier = 'coding'\n")
    own = Session(home)
    assert own.prepare("hello", feature="tickets").route.tier == "medium"
    assert own.prepare("hello").route.tier == "coding"


def test_a_model_of_no_tier_can_be_the_target(session: Session) -> None:
    route = session.prepare("hello", feature="labels").route
    assert (route.tier, route.ref, route.source) == (None, "sim:claude-haiku-4-5", "policy")


def test_a_target_without_key_falls_to_a_tier_that_can_be_asked(home: Path) -> None:
    downgrade = {"feature": "labels", "from": "standard", "to": "openai:gpt-6-luna"}
    own = Session(home, settings={"preset": "sim", "downgrade": [downgrade]})
    route = own.prepare("hello", feature="labels").route
    assert route.tier == "medium"
    assert "OPENAI_API_KEY" in route.reason


def test_the_last_of_several_for_a_feature_counts(home: Path) -> None:
    Path("costmagic.toml").write_text(
        f'{POLICY}\n[[downgrade]]\nfeature = "tickets"\nfrom = "medium"\nto = "routing"\n'
    )
    assert Session(home).prepare("hello", feature="tickets").route.tier == "routing"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("feature = 'f'\nfrom = 'heavy'", "needs 'to'"),
        ("from = 'heavy'\nto = 'medium'", "needs 'feature'"),
        ("feature = 'f'\nfrom = 'heavy'\nto = 'mediun'", "not one of"),
        ("feature = 'f'\nfrom = 'heavy'\nto = 'medium'\nmargn = 1", "did you mean 'margin'"),
        ("feature = 'f'\nfrom = 'heavy'\nto = 'medium'\ninterval = [1]", "two numbers"),
        ("feature = 'f'\nfrom = 'heavy'\nto = 'medium'\nn = 'many'", "whole number"),
    ],
)
def test_mistakes_are_named_with_their_line(home: Path, table: str, told: str) -> None:
    Path("costmagic.toml").write_text(f"[[downgrade]]\n{table}\n")
    with pytest.raises(ConfigError, match=told) as caught:
        Session(home)
    assert "costmagic.toml, line" in str(caught.value)
