"""A comparison as what stays in a saved notebook: HTML, Markdown and plain text, without scripts or classes."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from ..comparison import Comparison, Grid, summary
from ..comparison.columns import Column
from ..tables import NO_MATH, WRAPPED, encodable, money_safe
from .diff import words_html
from .markdown import to_html

MIME = "application/vnd.costmagic.compare+json"

# Longer replies are folded, with this much of them in sight.
FOLD_CHARACTERS, FOLD_LINES = 1_500, 30
EXCERPT = 280

_BADGE = (
    "display:inline-block;padding:0 .45em;margin:0 .4em .2em 0;border:1px solid currentColor;border-radius:.6em;"
    "font-size:.8em;font-weight:600;color:var(--jp-{color}-color1,inherit)"
)
_CELL = "text-align:left;vertical-align:top;white-space:normal;min-width:7em;overflow-wrap:anywhere"
_MUTED = "color:var(--jp-ui-font-color2,inherit);font-size:.9em"

# Marks that turn the direction of what follows, beyond the text that they stand in.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def bundle(comparison: Comparison) -> dict[str, Any]:
    """The comparison as a MIME bundle: HTML, Markdown, plain text, and the figures as JSON."""
    return {
        "text/html": html(comparison),
        "text/markdown": markdown(comparison),
        "text/plain": encodable(f"{comparison!r}\n\n{hint(comparison)}".strip("\n")),
        MIME: figures(comparison),
    }


def line(text: str) -> str:
    """``text`` as one line that leaves the direction of its surroundings alone."""
    return " ".join(_TURNING.sub("", encodable(text)).split())


def html(comparison: Comparison) -> str:
    """Models as columns, replies in their first row, figures below."""
    columns = comparison.columns
    heads = "".join(_cell("th", _head(comparison, column)) for column in columns)
    body = [
        f"<tr>{_cell('th', 'reply')}{''.join(_cell('td', reply_html(comparison, column)) for column in columns)}</tr>"
    ]
    body += [_row(name, [money_safe(line(cell)) for cell in cells]) for name, cells in summary.rows(comparison)]
    if any(diffs := [_folded_diff(comparison, column) for column in columns]):
        body.append(_row("difference", diffs))
    return f"{_table(heads, body)}<div class='{NO_MATH}' style='{_MUTED}'>{money_safe(hint(comparison))}</div>"


def reply_html(comparison: Comparison, column: Column, folded: bool = True) -> str:
    """What a column has received so far, and the error that ended it, as safe HTML; long replies ``folded``."""
    text = encodable(column.text)
    if not text.strip():
        waiting = {"waiting": "waiting …", "streaming": "waiting …", "ok": "(empty reply)"}.get(column.state, "")
        shown = f"<em>{waiting}</em>" if waiting else ""
    elif folded and (len(text) > FOLD_CHARACTERS or text.count("\n") > FOLD_LINES):
        excerpt = money_safe(line(text[: 4 * EXCERPT])[:EXCERPT])
        shown = f"<details><summary>{excerpt} … ({len(text):,} characters)</summary>{_rendered(column, text)}</details>"
    else:
        shown = _rendered(column, text)
    if (error := _error(comparison, column)) is not None:
        shown += f"<p><strong>{money_safe(error)}</strong></p>"
    return shown


def _error(comparison: Comparison, column: Column) -> str | None:
    error = summary.error(comparison, column)
    return None if error is None else line(error)


def _rendered(column: Column, text: str) -> str:
    if column.prepared.request.json:
        return f"<pre style='{WRAPPED}'>{money_safe(text)}</pre>"
    return to_html(text)


def _head(comparison: Comparison, column: Column) -> str:
    number = comparison.columns.index(column) + 1
    name = f"{number}. {money_safe(line(comparison.label(column)))}"
    if not comparison.hidden and column.ref != column.name:
        name += f"<br><span style='{_MUTED};font-weight:normal'>{money_safe(line(column.ref))}</span>"
    return f"{name}<br>{_badges(comparison, column)}"


def _badges(comparison: Comparison, column: Column) -> str:
    return "".join(
        f"<span style='{_BADGE.format(color=color)}'>{escape(text)}</span> "
        for text, color in summary.badges(comparison, column)
    )


def _row(name: str, cells: list[str]) -> str:
    inside = "".join(_cell("td", cell) for cell in cells)
    return f"<tr class='{NO_MATH}'>{_cell('th', money_safe(name))}{inside}</tr>"


def _folded_diff(comparison: Comparison, column: Column) -> str:
    dearest = comparison.dearest
    if dearest is None or column is dearest or not column.answered or comparison.hidden:
        return ""
    if column.text == dearest.text:
        return ""
    against = f"diff against {money_safe(line(dearest.name))}"
    return (
        f"<details><summary>{against}</summary>{words_html(encodable(dearest.text), encodable(column.text))}</details>"
    )


def grid_bundle(grid: Grid) -> dict[str, Any]:
    """A grid as a MIME bundle: HTML and plain text."""
    first = grid[0]
    titles = "".join(_cell("th", money_safe(line(summary.title(first, column)))) for column in first.columns)
    body = []
    for comparison in grid.comparisons:
        prompt = _cell("th", f"<span style='font-weight:normal'>{money_safe(line(comparison.prompt)[:EXCERPT])}</span>")
        body.append(f"<tr>{prompt}{''.join(_cell('td', _grid_cell(comparison, c)) for c in comparison.columns)}</tr>")
    totals = "".join(_cell("td", money_safe(total)) for total in grid.totals())
    body.append(f"<tr class='{NO_MATH}'>{_cell('th', 'all prompts')}{totals}</tr>")
    return {"text/html": _table(titles, body), "text/plain": encodable(repr(grid))}


def _grid_cell(comparison: Comparison, column: Column) -> str:
    parts = (summary.cost(column), summary.seconds(column.latency_ms), summary.vote(column))
    figures = money_safe(" · ".join(part for part in parts if part))
    badges = _badges(comparison, column)
    return f"{reply_html(comparison, column)}<div class='{NO_MATH}' style='{_MUTED}'>{badges}{figures}</div>"


def _table(heads: str, body: list[str]) -> str:
    head = f"<thead><tr><th style='width:9em'></th>{heads}</tr></thead>"
    return f"<table style='width:100%'>{head}<tbody>{''.join(body)}</tbody></table>"


def _cell(kind: str, inside: str) -> str:
    return f"<{kind} dir='auto' style='{_CELL}' valign='top' align='left'>{inside}</{kind}>"


def hint(comparison: Comparison) -> str:
    """How to vote where there is nothing to click."""
    if not comparison.finished:
        return ""
    how = "Vote: %llm vote 1 good (or bad), keep as an evaluation item: %llm vote 1 keep"
    return f"{how}, show the names: %llm vote reveal" if comparison.hidden else how


def markdown(comparison: Comparison) -> str:
    """The figures as a table; the replies below it, each in a fence, since what a model writes may be any markup."""
    table = comparison.table()
    lines = [f"| {' | '.join(_marked(cell) for cell in row)} |" for row in table]
    lines.insert(1, "|" + " --- |" * len(table[0]))
    for number, column in enumerate(comparison.columns, 1):
        lines += ["", f"**{number}\\. {_marked(summary.title(comparison, column))}**", ""]
        if column.text.strip() or column.error is None:
            text = encodable(column.text).strip("\n") or "(empty reply)"
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
            lines += [f"{fence}text", text, fence]
        if (error := summary.error(comparison, column)) is not None:
            lines += ["", _marked(error)]
    return "\n".join([*lines, "", _marked(hint(comparison))])


_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|$~&])")


def _marked(text: str) -> str:
    """``text`` with everything that Markdown, HTML or MathJax would take for markup made literal."""
    return _MARKUP.sub(r"\\\1", line(text))


def figures(comparison: Comparison) -> dict[str, Any]:
    """The comparison's figures; money is USD as decimal strings, exact, None where unknown or hidden."""
    dearest, hidden = comparison.dearest, comparison.hidden
    bests = (summary.cheapest(comparison), summary.fastest(comparison)) if comparison.finished else ([], [])
    return {
        "version": 1,
        "id": comparison.id,
        "finished": comparison.finished,
        "hidden": hidden,
        "dearest": None if hidden or dearest is None else dearest.name,
        "cheapest": [] if hidden else [column.name for column in bests[0]],
        "fastest": [] if hidden else [column.name for column in bests[1]],
        "columns": [_figures(comparison, column) for column in comparison.columns],
    }


