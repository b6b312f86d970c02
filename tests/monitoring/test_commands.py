"""``costmagic alerts``, ``report`` and ``ledger``, as processes of their own, and a webhook that is sometimes down."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from made_calls import put, usd
from scripted_http import Answer, Drop, ScriptedServer
from test_cli import run

from costmagic import Session, UsageError
from costmagic.monitoring import commands, days, webhook

OK = Answer(200, "ok")
DAY = timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def session(home: Path) -> Session:
    return Session(home, settings={"preset": "sim"})


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "PAUSES_S", (0.001, 0.001))


def alerts(session: Session, url: str | None) -> tuple[int, str]:
    """(exit code, what was said)"""
    said: list[str] = []
    code = commands.alerts(session, url, said.append)
    return code, "\n".join(said)


def critical(session: Session) -> None:
    put(session, now() - 70 * DAY, cost_nusd=0)
    for back in range(1, 8):
        put(session, now() - back * DAY)
    put(session, now(), feature="agent", tier="heavy", cost_nusd=usd(9))


def test_exit_codes_say_how_bad_it_is_and_only_once(session: Session) -> None:
    done = run("alerts")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "No alerts.")
    put(session, now(), cost_nusd=None)
    done = run("alerts")
    assert (done.returncode, done.stderr) == (3, "")
    assert "unpriced:openai:m" in done.stdout
    critical(session)
    assert run("alerts").returncode == 4
    done = run("alerts")
    assert done.returncode == 0
    assert "daily-spend" in done.stdout  # it stands, and is not new


@pytest.mark.usefixtures("quick")
def test_a_webhook_gets_each_alert_once_as_slack_takes_it(session: Session) -> None:
    critical(session)
    with ScriptedServer() as server:
        server.play(OK)
        url = f"{server.url}/services/SECRET"
        assert alerts(session, url)[0] == 4
        assert alerts(session, url)[0] == 0
        (received,) = server.received
    assert received.headers["content-type"] == "application/json"
    assert received.body["text"].startswith("costmagic critical: Today's spend, $9.00, is 900%")
    (block,) = received.body["blocks"]
    assert (block["type"], block["text"]["type"]) == ("section", "mrkdwn")
    assert "1. *agent* on `openai:m`: $9.00." in block["text"]["text"]
    assert Decimal(received.body["costmagic"]["figures"]["today"]) == 9
    database = (session.settings.home / "ledger.db").read_bytes()
    assert b"SECRET" not in database


@pytest.mark.usefixtures("quick")
def test_a_notebook_that_was_told_takes_nothing_from_the_webhook(session: Session) -> None:
    from costmagic.monitoring.watching import watch

    put(session, now(), cost_nusd=None)
    assert len(watch(session).new) == 1
    with ScriptedServer() as server:
        server.play(OK)
        assert alerts(session, server.url)[0] == 3
        assert len(server.received) == 1


@pytest.mark.usefixtures("quick")
def test_a_webhook_that_is_busy_or_drops_the_line_is_asked_again(session: Session) -> None:
    put(session, now(), cost_nusd=None)
    with ScriptedServer() as server:
        server.play(Answer(503, "busy"), Drop(), OK)
        code, said = alerts(session, server.url)
        assert (code, len(server.received)) == (3, 3)
    assert "1 of 1 posted." in said


@pytest.mark.usefixtures("quick")
def test_a_webhook_that_is_down_loses_nothing(session: Session) -> None:
    put(session, now(), model_requested="a", cost_nusd=None)
    with ScriptedServer() as server:
        server.play(*[Answer(500, "broken")] * 3)
        code, said = alerts(session, server.url)
        assert (code, len(server.received)) == (3, 3)
        assert "it answered 500 Internal Server Error. What is left is posted the next time." in said
        assert server.url not in said
        put(session, now(), model_requested="b", cost_nusd=None)
        # The first one does not even stand any more.
        from costmagic.accounting.schema import calls

        with session.engine.ledger.transaction() as connection:
            connection.execute(calls.delete().where(calls.c.model_requested == "a"))
        server.play(OK, Answer(404, "no such hook"))
        code, said = alerts(session, server.url)
        told = [one.body["costmagic"]["name"] for one in server.received[3:]]
        assert told == ["unpriced:openai:a", "unpriced:openai:b"]
        assert (code, "1 of 2 posted" in said, "404" in said) == (3, True, True)
        server.play(OK)
        assert alerts(session, server.url)[0] == 3
        assert server.received[-1].body["costmagic"]["name"] == "unpriced:openai:b"
        assert alerts(session, server.url)[0] == 0


@pytest.mark.usefixtures("quick")
def test_nobody_listening_is_told_in_one_line(session: Session) -> None:
    put(session, now(), cost_nusd=None)
    code, said = alerts(session, "http://127.0.0.1:9/")
    assert code == 3
    assert "refused" in said


def test_what_died_while_telling_is_told_again(session: Session) -> None:
    from costmagic.accounting import fired
    from costmagic.monitoring.watching import judge, tell

    put(session, now(), cost_nusd=None)
    board, told = tell(session, "webhook:x", judge(session), now())
    assert (len(board), len(told)) == (1, 1)  # and now the process dies
    assert tell(session, "webhook:x", judge(session), now())[1] == []
    assert len(tell(session, "webhook:x", judge(session), now() + fired.LEASE)[1]) == 1


def test_old_alerts_are_not_poured_into_a_new_channel(session: Session) -> None:
    from costmagic.accounting.schema import calls
    from costmagic.monitoring.watching import judge, tell, watch

    put(session, now(), cost_nusd=None)
    watch(session)
    with session.engine.ledger.transaction() as connection:
        connection.execute(calls.delete())
    assert tell(session, "webhook:new", judge(session), now())[1] == []


def test_silenced_alerts_are_not_posted(session: Session) -> None:
    from costmagic.monitoring.watching import silence

    put(session, now(), cost_nusd=None)
    silence(session, "unpriced", "7d")
    with ScriptedServer() as server:
        assert alerts(session, server.url)[0] == 0
        assert server.received == []


@pytest.mark.parametrize("url", ["hooks.slack.com/x", "file:///etc/passwd", "https://"])
def test_a_webhook_has_an_address(session: Session, url: str) -> None:
    with pytest.raises(UsageError, match="begins with https"):
        alerts(session, url)


def test_slacks_own_signs_in_names_are_harmless(session: Session) -> None:
    put(session, now(), model_requested="<!channel>&", cost_nusd=None)
    from costmagic.monitoring.watching import watch

    (alert,) = watch(session)
    assert "&lt;!channel&gt;&amp;" in json.dumps(webhook.message(alert)["blocks"])


def test_the_weekly_review(session: Session) -> None:
    put(session, now() - 8 * DAY, feature="tickets", cost_nusd=usd(4))
    put(session, now() - 2 * DAY, feature="tickets", tier="heavy", action="answer | 1", cost_nusd=usd(5), quality=0.5)
    put(session, now() - 2 * DAY, feature="reports_", cost_nusd=None)
    put(session, now() - 20 * DAY, cost_nusd=usd(99))
    run("alerts")
    done = run("report")
    assert done.returncode == 0
    assert re.search(r"^# Language model spend, \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d$", done.stdout, re.MULTILINE)
    assert r"Spent ≥ \$5.00 in 2 calls, +25% on the days before." in done.stdout
    assert r"| tickets | \$5.00 | 100.0% | +25.0% | 1 | \$5.00 | \$0 |" in done.stdout
    assert r"| answer \| 1 |" in done.stdout
    assert r"| reports\_ |" in done.stdout
    assert "Alerts that came up" in done.stdout
    assert "unpriced:openai:m" in done.stdout


def test_the_review_as_html_and_json_and_of_other_days(session: Session) -> None:
    put(session, now() - 8 * DAY, feature="<script>", cost_nusd=usd(4))
    page = run("report", "--format", "html", "--since", "30d").stdout
    assert page.startswith("<!doctype html>")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    first = (datetime.now() - 9 * DAY).date().isoformat()
    body: dict[str, Any] = json.loads(run("report", "--format", "json", "--since", first).stdout)
    assert body["start"] == first
    assert Decimal(body["total"]["cost"]) == 4
    (row,) = body["metrics"]["feature"]["cost_per_feature"]["rows"]
    assert (row["feature"], Decimal(row["cost"])) == ("<script>", 4)
    assert len(body["metrics"]["day"]["cost_per_call"]["rows"]) == 10
    assert run("report", "--since", "0d").returncode == 1


@pytest.mark.parametrize("since", ["7", "0d", "99999d", "2026-13-01", "tomorrow"])
def test_since_is_days_or_a_day(since: str) -> None:
    with pytest.raises(UsageError):
        days.since(since)


def test_a_day_to_come_is_no_since() -> None:
    with pytest.raises(UsageError, match="yet to come"):
        days.since("2026-11-19", datetime(2026, 11, 18, tzinfo=UTC))


def test_an_unreadable_ledger_exits_with_1(home: Path) -> None:
    (home / "ledger.db").write_bytes(b"not a database" * 100)
    for command in ("alerts", "report"):
        done = run(command)
        assert done.returncode == 1
        assert done.stderr.startswith(f"costmagic: the ledger at {home / 'ledger.db'} can't be read")
        assert "Traceback" not in done.stderr
