"""Small tables as plain text and as HTML that GitHub and nbviewer show too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

Table = Sequence[Sequence[str]]

SHORT = 32

# Without these, MathJax would take the text between two dollar signs for a formula.
NO_MATH = "tex2jax_ignore mathjax_ignore"

# For preformatted text: JupyterLab would break its lines in the middle of words.
WRAPPED = "white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere"

# A text must not steer the terminal that shows it: control characters go, but for tab and newline.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """``text`` without characters that a terminal would obey."""
    return _CONTROL.sub("", text)


def encodable(text: str) -> str:
    """``text`` with what UTF-8 can't carry (halves of surrogate pairs) joined or replaced."""
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def money_safe(text: str) -> str:
    """``text`` escaped for HTML, its dollar signs out of MathJax's reach whatever classes survive."""
    return escape(text).replace("$", "<span>$</span>")


def plain(table: Table) -> str:
    """Columns padded to their widest cell; the first row is the header."""
    table = [[printable(cell) for cell in row] for row in table]
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(lines)


def html(table: Table) -> str:
    """A table; all cells are text, never markup."""
    head = "".join(f"<th style='text-align:left'>{money_safe(cell)}</th>" for cell in table[0])
    rows = "".join(
        "<tr>" + "".join(f"<td style='{cell_style(cell)}'>{money_safe(cell)}</td>" for cell in row) + "</tr>"
        for row in table[1:]
    )
    return f"<table class='{NO_MATH}'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def cell_style(cell: str) -> str:
    """For a cell with this text: in a narrow notebook the table scrolls, instead of breaking figures into letters."""
    return "text-align:left;" + (
        "white-space:nowrap" if len(cell) <= SHORT else "min-width:16em;overflow-wrap:anywhere"
    )
