"""Hosted against self-hosted: both sides by hand, the point where they meet, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from made_ledger import HAIKU, call, filled

import costmagic
from costmagic import Session, UsageError

OPUS = "anthropic:claude-opus-5-5"  # $4 in, $20 out, per million


def meet(**changes: Any) -> Any:
    """Opus, a fifth of the tokens output ($7.20 a million), against GPUs at $2 that serve 34,560,000 tokens a day."""
    given = {"tokens_per_day": 5_000_000, "model": OPUS, "gpu_hourly": 2, "output_share": 0.2, "session": Session()}
    return costmagic.breakeven(**{**given, **changes})


def test_both_sides_are_what_one_computes_by_hand() -> None:
    made = meet()
    assert made.per_million == Decimal("7.2")
    assert made.hosted == Decimal("7.2") * 5 * 30
    assert made.self_hosted == 2 * 24 * 30
    assert (made.gpus, made.cheaper) == (1, "hosted")
    assert made.at == 6_666_667  # $48 a day at $7.20 a million


@pytest.mark.parametrize(("tokens", "cheaper"), [(6_666_666, "hosted"), (6_666_667, "self-hosted")])
def test_on_either_side_of_the_break_even_the_other_is_cheaper(tokens: int, cheaper: str) -> None:
    assert meet(tokens_per_day=tokens).cheaper == cheaper


def test_gpus_come_whole() -> None:
    assert [meet(tokens_per_day=n).gpus for n in (34_560_000, 34_560_001, 1)] == [1, 2, 1]
    assert meet(tokens_per_day=34_560_001).self_hosted == 2 * 1_440


def test_a_gpu_that_costs_more_than_its_tokens_never_breaks_even() -> None:
    # A full GPU serves tokens worth $248.832 a day: $10.368 an hour.
    assert meet(gpu_hourly="10.368").at == 34_560_000
    made = meet(gpu_hourly="10.369")
    assert made.at is None
    assert "never breaks even" in repr(made)
    assert meet(gpu_hourly="10.368", overhead_monthly=1).at is None


def test_people_who_run_it_are_paid_by_more_tokens() -> None:
    # $100 a day beside the GPU's $48, at $7.20 a million.
    made = meet(overhead_monthly=3_000)
    assert made.at == 20_555_556
    assert made.self_hosted == 1_440 + 3_000
    # $1,000 a day: what five GPUs earn beyond their own price (200.832 each) pays for it first, with 5 × 48 more.
    assert meet(overhead_monthly=30_000).at == 172_222_223
    assert [meet(overhead_monthly=30_000, tokens_per_day=n).cheaper for n in (172_222_222, 172_222_223)] == [
        "hosted",
        "self-hosted",
    ]


def test_throughput_and_use_decide_how_many_gpus_it_takes() -> None:
    assert meet(throughput=100, utilisation=0.5).gpus == 2  # 4,320,000 tokens a day each
    assert meet(throughput=100, utilisation=1).gpus == 1


def test_the_ledger_says_how_many_tokens_of_which_kind_there_are() -> None:
    calls = [call(f"{n}", tokens=(2_400_000, 600_000), seconds_ago=n * 86_400) for n in (1, 20, 40)]
    session = filled(*calls)
    made = costmagic.breakeven(model=HAIKU, gpu_hourly=1, session=session)
    assert made.tokens_per_day == 6_000_000 / 30
    assert made.output_share == 0.2
    assert made.hosted == Decimal("1.8") * 6
    assert costmagic.breakeven(model=HAIKU, gpu_hourly=1, tokens_per_day=7, session=session).tokens_per_day == 7


def test_a_tier_stands_for_its_model_and_a_simulated_one_says_so() -> None:
    made = meet(model="heavy", session=Session(settings={"preset": "sim"}))
    assert made.model == "sim:claude-opus-5-5"
    assert "SIMULATED" in repr(made)
    assert made.hosted == meet().hosted


def test_the_rule_of_thumb_and_what_is_assumed_stand_beside_it() -> None:
    made = meet()
    for text in (repr(made), made._repr_html_()):
        assert "1,000,000 tokens a day" in text
        assert "6,666,667 tokens a day" in text
        for name in ("throughput", "utilisation", "output_share", "overhead_monthly"):
            assert name in text
    assert list(made.to_frame()["monthly"]) == [made.hosted, made.self_hosted]
    assert list(made.to_frame()["cheaper"]) == [True, False]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"model": "anthropic:claude-99"}, "the price of anthropic:claude-99 is not known"),
        ({"model": "havy"}, "unknown tier 'havy'; did you mean 'heavy'"),
        ({"tokens_per_day": None}, "the ledger has no call to anthropic:claude-opus-5-5"),
        ({"tokens_per_day": 0}, "tokens_per_day must be a number above 0"),
        ({"tokens_per_day": "many"}, "tokens_per_day must be a number above 0"),
        ({"gpu_hourly": -1}, "gpu_hourly must be an amount in USD"),
        ({"gpu_hourly": "nan"}, "gpu_hourly must be an amount in USD"),
        ({"utilisation": 1.1}, "utilisation must be a number above 0 and at most 1"),
        ({"throughput": True}, "throughput must be a number"),
        ({"output_share": 2}, "output_share is a share from 0 to 1"),
        ({"overhead_monthly": "x"}, "overhead_monthly must be an amount"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        meet(**changes)


def test_a_free_model_is_never_beaten() -> None:
    assert meet(model="local:smollm2-135m").at is None
