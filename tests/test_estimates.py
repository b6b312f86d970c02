"""What a call can cost at the very most: what budgets reserve."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from costmagic import Session
from costmagic.estimates import MOST_MORE, MOST_TIMES, Size
from costmagic.types import Message, Request

MILLION = 1_000_000


@pytest.fixture
def session() -> Session:
    own = {"input": 1, "output": 10}
    return Session(settings={"prices": {"vllm:own": own, "vllm:cached": {**own, "cache_write": 2}}})


def most(session: Session, ref: str, tokens: int, source: str) -> Any:
    provider, _, model = ref.partition(":")
    request = Request(provider, model, (Message("user", "hello"),), max_tokens=100)
    return session.engine.estimator.most(request, Size(tokens, tokens, source, 100))


def test_an_estimate_may_be_too_low(session: Session) -> None:
    tokens = 1_000 * MOST_TIMES + MOST_MORE
    assert most(session, "vllm:own", 1_000, "estimated") == (tokens + 100 * 10) / MILLION


def test_a_count_is_taken_at_its_word(session: Session) -> None:
    assert most(session, "vllm:own", 1_000, "counted") == Decimal(1_000 + 100 * 10) / MILLION


def test_the_whole_prompt_may_be_written_into_the_providers_cache(session: Session) -> None:
    assert most(session, "vllm:cached", 1_000, "counted") == Decimal(1_000 * 2 + 100 * 10) / MILLION
    assert most(session, "openai:gpt-6.1-sol", 1_000, "counted") == Decimal("0.0025") + Decimal(100 * 10) / MILLION


@pytest.mark.parametrize(("tokens", "billed"), [(150_000, 200_000), (199_000, 200_000), (210_000, 210_000)])
def test_no_prompt_has_more_tokens_than_the_window_unless_it_is_estimated_so(
    session: Session, tokens: int, billed: int
) -> None:
    # $1 in, $1.25 written, $5 out
    expected = (billed * Decimal("1.25") + 100 * 5) / MILLION
    assert most(session, "anthropic:claude-haiku-4-5", tokens, "estimated") == expected


def test_what_has_no_price_has_no_bound(session: Session) -> None:
    assert most(session, "vllm:unknown", 10, "estimated") is None


@pytest.mark.parametrize(
    "prompt", ["hello", "Grüße an alle! " * 50, "日本語のテキスト" * 40, "\N{SNOWMAN}" * 300, "1 " * 999]
)
def test_it_is_never_less_than_the_worst_case_of_the_estimate(session: Session, prompt: str) -> None:
    estimate = session.estimate(prompt, ["vllm:own"])["vllm:own"]
    request = session.rehearse(prompt, model="vllm:own").request
    assert estimate.worst_cost
    assert session.engine.estimator.most(request, estimate.size) > estimate.worst_cost
