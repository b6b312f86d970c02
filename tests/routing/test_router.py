"""Where prompts go, and that the router says why."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest

from costmagic import ConfigError, MissingKeyError, Session, UsageError
from costmagic.routing.rules import BUILT_IN, RuleWarning, decide

PROMPTS = Path(__file__).parents[2] / "training" / "prompts"


@pytest.mark.parametrize(
    ("prompt", "tier", "task"),
    [
        ("Classify the ticket as billing or technical: my card was charged twice", "routing", "classification"),
        ("Ticket: the app crashes\nLabel:", "routing", "classification"),
        ("Is this spam? Answer yes or no.\n\nYou won!", "routing", None),
        ("Antworte nur mit einem Wort: ist das positiv?", "routing", None),
        ("Write a Python function that merges two sorted lists", "coding", "code"),
        ("Schreib mir eine SQL-Abfrage für alle Kunden ohne Bestellung", "coding", "code"),
        ("Prove that the square root of 2 is irrational.", "heavy", "math and reasoning"),
        ("Summarize this e-mail in one sentence: …", "medium", "summarization"),
        ("Translate to French: good morning", "medium", "translation"),
        ("Extract all dates from the contract below.", "medium", "extraction"),
        ("Please rewrite this politely: send me the file", "medium", "rewriting"),
        ("Write a haiku about rain", "standard", "creative writing"),
        ("Write a poem about SQL.", "standard", "creative writing"),
        ("word " * 8_000, "standard", None),
    ],
)
def test_the_built_in_rules(prompt: str, tier: str, task: str | None) -> None:
    decision = decide(prompt, "user")
    assert decision.rule is not None
    assert (decision.rule.tier, decision.task) == (tier, task)


@pytest.mark.parametrize(
    "prompt",
    [
        "hello there",
        "Explain in two sentences what a hash function is.",
        "A poem about a translator who can't summarize anything",
        "Why do translators usually translate only into their mother tongue?",
        "need a codename for the billing rewrite, theme: cheese",
        "powershell script: list all AD users that haven't logged in for 90 days",
    ],
)
def test_what_only_sounds_like_it_is_left_to_what_was_learned(prompt: str) -> None:
    assert decide(prompt, "user").rule is None


def test_built_in_rules_are_sure_of_their_task() -> None:
    names = {"math_reasoning": "math and reasoning", "analysis_planning": "analysis and planning"}
    right = wrong = 0
    for file in sorted(PROMPTS.glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            if (task := decide(row["text"], "user").task) is not None:
                right += task == names.get(row["task"], row["task"].replace("_", " "))
                wrong += task != names.get(row["task"], row["task"].replace("_", " "))
    assert wrong <= 0.02 * (right + wrong)
    assert right > 200


def test_the_default_tier_says_that_it_is_the_default(home: Path) -> None:
    unsure = Session(home, settings={"preset": "sim", "routing": {"sure": 1}})
    route = unsure.prepare("hello there").route
    assert (route.tier, route.label, route.source, route.unsure) == ("medium", "default", "learned", True)
    assert "not sure what is asked for, chat (" in route.reason


@pytest.mark.parametrize("purpose", ["route", "judge", "label", "summary"])
def test_a_step_inside_a_pipeline_goes_to_the_routing_tier(session: Session, purpose: str) -> None:
    assert session.prepare("Write a poem", purpose=purpose).route.tier == "routing"


def test_what_the_user_says_comes_first(session: Session) -> None:
    prompt = "Is this spam? Answer yes or no."
    assert session.prepare(prompt, tier="heavy").route.source == "explicit"
    route = session.prepare(prompt, model="sim:claude-haiku-4-5").route
    assert (route.tier, route.ref, route.task) == (None, "sim:claude-haiku-4-5", None)
    assert session.prepare("Translate to French: hi", tier="heavy").route.task == "translation"


def test_the_ledger_knows_task_and_reason(session: Session) -> None:
    session.ask("Translate to French: good morning")
    row = session.ledger().iloc[0]
    assert (row["task"], row["tier"], row["route_source"], row["route_reason"]) == (
        "translation",
        "medium",
        "rule",
        "translation",
    )


RULES = """
preset = "sim"
[[rule]]
match = "invoice \\\\d+"
tier = "heavy"
[[rule]]
task = "translation"
max_tokens = 10
tier = "routing"
[[rule]]
min_tokens = 20000
tier = "heavy"
"""


def test_own_rules_come_before_the_built_in_ones(home: Path) -> None:
    Path("costmagic.toml").write_text(RULES)
    session = Session(home)
    assert session.prepare("Summarize INVOICE 42").route.tier == "heavy"
    assert session.prepare("Translate to French: hi").route.tier == "routing"
    assert session.prepare(f"Translate to French: {'hi ' * 20}").route.tier == "medium"
    assert session.prepare("word " * 20_000).route.tier == "heavy"
    assert session.prepare("Summarize this").route.reason == "summarization"
    assert session.prepare("Summarize INVOICE 42").route.reason == "your rule 1"


def test_a_rule_with_a_broken_regex_is_named_and_skipped(home: Path) -> None:
    rules = [{"match": "(", "tier": "heavy"}, {"match": "invoice", "tier": "coding"}]
    with pytest.warns(RuleWarning, match=r"number 1 is skipped: '\('"):
        session = Session(home, settings={"preset": "sim", "rule": rules})
    assert session.prepare("an invoice").route.tier == "coding"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("match = 'x'", "needs a tier"),
        ("tier = 'hevy'", "not one of"),
        ("tier = 'heavy'\ntask = 'translating'", "not one of classification, extraction"),
        ("tier = 'heavy'\nmach = 'x'", "did you mean 'match'"),
        ("tier = 'heavy'\nmin_tokens = 'many'", "whole number"),
    ],
)
def test_mistakes_in_rules_are_named(rule: str, words: str) -> None:
    Path("costmagic.toml").write_text(f"[[rule]]\n{rule}\n")
    with pytest.raises(ConfigError, match=words):
        Session()


def test_a_tier_that_can_not_be_asked_falls_to_the_next_and_says_so(home: Path) -> None:
    tiers = {"heavy": "anthropic:claude-opus-5-5", "standard": "openai:gpt-6.1-sol", "medium": "sim:claude-haiku-5-5"}
    session = Session(home, settings={"preset": "sim", "tiers": tiers})
    reply = session.ask("hello", tier="heavy")
    assert (reply.tier, reply.route.ref) == ("medium", "sim:claude-haiku-5-5")
    assert "ANTHROPIC_API_KEY" in reply.route.reason
    assert reply.route.label == "instead of heavy"
    assert session.ledger().iloc[0]["tier"] == "medium"


def test_with_no_tier_that_can_be_asked_the_first_error_stands(home: Path) -> None:
    session = Session(home, settings={"preset": "anthropic"})
    with pytest.raises(MissingKeyError, match="ANTHROPIC_API_KEY"):
        session.ask("hello")


def test_a_model_asked_for_by_name_is_never_replaced(session: Session) -> None:
    with pytest.raises(MissingKeyError):
        session.ask("hello", model="openai:gpt-6-luna")


def test_route_explains_and_sends_nothing(session: Session) -> None:
    explained = session.route("Translate to French: good morning")
    assert (explained.task, explained.tier) == ("translation", "medium")
    assert len(explained.estimates) == 5
    assert "decided by rule: translation" in repr(explained)
    assert "translation" in explained._repr_html_()
    assert len(session.ledger()) == 0
    with pytest.raises(UsageError):
        session.route("")


@pytest.mark.parametrize(
    "text", ["", "\0", "\ud800", "🙂" * 1_000, "a" * 10**6, "a b " * 250_000, "(" * 10**6, "\n" * 10**6]
)
def test_any_text_can_be_decided(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rule = decide(text, "user").rule
    assert rule is None or rule in BUILT_IN
