"""Tables as text and as HTML."""

from __future__ import annotations

import re
from html import unescape

import pytest

from costmagic.tables import html, money_safe, plain

TABLE = [["model", "cost"], ["größe <b>", "$5 and $10"], ["", "$0"]]


def test_plain_columns_line_up_under_their_header() -> None:
    assert plain(TABLE) == "model      cost\n─────────  ──────────\ngröße <b>  $5 and $10\n           $0"


def test_a_header_alone_is_a_table() -> None:
    assert plain([["a", "bc"]]) == "a  bc\n─  ──"
    assert html([["a"]]).count("<th ") == 1


def test_rows_of_different_lengths_are_refused() -> None:
    with pytest.raises((ValueError, IndexError)):
        plain([["a", "b"], ["c"]])


@pytest.mark.parametrize(
    "cell", ["<script>alert(1)</script>", "'\"&<>", "</td></table><img src=x onerror=x>", "$x$ \\(y\\)"]
)
def test_cells_are_text_and_never_markup(cell: str) -> None:
    shown = html([[cell], [cell]])
    assert shown.count(money_safe(cell)) == 2
    assert not re.search(r"<(script|img)", shown)
    assert set(re.findall(r"</?(\w+)", shown)) <= {"table", "thead", "tbody", "tr", "th", "td", "span"}


@pytest.mark.parametrize("text", ["$5 and $10", "$$", "a$b$c", "$"])
def test_no_dollar_is_left_where_mathjax_would_take_it_for_a_formula(text: str) -> None:
    safe = money_safe(text)
    assert not re.search(r"\$(?!</span>)|(?<!<span>)\$", safe)
    assert unescape(re.sub(r"</?span>", "", safe)) == text


def test_mathjax_is_told_to_leave_the_table_alone() -> None:
    assert html(TABLE).startswith("<table class='tex2jax_ignore mathjax_ignore'>")
