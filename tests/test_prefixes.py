"""The provider's prompt cache on the way of a call: what is sent, when, what it costs, and what the ledger learns."""

from __future__ import annotations

import json
import sqlite3
import threading
import warnings
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from scripted_http import HOLD, Answer, ScriptedServer, Sse, claude, gpt

from costmagic import Message, Reply, Session, Usage, UsageError
from costmagic.accounting.money import to_nusd
from costmagic.accounting.prefixes import booked
from costmagic.accounting.sent import request_json
from costmagic.caching.key import request_key
from costmagic.notebook.dry_run import DryRun
from costmagic.notebook.receipt import MIME, bundle
from costmagic.prefixes import PrefixWarning
from costmagic.types import Breakpoint

HAIKU = "anthropic:claude-haiku-4-5"  # $1 in, $5 out, $0.10 read, $1.25 and $2 written, per million; from 4,096 tokens
TERRA = "openai:gpt-6.1-terra"  # $1 in, $5 out, $0.05 read, $1.25 written, per million; from 1,024 tokens
NAMELESS = "anthropic:claude-opus-5-5"  # nobody knows how long a prefix it needs
LONG = "You are a clerk. " * 1_100  # 5,500 tokens by the public tokenizer
SHORT = "You are a clerk."
GPT_USAGE = {"prompt_tokens": 5_520, "completion_tokens": 100}
EPHEMERAL = {"type": "ephemeral"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        for name, path in (("ANTHROPIC", ""), ("OPENAI", "/v1"), ("DEEPSEEK", "/v1"), ("VLLM", "/v1")):
            monkeypatch.setenv(f"{name}_API_KEY", "sk-0123456789")
            monkeypatch.setenv(f"{name}_BASE_URL", server.url + path)
        yield server


@pytest.fixture
def openai_itself(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> ScriptedServer:
    """OpenAI's own address, reached through the scripted server as its proxy."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://api.openai.com/v1")
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("http_proxy", server.url)
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return server


def reported(plain: int, read: int = 0, written: int = 0, hour: int = 0, model: str = "claude-haiku-4-5") -> Sse:
    """A reply of 100 tokens by Anthropic, with its counters."""
    creation = {"ephemeral_5m_input_tokens": written - hour, "ephemeral_1h_input_tokens": hour}
    usage = {"input_tokens": plain, "cache_read_input_tokens": read, "cache_creation_input_tokens": written}
    return Sse(claude("Hi", usage={**usage, "cache_creation": creation, "output_tokens": 1}, model=model))


def later(home: Path, minutes: float) -> None:
    """Let time pass: all calls so far were that much earlier."""
    with sqlite3.connect(home / "ledger.db") as connection:
        shift = f"{-minutes} minutes"
        connection.execute("UPDATE calls SET started_at = strftime('%Y-%m-%d %H:%M:%f000', started_at, ?)", (shift,))


def talk(session: Session, *texts: str, model: str = HAIKU, **options: Any) -> Reply:
    """Send a conversation of user and assistant turns."""
    prepared = session.prepare(texts[-1], model=model, **options)
    messages = tuple(Message(("user", "assistant")[n % 2], text) for n, text in enumerate(texts))
    stream = session.run(replace(prepared, request=replace(prepared.request, messages=messages)))
    list(stream)
    return stream.reply


def asks(session: Session, prompts: str, model: str = HAIKU, system: str = LONG, **options: Any) -> list[Reply]:
    """One call for each letter."""
    return [session.ask(prompt, model=model, system=system, **options) for prompt in prompts]


# What goes over the wire


def test_the_first_sight_is_sent_plain_and_the_second_in_time_is_written(server: ScriptedServer) -> None:
    server.play(reported(5_520), reported(20, written=5_500), reported(20, read=5_500))
    first, second, third = asks(Session(), "abc")
    one, two, three = (request.body for request in server.received)
    assert one == {
        "model": "claude-haiku-4-5",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": "a"}],
        "system": LONG,
        "stream": True,
    }
    cached = [{"type": "text", "text": LONG, "cache_control": EPHEMERAL}]
    assert two == {**one, "messages": [{"role": "user", "content": "b"}], "system": cached}
    assert three == {**one, "messages": [{"role": "user", "content": "c"}], "system": cached}
    assert [r.request.cache_after for r in (first, second, third)] == [(), (Breakpoint(0),), (Breakpoint(0),)]
    # 5,520 × 1; 20 × 1 + 5,500 × 1.25; 20 × 1 + 5,500 × 0.1; and 100 × 5, in millionths of a dollar.
    assert [r.cost for r in (first, second, third)] == [Decimal(n) for n in ("0.00602", "0.007395", "0.00107")]
    assert [r.prefix_saved for r in (first, second, third)] == [0, 0, Decimal("0.00495")]
    assert [r.prefix_premium for r in (first, second, third)] == [0, Decimal("0.001375"), 0]
    assert "seen for the first time" in str(first.prefix_note)
    assert "came back within 5 minutes 1 of 1 times" in str(second.prefix_note)


def test_what_comes_back_after_minutes_is_written_for_an_hour(server: ScriptedServer, home: Path) -> None:
    server.play(reported(5_520), reported(20, written=5_500, hour=5_500), reported(20, read=5_500))
    session = Session()
    asks(session, "a")
    later(home, 20)
    (second,) = asks(session, "b")
    later(home, 20)
    (third,) = asks(session, "c")
    hour = [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    assert [request.body["system"] for request in server.received] == [LONG, hour, hour]
    assert second.usage.cache_write_1h_tokens == 5_500
    # 20 × 1 + 5,500 × 2 + 100 × 5: the hour costs twice the input, and 5,500 × 1 more than plain.
    assert (second.cost, second.prefix_premium) == (Decimal("0.01152"), Decimal("0.0055"))
    assert (third.cost, third.prefix_saved) == (Decimal("0.00107"), Decimal("0.00495"))


def test_writes_of_both_lives_are_priced_each_at_its_own(server: ScriptedServer) -> None:
    server.play(reported(20, written=5_000, hour=1_000))
    (reply,) = asks(Session(), "a")
    assert reply.usage == Usage(5_020, 100, cache_write_tokens=5_000, cache_write_1h_tokens=1_000)
    # 20 × 1 + 4,000 × 1.25 + 1,000 × 2 + 100 × 5 millionths; 4,000 × 0.25 + 1,000 × 1 of it more than plain input.
    assert (reply.cost, reply.prefix_premium) == (Decimal("0.00752"), Decimal("0.002"))


def test_what_never_comes_back_in_time_is_never_written(server: ScriptedServer, home: Path) -> None:
    server.play(*(reported(5_520) for _ in range(4)))
    session = Session()
    for prompt in "abcd":
        (reply,) = asks(session, prompt)
        later(home, 24 * 60)
    assert all(request.body["system"] == LONG for request in server.received)
    assert "would not pay: it came back within 5 minutes 0 of 3 times" in str(reply.prefix_note)


def test_a_conversation_has_its_breakpoint_after_the_last_older_turn(server: ScriptedServer) -> None:
    counters = [reported(6_000), reported(6_100), reported(10, 0, 6_200), reported(10, 6_200, 100)]
    server.play(*counters)
    session = Session()
    turns = [LONG, "a1", "q2", "a2", "q3", "a3", "q4"]
    replies = [talk(session, *turns[: 2 * n + 1], system=SHORT) for n in range(4)]
    assert [r.request.cache_after for r in replies] == [(), (), (Breakpoint(4),), (Breakpoint(6),)]
    assert server.received[3].body == {
        "model": "claude-haiku-4-5",
        "max_tokens": 4096,
        "system": SHORT,  # too short by itself
        "messages": [
            {"role": "user", "content": LONG},
            {"role": "assistant", "content": "a1"},
            {"role": "user", "content": "q2"},
            {"role": "assistant", "content": "a2"},
            {"role": "user", "content": "q3"},
            {"role": "assistant", "content": [{"type": "text", "text": "a3", "cache_control": EPHEMERAL}]},
            {"role": "user", "content": "q4"},
        ],
        "stream": True,
    }


def test_system_prompt_and_older_turns_each_have_their_breakpoint(server: ScriptedServer) -> None:
    server.play(*(reported(20, read=5_500) for _ in range(3)))
    session = Session()
    for _ in range(3):
        reply = talk(session, "q", "a", "q2", system=LONG, fresh=True)
    assert reply.request.cache_after == (Breakpoint(0), Breakpoint(2))
    body = server.received[2].body
    assert [block["cache_control"] for block in body["system"]] == [EPHEMERAL]
    assert [message["content"] for message in body["messages"]] == [
        "q",
        [{"type": "text", "text": "a", "cache_control": EPHEMERAL}],
        "q2",
    ]
    assert json.dumps(body).count("cache_control") == 2


@pytest.mark.parametrize(
    ("system", "settings"),
    [
        (SHORT, {}),
        ("You are a clerk. " * 600, {}),  # 3,000 tokens
        (LONG, {"cache": {"min_tokens": {"anthropic:claude-haiku-4-5": 8_192}}}),
        (LONG, {"cache": {"prefix": "off"}}),
        (LONG, {"prices": {HAIKU: {"input": 1, "output": 5}}}),  # a price without a discount for reads
    ],
    ids=["short", "below", "configured", "off", "no discount"],
)
def test_no_breakpoint_where_it_can_not_pay(server: ScriptedServer, system: str, settings: dict[str, Any]) -> None:
    server.play(*(reported(5_000) for _ in range(3)))
    replies = asks(Session(settings=settings), "abc", system=system)
    assert [request.body["system"] for request in server.received] == [system] * 3
    assert [r.prefix_warning for r in replies] == [None] * 3


def test_a_configured_minimum_opens_the_cache_to_shorter_prefixes(server: ScriptedServer) -> None:
    server.play(reported(50), reported(50, written=40))
    asks(Session(settings={"cache": {"min_tokens": {"anthropic:claude-haiku*": 5}}}), "ab", system=SHORT * 2)
    assert server.received[1].body["system"][0]["cache_control"] == EPHEMERAL


def test_calls_side_by_side_do_not_write_what_nobody_could_read(server: ScriptedServer) -> None:
    server.play(Sse([HOLD, *claude("slow")]), reported(5_520), reported(20, written=5_500))
    session = Session()
    slow = session.stream("slow", model=HAIKU, system=LONG)
    thread = threading.Thread(target=list, args=(slow,))
    thread.start()
    assert server.holding.wait(10)
    asks(session, "b")  # the first has not said a word: its prefix can't be read yet
    asks(session, "c")
    server.released.set()
    thread.join()
    assert [isinstance(request.body["system"], list) for request in server.received] == [False, False, True]


def test_failed_calls_are_no_uses(server: ScriptedServer) -> None:
    server.play(Answer(400, {"error": {"message": "no"}}), reported(5_520), reported(20, written=5_500))
    session = Session()
    with pytest.raises(Exception, match="no"):
        asks(session, "a")
    asks(session, "bc")
    assert [isinstance(request.body["system"], list) for request in server.received] == [False, False, True]


def test_models_and_ledgers_do_not_share_what_they_know(server: ScriptedServer, home: Path) -> None:
    server.play(*(reported(5_520) for _ in range(3)))
    asks(Session(), "a")
    asks(Session(), "b", model=NAMELESS)
    (home / "ledger.db").unlink()
    asks(Session(), "c")
    assert [request.body["system"] for request in server.received] == [LONG] * 3


# OpenAI


def test_openai_gets_the_stable_part_first_and_one_key_for_it(openai_itself: ScriptedServer) -> None:
    server = openai_itself
    details = {"cached_tokens": 0, "cache_write_tokens": 5_500}
    written = {"prompt_tokens": 5_520, "completion_tokens": 100, "prompt_tokens_details": details}
    read = {**written, "prompt_tokens_details": {"cached_tokens": 5_500, "cache_write_tokens": 0}}
    server.play(Sse(gpt("Hi", usage=written)), Sse(gpt("Hi", usage=read)), Sse(gpt("Hi")))
    session = Session()
    first, second = asks(session, "ab", model=TERRA)
    (other,) = asks(session, "c", model=TERRA, system="Other. " * 2_000)
    one, two, three = (request.body for request in server.received)
    assert one == {
        "model": "gpt-6.1-terra",
        "max_completion_tokens": 4096,
        "messages": [{"role": "system", "content": LONG}, {"role": "user", "content": "a"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "prompt_cache_key": first.request.prompt_cache_key,
    }
    assert one["prompt_cache_key"] == two["prompt_cache_key"] != three["prompt_cache_key"]
    assert len(one["prompt_cache_key"]) <= 64
    assert (first.usage.cache_write_tokens, second.usage.cache_read_tokens) == (5_500, 5_500)
    # 5,500 × 0.25 more for the write, 5,500 × 0.95 less for the read, in millionths of a dollar.
    assert (first.prefix_premium, second.prefix_saved) == (Decimal("0.001375"), Decimal("0.005225"))
    assert (first.prefix_saved, second.prefix_premium, other.prefix_saved) == (0, 0, 0)


def test_another_owner_has_another_key() -> None:
    owners = (("ann", ""), ("bob", ""), ("ann", "x"))
    requests = [
        session.engine.prefixes.plan(session.rehearse("a", model=TERRA, system=LONG).request).request
        for session in (Session(settings={"user": user, "project": project}) for user, project in owners)
    ]
    keys = {request.prompt_cache_key for request in requests}
    assert len(keys) == 3
    assert None not in keys


def test_a_conversation_keeps_its_key_as_it_grows(openai_itself: ScriptedServer) -> None:
    openai_itself.play(*(Sse(gpt("Hi", usage=GPT_USAGE)) for _ in range(3)))
    session = Session()
    turns = [LONG, "a1", "q2", "a2", "q3"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PrefixWarning)
        keys = [talk(session, *turns[: 2 * n + 1], model=TERRA).request.prompt_cache_key for n in range(3)]
    assert keys[0] is None  # there are no older turns yet
    assert keys[1] is not None
    assert keys[1] == keys[2]


def test_prefix_caching_that_is_off_sends_no_key(openai_itself: ScriptedServer) -> None:
    openai_itself.play(Sse(gpt("Hi")), Sse(gpt("Hi")))
    replies = asks(Session(settings={"cache": {"prefix": "off"}}), "ab", model=TERRA)
    assert all("prompt_cache_key" not in request.body for request in openai_itself.received)
    assert [reply.prefix_warning for reply in replies] == [None, None]


@pytest.mark.parametrize("ref", [TERRA, "deepseek:deepseek-chat", "vllm:x"])
def test_other_servers_get_no_parameter_that_they_may_refuse(server: ScriptedServer, ref: str) -> None:
    server.play(Sse(gpt("Hi")), Sse(gpt("Hi")))
    asks(Session(), "ab", model=ref)
    assert all("prompt_cache_key" not in request.body for request in server.received)


@pytest.mark.parametrize(
    ("url", "itself"),
    [
        (None, True),
        ("https://eu.api.openai.com/v1", True),
        ("https://api.openai.com.example.org/v1", False),
        ("https://notopenai.com/v1", False),
        ("http://127.0.0.1:9/v1", False),
    ],
)
def test_openai_is_known_by_its_address(url: str | None, itself: bool) -> None:
    session = Session(settings={"providers": {"openai": {"base_url": url}}} if url else {})
    assert session.engine.prefixes.asks("openai:x") is itself
    assert not session.engine.prefixes.asks("groq:x")
    mine = Session(settings={"providers": {"mine": {"kind": "openai", "base_url": "https://api.openai.com/v1"}}})
    assert mine.engine.prefixes.asks("mine:x")
    assert session.engine.prefixes.asks("anthropic:x")


# Money


def test_the_invoice_that_others_got_wrong(server: ScriptedServer) -> None:
    """Cache writes are part of the true input, and are billed once: $0.054399, not $0.0913."""
    usage = {"input_tokens": 3, "cache_creation_input_tokens": 12_304, "cache_read_input_tokens": 0, "output_tokens": 1}
    server.play(Sse(claude("Hi", usage=usage, totals={"output_tokens": 550}, model="claude-3-7-sonnet")))
    reply = Session().ask("Hello", model="anthropic:claude-3-7-sonnet")
    assert reply.usage.input_tokens == 3 + 12_304
    assert reply.cost == Decimal("0.054399")
    assert reply.prefix_premium == Decimal("0.009228")  # 12,304 × $0.75 per million
    assert reply.prefix_saved == 0


@pytest.mark.parametrize("ref", [HAIKU, TERRA])
def test_cached_input_is_counted_once(openai_itself: ScriptedServer, ref: str) -> None:
    """1,000 tokens of input, 800 of them read: 200 plain and 800 read are billed."""
    details = {"cached_tokens": 800}
    gpt_usage = {"prompt_tokens": 1_000, "completion_tokens": 0, "prompt_tokens_details": details}
    claude_usage = {"input_tokens": 200, "cache_read_input_tokens": 800, "output_tokens": 0}
    ours = Sse(claude("Hi", usage=claude_usage, totals={"output_tokens": 0}))
    openai_itself.play(ours if ref == HAIKU else Sse(gpt("Hi", usage=gpt_usage)))
    session = Session()
    reply = session.ask("Hello", model=ref)
    assert (reply.usage.input_tokens, reply.usage.cache_read_tokens) == (1_000, 800)
    rate = Decimal("0.1") if ref == HAIKU else Decimal("0.05")
    assert reply.cost == (200 + 800 * rate) / 10**6
    assert reply.prefix_saved == 800 * (1 - rate) / 10**6
    assert session.ledger()["input_tokens"].sum() == 1_000


def test_receipts_add_up_to_the_ledger_to_the_nano_dollar(server: ScriptedServer) -> None:
    counters = [(5_520, 0, 0, 0), (21, 0, 5_501, 0), (22, 5_501, 0, 0), (23, 5_501, 77, 0), (24, 5_501, 900, 300)]
    server.play(*(reported(*counts) for counts in counters))
    session = Session()
    replies = [*asks(session, "abcde"), *asks(session, "e")]  # the last is answered from here
    assert replies[-1].cache == "exact"
    assert (replies[-1].prefix_saved, replies[-1].prefix_premium) == (None, None)
    saved = sum(reply.prefix_saved or 0 for reply in replies)
    premium = sum(reply.prefix_premium or 0 for reply in replies)
    # 3 × 5,501 read at 0.9 less; 5,501 + 77 + 600 written at 0.25 more, and 300 at 1 more.
    assert (saved, premium) == (Decimal("0.0148527"), Decimal("0.0018445"))
    shown = [json.loads(json.dumps(bundle(reply)[MIME]))["prefix"] for reply in replies[:-1]]
    assert sum(Decimal(figures["saved"]) for figures in shown) == saved
    report = session.cache_prefixes()
    assert (report.saved, report.premium) == (saved, premium)
    with sqlite3.connect(session.settings.home / "ledger.db") as connection:
        # The same from the ledger's own counters, at this model's rates.
        rows = connection.execute(
            "SELECT cache_read_tokens * 900, (cache_write_tokens - cache_write_1h_tokens) * 250 + "
            "cache_write_1h_tokens * 1000, cost_nusd FROM calls WHERE cache = 'none'"
        ).fetchall()
    assert (sum(row[0] for row in rows), sum(row[1] for row in rows)) == (to_nusd(Decimal(saved)), to_nusd(premium))
    assert sum(row[2] for row in rows) == sum(to_nusd(reply.cost) or 0 for reply in replies)


def test_an_unpriced_model_has_unknown_savings(server: ScriptedServer) -> None:
    server.play(reported(20, read=800, model="claude-99"))
    session = Session(settings={"tiers": {"heavy": "anthropic:claude-99"}})
    reply = session.ask("Hello", tier="heavy")
    assert (reply.cost, reply.prefix_saved, reply.prefix_premium) == (None, None, None)
    assert "prompt cache: 800 read, price unknown" in bundle(reply)["text/plain"]
    known = session.cache_prefixes()
    assert (known.saved, known.premium, known.unpriced) == (0, 0, 1)


def test_a_cap_that_only_writing_would_break_is_kept_by_not_writing(server: ScriptedServer) -> None:
    server.play(reported(5_520), reported(5_520))
    session = Session()
    asks(session, "a")
    estimate = session.estimate("b", HAIKU, system=LONG, max_tokens=10)[HAIKU]
    assert estimate.worst_cost is not None
    (reply,) = asks(session, "b", max_tokens=10, max_cost=estimate.worst_cost)
    assert reply.request.cache_after == ()
    assert server.received[1].body["system"] == LONG
    with pytest.raises(UsageError, match="more than max_cost"):
        asks(session, "c", max_tokens=10, max_cost=estimate.worst_cost - Decimal("0.000001"))


def test_an_hours_write_is_reserved_at_its_price(server: ScriptedServer) -> None:
    session = Session()
    request = session.prepare("a", model=HAIKU, system=LONG).request
    size = session.engine.estimator.size(request)
    most = [
        session.engine.estimator.most(replace(request, cache_after=points), size)
        for points in ((), (Breakpoint(0),), (Breakpoint(0, "1h"),))
    ]
    tokens = int(size.input_tokens * Decimal("1.5")) + 64
    assert most[0] == most[1] == (tokens * Decimal("1.25") + 4096 * 5) / 10**6
    assert most[2] == (tokens * 2 + 4096 * 5) / Decimal(10**6)


# What is sent is what is shown, and the cache of replies does not care


def test_breakpoints_change_no_cache_key(server: ScriptedServer) -> None:
    session = Session()
    request = session.prepare("a", model=HAIKU, system=LONG).request
    marked = replace(request, cache_after=(Breakpoint(0, "1h"),), prompt_cache_key="x")
    assert request_key(marked, "e", "u", "p") == request_key(request, "e", "u", "p")
    server.play(reported(5_520), reported(20, written=5_500))
    asks(session, "ab")
    again = asks(session, "ba")
    assert [reply.cache for reply in again] == ["exact", "exact"]
    assert len(server.received) == 2


def test_dry_run_and_receipt_show_the_breakpoints(server: ScriptedServer) -> None:
    server.play(reported(5_520), reported(20, written=5_500))
    session = Session()
    asks(session, "a")
    options = {"model": HAIKU, "system": LONG}
    assert '"cache_after": [{"after": 0, "life": "5m"}]' in repr(DryRun.of(session, "b", options))
    (reply,) = asks(session, "b", system=LONG)
    assert json.loads(request_json(reply.request))["cache_after"] == [{"after": 0, "life": "5m"}]
    assert "max_tokens 4,096, cached for 5m up to the system prompt<" in bundle(reply)["text/html"]
    assert "prompt cache: 5,500 written, cost <span>$</span>0.00138 more" in bundle(reply)["text/html"]
    assert len(server.received) == 2


def test_a_dry_run_shows_openais_key() -> None:
    session = Session()
    shown = repr(DryRun.of(session, "b", {"model": TERRA, "system": LONG}))
    assert '"prompt_cache_key": "costmagic-' in shown


# Warnings


def test_a_model_that_caches_nothing_warns_once_and_is_asked_twice(server: ScriptedServer) -> None:
    server.play(*(reported(5_520, model="claude-opus-5-5") for _ in range(5)))
    session = Session()
    asks(session, "a", model=NAMELESS)
    with pytest.warns(PrefixWarning, match=r"how long a prefix it needs is not known") as caught:
        replies = asks(session, "bcde", model=NAMELESS)
    assert len([w for w in caught if w.category is PrefixWarning]) == 1
    assert [bool(reply.request.cache_after) for reply in replies] == [True, True, False, False]
    assert [reply.prefix_warning is not None for reply in replies] == [True, True, False, False]
    shown = bundle(replies[0])
    assert shown["text/plain"].startswith("[PROMPT CACHE MISS] ")
    assert "[cache.min_tokens]" in shown["text/html"]
    assert "cached nothing the last 2 times" in str(replies[2].prefix_note)


def test_a_conversation_that_was_too_short_is_asked_for_again_when_it_has_grown(server: ScriptedServer) -> None:
    server.play(*(reported(n * 1_000, model="claude-opus-5-5") for n in range(1, 8)))
    session = Session()
    turns = [text for n in range(7) for text in (f"{n} You are a clerk. " * 200, "a")]
    with pytest.warns(PrefixWarning, match="not known"):
        replies = [talk(session, *turns[: 2 * n + 1], model=NAMELESS) for n in range(7)]
    # Each time it has grown by more than a quarter, so what was too short before may be long enough now.
    assert [bool(reply.request.cache_after) for reply in replies[:5]] == [False, False, True, True, True]


def test_a_prefix_that_was_shorter_than_estimated_is_told(server: ScriptedServer) -> None:
    server.play(reported(4_020), reported(4_020))
    session = Session()
    with pytest.warns(PrefixWarning, match=r"it needs 4,096 tokens, and the system prompt, estimated at"):
        *_, reply = asks(session, "ab")
    assert "needs 4,096 tokens" in str(reply.prefix_warning)


def test_an_entry_that_expired_is_told(server: ScriptedServer, home: Path) -> None:
    server.play(
        reported(5_520),
        reported(20, written=5_500),
        *(reported(20, read=5_500) for _ in range(4)),
        reported(20, written=5_500, hour=5_500),
    )
    session = Session()
    asks(session, "abcdef")
    later(home, 7)
    with pytest.warns(PrefixWarning, match=r"last used 7 min ago and is kept for 5 minutes"):
        (reply,) = asks(session, "g")
    # 5 of 6 came within 5 minutes, all within the hour: 0.419 against 0.364 times plain input.
    assert reply.request.cache_after == (Breakpoint(0, "1h"),)
    assert reply.prefix_premium == Decimal("0.0055")


def test_an_entry_that_was_dropped_is_told(server: ScriptedServer) -> None:
    server.play(reported(5_520), reported(20, written=5_500), reported(20, written=5_500))
    session = Session()
    with pytest.warns(PrefixWarning, match=r"no longer had the system prompt, though it was used \d s ago"):
        asks(session, "abc")


def test_a_prefix_that_changes_from_call_to_call_is_told(server: ScriptedServer) -> None:
    server.play(
        reported(5_520),
        reported(20, written=5_500),
        reported(20, read=5_500),
        *(reported(5_530) for _ in range(3)),
    )
    session = Session()
    asks(session, "abc", feature="tickets")
    for feature in ("mails", None):  # others may well have another prompt
        (other,) = asks(session, "d", system=f"Other {feature}. {LONG}", feature=feature)
        assert other.prefix_warning is None
    with pytest.warns(PrefixWarning, match="keep what changes from call to call"):
        (reply,) = asks(session, "e", system=f"It is 14:03. {LONG}", feature="tickets")
    assert "begins otherwise" in str(reply.prefix_warning)


def test_calls_without_a_feature_may_each_have_their_own_prompt(server: ScriptedServer) -> None:
    server.play(reported(5_520), reported(20, written=5_500), reported(20, read=5_500), reported(5_530))
    session = Session()
    asks(session, "abc")
    (other,) = asks(session, "d", system=f"Other. {LONG}")
    assert other.prefix_warning is None


def test_where_all_is_well_nothing_is_said(server: ScriptedServer) -> None:
    server.play(reported(5_520), reported(20, written=5_500), *(reported(20, read=5_500) for _ in range(3)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        replies = asks(Session(), "abcde")
    assert [reply.prefix_warning for reply in replies] == [None] * 5


def test_a_ledger_that_can_not_be_read_means_no_breakpoints(server: ScriptedServer, home: Path) -> None:
    (home / "ledger.db").mkdir()
    server.play(reported(5_520), reported(5_520))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        replies = asks(Session(), "ab")
    assert [reply.text for reply in replies] == ["Hi", "Hi"]
    assert [request.body["system"] for request in server.received] == [LONG, LONG]


# Real servers


@pytest.mark.parametrize("protocol", ["anthropic", "openai"])
def test_a_real_server_reads_the_prefix_and_the_receipt_says_what_that_saved(
    real_server: object, protocol: str
) -> None:
    ref = f"{protocol}:smollm2"
    price = {"input": 1, "output": 5, "cache_read": Decimal("0.1"), "cache_write": Decimal("1.25")}
    session = Session(
        settings={"prices": {ref: price}, "cache": {"min_tokens": {ref: 64}}, "max_tokens": 4, "project": protocol}
    )
    system = f"You are a careful clerk of the {protocol} office. " * 30
    replies = asks(session, "abc", model=ref, system=system, temperature=0)
    assert [bool(reply.request.cache_after) for reply in replies] == [False, *[protocol == "anthropic"] * 2]
    for reply in replies[1:]:
        read = reply.usage.cache_read_tokens
        assert 100 < read < reply.usage.input_tokens
        assert reply.prefix_saved == read * Decimal("0.9") / 10**6
        plain = reply.usage.input_tokens - read
        assert reply.cost == (plain + read * Decimal("0.1") + reply.usage.output_tokens * 5) / 10**6
        assert f"prompt cache: {read:,} read, saved" in bundle(reply)["text/plain"]
        assert reply.prefix_warning is None
    report = session.cache_prefixes()
    assert report.saved == sum(reply.prefix_saved or 0 for reply in replies)
    (prefix,) = report.prefixes
    assert (prefix.calls, prefix.reuse.within_5m) == (3, 2)
    assert prefix.read_tokens == sum(reply.usage.cache_read_tokens for reply in replies)


def test_a_real_server_takes_a_conversation_with_breakpoints_of_both_lives(real_server: object) -> None:
    session = Session(settings={"max_tokens": 4})
    prepared = session.prepare("And now?", model="anthropic:smollm2", system="Be brief.", no_cache=True)
    messages = (Message("user", "Hello"), Message("assistant", "Hi"), *prepared.request.messages)
    plain = replace(prepared.request, messages=messages)
    marked = replace(plain, cache_after=(Breakpoint(0, "1h"), Breakpoint(2)))
    usages = []
    for request in (plain, marked):
        deltas = list(session.engine.providers.get("anthropic").stream(request))
        usages.append(next(d.usage for d in reversed(deltas) if d.usage))
    assert usages[0].input_tokens == usages[1].input_tokens  # the same prompt to the model


def test_a_killed_call_leaves_what_its_prefix_saved(server: ScriptedServer) -> None:
    events = claude("Hi", " there", usage={"input_tokens": 20, "cache_read_input_tokens": 5_500, "output_tokens": 1})
    server.play(Sse([*events[:3], HOLD, *events[3:]]))
    session = Session()
    stream = session.stream("a", model=HAIKU)
    next(stream)
    session.engine._checkpoint(stream.call)
    with sqlite3.connect(session.settings.home / "ledger.db") as connection:
        assert connection.execute("SELECT prefix_saved_nusd FROM calls").fetchone() == (4_950_000,)
    server.released.set()
    stream.close()
    assert stream.reply.prefix_saved == Decimal("0.00495")
    assert session.cache_prefixes().saved == Decimal("0.00495")


def test_the_ledger_keeps_what_is_needed_to_learn(server: ScriptedServer) -> None:
    server.play(reported(5_520), reported(20, written=5_500))
    session = Session()
    asks(session, "ab")
    asks(session, "a")  # a hit asks no provider
    with sqlite3.connect(session.settings.home / "ledger.db") as connection:
        rows = connection.execute(
            "SELECT prefix_hash, prefix_tokens, turns_hash, cache_after, cache_write_1h_tokens, cache "
            "FROM calls ORDER BY id"
        ).fetchall()
    (first, second, hit) = rows
    assert first[0] == second[0]
    assert 5_000 < first[1] == second[1] < 6_000
    assert [row[2:5] for row in rows[:2]] == [(None, None, 0), (None, "0:5m", 0)]
    assert hit[0] is None
    assert hit[5] == "exact"
    assert (
        len(
            booked(
                session.engine.ledger, session.ledger()["started_at"].min().to_pydatetime().replace(tzinfo=None)
            ).uses
        )
        == 2
    )
