"""The built-in model: real weights, run inside this process."""

from __future__ import annotations

import json
import socket
import sys
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from costmagic import ProviderError, Session, UsageError, weights
from costmagic.models import LOCAL_MODEL, LOCAL_WINDOW
from costmagic.providers.local import SLOTS, LocalProvider, server
from costmagic.stop import Stop
from costmagic.types import Message, Request

STORY = "Write a very long story about a lighthouse and its keeper, with many chapters."

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def session(local_home: Path) -> Session:
    return Session(settings={"preset": "local", "max_tokens": 24})


@pytest.fixture
def provider(session: Session) -> LocalProvider:
    provider = session.engine.providers.get("local")
    assert isinstance(provider, LocalProvider)
    return provider


def request(prompt: str, max_tokens: int = 24) -> Request:
    return Request("local", "smollm2-135m", (Message("user", prompt),), max_tokens=max_tokens)


def test_a_reply_streams_is_free_and_reports_its_usage(session: Session) -> None:
    stream = session.stream("Say hello.")
    pieces = list(stream)
    reply = stream.reply
    assert len(pieces) > 1
    assert "".join(pieces) == reply.text
    assert (reply.usage.source, reply.cost, reply.simulated) == ("reported", 0, False)
    assert reply.usage.input_tokens > 10
    assert 1 < reply.usage.output_tokens <= 24
    (row,) = session.ledger().to_dict("records")
    assert (row["status"], row["provider"], row["model"]) == ("ok", "local", "smollm2-135m")


def test_without_a_temperature_the_same_prompt_has_the_same_reply(session: Session) -> None:
    first, second = (session.ask("Name three colours.", no_cache=True).text for _ in range(2))
    assert first == second


def test_the_second_identical_call_reads_its_prompt_from_the_models_own_cache(session: Session) -> None:
    first, second = (session.ask("Name four colours of autumn.", fresh=True).usage for _ in range(2))
    assert second.input_tokens == first.input_tokens
    assert 0 < second.cache_read_tokens < second.input_tokens


@pytest.mark.parametrize("max_tokens", [1, 5])
def test_max_tokens_is_kept_to_the_token(session: Session, max_tokens: int) -> None:
    reply = session.ask(STORY, max_tokens=max_tokens)
    assert (reply.finish, reply.usage.output_tokens) == ("length", max_tokens)


def test_a_stop_sequence_ends_the_reply_before_it(session: Session) -> None:
    whole = session.ask(STORY).text
    word = whole.split()[5]
    reply = session.ask(STORY, stop=["\x00never", word])
    assert word not in reply.text
    assert (whole.startswith(reply.text), reply.finish) == (True, "stop")


def test_the_system_prompt_reaches_the_model(session: Session) -> None:
    plain, told = (session.ask("Hello", system=system).usage for system in (None, "You are a pirate. " * 20))
    assert told.input_tokens > plain.input_tokens + 50


def test_unicode_comes_through_whole(session: Session) -> None:
    stream = session.stream("Repeat exactly: Grüße 🦉 日本語 \x00 {x} </s> <|im_end|>")
    "".join(stream).encode()
    assert stream.reply.status == "ok"


def test_a_json_reply_is_json_or_was_cut(session: Session) -> None:
    reply = session.ask('Give me {"colour": "red"}', json=True, max_tokens=64)
    if reply.data_error is None:
        assert reply.data == json.loads(reply.text)
    else:  # JSON is forced on the model, so only its end can be missing
        assert (reply.finish, reply.data) == ("length", None)
        assert reply.text


def test_stop_from_another_thread_ends_the_generation_early(session: Session) -> None:
    stream = session.stream(STORY, max_tokens=4_000)
    next(stream)
    thread = threading.Thread(target=stream.call.stop.set)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        list(stream)
    thread.join()
    reply = stream.reply
    assert (reply.status, reply.usage.source) == ("interrupted", "estimated")
    assert reply.usage.output_tokens < 2_000


def test_a_stop_that_was_set_before_ends_at_once(provider: LocalProvider) -> None:
    stop = Stop()
    stop.set()
    deltas = list(provider.stream(request(STORY, 4_000), stop))
    assert all(delta.finish is None for delta in deltas)
    assert len(deltas) < 100


