"""Replies as HTML: whatever a model writes, only an allow-list of tags and attributes comes out."""

from __future__ import annotations

import random
import re
from html.parser import HTMLParser

import pytest

from costmagic.notebook.markdown import MAX_RENDERED, MAX_STEPS, to_html

TAGS = {
    *("a", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre"),
    *("s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
ATTRIBUTES = {
    "a": {"href", "target", "rel"},
    "code": {"class"},
    "ol": {"start"},
    "th": {"style"},
    "td": {"style"},
    "div": {"style"},
    "pre": {"style"},
}
STYLES = re.compile(r"(white-space:pre-wrap;)?overflow-wrap:anywhere|text-align:(left|right|center)")
ACTIVE_TEX = re.compile(r"\\(href|url|style|class|cssId|data|mmlToken|require)(?![A-Za-z])")


class Checker(HTMLParser):
    """Asserts that every tag and attribute is allowed; collects links and the text outside code."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.runs = [""]  # MathJax looks for formulas in runs of text that no tag interrupts
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        for name, value in attrs:
            assert name in ATTRIBUTES.get(tag, set()), (tag, name)
            if name == "style":
                assert STYLES.fullmatch(value or ""), value
            if name == "href":
                self.links.append(value or "")
                assert_harmless(value or "")
            if name == "class":
                assert (value or "").startswith("language-")
        self._code += tag in ("code", "pre")
        self.runs.append("")

    def handle_endtag(self, tag: str) -> None:
        assert tag in TAGS, tag
        self._code -= tag in ("code", "pre")
        self.runs.append("")

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.runs[-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    handle_pi = handle_decl
    unknown_decl = handle_decl


def assert_harmless(href: str) -> None:
    # As browsers read an address: entities are resolved already, tabs and newlines drop out.
    read = re.sub(r"[\x00-\x20]", "", href).lower()
    assert not read.startswith(("javascript:", "vbscript:", "data:", "file:")), href


def check(text: str) -> Checker:
    checker = Checker()
    checker.feed(to_html(text))
    checker.close()
    for run in checker.runs:
        assert not ACTIVE_TEX.search(run), run
    return checker


NASTY = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe srcdoc='<script>x</script>'></iframe>",
    "<style>*{display:none}</style>",
    "<!-- comment -->",
    "<!DOCTYPE html>",
    "<?php x ?>",
    "<![CDATA[x]]>",
    "</div></pre></code>",
    "<form action=//evil><button>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x]( javascript:alert(1) )",
    "[x](<javascript:alert(1)>)",
    "[x](<java\tscript:alert(1)>)",
    "[x](java\nscript:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](java&Tab;script:alert(1))",
    "[x](java&NewLine;script:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;avascript&colon;alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](data:image/svg+xml,<svg/onload=x>)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "![x](javascript:alert(1))",
    "![x](http://evil.example/pixel.png)",
    "[![x](http://evil.example/p.png)](javascript:x)",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "[x]: javascript:alert(1)\n\n[x]",
    "[y]: http://a.example '\"><script>x</script>'\n\n[y] [y][]",
    '[x](http://a.example "\\"><script>alert(1)</script>")',
    "[<img src=x onerror=x>](http://a.example)",
    'http://a.example/"onmouseover="x',
    '[x](http://a.example/"onmouseover="alert(1))',
    "|a|\n|-|\n|<script>x</script>|\n",
    "|<b onclick=x>|`<i>`|\n|:-:|-:|\n|[x](javascript:x)|$x<y$|\n",
    "`<script>`",
    "``<b onclick=x>``",
    "```<script>\n<script>x</script>\n```",
    '```"onload="x\n</code></pre><script>\n```',
    "```html x=\"'><\n<b>\n",
    "~~~js onload=x\n<b>\n~~~",
    "    <script>indented</script>\n",
    "```\nnever closed <b>",
    "$$\n```\n<script>x</script>\n```\n$$",
    "$$ ```\n<b>\n",
    "$<script>x</script>$",
    "$$<img src=x onerror=x>$$",
    "\\(<b>x</b>\\)",
    "\\[<script>x</script>\\]",
    "\\[<b>\\] (<script>)",
    "$\\href{javascript:alert(1)}{x}$",
    "$$\\class{x}{y} \\style{position:fixed}{z}$$",
    "\\(\\url{javascript:x}\\)",
    "\\[\\mmlToken{mi}[href='javascript:x']{x}\\]",
    "\\begin{align}\\href{javascript:alert(1)}{x}\\end{align}",
    "\\$\\href{x}{y}",
    "&lt;script&gt; &#60;script&#62;",
    "\x00<\x00script>",
    "\ud800<b>",
    "a\u2028<b>\u2029",
]


@pytest.mark.parametrize("text", NASTY)
def test_nothing_of_the_models_own_making_comes_out(text: str) -> None:
    for wrapped in (text, f"> {text}", f"- {text}", f"# {text}", f"**{text}**", f"a {text} b", f"|a|\n|-|\n|{text}|"):
        check(wrapped)


@pytest.mark.parametrize("seed", range(8))
def test_nasty_pieces_joined_at_random_stay_harmless(seed: int) -> None:
    dice = random.Random(seed)
    glue = [
        "",
        " ",
        "\n",
        "\n\n",
        "`",
        "```\n",
        "$",
        "$$",
        "$$\n",
        "\\(",
        "\\)",
        "\\[",
        "\\]",
        "[",
        "](",
        ")",
        "<",
        ">",
    ]
    glue += ["\\", '"', "'", "&", "*", "|", "> ", "- ", "\t", "![", ":", "\r", "1. "]
    for _ in range(150):
        pieces = [dice.choice(NASTY) if dice.random() < 0.5 else dice.choice(glue) for _ in range(dice.randint(2, 12))]
        # Cutting within a piece makes what no list of whole pieces holds.
        check("".join(p[dice.randint(0, 2) :] if dice.random() < 0.2 else p for p in pieces))


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("[a](https://a.example/x?y=1&z=2#f)", ["https://a.example/x?y=1&z=2#f"]),
        ("<https://a.example> <me@a.example>", ["https://a.example", "mailto:me@a.example"]),
        ("![alt](https://a.example/i.png)", ["https://a.example/i.png"]),
        ("[r]\n\n[r]: https://a.example", ["https://a.example"]),
        ("[x](javascript:alert(1))", []),
        ("[x](data:text/plain,x)", []),
    ],
)
def test_good_links_are_kept_in_a_tab_of_their_own_and_bad_ones_are_text(text: str, links: list[str]) -> None:
    assert check(text).links == links
    assert to_html(text).count('target="_blank" rel="noopener noreferrer"') == len(links)


def test_an_image_is_never_fetched() -> None:
    assert "<img" not in to_html("![a](https://a.example/i.png) <img src=x>")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# H\n\n*e* **s** ~~d~~", "<h1>H</h1>\n<p><em>e</em> <strong>s</strong> <s>d</s></p>"),
        ("1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"),
        ("```python\nx < 1\n```", '<pre><code class="language-python">x &lt; 1\n</code></pre>'),
        ("größe 😀 &amp; <", "größe 😀 &amp; &lt;"),
    ],
)
def test_markdown_is_rendered(text: str, html: str) -> None:
    assert html in to_html(text)


def formulas(text: str) -> list[str]:
    """What MathJax would typeset: the formulas in each run of text."""
    found = []
    for run in check(text).runs:
        found += re.findall(r"\$\$.+?\$\$|\$.+?\$|\\\(.+?\\\)|\\\[.+?\\\]", run, re.DOTALL)
    return found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$x<y$ and $z$", ["$x<y$", "$z$"]),
        ("\\(x\\) or \\( y \\)", ["$x$", "$y$"]),
        ("$$\nx^2\n$$", ["$$\nx^2\n$$"]),
        ("a $$x$$ b", ["$$x$$"]),
        ("\\[x_1\\]", ["$$x_1$$"]),
        ("$a_1 * b_1$ and *c*", ["$a_1 * b_1$"]),
        ("It costs $5 and $10.", []),
        ("between $5 and $10, or $x $ y$", []),
        ("`$x$` and `\\(y\\)`", []),
        ("```\n$x$\n```", []),
        ("\\$5 and \\$6", []),
        ("$5", []),
        ("US$5–US$6", []),
        ("\\(never closed, $3 and $4", []),
        ("$\\href{a}{b}$ costs $5", []),
    ],
)
def test_formulas_reach_mathjax_and_amounts_do_not(text: str, found: list[str]) -> None:
    assert formulas(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "a" * 199_000,
        "word " * 39_000,
        "*" * 199_000,
        "\\(" * 99_000,
        "\\(a " * 49_000,
        "[\\(a " * 15_000,
        "\\[a\n\n" * 33_000,
        "$$a\n\n" * 33_000,
        "$a " * 60_000,
        "> " * 90_000 + "x",
        "- " * 1_000 + "x",
        "[" * 1_000 + "]" * 1_000 + "(x)",
        "`a" * 90_000,
    ],
    ids=lambda text: repr(text[:8]),
)
@pytest.mark.timeout(30)
def test_long_lines_and_deep_nesting_take_seconds_not_minutes(text: str) -> None:
    check(text)


@pytest.mark.parametrize(("extra", "tag"), [(0, "<div"), (1, "<pre")])
def test_a_text_that_is_too_long_to_render_is_shown_as_it_is(extra: int, tag: str) -> None:
    text = "**b** <i> $5\n" + "x" * (MAX_RENDERED - 13 + extra)
    assert to_html(text).startswith(tag)
    check(text)


def test_many_opened_formulas_in_many_lines_are_shown_as_they_are() -> None:
    lines = 4_000
    few, many = ("$$a\n\n" * n + "\n" * (lines - 2 * n) for n in (100, 2_000))
    assert 100 * lines <= MAX_STEPS
    assert to_html(few).startswith("<div")
    assert to_html(many * 2).startswith("<pre")


@pytest.mark.parametrize("scheme", ["blob", "command", "vscode", "ftp", "jar", "view-source"])
def test_only_web_and_mail_links_are_links(scheme: str) -> None:
    assert "<a " not in to_html(f"[text]({scheme}:something)")
    assert "<a " in to_html("[text](https://example.org) [rest](#below)")
