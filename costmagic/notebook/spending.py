"""``%llm costs``, ``%llm metrics`` and ``%llm alerts``: what was spent, on what, and what is out of line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..money import dollars
from ..session import Session
from ..types import UsageError
from .options import values
from .shown import Shown


def costs(session: Session, words: Sequence[str]) -> Shown:
    """``costs [--by feature|model|tier|day|action]``: calls, tokens and dollars."""
    options = values(words, {"--by": "feature"})
    frame = session.costs(by=options["--by"])
    rows = [[options["--by"], "calls", "hits", "tok in", "tok out", "cost", "avoided", "simulated", "unpriced"]]
    for name, row in frame.iterrows():
        label = str(name) if name is not None and name == name else "(none)"
        rows.append(_cost_row(label, row))
    if len(frame) > 1:
        rows.append(_cost_row("total", frame.sum()))
    below = [] if len(frame) else ["No calls yet."]
    if len(frame) and (estimated := int(frame["estimated"].sum())):
        below.append(f"{estimated} calls are priced from estimated tokens (interrupted, failed or not reported).")
    if unsaved := session.engine.ledger.unsaved():
        below.append(f"{unsaved} rows are not in the ledger yet: it can't be written.")
    return Shown(rows, [], below)


def metrics(session: Session, words: Sequence[str]) -> Any:
    """``metrics [--days N] [--by feature|model|tier|day|action]``: the six measures of what calls cost."""
    from ..monitoring import metrics as measure

    options = values(words, {"--by": "feature", "--days": "30"})
    if not options["--days"].isdecimal():
        raise UsageError(f"--days takes a whole number, not '{options['--days']}'")
    return measure(int(options["--days"]), options["--by"], session=session)


def alerts(session: Session, words: Sequence[str]) -> Any:
    """``alerts [silence NAME 7d|off]``: what is out of line; silence one for a time."""
    from ..monitoring import watching

    if not words:
        return watching.watch(session)
    if words[0] != "silence" or len(words) != 3:
        raise UsageError("alerts takes nothing, or silence NAME 7d (12h, 2w, off), like silence daily-spend 1d")
    return Shown([[]], [watching.silence(session, words[1], words[2])])


def _cost_row(label: str, row: Any) -> list[str]:
    simulated = dollars(row["simulated_cost"]) if row["simulated_cost"] else ""
    return [
        label,
        *(f"{int(row[name]):,}" for name in ("calls", "hits", "input_tokens", "output_tokens")),
        dollars(row["cost"], at_least=row["unpriced"] > 0),
        dollars(row["avoided"]),
        simulated,
        f"{int(row['unpriced']):,}" if row["unpriced"] else "",
    ]
