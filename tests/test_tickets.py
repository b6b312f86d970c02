"""The bundled tickets are what they claim to be: varied, of fair length, evenly spread over departments."""

from __future__ import annotations

import itertools
import re
from collections import Counter

import pytest

from costmagic.evaluation.sample import sample
from costmagic.tickets import DEPARTMENTS, asked_about, tickets

TICKETS = tickets()


def test_there_are_300_of_them_fifty_for_each_of_six_departments() -> None:
    assert len({ticket.text for ticket in TICKETS}) == 300
    assert Counter(ticket.department for ticket in TICKETS) == dict.fromkeys(DEPARTMENTS, 50)


def test_the_sample_is_the_tickets_as_rows() -> None:
    rows = sample()
    assert [tuple(row.values()) for row in rows] == [(ticket.text, ticket.department) for ticket in TICKETS]
    assert {tuple(row) for row in rows} == {("text", "department")}


def test_the_order_tells_nothing_about_the_department() -> None:
    same = sum(a.department == b.department for a, b in itertools.pairwise(TICKETS))
    assert 30 <= same <= 70  # about a sixth of 299


def test_a_ticket_has_30_to_80_words_on_one_line() -> None:
    assert [ticket for ticket in TICKETS if not 30 <= len(ticket.text.split()) <= 80] == []
    assert [ticket for ticket in TICKETS if ticket.text != " ".join(ticket.text.split())] == []


def test_no_ticket_is_a_copy_of_another_with_other_words_put_in() -> None:
    runs = []
    for ticket in TICKETS:
        words = re.findall(r"\w+", ticket.text.lower())
        runs.append({tuple(words[at : at + 4]) for at in range(len(words) - 3)})
    shared = [len(a & b) / min(len(a), len(b)) for at, a in enumerate(runs) for b in runs[:at]]
    assert max(shared) < 0.1
    assert max(Counter(" ".join(ticket.text.split()[:3]) for ticket in TICKETS).values()) <= 3


def test_difficulties_are_spread_evenly_and_mistakes_are_other_departments() -> None:
    assert sorted(ticket.difficulty for ticket in TICKETS) == pytest.approx([(n + 0.5) / 300 for n in range(300)])
    assert all(ticket.mistaken in set(DEPARTMENTS) - {ticket.department} for ticket in TICKETS)
    hard = [ticket.department for ticket in TICKETS if ticket.difficulty > 0.9]
    assert len(set(hard)) == 6
    assert len({ticket.mistaken for ticket in TICKETS}) == 6


def test_the_ticket_that_is_asked_about_is_the_last_in_the_prompt() -> None:
    one, other = TICKETS[0], TICKETS[1]
    assert asked_about(f"Example:\n{other.text}\n→ {other.department}\n\nNow:\n{one.text}\nDepartment?") == one
    assert asked_about(f"{one.text} {other.text}") == other
    assert asked_about(one.text[:-1]) is None
