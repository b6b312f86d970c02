"""The receipt: every figure in each of its four forms, and nothing that a page would run."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from costmagic import sim
from costmagic.notebook.receipt import MAX_SENT, MIME, age, bundle, figures
from costmagic.reply import Reply
from costmagic.session import Session
from costmagic.types import Breakpoint, Message, ProviderError, Request, Route, Usage

REQUEST = Request("anthropic", "claude-haiku-5-5", (Message("user", "What is $x$ <b>?"),), max_tokens=4096)
STARTED = datetime(2026, 11, 20, 12, tzinfo=UTC)
REPLY = Reply(
    text="An answer.",
    request=REQUEST,
    route=Route("medium", REQUEST.ref, "rule", "no tier or model was asked for: the default tier", "default"),
    status="ok",
    usage=Usage(1_212, 48),
    finish="stop",
    cost=Decimal("0.0001452"),
    model="claude-haiku-5-5-20261014",
    started_at=STARTED,
    latency_ms=812.34,
    first_token_ms=204.56,
    baseline_ref="anthropic:claude-opus-5-5",
    baseline_cost=Decimal("0.005808"),
    cache_state="miss",
    id="0199abc",
)
HIT: dict[str, Any] = {
    "cost": Decimal(0),
    "cache": "exact",
    "cache_state": "hit",
    "cached_at": datetime.now(UTC) - timedelta(hours=3, minutes=5),
    "avoided": Decimal("0.0001452"),
}


READ: dict[str, Any] = {
    "usage": Usage(1_212, 48, cache_read_tokens=1_000, cache_write_tokens=100, cache_write_1h_tokens=60),
    "prefix_saved": Decimal("0.00009"),
    "prefix_premium": Decimal("0.0000025"),
    "prefix_note": "system prompt of about 1,100 tokens: cached for 5 minutes",
}


def text_of(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


def forms(reply: Reply) -> tuple[str, str, str]:
    """The plain line, and the same line as Markdown and HTML would show it."""
    made = bundle(reply)
    summary = re.search(r"<summary[^>]*>(.*?)</summary>", made["text/html"], re.DOTALL)
    assert summary
    markdown = made["text/markdown"].replace("\\$", "$")
    html = re.sub(r"<span style[^>]*>(.*?)</span>", r"[\1] ", summary[1])
    return made["text/plain"], re.sub(r"\*\*(.+?)\*\*", r"[\1]", markdown), text_of(html)


def line(**changes: Any) -> str:
    """The receipt's line, once all three forms have been found to agree."""
    plain, markdown, html = forms(replace(REPLY, **changes))
    assert plain == markdown == html
    return plain


def test_the_line_has_every_figure() -> None:
    assert line() == (
        "claude-haiku-5-5-20261014 · medium (default) · 1,212 → 48 tok · $0.000145 · "
        "heavy would cost ≈ $0.00581 · 0.8 s · exact cache: miss"
    )


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"cost": None}, " · unpriced · "),
        ({"cost": Decimal(0)}, " · $0 · "),
        ({"usage": Usage(1_212, 48, source="estimated")}, " · ≈ 1,212 → 48 tok · ≈ $0.000145 · "),
        ({"usage": Usage(1_212, 48, source="estimated"), "cost": None}, " tok · unpriced · "),
        ({"usage": Usage(1_212, 48, source="simulated")}, "[SIMULATED] claude-haiku-5-5-20261014 · "),
        (HIT, "[HIT] claude-haiku-5-5-20261014 · "),
        (HIT, " · $0 · avoided $0.000145 · "),
        (HIT, " · exact cache: hit, 3 h old"),
        ({**HIT, "avoided": None}, " · $0 · avoided price unknown · "),
        ({**HIT, "avoided": Decimal(0)}, " · $0 · avoided $0 · "),
        ({**HIT, "cache": "semantic"}, " · semantic cache: hit, 3 h old"),
        ({**HIT, "usage": Usage(1, 1, source="simulated")}, "[HIT] [SIMULATED] "),
        ({"cache_state": "refreshed"}, " · exact cache: refreshed"),
        ({"cache_state": "off"}, " · exact cache: off"),
        ({"retries": 1}, " · 1 retry · "),
        ({"retries": 2}, " · 2 retries · "),
        ({"finish": "length"}, "[CUT AT 4,096 TOKENS] "),
        ({"finish": "refusal", "status": "refused"}, "[REFUSED] "),
        ({"finish": None, "status": "interrupted"}, "[INTERRUPTED] "),
        ({"finish": None, "status": "error"}, "[ERROR] "),
        ({"data_error": "the reply is not valid JSON: x"}, "[NOT JSON] "),
        ({"prefix_warning": "x"}, "[PROMPT CACHE MISS] "),
        (READ, " · $0.000145 · prompt cache: 1,000 read, saved $0.00009 · prompt cache: 100 written, "),
        (READ, " · prompt cache: 100 written, cost $0.0000025 more · heavy would cost "),
        ({**READ, "prefix_saved": None, "prefix_premium": None}, " · prompt cache: 1,000 read, price unknown · "),
        ({"latency_ms": 12.345}, " · 12.3 ms · "),
        ({"latency_ms": 99.9}, " · 99.9 ms · "),
        ({"latency_ms": 100.0}, " · 0.1 s · "),
        ({"route": Route(None, REQUEST.ref, "explicit", "model was asked for", "as asked")}, " · as asked · "),
    ],
)
def test_the_line_says_what_is_special(changes: dict[str, Any], part: str) -> None:
    assert part in line(**changes)


