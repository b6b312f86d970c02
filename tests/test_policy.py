"""The policy: adopted from an evaluation, obeyed, cited, stale when its grounds change, rechecked, removed."""

from __future__ import annotations

import os
import stat
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from known import HEAVY, MEDIUM, PROMPT, STANDARD, script, tickets

from costmagic import Evaluation, Session, UsageError
from costmagic.evaluation import recheck
from costmagic.notebook import commands, receipt
from costmagic.policy import Policy, entry, policy, remove
from costmagic.staleness import fits
from costmagic.templates import Template

FILE = Path("costmagic.toml")
OWN = """# how we work
preset = "sim"   # no keys yet

[tiers]  # ours
medium = "sim:claude-haiku-5-5"

[[downgrade]] # by hand, last spring
feature = "letters"
from = "heavy"
to = "standard"

[budget]
daily = 5.00 # never more
"""


@pytest.fixture
def session(home: Path) -> Session:
    FILE.write_text(OWN)
    return Session(home)


def evaluated(session: Session, feature: str | None = "tickets", **more: Any) -> Evaluation:
    frame = tickets(80)
    script(frame, **{k: v for k, v in more.items() if k in ("standard", "medium")})
    return session.evaluate(frame, PROMPT, expected="label", feature=feature, candidates="medium", margin=0.1)


def test_adopting_keeps_the_file_as_its_owner_wrote_it(session: Session) -> None:
    FILE.chmod(0o640)
    ev = evaluated(session)
    adopted = ev.adopt()
    assert adopted.path == FILE.resolve()
    assert not adopted.replaced
    text = FILE.read_text()
    for line in OWN.splitlines():
        assert line in text
    assert stat.S_IMODE(FILE.stat().st_mode) == 0o640
    assert [path.name for path in Path().iterdir()] == [FILE.name]  # no temporary file is left
    assert [e.feature for e in policy(session).entries] == ["letters", "tickets"]
    remove(session, "tickets")
    assert FILE.read_text() == OWN


def test_the_evidence_is_all_that_the_verdict_rests_on(session: Session) -> None:
    ev = evaluated(session)
    ev.adopt()
    known = entry(session, "tickets")
    verdict = ev.verdicts["medium"]
    evidence = dict(known.downgrade.evidence)
    assert (known.downgrade.source, known.downgrade.target, known.stale) == ("heavy", "medium", ())
    assert evidence.pop("prices") == {
        HEAVY: {"input": 4, "output": 20},
        MEDIUM: {"input": Decimal("0.1"), "output": Decimal("0.5")},
    }
    low, high = (float(bound) for bound in evidence.pop("interval"))
    assert (low, high) == (pytest.approx(verdict.low, abs=1e-6), pytest.approx(verdict.high, abs=1e-6))
    assert evidence == {
        "margin": Decimal("0.1"),
        "confidence": Decimal("0.95"),
        "drop": 0,
        "n": verdict.n,
        "dataset_hash": ev.definition.dataset_hash,
        "prompt_hash": ev.definition.prompt_hash,
        "date": date.today().isoformat(),
        "evaluation": ev.id,
        "from_model": HEAVY,
        "to_model": MEDIUM,
        "prompt": PROMPT,
    }


def test_calls_obey_it_and_their_receipts_cite_it(session: Session) -> None:
    evaluated(session).adopt()
    reply = session.ask("Which department? ticket 7", feature="tickets")
    assert (reply.tier, reply.route.source, reply.route.stale) == ("medium", "policy", ())
    shown = receipt.bundle(reply)
    assert "downgrade heavy → medium for feature &#x27;tickets&#x27;, drop 0 %" in shown["text/html"]
    assert "STALE" not in shown["text/plain"]
    assert session.ask("Which department? ticket 7").route.source != "policy"
    assert session.ask("Which department? ticket 7", feature="tickets", tier="heavy").tier == "heavy"


def changed_price(text: str) -> str:
    return text + f'\n[prices."{MEDIUM}"]\ninput = 1\noutput = 5\n'


def changed_model(text: str) -> str:
    return text.replace('medium = "sim:claude-haiku-5-5"', f'medium = "{STANDARD}"')


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (changed_price, f"the price of {MEDIUM} is $1.00/$5.00 a million tokens now, it was $0.10/$0.50"),
        (changed_model, f"medium is {STANDARD} now, {MEDIUM} was evaluated"),
    ],
)
def test_it_is_stale_once_its_grounds_have_changed(session: Session, change: Any, told: str) -> None:
    evaluated(session).adopt()
    FILE.write_text(change(FILE.read_text()))
    assert entry(session, "tickets").stale == (told,)
    reply = session.ask("Which department? ticket 7", feature="tickets")
    assert reply.route.stale == (told,)
    shown = receipt.bundle(reply)
    assert "[STALE POLICY]" in shown["text/plain"]
    assert shown[receipt.MIME]["route"]["stale"] == [told]
    assert f"STALE: {told}" in repr(commands.run("policy", session))


