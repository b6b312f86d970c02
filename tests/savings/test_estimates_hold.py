"""What a plan promises, and what then happens: the same workload without a technique, and again with it.

Every estimate must come within 15 % of the saving. Prompts go through real sessions on simulated models; the provider's
prompt cache is played by a server that keeps one. Batch prices and students, which the product does not buy, are
simulated by prices: half of the list's, and none for the share of tasks that a student is sure of. What is assumed
instead of measured ("tiering assumed") can't be checked so.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from scripted_http import Received, ScriptedServer, Sse, claude

from costmagic import Session, sim
from costmagic.accounting.money import from_nusd
from costmagic.savings import SavingsPlan, plan

HAIKU, OPUS = "sim:claude-haiku-4-5", "sim:claude-opus-5-5"
WITHIN = Decimal("0.15")

WORDS = re.findall(
    r"\w+",
    "invoice card parcel refund login battery screen password order delivery charger account email address driver "
    "update crash window button subscription trial receipt bank transfer customs engine tyre seat hotel flight",
)


def tickets(n: int, seed: int = 1, words: int = 25) -> list[str]:
    """Texts of customers, all different."""
    dice = random.Random(seed)
    return [f"Ticket {k}: {' '.join(dice.choices(WORDS, k=words))}." for k in range(n)]


def bill(session: Session) -> Decimal:
    """USD that all calls in the ledger cost."""
    return from_nusd(int(session.ledger()["cost_nusd"].sum()))


def check(promised: Decimal, before: Decimal, after: Decimal) -> None:
    """The estimate is within 15 % of what was then saved."""
    saved = before - after
    assert saved > before / 50, "the technique saves too little here to be judged"
    assert abs(promised - saved) <= WITHIN * saved, f"promised ${promised}, saved ${saved}"


class Folder:
    """Homes for sessions that know nothing of each other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._n = 0

    def session(self, minilm: bool = False, **settings: Any) -> Session:
        self._n += 1
        home = self._path / f"home{self._n}"
        home.mkdir()
        if minilm:
            (home / "models").symlink_to(self._path / "home" / "models")
        return Session(home, settings={"preset": "sim", **settings})


