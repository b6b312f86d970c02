"""A plan as plain text, HTML and Markdown, without scripts or classes of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..tables import NO_MATH, Table, html, money_safe, plain, printable
from .step import Step

_PRE = "margin:.3em 0;white-space:pre-wrap;overflow-wrap:anywhere"


def as_plain(table: Table | None, notes: Sequence[str], steps: Sequence[Step]) -> str:
    """Table (None: there is nothing for one), notes, and for each technique how it was computed and what does it."""
    if table is None:
        return printable("\n".join(notes))
    lines = [plain(table), *notes]
    for step in steps:
        lines += ["", f"{step.title}: {step.told}", *([step.note] if step.note else []), *step.details]
        lines += [f"    {line}" for text in (step.setting, step.code) for line in text.splitlines()]
    return printable("\n".join(lines))


def as_html(table: Table | None, notes: Sequence[str], steps: Sequence[Step]) -> str:
    """The same with what explains a technique folded."""
    told = "".join(f"<div class='{NO_MATH}'>{money_safe(line)}</div>" for line in notes)
    if table is None:
        return told
    return html(table) + told + "".join(_folded(step) for step in steps)


def _folded(step: Step) -> str:
    lines = [step.told, *([step.note] if step.note else []), *step.details]
    body = "".join(f"<div>{money_safe(line)}</div>" for line in lines)
    for name, text in (("costmagic.toml", step.setting), ("cell", step.code)):
        if text:
            body += f"<div>{name}:</div><pre style='{_PRE}'>{money_safe(text)}</pre>"
    return (
        f"<details class='{NO_MATH}'><summary>{money_safe(step.title)}: how, and what to do</summary>{body}</details>"
    )


def as_markdown(table: Table | None, notes: Sequence[str], steps: Sequence[Step]) -> str:
    """The same for readers of Markdown."""
    told = [_escaped(line) for line in notes]
    if table is None:
        return "\n\n".join(told)
    head, *body = [[_escaped(cell) for cell in row] for row in table]
    rows = [head, ["---"] * len(head), *body]
    parts = ["\n".join(f"| {' | '.join(row)} |" for row in rows), *told]
    for step in steps:
        explained = " ".join([step.told, step.note, *(f"{line};" for line in step.details)])
        parts.append(f"**{_escaped(step.title)}**: {_escaped(explained)}")
        parts += [_fenced(text) for text in (step.setting, step.code) if text]
    return "\n\n".join(parts)


def _fenced(text: str) -> str:
    """A code block that no text in it can end."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}\n{text}\n{fence}"


def _escaped(text: str) -> str:
    """``text`` so that Markdown shows it as it is, on one line."""
    line = " ".join(printable(text).split())
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|$~" else c for c in line)
