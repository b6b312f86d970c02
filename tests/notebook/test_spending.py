"""``%llm metrics`` and ``%llm alerts``."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from made_calls import put

from costmagic import Session, UsageError
from costmagic.notebook.commands import run


def test_metrics_show_all_six(session: Session) -> None:
    put(session, datetime.now(UTC), feature="tickets", tier="heavy")
    shown = run("metrics --days 7 --by tier", session)
    text = repr(shown)
    for title in ("Cost per call", "Cost per user", "Token efficiency", "Cache hit", "Tier distribution", "Cost per f"):
        assert title in text
    assert shown.by == "tier"
    assert "(7 days, by your clock)" in text
    assert "tickets" in repr(run("metrics", session))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("metrics --by tiers", "did you mean 'tier'"),
        ("metrics --days x", "--days takes a whole number"),
        ("metrics --days 0", "days must be a whole number from 1"),
        ("alerts silence daily-spend", "silence NAME 7d"),
        ("alerts hush", "silence NAME 7d"),
        ("alerts silence daily 7d", "unknown alert 'daily'"),
    ],
)
def test_a_mistake_is_told_in_one_line(session: Session, line: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        run(line, session)


def test_alerts_are_shown_and_silenced(session: Session) -> None:
    put(session, datetime.now(UTC), cost_nusd=None)
    assert "unpriced:openai:m" in repr(run("alerts", session))
    assert "is silenced until" in repr(run("alerts silence unpriced:openai:m 1d", session))
    assert repr(run("alerts", session)).startswith("No alerts.")