def test_another_prompt_is_not_the_one_that_was_evaluated(session: Session) -> None:
    evaluated(session).adopt()
    told = ("the prompt is not the one that was evaluated",)
    assert session.prepare("Which department? any other text", feature="tickets").route.stale == ()
    assert session.prepare("Which team? ticket 7", feature="tickets").route.stale == told
    system = session.prepare("Which department? x", system="Be brief", feature="tickets").route.stale
    assert system == ("the system prompt is not the one that was evaluated",)


@pytest.mark.parametrize(
    ("template", "text", "fit"),
    [
        ("Which? {{ a }}", "Which? x", True),
        ("Which? {{ a }}", "Which?", True),  # filled in with nothing
        ("Which? {{ a }}", "What? x", False),
        ("{{ a }} or {{ b }}?", "tea or coffee?", True),
        ("{{ a }} or {{ b }}?", "tea and coffee?", False),
        ("{{ a }} or {{ b }}?", "tea or coffee", False),
        ("one\n  two {{ a }}", "one two x", True),
        ("plain", " plain\n", True),
        ("plain", "plane", False),
        ("a{{ x }}a", "a", False),
        ("{{ x }}", "anything at all", True),
    ],
)
def test_a_text_fits_its_template(template: str, text: str, fit: bool) -> None:
    assert fits(text, Template(template).literals) is fit


def test_only_what_has_passed_is_adopted_unless_asked(session: Session) -> None:
    failed = evaluated(session, medium=0.3)
    with pytest.raises(UsageError, match="no candidate has passed"):
        failed.adopt()
    with pytest.raises(UsageError, match=r"medium has not passed \(fail\)"):
        failed.adopt("medium")
    failed.adopt("medium", force=True)
    assert "adopted WITHOUT having passed" in str(entry(session, "tickets").downgrade)
    assert "WITHOUT having passed" in session.ask("Which department? ticket 7", feature="tickets").route.reason
    assert evaluated(session).adopt().replaced
    assert "forced" not in entry(session, "tickets").downgrade.evidence
    with pytest.raises(UsageError, match="this evaluation has none"):
        evaluated(session, feature=None).adopt()


def test_without_a_file_one_is_made_beside_the_notebook(home: Path) -> None:
    session = Session(home, settings={"preset": "sim"})
    adopted = evaluated(session).adopt()
    assert adopted.path == FILE.resolve()
    assert session.ask("Which department? ticket 7", feature="tickets").route.source == "policy"


def test_what_stands_above_the_file_is_told(home: Path) -> None:
    table = {"feature": "tickets", "from": "heavy", "to": "standard"}
    session = Session(home, settings={"preset": "sim", "downgrade": [table]})
    with pytest.raises(UsageError, match="settings that stand above the file"):
        evaluated(session).adopt()
    FILE.unlink()
    with pytest.raises(UsageError, match="does not stand in"):
        remove(session, "tickets")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_file_that_can_not_be_written_is_told(session: Session) -> None:
    ev = evaluated(session)
    Path().chmod(0o500)
    with pytest.raises(UsageError, match="can't be written"):
        ev.adopt()


def test_rechecking_asks_the_same_items_anew(session: Session) -> None:
    ev = evaluated(session)
    ev.adopt()
    before = len(session.ledger())
    script(tickets(80), medium=0.3)
    run = recheck(session, "tickets").start()
    assert run.wait(60)
    assert run.definition.fresh
    assert {name: c.state for name, c in run.evaluation.verdicts.items()} == {"medium": "fail"}
    new = session.ledger().iloc[before:]
    assert (new["cache"] == "none").all()
    assert {item.prompt for item in run.evaluation.findings.items} == {i.prompt for i in ev.findings.items}
    with pytest.raises(UsageError, match="written by hand"):
        recheck(session, "letters")
    with pytest.raises(UsageError, match="no policy; did you mean 'tickets'"):
        recheck(session, "ticket")


def test_the_magic_lists_rechecks_and_removes(session: Session) -> None:
    assert isinstance(commands.run("policy", session), Policy)
    evaluated(session).adopt()
    listed = commands.run("policy", session)
    assert [row[:3] for row in listed.table()[1:]] == [["letters", "heavy", "standard"], ["tickets", "heavy", "medium"]]
    assert [row[4] for row in listed.table()[1:]] == ["by hand", "holds"]
    again = commands.run("policy recheck tickets", session)
    assert again.verdicts["medium"].state == "pass"
    assert "routed as usual again" in repr(commands.run("policy remove tickets", session))
    assert FILE.read_text() == OWN
    for line, told in (
        ("policy drop tickets", "takes remove or recheck"),
        ("policy remove", "takes one feature"),
        ("policy remove tickets", "no policy"),
        ("policy list more", "takes nothing more"),
    ):
        with pytest.raises(UsageError, match=told):
            commands.run(line, session)


def test_a_broken_file_is_left_alone(session: Session) -> None:
    ev = evaluated(session)
    FILE.write_text("preset = ")
    with pytest.warns(UserWarning, match="stay in force"), pytest.raises(UsageError, match="no policy is written"):
        ev.adopt()
    assert FILE.read_text() == "preset = "
