"""``[alerts]``, ``[tiers.share]`` and ``keep_days``: what they say, and how every mistake in them is told."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from test_config import loaded, mistake

from costmagic import config
from costmagic.watch_config import AlertsConfig


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "work" / "costmagic.toml"


def test_without_them_the_articles_thresholds_hold() -> None:
    settings = config.load()
    assert settings.alerts == AlertsConfig(daily=Decimal("1.5"), growth=Decimal("0.2"))
    assert (settings.tier_share, settings.keep_days) == ({}, None)


def test_what_is_said_is_read(file: Path) -> None:
    settings = loaded(
        file,
        """
        keep_days = 90
        [tiers]
        heavy = "lab:big"
        [tiers.share]
        heavy = 0.10
        routing = 0.90
        [alerts]
        daily = 2
        monthly = 100.50
        calls = 10
        """,
    )
    assert settings.tiers == {"heavy": "lab:big"}
    assert settings.tier_share == {"heavy": Decimal("0.10"), "routing": Decimal("0.90")}
    assert settings.alerts == AlertsConfig(daily=Decimal(2), monthly=Decimal("100.50"), calls=10)
    assert settings.keep_days == 90.0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[tiers.share]\nhevy = 0.1", ", line 2: unknown key 'tiers.share.hevy'; did you mean 'heavy'"),
        ("[tiers.share]\nheavy = 10", ", line 2: tiers.share.heavy must be from 0 to 1 (0.1 is 10 %), not 10"),
        ("[tiers.share]\nheavy = -0.1", ", line 2: tiers.share.heavy must be from 0 to 1"),
        ("[tiers.share]\nheavy = 'a'", ", line 2: tiers.share.heavy must be a number"),
        ("[tiers.share]\nheavy = 0.6\nmedium = 0.5", ", line 1: the shares of tiers.share come to 1.1"),
        ("[tiers]\nshare = 0.1", ", line 2: tiers.share must be a table"),
        ("[tiers]\nshares = 'a:b'", ", line 2: unknown key 'tiers.shares'; did you mean 'share'"),
        ("tier_share = {}", ", line 1: unknown key 'tier_share'"),
        ("[alerts]\ndayly = 2", ", line 2: unknown key 'alerts.dayly'; did you mean 'daily'"),
        ("[alerts]\ndaily = 1", ", line 2: alerts.daily must be above 1 (1.5 is 150 %), not 1"),
        ("[alerts]\ngrowth = 0", ", line 2: alerts.growth must be greater than 0"),
        ("[alerts]\ndrift = 10", ", line 2: alerts.drift must be a share below 1"),
        ("[alerts]\ncalls = 2.5", ", line 2: alerts.calls must be a whole number"),
        ("keep_days = 0.5", ", line 1: keep_days must be at least 1"),
        ("keep_days = 'all'", ", line 1: keep_days must be a number"),
    ],
)
def test_a_mistake_is_told_with_its_place(file: Path, text: str, told: str) -> None:
    assert mistake(file, text).startswith(told)
