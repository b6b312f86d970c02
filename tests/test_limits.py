"""``[budget]`` and ``5/day``: what is read, and how every mistake is told."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from costmagic import config
from costmagic.limits import BudgetConfig, Limit, parse
from costmagic.types import ConfigError, UsageError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The costmagic.toml of the working folder; not there yet."""
    return tmp_path / "work" / "costmagic.toml"


def test_without_a_table_there_is_no_limit() -> None:
    assert config.load().budget == BudgetConfig(limits=(), on_exceed="raise", allow_unpriced=())


def test_everything_in_the_table_arrives_exactly(file: Path) -> None:
    file.write_text(
        """
        [budget]
        session = 1
        daily = 5.10
        weekly = 1e-9
        monthly = 100
        on_exceed = "downgrade"
        allow_unpriced = ["vllm:mine", "openrouter:a/b:free"]
        [budget.features.tickets]
        daily = 0.3
        [budget.features."Zoë's reports"]
        monthly = 2
        """,
        "utf-8",
    )
    budget = config.load().budget
    assert budget.limits == (
        Limit("session", Decimal(1)),
        Limit("daily", Decimal("5.10")),  # never 5.0999999999999996447
        Limit("weekly", Decimal("1e-9")),
        Limit("monthly", Decimal(100)),
        Limit("daily", Decimal("0.3"), "tickets"),
        Limit("monthly", Decimal(2), "Zoë's reports"),
    )
    assert (budget.on_exceed, budget.allow_unpriced) == ("downgrade", ("vllm:mine", "openrouter:a/b:free"))
    assert [limit.table for limit in budget.limits[3:]] == [
        "budget",
        "budget.features.tickets",
        'budget.features."Zoë\'s reports"',
    ]


def test_overrides_win_limit_by_limit(file: Path) -> None:
    file.write_text("[budget]\ndaily = 5\nweekly = 9")
    assert config.load(overrides={"budget": {"daily": 0.1}}).budget.limits == (
        Limit("daily", Decimal("0.1")),
        Limit("weekly", Decimal(9)),
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("budget = 5", ", line 1: budget must be a table, not 5"),
        ("[budget]\n\ndayly = 5", ", line 3: unknown key 'budget.dayly'; did you mean 'daily'"),
        ("[budget]\ndaily = 0", ", line 2: budget.daily must be greater than 0"),
        ("[budget]\ndaily = -1", ", line 2: budget.daily must be greater than 0"),
        ("[budget]\ndaily = inf", ", line 2: budget.daily must be a finite number"),
        ("[budget]\ndaily = '5'", ", line 2: budget.daily must be a number, not '5'"),
        ("[budget]\nweekly = true", ", line 2: budget.weekly must be a number, not True"),
        ("[budget]\non_exceed = 'stop'", ", line 2: budget.on_exceed = 'stop' is not one of raise, downgrade"),
        ("[budget]\nallow_unpriced = 'a:b'", ", line 2: budget.allow_unpriced must be a list"),
        ("[budget]\nallow_unpriced = ['a:b', 'c']", ", line 2: budget.allow_unpriced: 'c' is not a model"),
        ("[budget]\nallow_unpriced = [5]", ", line 2: budget.allow_unpriced must be a text, not 5"),
        ("[budget]\nfeatures = 5", ", line 2: budget.features must be a table, not 5"),
        ("[budget.features]\nx = 5", ", line 2: budget.features.x must be a table, not 5"),
        ("[budget.features.x]\ndaly = 5", ", line 2: unknown key 'budget.features.x.daly'; did you mean 'daily'"),
        ("[budget.features.x]\non_exceed = 'raise'", ", line 2: unknown key 'budget.features.x.on_exceed'"),
        ("[budget.features.'a b']\n\ndaily = 0", ', line 3: budget.features."a b".daily must be greater than 0'),
    ],
)
def test_a_mistake_names_file_line_and_closest_key(file: Path, text: str, told: str) -> None:
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        config.load()
    assert str(caught.value).startswith(f"{file}{told}")


@pytest.mark.parametrize(
    ("text", "period", "amount"),
    [
        ("5/day", "daily", "5"),
        ("$0.50/week", "weekly", "0.50"),
        (" 1e2 / MONTH ", "monthly", "100"),
        ("0.000000001/session", "session", "0.000000001"),
        ("7/daily", "daily", "7"),
    ],
)
def test_an_amount_and_a_period_are_a_limit(text: str, period: str, amount: str) -> None:
    assert parse(text) == Limit(period, Decimal(amount))
    assert parse(text, "f").feature == "f"


@pytest.mark.parametrize("text", ["5", "", "/day", "0/day", "-1/day", "nan/day", "inf/day", "x/day", "$/day", "day/5"])
def test_anything_else_is_a_mistake_that_shows_the_form(text: str) -> None:
    with pytest.raises(UsageError, match="an amount in USD above 0 and a period, like 5/day"):
        parse(text)


@pytest.mark.parametrize(("text", "told"), [("5/dya", "did you mean 'day'"), ("5/", "there are session, day")])
def test_an_unknown_period_is_told_with_those_that_are_known(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse(text)
