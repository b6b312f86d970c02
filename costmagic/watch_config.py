"""What is watched: ``[alerts]``, ``[tiers.share]`` and ``keep_days`` in ``costmagic.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from .checks import Where, check_keys, number, positive, typed
from .types import TIERS


@dataclass(frozen=True)
class AlertsConfig:
    """What ``[alerts]`` says: from where on something is worth an alert. Shares: 0.2 is 20 %.

    Attributes:
        daily: today's spend over the average of the seven days before, as a multiple.
        monthly: the monthly budget that the week's run rate is held against, USD; None: that of ``[budget]``.
        growth: a feature's cost, month over month.
        unit_growth: its cost per call in the same time; below it, the growth is matched by growth in use.
        drift: a tier's share of the calls, from that of ``[tiers.share]``, either way.
        collapse: the cache's hit rate over that of the week before; at or below it is a collapse.
        calls: that a share or a rate must rest on.
    """

    daily: Decimal = Decimal("1.5")
    monthly: Decimal | None = None
    growth: Decimal = Decimal("0.2")
    unit_growth: Decimal = Decimal("0.1")
    drift: Decimal = Decimal("0.1")
    collapse: Decimal = Decimal("0.5")
    calls: int = 50


def read_alerts(table: Mapping[str, Any], where: Where) -> AlertsConfig:
    """The checked ``[alerts]`` table. Raises ConfigError that names the place of a mistake, like all that follow."""
    check_keys(table, [f.name for f in fields(AlertsConfig)], "alerts.", where)
    given: dict[str, Any] = {key: positive(value, f"alerts.{key}", where) for key, value in table.items()}
    if "daily" in given and given["daily"] <= 1:
        raise where.error("alerts.daily", f"alerts.daily must be above 1 (1.5 is 150 %), not {given['daily']}")
    for key in ("drift", "collapse"):
        if given.get(key, 0) >= 1:
            raise where.error(f"alerts.{key}", f"alerts.{key} must be a share below 1 (0.1 is 10 %), not {given[key]}")
    if "calls" in table:
        given["calls"] = typed(table["calls"], int, "alerts.calls", where)
    return AlertsConfig(**given)


def read_share(table: Any, where: Where) -> Mapping[str, Decimal]:
    """The checked ``[tiers.share]``: tier → the share of the calls that it is meant to get, together 1 at the most."""
    table = typed(table, dict, "tiers.share", where)
    check_keys(table, TIERS, "tiers.share.", where)
    shares = {tier: number(share, f"tiers.share.{tier}", where) for tier, share in table.items()}
    for tier, share in shares.items():
        if not 0 <= share <= 1:
            raise where.error(
                f"tiers.share.{tier}", f"tiers.share.{tier} must be from 0 to 1 (0.1 is 10 %), not {share}"
            )
    if (total := sum(shares.values())) > 1:
        raise where.error("tiers.share", f"the shares of tiers.share come to {total}, which is more than 1")
    return shares


def read_keep_days(value: Any, where: Where) -> float:
    """How many days calls are kept, at least 1."""
    days = positive(value, "keep_days", where)
    if days < 1:
        raise where.error("keep_days", f"keep_days must be at least 1, not {days}")
    return float(days)
