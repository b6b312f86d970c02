"""What a comparison leaves in a notebook, and what hostile replies can't do to it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from markdown_it import MarkdownIt
from scripted_http import ScriptedServer, Sse, gpt

import costmagic as cm
from costmagic import Comparison, Session, sim
from costmagic.comparison import prepare
from costmagic.notebook.diff import words_html
from costmagic.notebook.side_by_side import MIME, bundle, grid_bundle, html

OPUS, HAIKU = "sim:claude-opus-5-5", "sim:claude-haiku-5-5"

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "handler": '<img src=x onerror="alert(1)"><svg/onload=alert(1)>',
    "link": "[click](javascript:alert(1)) [also](  JaVaScRiPt:alert(1)) <javascript:alert(1)>",
    "image": "![x](https://tracker.example/pixel.png)",
    "table": "</td></tr></table><marquee>out</marquee>",
    "details": "</details></div><iframe src=//x></iframe>",
    "fence": "```\n\n<script>alert(1)</script>\n\n````\n`````html\n<img src=x>",
    "ansi": "\x1b[31mred\x1b]0;title\x07\x1b[2J\r\x08",
    "turned": "safe \u202e gpj.exe \u2066 and on",
    "formula": "$\\href{javascript:alert(1)}{x}$ costs $5",
    "nul": "a\0b",
    "markdown": "| a | b |\n# head\n<!-- [x]: y -->",
}


class Tags(HTMLParser):
    """The tags and attributes of a page, and whether every element that was opened is closed, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._open: list[str] = []
        self.feed(page)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("br", "hr"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def compared(session: Session, texts: dict[str, str], **options: Any) -> Comparison:
    for ref, text in texts.items():
        sim.script(ref, answers=lambda prompt, text=text: text)
    return cm.compare("hello", list(texts), session=session, **options)


def harmless(page: str) -> Tags:
    tags = Tags(page)
    assert not set(tags.tags) & {"script", "img", "svg", "iframe", "object", "style", "form", "input", "marquee"}
    assert not [name for name, _ in tags.attributes if name.startswith("on") or name in ("src", "srcset", "action")]
    assert not [value for name, value in tags.attributes if name == "href" and not value.startswith("https://")]
    return tags


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HOSTILE.items()])
def test_a_hostile_reply_stays_in_its_cell(session: Session, text: str) -> None:
    comparison = compared(session, {OPUS: text, HAIKU: "calm"})
    comparison.vote(2)
    shown = bundle(comparison)
    tags = harmless(shown["text/html"])
    assert tags.tags.count("table") == 1
    assert tags.tags.count("td") == 2 * (tags.tags.count("tr") - 1)
    for twin in (shown["text/html"], shown["text/markdown"], shown["text/plain"]):
        assert "calm" in twin
        twin.encode()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown["text/plain"])
    json.dumps(shown[MIME], ensure_ascii=False).encode()
    # The Markdown twin, read by a reader that lets raw HTML through, has no markup of the model's.
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(shown["text/markdown"])
    rendered = Tags(page)
    assert not set(rendered.tags) & {"script", "img", "svg", "iframe", "a", "h1", "marquee"}
    assert page.count("<pre>") == 2


@pytest.mark.parametrize("mark", ["\u202e", "\u2066"])
def test_a_turning_mark_does_not_reach_names_and_errors(home: Any, mark: str) -> None:
    session = Session(settings={"preset": "sim"})
    sim.script(f"sim:a{mark}b", answers=lambda prompt: f"first line {mark}" * 300)
    sim.script(HAIKU, answers=lambda prompt: "calm")
    comparison = cm.compare("hello", [f"sim:a{mark}b", HAIKU], session=session)
    page = html(comparison)
    assert mark not in re.sub(r"(?s)</summary>.*?</details>", "", page)
    assert "dir='auto'" in page