@pytest.fixture
def homes(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_the_exact_cache_saves_what_was_promised(homes: Folder) -> None:
    dice = random.Random(5)
    asked = [dice.choice(tickets(20)) for _ in range(60)]
    before, after = homes.session(), homes.session()
    for text in asked:
        before.ask(text, model=HAIKU, no_cache=True)
        after.ask(text, model=HAIKU)
    check(plan(session=before)["exact cache"].saving, bill(before), bill(after))


QUESTIONS = (
    "How {} I reverse a list in Python?",
    "How {} I remove duplicates from a list?",
    "How {} I read a file line by line in Python?",
    "How {} I install a package with pip?",
    "How {} I return an item?",
    "How {} I change my password?",
    "How {} I sort a dictionary by value?",
    "How {} I convert a string to a number?",
)


def test_the_semantic_cache_saves_what_was_promised(homes: Folder, minilm_home: Path) -> None:
    asked = [question.format(verb) for verb in ("do", "can", "could", "should") for question in QUESTIONS]
    before, after = homes.session(minilm=True), homes.session(minilm=True, cache={"semantic": "verified"})
    for text in asked:
        before.ask(text, model=HAIKU, no_cache=True)
        after.ask(text, model=HAIKU)
    made = plan(session=before)
    assert made["exact cache"].saving == 0
    check(made["semantic cache"].saving, bill(before), bill(after))


class Provider:
    """Anthropic's prompt cache, as it is documented: what is marked is kept, read at the next call, and counted."""

    def __init__(self) -> None:
        self._held: set[str] = set()

    def __call__(self, request: Received) -> Sse:
        system = request.body["system"]
        text = system if isinstance(system, str) else system[0]["text"]
        tokens, own = len(text) // 4, len(json.dumps(request.body["messages"])) // 4
        usage = {
            "input_tokens": own,
            "cache_read_input_tokens": 0,
            "cache_creation_input_tokens": 0,
            "output_tokens": 1,
        }
        if isinstance(system, str) or tokens < 4_096:
            usage["input_tokens"] += tokens
        elif text in self._held:
            usage["cache_read_input_tokens"] = tokens
        else:
            usage["cache_creation_input_tokens"] = tokens
            self._held.add(text)
        return Sse(claude("A reply.", usage=usage, totals={"output_tokens": 40}))


@pytest.fixture
def anthropic(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-0123456789")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        yield server


def test_prompt_caching_saves_what_was_promised(homes: Folder, anthropic: ScriptedServer) -> None:
    systems = {f"You are clerk {n}. " * 1_200: calls for n, calls in ((1, 8), (2, 3), (3, 1))}
    short = "You are a clerk."
    sessions = [homes.session(cache={"prefix": state}) for state in ("off", "auto")]
    for session in sessions:
        anthropic.play(*[Provider()] * (sum(systems.values()) + 1))  # one for all calls of a session
        for system, calls in systems.items():
            for text in tickets(calls):
                session.ask(text, model="anthropic:claude-haiku-4-5", system=system)
        session.ask("Hello", model="anthropic:claude-haiku-4-5", system=short)
    before, after = sessions
    made = plan(session=before)
    assert not made.simulated
    check(made["prompt caching"].saving, bill(before), bill(after))


TIERS = {"heavy": OPUS, "standard": OPUS, "medium": HAIKU}


def test_an_adopted_downgrade_saves_what_was_promised(homes: Folder) -> None:
    for ref in (OPUS, HAIKU):
        sim.script(ref, answers=lambda text: f"The department for that is number {len(text) % 7}.")
    rule = [{"tier": "heavy"}]
    policy = {"tiers": TIERS, "rule": rule, "downgrade": [{"feature": "tickets", "from": "heavy", "to": "medium"}]}
    before, after = homes.session(tiers=TIERS, rule=rule), homes.session(**policy)
    for session in (before, after):
        for n, text in enumerate(tickets(40)):
            session.ask(text, feature="tickets" if n % 4 else "reports")
    adopted = Session(before.settings.home, settings={"preset": "sim", **policy})
    check(plan(session=adopted)["tiering"].saving, bill(before), bill(after))


def test_output_limits_save_what_was_promised(homes: Folder) -> None:
    padding = " That is because the text clearly speaks of it, as one can see when reading it again with care." * 12
    sim.script(HAIKU, answers=lambda text: "billing." + padding)
    prompts = [f"Which department? Answer with one word.\n\n{text}" for text in tickets(8)]
    prompts += [f"Classify this ticket: {text}" for text in tickets(8)]
    prompts += [f"Write a story about this: {text}" for text in tickets(4)]
    before, after = homes.session(output_limits=False), homes.session()
    for text in prompts:
        before.ask(text, model=HAIKU)
        after.ask(text, model=HAIKU)
    check(plan(session=before)["output limits"].saving, bill(before), bill(after))


INSTRUCTIONS = (
    "You sort tickets of a shop into departments. Billing handles invoices, refunds and cards; shipping handles "
    "parcels, customs and delivery; accounts handles passwords, logins and addresses; hardware handles batteries, "
    "screens and chargers. Answer with the name of the department and nothing else.\n\n"
)


def _department(line: str) -> str:
    return ("billing", "shipping", "accounts", "hardware")[sum(map(ord, line)) % 4]


def _german(line: str) -> str:
    return " ".join(f"{word}en" for word in line.split())


def _reason(line: str) -> str:
    return f"{_department(line)}, because it says {line.split()[-1]} after {line.split()[-2]}."


GERMAN = (
    "Put this into German, word by word. Leave numbers and names as they are, write no explanation and no quotation "
    "marks, and keep the order of the words:\n"
)
WISH = "Answer each item in a line of its own, with its number.\n"

# Instructions, words of a task, tasks in all, and what answers one.
LOOPS = {
    "labels": (INSTRUCTIONS, 12, 60, _department),
    "answers as long as the tasks": (GERMAN, 8, 45, _german),
    "long instructions, long tasks": (INSTRUCTIONS * 6, 90, 30, _department),
    "reasons": (INSTRUCTIONS + "Give your reason.\n", 25, 33, _reason),
}


@pytest.mark.parametrize("loop", LOOPS)
def test_packing_saves_what_was_promised(homes: Folder, loop: str) -> None:
    instructions, words, n, answer = LOOPS[loop]

    def answers(text: str) -> str:
        """One answer for one task, a numbered line for each of many."""
        lines = text.removeprefix(instructions).removeprefix(WISH).splitlines()
        numbered = [line.partition(". ") for line in lines if line[:1].isdigit()]
        if not numbered:
            return answer(lines[-1])
        return "\n".join(f"{number}. {answer(task)}" for number, _, task in numbered)

    sim.script(HAIKU, answers=answers)
    rows = tickets(n, words=words)
    before, after = homes.session(), homes.session()
    for row in rows:
        before.ask(instructions + row, model=HAIKU, feature="tickets")
    for start in range(0, len(rows), 20):
        numbered = "\n".join(f"{n}. {row}" for n, row in enumerate(rows[start : start + 20], 1))
        after.ask(instructions + WISH + numbered, model=HAIKU, feature="tickets", max_tokens=4_000)
    check(plan(session=before)["packing"].saving, bill(before), bill(after))


def test_a_batch_saves_what_was_promised(homes: Folder) -> None:
    sim.script(HAIKU, answers=lambda text: "A summary of it: " + " ".join(text.split()[-250:]))
    half = {HAIKU: {"input": Decimal("0.5"), "output": Decimal("2.5")}}  # of $1 and $5
    before, after = homes.session(), homes.session(prices=half)
    for session in (before, after):
        for row in tickets(15, words=300):  # replies too long to be packed
            session.ask(f"Summarize this report in the usual way, please:\n{row}", model=HAIKU, feature="reports")
    made = plan(session=before)
    assert made["packing"].saving == 0
    check(made["batch"].saving, bill(before), bill(after))


def test_a_student_saves_what_was_promised(homes: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("costmagic.savings.students.LEAST_A_MONTH", 1_000)
    monkeypatch.setattr("costmagic.savings.loops.LEAST_CALLS", 10**9)  # the student comes after packing: none here
    for ref in (HAIKU, "sim:student"):
        sim.script(ref, answers=lambda text: _department(text.splitlines()[-1]))
    free = {"sim:student": {"input": 0, "output": 0}}
    policy = {"tiers": TIERS, "downgrade": [{"feature": "tickets", "from": "heavy", "to": "medium", "margin": 0.02}]}
    before, after = homes.session(**policy), homes.session(prices=free)
    for n, row in enumerate(tickets(40, words=12)):
        before.ask(INSTRUCTIONS + row, model=HAIKU, feature="tickets")
        # As published, a student takes 80 to 95 % of its task's cost; what it is not sure of goes to the teacher.
        model = HAIKU if n % 7 == 0 else "sim:student"
        after.ask(INSTRUCTIONS + row, model=model, feature="tickets")
    check(plan(1, session=before)["student"].saving, bill(before), bill(after))


def test_techniques_together_save_what_was_promised(homes: Folder) -> None:
    """A notebook that did without everything, and then with the caches, limits and the policy at once."""
    padding = " That is because the text clearly speaks of it, as one can see when reading it again with care." * 6
    for ref in (OPUS, HAIKU):
        sim.script(ref, answers=lambda text: _department(text) + padding)
    dice = random.Random(8)
    texts = tickets(25)
    policy = {"tiers": TIERS, "downgrade": [{"feature": "tickets", "from": "heavy", "to": "medium"}]}
    before = homes.session(tiers=TIERS, output_limits=False)
    after = homes.session(**policy)
    for _ in range(60):
        prompt = f"Which department? Answer with one word.\n\n{dice.choice(texts)}"
        before.ask(prompt, feature="tickets", tier="heavy", no_cache=True)
        after.ask(prompt, feature="tickets")
    adopted = Session(before.settings.home, settings={"preset": "sim", **policy})
    made: SavingsPlan = plan(session=adopted)
    steps = ("tiering", "exact cache", "output limits")
    assert all(made[name].saving > 0 for name in steps)
    check(sum((made[name].saving for name in steps), Decimal(0)), bill(before), bill(after))
