"""The ``%%llm`` line: every option, and every mistake in one line."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from costmagic.notebook.options import PARSER, Line, parse, split, system_prompt
from costmagic.request import Ask
from costmagic.types import UsageError


def test_an_empty_line_asks_with_the_defaults() -> None:
    assert parse("") == parse("  \t") == Line({"json": False, "fresh": False, "no_cache": False}, None, None, False)


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("-t heavy", "tier", "heavy"),
        ("--tier=heavy", "tier", "heavy"),
        ("-theavy", "tier", "heavy"),
        ("-m local:smollm2-135m", "model", "local:smollm2-135m"),
        ("--model openrouter:deepseek/deepseek-r1:free", "model", "openrouter:deepseek/deepseek-r1:free"),
        ("-f 'a feature'", "feature", "a feature"),
        ("--feature=größe", "feature", "größe"),
        ("-a answer\\ 17", "action", "answer 17"),
        ("--max-tokens 5", "max_tokens", 5),
        ("--temperature .5", "temperature", 0.5),
        ("--temperature 0", "temperature", 0.0),
        ("--max-cost 0.01", "max_cost", "0.01"),
        ("--stop a --stop 'b c'", "stop", ["a", "b c"]),
        ("--json", "json", True),
        ("--fresh", "fresh", True),
        ("--no-cache", "no_cache", True),
    ],
)
def test_an_option_reaches_ask_under_its_name(line: str, name: str, value: Any) -> None:
    assert parse(line).ask[name] == value
    assert name in {field.name for field in fields(Ask)}


def test_what_is_not_for_ask_stays_out_of_it() -> None:
    line = parse("-o answer -s 'Be brief.' --dry-run")
    assert (line.out, line.system, line.dry_run) == ("answer", "Be brief.", True)
    assert not {"out", "system", "dry_run"} & set(line.ask)


def test_zero_is_a_value_and_not_an_absence() -> None:
    assert parse("--temperature 0 --max-tokens 0").ask["max_tokens"] == 0


def test_one_line_leaves_nothing_for_the_next() -> None:
    assert parse("--stop a").ask["stop"] == ["a"]
    assert "stop" not in parse("").ask
    assert parse("--stop b").ask["stop"] == ["b"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("--teir heavy", "unknown option '--teir'; did you mean '--tier'"),
        ("--modle x", "unknown option '--modle'; did you mean '--model'"),
        ("--maxtokens 5", "unknown option '--maxtokens'; did you mean '--max-tokens'"),
        ("--max 5", "unknown option '--max'"),
        ("--ti heavy", "unknown option '--ti'"),
        ("--nocache=1", "unknown option '--nocache'; did you mean '--no-cache'"),
        ("-x", "unknown option '-x'"),
        ("--xyzzy", "unknown option '--xyzzy'; see %llm help"),
        ("What is a hash?", "'What' is not an option: the prompt goes below the %%llm line"),
        ("-t heavy please", "'please' is not an option: the prompt goes below"),
        ("-t", "expected one argument"),
        ("--max-tokens five", "invalid int value: 'five'"),
        ("--max-tokens 1.5", "invalid int value: '1.5'"),
        ("--temperature hot", "invalid float value: 'hot'"),
        ("--json=yes", "--json"),
        ("-o 2x", "-o takes the name of a variable, not '2x'"),
        ("-o a.b", "-o takes the name of a variable, not 'a.b'"),
        ("-o ''", "-o takes the name of a variable, not ''"),
        ("-s 'not closed", "No closing quotation in: -s 'not closed"),
        ("-f x\\", "No escaped character in: -f x\\"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(line: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(line)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_mistake_ends_the_kernel() -> None:
    # argparse's own error handling would call sys.exit().
    for line in ("-h", "--help", "--version", "-t", "--temperature x", "--", "-", "- -"):
        try:
            parse(line)
        except UsageError:
            pass


@pytest.mark.parametrize(("line", "words"), [("", []), ("a 'b c'  d", ["a", "b c", "d"]), ('"é \\" x"', ['é " x'])])
def test_a_line_is_split_as_a_shell_would(line: str, words: list[str]) -> None:
    assert split(line) == words


@pytest.mark.parametrize(
    ("value", "prompt"),
    [
        (None, None),
        ("persona", "You are {{ name }}."),
        ("You are {{ name }}.", "You are Zoë."),
        ("persona.", "persona."),
        ("Be brief", "Be brief"),
        ("", ""),
        ("größe", "XL"),
    ],
)
def test_a_system_prompt_is_a_variable_or_a_text(value: str | None, prompt: str | None) -> None:
    # What a variable holds is data: it is taken as it is.
    namespace = {"persona": "You are {{ name }}.", "name": "Zoë", "größe": "XL", 5: "odd key"}
    assert system_prompt(value, namespace) == prompt


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("persna", "-s persna: no such variable; did you mean 'persona'"),
        ("Brief", "-s Brief: no such variable (a text of one word needs a full stop: 'Brief.')"),
        ("number", "-s number: a system prompt is a text, and this is a int"),
        ("nothing", "-s nothing: a system prompt is a text, and this is a NoneType"),
        ("{{ persna }}", "the prompt uses 'persna', which is not defined; did you mean 'persona'"),
    ],
)
def test_a_wrong_system_prompt_is_told(value: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        system_prompt(value, {"persona": "x", "number": 5, "nothing": None, "_private": "x"})
    assert str(caught.value).startswith(told)


def test_every_option_has_a_help_text() -> None:
    assert all(action.help for action in PARSER._actions)
