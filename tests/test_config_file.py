"""``costmagic.toml`` is read again when it changes; the last good settings survive a broken one."""

from __future__ import annotations

import os
import warnings
from decimal import Decimal
from pathlib import Path

import pytest

from costmagic import BudgetError, ConfigError, Session
from costmagic.config_file import ConfigWarning

FILE = Path("costmagic.toml")
_clock = 1_700_000_000


def write(text: str) -> None:
    """Write the file with a time of its own: file systems may count whole seconds."""
    global _clock
    FILE.write_text(text)
    _clock += 1
    os.utime(FILE, (_clock, _clock))


def test_a_change_counts_from_the_next_call_on(home: Path) -> None:
    write('preset = "sim"')
    session = Session(home)
    assert session.prepare("hello", tier="heavy").route.ref == "sim:claude-opus-5-5"
    write('preset = "sim"\n[tiers]\nheavy = "sim:claude-opus-4-8"')
    assert session.prepare("hello", tier="heavy").route.ref == "sim:claude-opus-4-8"
    assert session.ask("hello", tier="heavy").model == "claude-opus-4-8"


def test_a_file_that_appears_or_goes_is_noticed(home: Path) -> None:
    session = Session(home)
    assert session.settings.preset == "auto"
    write('preset = "sim"')
    assert session.settings.preset == "sim"
    FILE.unlink()
    assert session.settings.preset == "auto"


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("preset = ", "costmagic.toml: "),
        ('preset = "sim"\n[cach]\nttl_days = 3', "line 2: unknown key 'cach'; did you mean 'cache'"),
        ('preset = "sim"\n[budget]\ndaily = "much"', "line 3: budget.daily must be a number"),
    ],
)
def test_a_mistake_is_told_once_and_the_last_good_settings_stay(home: Path, broken: str, told: str) -> None:
    write('preset = "sim"\n[budget]\ndaily = 0.5')
    session = Session(home)
    write(broken)
    with pytest.warns(ConfigWarning, match="stay in force") as caught:
        reply = session.ask("hello", tier="medium")
    assert told in str(caught[0].message)
    assert reply.model == "claude-haiku-5-5"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert session.settings.budget.limits[0].amount == Decimal("0.5")
    assert told in (session.mistake or "")
    write('preset = "sim"')
    assert session.settings.budget.limits == ()
    assert session.mistake is None


def test_the_first_reading_has_nothing_to_fall_back_on(home: Path) -> None:
    write("preset = 'smi'")
    with pytest.raises(ConfigError, match="'smi' is not one of"):
        Session(home)


def test_what_the_session_set_and_spent_survives_a_change(home: Path) -> None:
    price = "[prices.'sim:penny']\ninput = 1000\noutput = 1000\n"
    write(f"preset = 'sim'\n{price}")
    session = Session(home)
    session.budget("3/session")
    session_id, ledger = session.engine.budgets.session_id, session.engine.ledger
    write(f"preset = 'sim'\nmax_tokens = 100\n{price}")
    assert session.settings.max_tokens == 100
    assert session.engine.budgets.session_id == session_id
    assert session.engine.ledger is ledger
    assert [str(limit) for limit in session.engine.budgets.limits()] == ["session budget of $3"]


def test_a_lowered_cap_holds_at_once(home: Path) -> None:
    lab = (
        "[providers.lab]\nkind = 'openai'\nbase_url = 'http://127.0.0.1:9/v1'\n"
        "price = { input = 1, output = 1000 }\n[budget]\ndaily = "
    )
    write(lab + "100")
    session = Session(home)
    assert session.settings.budget.limits[0].amount == 100
    write(lab + "0.001")
    with pytest.raises(BudgetError):
        session.ask("hello", model="lab:any")


def test_settings_given_in_code_stay_over_the_file(home: Path) -> None:
    write("max_tokens = 10")
    session = Session(home, settings={"preset": "sim"})
    write("max_tokens = 20")
    assert (session.settings.preset, session.settings.max_tokens) == ("sim", 20)


def test_the_status_shows_a_mistake(home: Path) -> None:
    from costmagic.notebook import commands

    write('preset = "sim"')
    session = Session(home)
    write("[")
    with pytest.warns(ConfigWarning):
        text = repr(commands.run("", session))
    assert "Configuration: " in text
    assert "stay in force" in text
