"""Whether the evidence of a policy still holds."""

from __future__ import annotations

from decimal import Decimal

from ..money import dollars
from ..prices import Prices
from ..steering import Downgrade


def reasons(prices: Prices, downgrade: Downgrade) -> tuple[str, ...]:
    """Why it does not, a sentence each: prices that are others now than when it was adopted."""
    found = []
    for ref, before in downgrade.evidence.get("prices", {}).items():
        now = prices.rates(ref)
        was = tuple(Decimal(str(before[name])) for name in ("input", "output") if name in before)
        if now is None or was != now[: len(was)]:
            shown = "unknown" if now is None else "/".join(dollars(rate) for rate in now)
            old = "/".join(dollars(rate) for rate in was)
            found.append(f"the price of {ref} is {shown} a million tokens now, it was {old}")
    return tuple(found)