def test_no_badge_and_no_retry_is_shown_without_cause() -> None:
    assert not re.search(r"\[|retr|HIT|SIMULATED|≈ \$0\.000145", line())


@pytest.mark.parametrize(
    "changes", [{"baseline_ref": REQUEST.ref}, {"baseline_cost": None}, {"baseline_ref": None, "baseline_cost": None}]
)
def test_the_heavy_tier_is_not_compared_with_itself_or_the_unknown(changes: dict[str, Any]) -> None:
    assert "heavy would cost" not in line(**changes)


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=59, milliseconds=500), "59 s"),
        (timedelta(seconds=61), "1 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=1, seconds=1), "1 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(days=2, seconds=1), "2 days"),
        (timedelta(days=400), "400 days"),
    ],
)
def test_an_age_is_told_in_its_largest_whole_unit(ago: timedelta, shown: str) -> None:
    assert age(datetime.now(UTC) - ago) == shown


def test_the_figures_are_exact_and_survive_json() -> None:
    made = figures(replace(REPLY, usage=Usage(1_000, 48, 600, 100, 20), cost=Decimal("0.000000001"), retries=1))
    assert json.loads(json.dumps(made)) == made
    assert made["cost"] == "0.000000001"
    assert made["baseline"] == {"model": "anthropic:claude-opus-5-5", "cost": "0.005808"}
    assert made["usage"] == {
        "input_tokens": 1_000,
        "output_tokens": 48,
        "cache_read_tokens": 600,
        "cache_write_tokens": 100,
        "reasoning_tokens": 20,
        "source": "reported",
    }
    assert made["route"] == {
        "source": "rule",
        "reason": REPLY.route.reason,
        "task": None,
        "confidence": None,
        "stale": [],
    }
    assert (made["max_tokens"], made["limited_for"]) == (4_096, None)
    assert (made["model"], made["model_requested"], made["tier"]) == (REPLY.model, "claude-haiku-5-5", "medium")
    assert (made["id"], made["retries"], made["price_date"]) == ("0199abc", 1, "2026-11-20")
    assert made["cache"] == {"layer": None, "state": "miss", "made_at": None, "avoided": None, "similarity": None}


def test_the_figures_of_the_prompt_cache_are_exact() -> None:
    request = replace(REQUEST, cache_after=(Breakpoint(0, "1h"), Breakpoint(2)))
    made = figures(replace(REPLY, **READ, request=request, prefix_warning="why"))["prefix"]
    assert made == {
        "cache_after": [{"after": 0, "life": "1h"}, {"after": 2, "life": "5m"}],
        "saved": "0.00009",
        "premium": "0.0000025",
        "note": "system prompt of about 1,100 tokens: cached for 5 minutes",
        "warning": "why",
    }


def test_the_details_tell_what_the_prompt_cache_did_and_why() -> None:
    shown = text_of(bundle(replace(REPLY, **READ, prefix_warning="it expired"))["text/html"])
    assert "1,000 tokens read, 100 written (60 for an hour)" in shown
    assert "reading saved $0.00009 against plain input, writing cost $0.0000025 more (in the cost)" in shown
    assert "system prompt of about 1,100 tokens: cached for 5 minutes" in shown
    assert "it expired" in shown
    assert "prompt cache" not in text_of(bundle(REPLY)["text/html"])


def test_a_hit_does_not_tell_what_its_original_read() -> None:
    assert "prompt cache" not in line(**{**READ, **HIT, "prefix_saved": None, "prefix_premium": None})


def test_breakpoints_and_key_are_among_what_was_sent() -> None:
    request = replace(REQUEST, cache_after=(Breakpoint(0, "1h"), Breakpoint(2)), prompt_cache_key="k")
    assert sent(replace(REPLY, request=request)).endswith(
        "|max_tokens 4,096, cached for 1h up to the system prompt, cached for 5m up to message 2, prompt_cache_key k"
    )


def test_an_unknown_figure_is_null_and_not_zero() -> None:
    made = figures(replace(REPLY, cost=None, baseline_cost=None, first_token_ms=None, id=None))
    assert (made["cost"], made["baseline"]["cost"], made["first_token_ms"], made["id"]) == (None, None, None, None)


