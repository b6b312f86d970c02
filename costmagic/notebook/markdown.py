"""Model replies as safe HTML.

JupyterLab runs the scripts in a Markdown output that a cell has just made, as it trusts what the user
executed. A model's reply is not the user's: here raw HTML in it becomes text, links that could run
code lose their target, and images, which would be fetched from wherever the model says, become links.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.texmath import texmath_plugin

from ..tables import money_safe

# Beyond this many characters, and for very long lines, rendering is not worth its time.
MAX_RENDERED = 200_000

STYLE = "overflow-wrap:anywhere"


@lru_cache(maxsize=1)
def _renderer() -> MarkdownIt:
    md = MarkdownIt("commonmark", {"html": False, "maxNesting": 50}).enable(["table", "strikethrough"])
    md.disable("image")
    # Formulas go through untouched, for MathJax; every other dollar sign is kept from it.
    dollarmath_plugin(md, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True)
    texmath_plugin(md, delimiters="brackets")
    for name, rule in _RULES.items():
        md.add_render_rule(name, rule)
    return md


def _text(self: Any, tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    return money_safe(tokens[i].content)


def _code(self: Any, tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    return f"<code>{money_safe(tokens[i].content)}</code>"


def _math_inline(self: Any, tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    return f"${escape(tokens[i].content.strip())}$"


def _math_block(self: Any, tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    return f"<p>$${escape(tokens[i].content)}$$</p>"


def _link_open(self: Any, tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    href = str(tokens[i].attrs.get("href", ""))
    return f'<a href="{escape(href)}" target="_blank" rel="noopener noreferrer">'


_RULES = {
    "text": _text,
    "code_inline": _code,
    "math_inline": _math_inline,
    "math_inline_double": _math_block,
    "math_block": _math_block,
    "math_block_eqno": _math_block,
    "link_open": _link_open,
}


def to_html(text: str) -> str:
    """``text`` (Markdown) as HTML that holds no markup of the model's own making."""
    if len(text) > MAX_RENDERED:
        return f'<pre style="white-space:pre-wrap;{STYLE}">{money_safe(text)}</pre>'
    return f'<div style="{STYLE}">{_renderer().render(text)}</div>'
