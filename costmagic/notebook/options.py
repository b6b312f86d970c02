"""The ``%%llm`` line as a parsed object; every mistake in it is a UsageError."""

from __future__ import annotations

import argparse
import keyword
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from ..templates import interpolate
from ..types import UsageError, closest, did_you_mean


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def _parser() -> _Parser:
    parser = _Parser(prog="%%llm", add_help=False, allow_abbrev=False, usage="%%llm [options], the prompt below")
    add = parser.add_argument
    add("-t", "--tier", metavar="NAME", help="heavy, standard, medium, coding or routing: skip the router")
    add("-m", "--model", metavar="REF", help="a model as provider:model, like local:smollm2-135m")
    add("-f", "--feature", metavar="NAME", help="what this spend is for")
    add("-a", "--action", metavar="NAME", help="the user action that this call serves, with others perhaps")
    add("-o", "--out", metavar="VAR", help="also put the reply into this variable")
    add("-s", "--system", metavar="VAR_OR_TEXT", help="system prompt: a variable's name, or text in quotes")
    add("--max-tokens", metavar="N", type=int, help="the most tokens that the reply may have")
    add("--temperature", metavar="X", type=float, help="0 to 2; not sent when not given")
    add(
        "--stop",
        metavar="S",
        action="append",
        default=[],
        help="end the reply before this text (\\n: a new line); may be repeated",
    )
    add("--json", action="store_true", help="ask for JSON; the parsed object is reply.data")
    add(
        "--compare",
        metavar="REFS",
        help="ask these tiers and models side by side, like heavy,medium,local:smollm2-135m",
    )
    add(
        "--blind", action="store_true", help="with --compare: hide and shuffle the names until all replies are voted on"
    )
    add("--fresh", action="store_true", help="call again and refresh the cache")
    add("--no-cache", action="store_true", help="leave the cache alone")
    add("--dry-run", action="store_true", help="show route, what would be sent and what it would cost; send nothing")
    add("--max-cost", metavar="USD", help="refuse to start if the call could cost more")
    return parser


PARSER = _parser()


@dataclass(frozen=True)
class Line:
    """A parsed ``%%llm`` line. ``ask`` holds the options of ``Session.ask``."""

    ask: Mapping[str, Any]
    system: str | None
    out: str | None
    dry_run: bool
    compare: str | None = None
    blind: bool = False


def parse(line: str) -> Line:
    """Parse what stands after ``%%llm``.

    Raises:
        UsageError: an unknown option (with the closest ones), a value of the wrong type, stray text.
    """
    known, extra = PARSER.parse_known_args(split(line))
    if extra:
        word = extra[0]
        if not word.startswith("-"):
            raise UsageError(f"'{word}' is not an option: the prompt goes below the %%llm line")
        name = word.partition("=")[0]
        raise UsageError(f"unknown option '{name}'{suggest_option(name, list(PARSER._option_string_actions))}")
    options = vars(known)
    out, system, dry_run = (options.pop(name) for name in ("out", "system", "dry_run"))
    compare, blind = options.pop("compare"), options.pop("blind")
    if blind and compare is None:
        raise UsageError("--blind hides the names of what --compare REFS shows side by side")
    options["stop"] = [text.replace("\\n", "\n").replace("\\t", "\t") for text in options["stop"]]
    if out is not None and (not out.isidentifier() or keyword.iskeyword(out)):
        raise UsageError(f"-o takes the name of a variable, not '{out}'")
    ask = {name: value for name, value in options.items() if value not in (None, [])}
    return Line(ask, system, out, dry_run, compare, blind)


def split(line: str) -> list[str]:
    """Words as a shell splits them. Raises UsageError for a quote that is not closed."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"{error} in: {line.strip()}") from None


def suggest_option(name: str, options: Sequence[str]) -> str:
    """The closest options to ``name``, as the tail of a message."""
    long = [option for option in options if option.startswith("--")]
    names = closest(name.lstrip("-"), [option[2:] for option in long])
    return "; did you mean " + " or ".join(f"'--{n}'" for n in names) + "?" if names else "; see %llm help"


def values(words: Sequence[str], defaults: dict[str, str]) -> dict[str, str]:
    """``--name value`` and ``--name=value`` pairs over their defaults; raises UsageError for any other option."""
    found = dict(defaults)
    rest = [part for word in words for part in (word.split("=", 1) if word.startswith("--") else [word])]
    while rest:
        name = rest.pop(0)
        if name not in defaults:
            raise UsageError(f"unknown option '{name}'{suggest_option(name, list(defaults))}")
        if not rest:
            raise UsageError(f"{name} needs a value")
        found[name] = rest.pop(0)
    return found


def system_prompt(value: str | None, namespace: Mapping[str, Any]) -> str | None:
    """The system prompt that ``-s VALUE`` means.

    A bare name is a variable, whose content is taken as it is; anything else is text, in which
    ``{{ expression }}`` is replaced. Raises UsageError for a name that is not defined or not a text.
    """
    if value is None:
        return None
    if not value.isidentifier():
        return interpolate(value, namespace)
    if value not in namespace:
        names = [n for n in namespace if isinstance(n, str) and not n.startswith("_")]
        hint = did_you_mean(value, names) if names else ""
        hint = hint if "mean" in hint else ""
        raise UsageError(f"-s {value}: no such variable{hint} (a text of one word needs a full stop: '{value}.')")
    text = namespace[value]
    if not isinstance(text, str):
        raise UsageError(f"-s {value}: a system prompt is a text, and this is a {type(text).__name__}")
    return text
