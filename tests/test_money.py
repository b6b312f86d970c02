"""Dollars as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from costmagic.money import dollars


@pytest.mark.parametrize(
    ("cost", "shown"),
    [
        ("0", "$0"),
        ("0E-9", "$0"),
        ("-0", "$0"),
        ("0.000000001", "$0.000000001"),
        ("0.000041", "$0.000041"),
        ("0.0000412345", "$0.0000412"),
        ("0.054399", "$0.0544"),
        ("0.1", "$0.10"),
        ("0.5", "$0.50"),
        ("0.123456", "$0.123"),
        ("0.00999949", "$0.01"),
        ("0.99949", "$0.999"),
        ("0.9995", "$1.00"),
        ("0.9999", "$1.00"),
        ("1", "$1.00"),
        ("1.005", "$1.00"),
        ("1.015", "$1.02"),
        ("1E+3", "$1,000.00"),
        ("12345.678", "$12,345.68"),
        ("-0.0123", "$-0.0123"),
    ],
)
def test_two_decimals_from_a_dollar_on_and_three_digits_below(cost: str, shown: str) -> None:
    assert dollars(Decimal(cost)) == shown


@pytest.mark.parametrize("exponent", range(-24, 1))
def test_a_small_price_is_never_shown_as_nothing(exponent: int) -> None:
    shown = dollars(Decimal(1).scaleb(exponent))
    assert Decimal(shown.removeprefix("$")) == Decimal(1).scaleb(exponent)
    assert "E" not in shown


def test_an_unknown_price_is_unpriced() -> None:
    assert dollars(None) == dollars(None, at_least=True) == "unpriced"


@pytest.mark.parametrize(("cost", "shown"), [("0", "≥ $0"), ("0.02", "≥ $0.02"), ("3", "≥ $3.00")])
def test_a_sum_with_unknown_parts_is_at_least_that(cost: str, shown: str) -> None:
    assert dollars(Decimal(cost), at_least=True) == shown