def test_closing_a_stream_frees_its_place_for_the_next(provider: LocalProvider) -> None:
    # More abandoned streams than there are places.
    for _ in range(SLOTS + 2):
        stream = provider.stream(request(STORY, 4_000))
        next(stream)
        stream.close()  # type: ignore[attr-defined]
    assert not [t for t in threading.enumerate() if t.name == "costmagic-local"]
    assert any(delta.finish for delta in provider.stream(request("Say hello.")))


def test_threads_share_one_model_and_do_not_mix_their_replies(session: Session) -> None:
    prompts = [f"Name {thing}." for thing in ("a colour", "a river", "an animal", "a country", "a fruit")]
    alone = [session.ask(prompt, no_cache=True, max_tokens=8).usage.input_tokens for prompt in prompts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda p: session.ask(p, no_cache=True, max_tokens=8), prompts))
    assert [reply.usage.input_tokens for reply in together] == alone
    assert all(reply.text for reply in together)
    frame = session.ledger()
    assert list(frame["status"]) == ["ok"] * 10


def test_a_prompt_longer_than_the_window_is_refused_before_it_is_sent(session: Session) -> None:
    with pytest.raises(UsageError, match=f"{LOCAL_WINDOW:,}"):
        session.ask("word " * (2 * LOCAL_WINDOW))
    assert session.engine.ledger.count() == 0


def test_the_models_own_refusal_of_a_long_prompt_is_the_providers_error(provider: LocalProvider) -> None:
    with pytest.raises(ProviderError) as caught:
        list(provider.stream(request("word " * (2 * LOCAL_WINDOW))))
    assert (caught.value.provider, caught.value.billed) == ("local", False)
    assert caught.value.message
    assert any(delta.finish for delta in provider.stream(request("Say hello.")))


def test_the_loopback_port_answers_only_to_this_process(session: Session, weights_file: Path) -> None:
    session.ask("Say hello.", max_tokens=1)
    url = server(weights_file).listening_address
    assert url.startswith("http://127.0.0.1:")
    body = json.dumps({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}).encode()
    for headers in ({}, {"Authorization": "Bearer unused"}, {"x-api-key": "guess"}):
        for path in ("/v1/chat/completions", "/v1/messages", "/completion"):
            call = urllib.request.Request(url + path, body, {"Content-Type": "application/json", **headers})
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(call)
            assert caught.value.code == 401


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 needs to be set up first")
def test_the_loopback_port_is_not_open_to_the_network(session: Session, weights_file: Path) -> None:
    port = int(server(weights_file).listening_address.rsplit(":", 1)[1])
    # Another address of this machine, which a server on all interfaces would answer on.
    with socket.socket() as other:
        other.bind(("127.0.0.2", port))


def test_weights_linked_into_two_homes_are_loaded_once(weights_file: Path, tmp_path: Path) -> None:
    link = tmp_path / "linked.gguf"
    link.symlink_to(weights_file)
    assert server(link) is server(weights_file)


def test_a_model_that_was_not_pulled_says_how(home: Path) -> None:
    session = Session(settings={"preset": "local"})
    with pytest.raises(UsageError, match="costmagic pull smollm2-135m"):
        session.ask("Hello", model=LOCAL_MODEL)
    assert session.engine.ledger.count() == 0


@pytest.mark.parametrize("name", ["smolm2-135m", "../smollm2-135m", "SmolLM2-135M.gguf"])
def test_an_unknown_model_names_the_closest(session: Session, name: str) -> None:
    with pytest.raises(UsageError, match="'smollm2-135m'"):
        session.ask("Hello", model=f"local:{name}")


def test_a_damaged_file_is_an_error_not_a_crash(session: Session, home: Path) -> None:
    (weights.folder(home) / "broken.gguf").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ProviderError) as caught:
        session.ask("Hello", model="local:broken")
    assert "broken" in str(caught.value)
    (row,) = session.ledger().to_dict("records")
    assert (row["status"], row["cost_nusd"]) == ("error", 0)