def test_a_hits_figures_tell_when_it_was_made_and_what_it_avoided() -> None:
    cache = figures(replace(REPLY, **HIT))["cache"]
    assert cache == {
        "layer": "exact",
        "state": "hit",
        "similarity": None,
        "made_at": HIT["cached_at"].isoformat(),
        "avoided": "0.0001452",
    }


def test_the_details_tell_route_tokens_exact_cost_and_ledger_id() -> None:
    usage = Usage(1_212, 48, 600, 100, 20)
    shown = text_of(bundle(replace(REPLY, usage=usage, cost=Decimal("0.0001234567890")))["text/html"])
    for part in (
        "anthropic:claude-haiku-5-5",
        "rule: no tier or model was asked for: the default tier",
        "reported; 1,212 in, 48 out",
        "600 tokens read, 100 written",
        "20 of the tokens out",
        "$0.000123456789 at the prices of 2026-11-20",
        "0199abc",
    ):
        assert part in shown
    assert "unpriced: no price is known for this model" in text_of(bundle(replace(REPLY, cost=None))["text/html"])


def sent(reply: Reply) -> str:
    match = re.search(r"<pre[^>]*>(.*?)</pre><div>(.*?)</div>", bundle(reply)["text/html"], re.DOTALL)
    assert match
    return f"{text_of(match[1])}|{text_of(match[2])}"


def test_exactly_what_was_sent_is_shown() -> None:
    request = replace(REQUEST, system="Be <brief>.", temperature=0.0, stop=("\n", "END"), json=True)
    assert sent(replace(REPLY, request=request)) == (
        "[system]\nBe <brief>.\n\n[user]\nWhat is $x$ <b>?|max_tokens 4,096, temperature 0, stop ['\\n', 'END'], JSON"
    )
    assert "What is" not in bundle(REPLY, show_sent=False)["text/html"]


@pytest.mark.parametrize("extra", [0, 1, 5_000])
def test_a_long_prompt_is_cut_and_says_where_the_rest_is(extra: int) -> None:
    request = replace(REQUEST, messages=(Message("user", "x" * (MAX_SENT - len("[user]\n") + extra)),))
    shown = sent(replace(REPLY, request=request))
    assert shown.count("x") == MAX_SENT - len("[user]\n") + shown.count("max_tokens")
    assert (f"({extra:,} more characters, in the ledger under 0199abc)" in shown) is (extra > 0)


EVIL = "<script>alert(1)</script>'\"&$x$ </pre></details>"


def test_nothing_in_a_receipt_is_markup_of_somebody_elses() -> None:
    request = replace(REQUEST, model=EVIL, messages=(Message("user", EVIL),), system=EVIL, stop=(EVIL,))
    route = Route(EVIL, EVIL, "rule", EVIL, EVIL)
    reply = replace(REPLY, request=request, route=route, model=EVIL, data_error=EVIL, id=EVIL, baseline_ref=EVIL)
    html = bundle(reply)["text/html"]
    assert "<script" not in html
    assert set(re.findall(r"</?([a-z0-9]+)", html)) == {
        *("details", "summary", "span", "table", "tr", "td", "div", "pre")
    }
    assert html.count("</details>") == html.count("</pre>") == 1


@pytest.mark.parametrize(
    "changes", [{}, HIT, {"cost": None}, {"model": EVIL}, {"usage": Usage(1, 1, source="simulated")}]
)
def test_every_dollar_is_out_of_mathjaxs_reach(changes: dict[str, Any]) -> None:
    made = bundle(replace(REPLY, **changes))
    assert not re.search(r"\$(?!</span>)|(?<!<span>)\$", made["text/html"])
    assert not re.search(r"(?<!\\)\$", made["text/markdown"])
    assert "<details class='costmagic-receipt tex2jax_ignore mathjax_ignore'" in made["text/html"]


def test_a_simulated_reply_says_so_in_every_form(session: Session) -> None:
    for _ in range(2):
        reply = session.ask("Hello", tier="heavy")
        made = bundle(reply)
        assert all("SIMULATED" in made[mime] for mime in ("text/html", "text/markdown", "text/plain"))
        assert made[MIME]["simulated"] is True
        assert "SIMULATED" in repr(reply)
    assert "[HIT] [SIMULATED]" in made["text/plain"]


def test_a_failed_call_has_a_receipt_too(session: Session) -> None:
    sim.script("sim:claude-opus-5-5", answers=lambda prompt: "one two three four", fail="cut")
    stream = session.stream("Hello", tier="heavy")
    with pytest.raises(ProviderError):
        list(stream)
    made = bundle(stream.reply)
    assert made["text/plain"].startswith("[SIMULATED] [ERROR] claude-opus-5-5 · heavy (as asked) · ")
    assert made[MIME]["status"] == "error"


def test_no_path_of_this_machine_is_in_a_receipt(session: Session, home: Path) -> None:
    made = json.dumps(bundle(session.ask("Hello")))
    assert str(home) not in made
    assert str(Path.home()) not in made
    assert str(Path.cwd()) not in made