def test_broken_utf8_from_a_server_is_shown_and_kept(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer() as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        whole = [
            json.dumps(event) if isinstance(event, dict) else event for event in gpt("half \ud83d", " \udfff of a pair")
        ]
        assert "\\ud83d" in whole[0]
        server.play(Sse(whole))
        session = Session()
        comparison = cm.compare("hello", ["openai:gpt-6.1-terra", HAIKU], session=session)
        comparison.keep(1)
    assert comparison.columns[0].state == "ok"
    for twin in bundle(comparison).values():
        json.dumps(twin, ensure_ascii=False).encode()
    assert "of a pair" in html(comparison)
    assert "of a pair" in (home / "evaluation" / "comparisons.jsonl").read_text("utf-8")


def test_a_long_line_is_folded_and_whole(session: Session) -> None:
    line = "x" * 199_990 + " the end"
    page = html(compared(session, {OPUS: line, HAIKU: "calm"}))
    assert "(199,998 characters)" in page
    assert page.count("the end") == 2  # in the reply, and in the difference
    harmless(page)
    assert "<details" not in html(compared(session, {OPUS: "short", HAIKU: "short"}))


def test_markdown_code_and_json_are_rendered(session: Session) -> None:
    texts = {OPUS: "**bold**\n\n```python\nprint('<b>')\n```", HAIKU: "1. one\n2. two"}
    page = html(compared(session, texts))
    assert "<strong>bold</strong>" in page
    assert "print('&lt;b&gt;')" in page.replace("&#x27;", "'")
    assert "<ol>" in page
    page = html(compared(session, {OPUS: '{"a": "<b>*x*</b>"}', HAIKU: "no json"}, json=True))
    assert re.search(r"<pre style=[^>]*>\{&quot;a&quot;: &quot;&lt;b&gt;\*x\*&lt;/b&gt;&quot;\}</pre>", page)
    assert "NOT JSON" in page


def test_the_figures_are_the_same_in_every_twin(session: Session) -> None:
    comparison = compared(session, {OPUS: "one two three", HAIKU: "one two four"})
    comparison.vote(2)
    comparison.keep(2)
    shown = bundle(comparison)
    figures = shown[MIME]
    assert figures["dearest"] == OPUS
    assert figures["cheapest"] == [HAIKU]
    opus, haiku = figures["columns"]
    assert haiku["cost"] == f"{comparison.replies[HAIKU].cost:f}"
    assert haiku["agreement"]["token_f1"] == round(2 / 3, 4)
    assert (opus["vote"], haiku["vote"], haiku["kept"]) == (None, True, True)
    assert haiku["id"] in set(session.ledger()["id"])
    assert all(column["simulated"] for column in figures["columns"])
    assert json.loads(json.dumps(figures)) == figures
    for twin in (shown["text/html"], shown["text/markdown"].replace("\\", ""), shown["text/plain"]):
        text = re.sub("<[^>]*>", "", twin)
        assert text.count("SIMULATED") >= 2
        for said in ("token F1 0.67", "CHEAPEST", "✓ good enough, kept for evaluation", "%llm vote 1 good"):
            assert said in text
        for cost in dict(rows(comparison))["cost"]:
            assert cost in text
    assert "class='costmagic" not in shown["text/html"]
    assert "<script" not in shown["text/html"]


def rows(comparison: Comparison) -> list[tuple[str, list[str]]]:
    from costmagic.comparison import summary

    return summary.rows(comparison)


def test_a_blind_table_gives_nothing_away(session: Session) -> None:
    sim.script(OPUS, answers=lambda prompt: "one")
    sim.script(HAIKU, answers=lambda prompt: "two")
    comparison = cm.compare("hello", [OPUS, HAIKU], session=session, blind=True)
    shown = bundle(comparison)
    everything = json.dumps(shown)
    assert "claude" not in everything
    assert "SIMULATED" not in everything
    assert "0.0" not in everything
    assert not set(shown[MIME]["columns"][0]) & {"id", "cost", "latency_ms", "asked", "output_tokens"}
    comparison.vote("A")
    assert "claude" not in json.dumps(bundle(comparison))
    comparison.vote("B")
    assert "claude-opus-5-5" in json.dumps(bundle(comparison))


def test_a_blind_table_does_not_say_who_failed(session: Session) -> None:
    sim.script(OPUS, fail=[401])
    sim.script(HAIKU, answers=lambda prompt: "two")
    comparison = cm.compare("hello", [OPUS, HAIKU], session=session, blind=True)
    everything = json.dumps(bundle(comparison))
    assert "failed: why is shown with the names" in everything
    assert "sim" not in everything
    comparison.vote("A" if comparison.columns[0].answered else "B")
    assert "ProviderError: sim (HTTP 401)" in json.dumps(bundle(comparison))


def test_a_running_table_says_so(session: Session) -> None:
    comparison = prepare("hello", [OPUS, HAIKU], session=session)
    page = html(comparison)
    assert page.count("<em>waiting …</em>") == 2
    assert "%llm vote" not in page
    assert bundle(comparison)[MIME]["finished"] is False


def test_the_difference_is_word_by_word_and_text_alone() -> None:
    assert words_html("the cat sat", "the dog sat").count("<del>cat </del><ins>dog </ins>") == 1
    shown = words_html("<b>same</b> <i>old</i> end", "<b>same</b> <u>new</u> end")
    assert set(Tags(shown).tags) == {"div", "del", "ins"}
    assert all(f"&lt;{tag}&gt;" in shown for tag in "biu")
    assert "not compared" in words_html("a " * 5_001, "b")
    assert Tags(words_html("a <del>", "</del> b"))


def test_a_grid_shows_replies_whole(session: Session) -> None:
    sim.script(OPUS, answers={"one": "<script>1</script> $5", "two": "word " * 500})
    grid = cm.compare_many(["one", "two <b>"], [OPUS, HAIKU], session=session)
    page = grid_bundle(grid)["text/html"]
    tags = harmless(page)
    assert tags.tags.count("table") == 1
    assert page.count("SIMULATED") == 4
    assert "2 of 2 answered" in page
    assert "(2,499 characters)" in page or "(2,500 characters)" in page
