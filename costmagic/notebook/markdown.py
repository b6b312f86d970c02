"""Model replies as safe HTML.

JupyterLab runs the scripts in a Markdown output that a cell has just made, as it trusts what the user
executed. A model's reply is not the user's: here raw HTML in it becomes text, links that could run
code lose their target, images, which would be fetched from wherever the model says, become links, and
TeX commands that could do either are shown as they were written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.texmath import texmath_plugin

from ..tables import money_safe

# Beyond this many characters rendering is not worth its time.
MAX_RENDERED = 200_000

# An opened formula is looked for its end through all lines that follow: this many steps take a second.
MAX_STEPS = 10_000_000

STYLE = "overflow-wrap:anywhere"

# MathJax would make these a link, a style or a script to load; nbviewer's does not filter them.
_ACTIVE_TEX = re.compile(r"\\(?=(?:href|url|style|class|cssId|data|mmlToken|require)(?![A-Za-z]))")


@lru_cache(maxsize=1)
def _renderer() -> MarkdownIt:
    md = MarkdownIt("commonmark", {"html": False, "maxNesting": 50}).enable(["table", "strikethrough"])
    md.disable("image")
    md.validateLink = _is_safe_link  # type: ignore[method-assign]
    # Formulas go through untouched, for MathJax; every other dollar sign is kept from it.
    texmath_plugin(md, delimiters="brackets")
    md.inline.ruler.at("math_inline", _parentheses)
    dollarmath_plugin(md, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True)
    for name, rule in _RULES.items():
        md.add_render_rule(name, rule)
    return md


def _parentheses(state: StateInline, silent: bool) -> bool:
    """The formula ``\\( … \\)``. texmath's own rule copies the rest of the text at each try: minutes for 200 KB."""
    start, source = state.pos, state.src
    if not source.startswith("\\(", start):
        return False
    open_source, open_from = state.env.get("unclosed", ("", 0))
    if open_source is source and start >= open_from:
        return False
    end = source.find("\\)", start + 3)
    if end < 0:
        state.env["unclosed"] = (source, start)
    if not 0 <= end <= state.posMax - 2:
        return False
    if not silent:
        state.push("math_inline", "math", 0).content = source[start + 2 : end]
    state.pos = end + 2
    return True


def _inert(text: str) -> str:
    """``text`` escaped for HTML, with neither formulas nor active TeX commands that MathJax would know."""
    return _ACTIVE_TEX.sub(r"<span>\\</span>", money_safe(text))


def _formula(text: str) -> str:
    return _inert(text) if _ACTIVE_TEX.search(text) else escape(text)


def _text(self: Any, tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    return _inert(tokens[i].content)


def _code(self: Any, tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    return f"<code>{money_safe(tokens[i].content)}</code>"


def _math_inline(self: Any, tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    return _formula(f"${tokens[i].content.strip()}$")


def _math_double(self: Any, tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    return _formula(f"$${tokens[i].content}$$")


def _math_block(self: Any, tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    return f"<p>{_math_double(self, tokens, i, options, env)}</p>"


def _link_open(self: Any, tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    href = str(tokens[i].attrs.get("href", ""))
    return f'<a href="{escape(href)}" target="_blank" rel="noopener noreferrer">'


_SCHEME = re.compile(r"[\s\x00-\x20]*([a-z][a-z0-9+.-]*)\s*:", re.IGNORECASE)


def _is_safe_link(url: str) -> bool:
    """Only web and mail addresses: other schemes may run code or reach into the front end."""
    scheme = _SCHEME.match(url)
    return scheme is None or scheme.group(1).lower() in ("http", "https", "mailto")


_RULES = {
    "text": _text,
    "code_inline": _code,
    "math_inline": _math_inline,
    "math_inline_double": _math_double,
    "math_block": _math_block,
    "math_block_eqno": _math_block,
    "link_open": _link_open,
}


def to_html(text: str) -> str:
    """``text`` (Markdown) as HTML that holds no markup of the model's own making."""
    steps = (text.count("$$") + text.count("\\[")) * text.count("\n")
    if len(text) > MAX_RENDERED or steps > MAX_STEPS:
        return f'<pre style="white-space:pre-wrap;{STYLE}">{money_safe(text)}</pre>'
    return f'<div style="{STYLE}">{_renderer().render(text)}</div>'
