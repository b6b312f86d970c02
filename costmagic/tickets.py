"""The bundled sample: 300 support tickets of a shop for smart-home devices, and the departments that handle them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

DEPARTMENTS = ("account", "billing", "returns", "sales", "shipping", "technical")


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket.

    Attributes:
        text: 30 to 80 words.
        department: one of ``DEPARTMENTS``.
        difficulty: above 0 and below 1, evenly spread over the tickets: for simulated models, whose mistakes are then
            like those of real ones in that what is hard for one is hard for the other.
    """

    text: str
    department: str
    difficulty: float

    @property
    def mistaken(self) -> str:
        """The department that this ticket goes to by mistake, always the same."""
        others = [department for department in DEPARTMENTS if department != self.department]
        return others[_digest(self.text)[0] % len(others)]


@cache
def tickets() -> tuple[Ticket, ...]:
    """All tickets, in no particular order but always the same."""
    lines = (files(__package__) / "tickets.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    hardest_last = sorted(rows, key=lambda row: _digest(row["text"]))
    difficulty = {row["text"]: (rank + 0.5) / len(rows) for rank, row in enumerate(hardest_last)}
    return tuple(Ticket(row["text"], row["department"], difficulty[row["text"]]) for row in rows)


def asked_about(prompt: str) -> Ticket | None:
    """The ticket that stands in ``prompt``, the last one if there are several (the others are examples)."""
    found = [(at, ticket) for ticket in tickets() if (at := prompt.rfind(ticket.text)) >= 0]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()
