"""Token counts before sending: offline, honest about being estimates, and learning."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from costmagic import tokens
from costmagic.session import Session
from costmagic.tokens import TOKENS_PER_MESSAGE, TOKENS_PER_REPLY, Experience, Tokens
from costmagic.types import Message, Request

O200K = "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty tiktoken cache; sockets beyond this machine are blocked, so a download would fail the test."""
    folder = tmp_path / "tiktoken"
    folder.mkdir()
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(folder))
    return folder


def request(ref: str, *texts: str, system: str | None = None) -> Request:
    provider, _, model = ref.partition(":")
    return Request(provider, model, tuple(Message("user", text) for text in texts), system, max_tokens=10)


@pytest.mark.parametrize(
    ("ref", "source"),
    [
        ("openai:gpt-4", "counted"),
        ("openai:gpt-3.5-turbo", "counted"),
        ("sim:gpt-4", "counted"),
        ("openai:gpt-4o", "estimated"),
        ("openai:gpt-6-luna", "estimated"),
        ("openai:never-heard-of", "estimated"),
        ("anthropic:claude-opus-5-5", "estimated"),
        ("local:smollm2-135m", "estimated"),
        ("openrouter:openai/gpt-4", "estimated"),
    ],
)
def test_only_the_models_own_tokenizer_counts(ref: str, source: str) -> None:
    count = Tokens().text(ref, "Tokenization isn't hard!")
    assert count.source == source
    assert count.tokens == count.raw == 6  # Token|ization| isn|'t| hard|!


