"""Dollars as people read them."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

SIGNIFICANT = 3


def dollars(cost: Decimal | None, at_least: bool = False) -> str:
    """``$0.000041``, ``$1.25``, ``$0``, "unpriced" for None; ``at_least`` puts ``≥`` before it.

    Two decimals from a dollar on, three significant digits below: a small price is never shown as $0.
    """
    if cost is None:
        return "unpriced"
    sign = "≥ " if at_least else ""
    if cost == 0:
        return f"{sign}$0"
    if abs(cost) >= 1:
        return f"{sign}${cost.quantize(Decimal('0.01'), ROUND_HALF_EVEN):,f}"
    step = Decimal(1).scaleb(cost.adjusted() - SIGNIFICANT + 1)
    rounded = cost.quantize(step, ROUND_HALF_EVEN).normalize()
    if rounded.as_tuple().exponent > -2:  # type: ignore[operator]
        rounded = rounded.quantize(Decimal("0.01"))
    return f"{sign}${rounded:f}"
