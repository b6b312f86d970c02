"""Days that are kept are never anything but what the calls say, whoever writes and whoever dies."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from made_calls import put, row, usd

from costmagic import Session
from costmagic.accounting.actions import named
from costmagic.accounting.frame import naive_utc
from costmagic.accounting.schema import calls, span_actions
from costmagic.accounting.spans import Span, pieces, read

NOW = datetime(2026, 11, 18, 12, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

WRITER = """
import sys
from collections import Counter
from datetime import datetime, timedelta, UTC
sys.path.insert(0, sys.argv[1])
from made_calls import put
from costmagic import Session
session = Session(settings={"preset": "sim"})
for i in range(30):
    put(session, datetime.fromisoformat(sys.argv[2]) + timedelta(minutes=i), feature=sys.argv[3])
"""

READER = """
import sys
from collections import Counter
from costmagic import Session
import costmagic as cm
session = Session(settings={"preset": "sim"})
for i in range(20):
    cm.metrics(7, session=session)
"""


def day(back: int) -> Span:
    start = datetime(2026, 11, 18) - back * DAY
    return Span(start, start + DAY)


WEEK = [day(back) for back in range(6, -1, -1)]


def slowly(session: Session) -> dict[Any, list[Any]]:
    """The sums of the week, call by call, in the plainest way there is."""
    with session.engine.ledger.engine().connect() as connection:
        rows = {one["id"]: dict(one) for one in connection.execute(calls.select()).mappings()}
    found: dict[Any, list[Any]] = {}
    for one in rows.values():
        if not WEEK[0].start <= one["started_at"] < WEEK[-1].end:
            continue
        root = rows.get(one["parent_id"], one)
        root = rows.get(root["parent_id"], root)
        simulated = one["provider"] == "sim" or one["usage_source"] == "simulated"
        ref, root_ref = (f"{r['provider']}:{r['model_requested']}" for r in (one, root))
        key = (
            one["started_at"].date(),
            simulated,
            one["feature"],
            ref,
            one["tier"],
            root["feature"],
            root_ref,
            root["tier"],
        )
        asked = root is one and one["purpose"] == "user"
        answered, sent = asked and one["status"] in ("ok", "refused"), one["cache"] == "none"
        judged = sent and one["quality"] is not None and one["purpose"] in ("user", "eval")
        tokens, cost = [one["input_tokens"] or 0, one["output_tokens"] or 0], one["cost_nusd"] or 0
        values = [asked, answered, asked and not sent, 1, not sent, one["status"] in ("error", "interrupted")]
        values += [one["retries"], one["cost_nusd"] is None and not simulated, one["usage_source"] == "estimated"]
        values += [sent * tokens[0], sent * tokens[1], sent * (one["cache_read_tokens"] or 0)]
        values += [cost, answered * cost, (root["purpose"] == "eval") * cost]
        original = rows.get(one["cache_of"], {}).get("cost_nusd") or 0
        values += [(not sent) * original, judged, judged * sum(tokens), judged * (one["quality"] or 0)]
        total = found.setdefault(key, [0] * len(values))
        found[key] = [a + b for a, b in zip(total, values, strict=True)]
    return found


def quickly(session: Session) -> dict[Any, list[Any]]:
    found = {}
    for span, summed in zip(WEEK, read(session.engine.ledger, WEEK, naive_utc(NOW)), strict=True):
        for one in summed.sums:
            found[(span.start.date(), *one[:7])] = list(one[7:])
    return found


def test_they_equal_what_the_calls_say_whatever_is_done_to_them(session: Session) -> None:
    rng = random.Random(5)
    ids: list[str] = []
    ledger = session.engine.ledger

    def moment() -> datetime:
        return datetime(2026, 11, 10, tzinfo=UTC) + timedelta(minutes=rng.randrange(9 * 1_440))

    def add(connection: Any) -> None:
        made = row(moment(), **_some(rng, ids))
        ids.append(made["id"])
        connection.execute(calls.insert(), made)

    def change(connection: Any) -> None:
        # Those that others rest on, more than others; their moment alone says nothing of whom it concerns.
        id = rng.choice(ids[:20] if rng.random() < 0.7 else ids)
        some = _some(rng, ids) | ({"started_at": naive_utc(moment())} if rng.random() < 0.3 else {})
        connection.execute(calls.update().where(calls.c.id == id).values(**some))

    def remove(connection: Any) -> None:
        connection.execute(calls.delete().where(calls.c.id == ids.pop(rng.randrange(len(ids)))))

    with ledger.transaction() as connection:
        for _ in range(150):
            add(connection)
    assert len(slowly(session)) > 60
    for _ in range(80):
        assert quickly(session) == slowly(session)
        with ledger.transaction() as connection:  # one at a time: it must not be another that brings it to light
            rng.choice((add, change, change, remove))(connection)


def _some(rng: random.Random, ids: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"feature": rng.choice(["a", "b", None]), "tier": rng.choice(["heavy", None])}
    found |= {"purpose": rng.choice(["user", "user", "route", "eval", "embed"]), "retries": rng.randrange(2)}
    found |= {"provider": rng.choice(["openai", "openai", "sim"]), "cost_nusd": rng.choice([None, 0, 7, usd(3)])}
    found |= {"usage_source": rng.choice(["reported", "estimated", "simulated", None])}
    found |= {"status": rng.choice(["ok", "error", "refused", "interrupted"]), "quality": rng.choice([None, 0.5])}
    found |= {"input_tokens": rng.choice([None, 10]), "output_tokens": rng.choice([None, 4])}
    if ids and rng.random() < 0.4:
        found["parent_id"] = rng.choice(ids[:20])
    if ids and rng.random() < 0.3:
        found |= {"cache": "exact", "cache_of": rng.choice(ids[:20])}
    return found


def test_a_day_under_way_is_kept_by_the_hour() -> None:
    now = naive_utc(NOW)
    assert pieces(day(1), now) == [day(1)]
    today = pieces(day(0), now)
    assert [piece.start.hour for piece in today] == list(range(13))
    assert [piece.whole for piece in today] == [True] * 12 + [False]
    assert (today[-1].start, today[-1].end) == (datetime(2026, 11, 18, 12), datetime(2026, 11, 19))


def test_days_of_several_time_zones_are_kept_beside_each_other(session: Session) -> None:
    put(session, NOW - 2 * DAY, 3)
    shifted = [Span(one.start + timedelta(minutes=330), one.end + timedelta(minutes=330)) for one in WEEK[:-1]]
    ledger, now = session.engine.ledger, naive_utc(NOW)
    for _ in range(2):
        for days in (WEEK, shifted):
            assert sum(one.records for found in read(ledger, days, now) for one in found.sums) == 3


def test_nobody_who_reads_and_writes_at_once_misses_a_call(session: Session, home: Path) -> None:
    start = datetime.now(UTC) - 3 * DAY
    folder = str(Path(__file__).parent.parent)
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, folder, start.isoformat(), f"w{n}"]) for n in range(2)]
    readers = [subprocess.Popen([sys.executable, "-c", READER]) for _ in range(2)]
    assert [one.wait(120) for one in (*writers, *readers)] == [0] * 4
    from costmagic import metrics

    assert {row[0]: row[2] for row in metrics(7, session=session).cost_per_feature.rows} == {"w0": 30, "w1": 30}


def test_a_reader_that_dies_leaves_nothing_half_kept(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    put(session, NOW - 2 * DAY, 3, action="a")

    def dies(self: Any, *given: Any, **more: Any) -> Any:
        raise KeyboardInterrupt

    from costmagic.accounting import spans

    with monkeypatch.context() as patch:
        patch.setattr(spans.span_actions, "insert", dies.__get__(spans.span_actions))
        with pytest.raises(KeyboardInterrupt):
            read(session.engine.ledger, WEEK, naive_utc(NOW))
    assert sum(one.records for found in read(session.engine.ledger, WEEK, naive_utc(NOW)) for one in found.sums) == 3
    assert sum(one.actions for found in read(session.engine.ledger, WEEK, naive_utc(NOW)) for one in found.actions) == 1


def test_actions_by_name_are_the_same_where_nothing_can_be_kept(session: Session, home: Path) -> None:
    for back in (0, 0, 1, 2):
        put(session, NOW - back * DAY - 2 * HOUR, action="a", feature="f")
    put(session, NOW, action="b", cost_nusd=usd(9))
    url = f"sqlite:///file:{home / 'ledger.db'}?mode=ro&uri=true"
    readonly = Session(home, settings={"preset": "sim", "ledger_url": url})
    now = naive_utc(NOW)
    kept = named(session.engine.ledger, WEEK, now, None)
    assert kept == [(False, "b", 1, 1, usd(9), 0), (False, "a", 3, 4, usd(4), 0)]
    put(session, NOW - DAY, action="a", feature="f")
    assert named(readonly.engine.ledger, WEEK, now, 1) == [(False, "b", 1, 1, usd(9), 0)]
    assert named(readonly.engine.ledger, WEEK, now, None) == named(session.engine.ledger, WEEK, now, None)


def test_the_dearest_actions_are_the_dearest_whatever_their_names_share(session: Session, home: Path) -> None:
    rng = random.Random(3)
    url = f"sqlite:///file:{home / 'ledger.db'}?mode=ro&uri=true"
    readonly = Session(home, settings={"preset": "sim", "ledger_url": url})
    ledger, now = session.engine.ledger, naive_utc(NOW)
    for _ in range(12):
        with ledger.transaction() as connection:
            for _ in range(20):
                # Names of one call, of several on a day, of several days, features and kinds of money; some go on now.
                moment = NOW - timedelta(minutes=rng.choice([rng.randrange(40), rng.randrange(8_000)]))
                some = {"feature": rng.choice(["f", "g", None]), "cost_nusd": rng.choice([None, 0, 5, 5, usd(1), 70])}
                some |= {"provider": rng.choice(["openai", "openai", "sim"])}
                some |= {"action": rng.choice([f"once {rng.random()}", f"often {rng.randrange(4)}"])}
                connection.execute(calls.insert(), row(moment, **some))
        whole = named(readonly.engine.ledger, WEEK, now, None)  # nothing kept: from the calls themselves
        assert len(whole) > 5
        for limit in (1, 4, 9, None):
            assert _told(named(ledger, WEEK, now, limit)) == _told(whole[:limit])
        assert set() != _marked(session) <= _single(session)


def _told(found: list[Any]) -> list[Any]:
    """Names that cost the same in real and in simulated money may come in any order."""
    return sorted(found, key=lambda one: (-one[4], one[1], one[0]))


def _kept_actions(session: Session) -> list[Any]:
    with session.engine.ledger.engine().connect() as connection:
        return list(connection.execute(span_actions.select()).all())


def _marked(session: Session) -> set[Any]:
    return {(one.simulated, one.action) for one in _kept_actions(session) if one.alone}


def _single(session: Session) -> set[Any]:
    names = Counter((one.simulated, one.action) for one in _kept_actions(session))
    return {name for name, n in names.items() if n == 1}


def test_the_hours_of_a_day_are_forgotten_when_it_is_over(session: Session) -> None:
    put(session, NOW - 3 * HOUR, action="a")
    ledger = session.engine.ledger
    assert named(ledger, [day(0)], naive_utc(NOW), 1) == [(False, "a", 1, 1, usd(1), 0)]
    assert named(ledger, [day(0)], naive_utc(NOW + DAY), 1) == [(False, "a", 1, 1, usd(1), 0)]
    assert [(one.span, one.alone) for one in _kept_actions(session)] == [(day(0).id, True)]


def test_what_another_forgets_between_two_looks_is_read_from_the_calls(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from costmagic.accounting import spans

    put(session, NOW - 3 * HOUR, action="a")
    put(session, NOW - DAY, action="b", cost_nusd=usd(2))
    ledger, now, kept = session.engine.ledger, naive_utc(NOW), spans._kept

    def forgotten(*given: Any) -> Any:
        found = kept(*given)
        with ledger.transaction() as connection:
            for table in (spans.spans, spans.span_actions):
                connection.execute(table.delete())
        return found

    read(ledger, WEEK, now)
    monkeypatch.setattr(spans, "_kept", forgotten)
    found = read(ledger, WEEK, now)
    assert [sum(one.actions for one in day.actions) for day in found] == [0, 0, 0, 0, 0, 1, 1]
    assert sum(one.records for day in found for one in day.sums) == 2
    monkeypatch.setattr(spans, "_kept", kept)
    read(ledger, WEEK, now)
    monkeypatch.setattr(spans, "_kept", forgotten)
    assert named(ledger, WEEK, now, 1) == [(False, "b", 1, 1, usd(2), 0)]