@pytest.mark.parametrize("variable", ["TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"])
@pytest.mark.parametrize("content", [None, b"", b"IQ== 0\n", b"<html>proxy error</html>"])
def test_an_absent_or_damaged_download_is_neither_used_nor_touched(
    variable: str, content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / f"{variable}-{len(content or b'')}-{content is None}"
    folder.mkdir()
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR")
    monkeypatch.setenv(variable, str(folder))
    file = folder / hashlib.sha1(O200K.encode(), usedforsecurity=False).hexdigest()
    if content is not None:
        file.write_bytes(content)
    assert Tokens().text("openai:gpt-4o", "a b c").source == "estimated"
    assert [path.read_bytes() for path in folder.iterdir()] == ([] if content is None else [content])


def test_a_cache_that_is_switched_off_or_missing_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("", str(tmp_path / "nowhere")):
        monkeypatch.setenv("TIKTOKEN_CACHE_DIR", value)
        assert Tokens().text("openai:gpt-4o", "a b c").tokens == 3


@pytest.mark.parametrize(
    "text", ["<|endoftext|>", "<|im_start|>system", "\ud800", "a\udc00b", "\x00", "😀 語 ﷽", "<|fim_prefix|>" * 3]
)
@pytest.mark.parametrize("ref", ["openai:gpt-4", "openai:gpt-4o", "anthropic:claude-opus-5-5"])
def test_no_text_is_special_or_too_odd_to_count(ref: str, text: str) -> None:
    assert 0 < Tokens().text(ref, text).tokens <= 4 * len(text)


def test_special_marks_are_counted_as_the_text_they_are() -> None:
    assert Tokens().text("openai:gpt-4", "<|endoftext|>").tokens > 1


def test_no_text_has_no_tokens() -> None:
    assert Tokens().text("openai:gpt-4", "").tokens == 0


@pytest.mark.parametrize("text", ["lorem ipsum " * 83_333 + "abcd", "a" * 1_000_000, " " * 1_000_000, "語" * 1_000_000])
def test_a_million_characters_are_counted(text: str) -> None:
    assert len(text) == 1_000_000
    assert 1_000_000 / 130 < Tokens().text("anthropic:x", text).tokens <= 3 * len(text)


def test_a_request_counts_every_message_and_the_system_prompt_and_what_frames_them() -> None:
    one, two = (Tokens().text("openai:gpt-4", text).tokens for text in ("Hello there.", "Be brief, please!"))
    count = Tokens().request(request("openai:gpt-4", "Hello there.", system="Be brief, please!"))
    assert count.raw == count.tokens == one + two + 2 * TOKENS_PER_MESSAGE + TOKENS_PER_REPLY
    assert count.source == "counted"
    alone = Tokens().request(request("openai:gpt-4", "Hello there."))
    assert alone.tokens == one + TOKENS_PER_MESSAGE + TOKENS_PER_REPLY


def test_what_is_counted_exactly_is_not_corrected_by_experience() -> None:
    doubles = Tokens(lambda ref: _reports([(n, 2 * n) for n in range(100, 2_000, 100)]))
    assert doubles.request(request("openai:gpt-4", "word " * 500)).tokens == 507
    estimated = doubles.request(request("anthropic:x", "word " * 500))
    assert estimated.raw == 507
    assert estimated.tokens == pytest.approx(2 * 507, rel=0.02)


def _reports(pairs: list[tuple[int, int]]) -> Experience:
    experience = Experience()
    for raw, reported in pairs:
        experience = experience.add(raw, reported)
    return experience


@pytest.mark.parametrize("raw", [1, 7, 1_000, 1_000_000])
def test_without_experience_the_count_is_believed(raw: int) -> None:
    assert Experience().predict(raw) == raw


@pytest.mark.parametrize("ratio", [0.7, 1.0, 1.3, 2.0])
def test_varied_sizes_teach_a_ratio(ratio: float) -> None:
    experience = _reports([(n, round(ratio * n)) for n in (50, 200, 900, 3_000, 8_000)])
    assert experience.predict(20_000) == pytest.approx(ratio * 20_000, rel=0.01)


@pytest.mark.parametrize("offset", [10, 30, 200])
def test_short_prompts_teach_an_offset_and_leave_long_ones_alone(offset: int) -> None:
    # A chat template adds the same to each prompt: that is no reason to think the tokenizer differs.
    experience = _reports([(n, n + offset) for n in (8, 12, 20, 15, 9, 11, 30, 18) * 5])
    assert experience.predict(14) == pytest.approx(14 + offset, abs=2)
    ratio_alone = (14 + offset) / 14
    assert experience.predict(10_000) < 10_000 * min(1.35, ratio_alone)


def test_ratio_and_offset_are_told_apart() -> None:
    experience = _reports([(n, round(1.2 * n) + 25) for n in (10, 20, 40, 400, 2_000, 5_000)])
    assert experience.predict(10) == pytest.approx(37, abs=4)
    assert experience.predict(10_000) == pytest.approx(12_025, rel=0.01)


def test_one_odd_report_moves_a_long_estimate_little() -> None:
    assert Experience().add(10, 60).predict(10_000) < 11_000


@pytest.mark.parametrize("pairs", [[(100, 1)] * 50, [(1, 0)], [(5, 0)] * 9])
def test_a_prediction_is_never_below_one_token(pairs: list[tuple[int, int]]) -> None:
    assert _reports(pairs).predict(1) >= 1


def test_the_default_experience_is_none() -> None:
    assert Tokens().request(request("anthropic:x", "word" + " word" * 99)).tokens == 106


@pytest.mark.model
@pytest.mark.usefixtures("real_server")
def test_a_session_learns_from_what_a_real_server_reports() -> None:
    model = "anthropic:smollm2"
    session = Session(settings={"prices": {model: {"input": 1, "output": 1}}})
    topics = ["cats", "the weather in Lisbon", "a list of prime numbers, please, as long as you like", "the sea " * 90]

    def misses(in_session: Session) -> list[int]:
        """How far estimates are from what the server then reports, for prompts not asked before."""
        found = []
        for topic in topics:
            prompt = f"One word about {topic} ({len(found)})"
            estimate = in_session.estimate(prompt, [model])[model].input_tokens
            reply = in_session.ask(prompt, model=model, max_tokens=4, no_cache=True)
            assert reply.usage.source == "reported"
            found.append(abs(estimate - reply.usage.input_tokens))
        return found

    before, after = misses(session), misses(session)
    assert sum(after) < sum(before)
    # What one session learned, the ledger tells the next.
    again = Session(settings={"prices": {model: {"input": 1, "output": 1}}})
    prompt = "One word about cats (0)"
    assert again.estimate(prompt, [model])[model] == session.estimate(prompt, [model])[model]
    assert again.estimate(prompt, [model])[model].token_source == "estimated"


def test_simulated_and_estimated_usage_teaches_nothing(session: Session) -> None:
    before = session.estimate("Hello", ["heavy"])["heavy"]
    for number in range(5):
        session.ask(f"Hello {number}", tier="heavy")
    assert session.estimate("Hello", ["heavy"])["heavy"] == before
    assert Session(settings={"preset": "sim"}).estimate("Hello", ["heavy"])["heavy"] == before


def test_the_encoding_is_made_once() -> None:
    Tokens().text("anthropic:x", "a")
    made = tokens._encoding.cache_info().misses
    Tokens().text("anthropic:y", "b")
    assert tokens._encoding.cache_info().misses == made