def _figures(comparison: Comparison, column: Column) -> dict[str, Any]:
    shared = {
        "label": encodable(comparison.label(column)),
        "state": column.state,
        "text": encodable(column.text),
        "error": _error(comparison, column),
        "vote": column.vote,
        "kept": column.kept,
    }
    if comparison.hidden:
        return shared
    usage, reply, agreement = column.usage, column.reply, comparison.agreement.get(column.name)
    return {
        **shared,
        "asked": column.ref,
        "model": encodable(column.model),
        "id": reply.id if reply else None,
        "simulated": column.simulated,
        "cache": reply.cache if reply else None,
        "input_tokens": usage.input_tokens if usage else None,
        "output_tokens": usage.output_tokens if usage else None,
        "token_source": usage.source if usage else None,
        "cost": _exact(column.cost),
        "price": _exact(column.price),
        "times_cheaper": summary.times_cheaper(comparison, column),
        "first_token_ms": _rounded(column.first_token_ms),
        "latency_ms": _rounded(column.latency_ms),
        "agreement": agreement
        and {
            "exact": agreement.exact,
            "token_f1": round(agreement.token_f1, 4),
            "similarity": None if agreement.similarity is None else round(agreement.similarity, 4),
        },
    }


def _exact(cost: Any) -> str | None:
    return None if cost is None else f"{cost:f}"


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)
