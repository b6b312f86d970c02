"""USD as whole nano-dollars: how the ledger keeps money."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import overload

NANO = Decimal(1_000_000_000)


def to_nusd(cost: Decimal | None) -> int | None:
    """USD → whole nano-dollars, half to even; None stays None. Money is rounded nowhere else."""
    return None if cost is None else int((cost * NANO).to_integral_value(ROUND_HALF_EVEN))


@overload
def from_nusd(nusd: int) -> Decimal: ...
@overload
def from_nusd(nusd: None) -> None: ...
def from_nusd(nusd: int | None) -> Decimal | None:
    """Whole nano-dollars → USD, exact; None stays None."""
    return None if nusd is None else Decimal(nusd) / NANO
