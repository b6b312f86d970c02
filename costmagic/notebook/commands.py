"""``%llm`` and its subcommands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from .. import __version__, weights
from ..models import active_preset, has_key, split
from ..money import dollars
from ..session import Session
from ..types import CostmagicError, UsageError, did_you_mean
from .cache import cache, cache_lines
from .compare_cell import command as vote
from .options import PARSER, values
from .options import split as split_words
from .panel_cell import command as panel
from .plan import plan
from .policy import command as policy
from .receipt import age
from .shown import Shown
from .spending import alerts, costs, metrics
from .totals import command as meter

MAX_MODELS = 30
MAX_HISTORY = 1_000
EXCERPT = 60

# What follows these is a text: its quotes and apostrophes are its own.
TEXTS = (["route"], ["cache", "explain"])


def run(line: str, session: Session) -> Any:
    """Carry out ``%llm LINE``; returns what the cell shows. Raises UsageError for anything unknown."""
    words = _words(line)
    if not words:
        return status(session)
    command = COMMANDS.get(words[0])
    if command is None:
        raise UsageError(
            f"unknown subcommand '{words[0]}'{did_you_mean(words[0], list(COMMANDS))} (a prompt goes into a %%llm cell)"
        )
    return command(session, words[1:])


def status(session: Session) -> Shown:
    """Tiers, keys found, today's spend, cache."""
    preset = active_preset(session.settings)
    named = f"{session.settings.preset} → {preset}" if session.settings.preset == "auto" else preset
    rows = [["tier", "model", "$/M in", "$/M out", ""]]
    for tier, ref in session.tiers().items():
        rows.append([tier, ref, *_rates(session, ref), _reach(session, ref)])
    below = [_keys(session), *cache_lines(session)]
    try:
        below[1:1] = [_today(session), session.budget().summary()]
    except CostmagicError as error:
        below.append(f"Ledger: {error}")
    if session.mistake:
        below.append(f"Configuration: {session.mistake}")
    if preset == "local":
        why = "No API key found" if session.settings.preset == "auto" else "Preset local"
        below.insert(0, f"{why}: every tier is the small built-in model. Nothing leaves this machine.")
    return Shown(rows, [f"costmagic {__version__}, preset {named}"], [line for line in below if line])


def tiers(session: Session, words: Sequence[str]) -> Shown:
    """``tiers``: model, price, window, whether it can be asked, and its share of this month's calls."""
    if words:
        raise UsageError(f"tiers takes nothing more, not '{' '.join(words)}'")
    month = datetime.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    counts = session.costs(by="tier", since=month)["calls"]
    calls = int(counts.sum())
    rows = [["tier", "model", "$/M in", "$/M out", "window", "calls", ""]]
    for tier, ref in session.tiers().items():
        window, count = session.engine.prices.window(ref), int(counts.get(tier, 0))
        share = f"{count:,} ({count / calls:.0%})" if calls else "0"
        rows.append([tier, ref, *_rates(session, ref), f"{window:,}" if window else "?", share, _reach(session, ref)])
    return Shown(rows, [], ["Calls are this month's; those with an explicit model have no tier."])


def route(session: Session, words: Sequence[str]) -> Any:
    """``route TEXT``: why a prompt would go where it would go, and what each tier would cost."""
    if not words:
        raise UsageError("route needs a text: %llm route Is this spam? …")
    return session.route(" ".join(words))


def models(session: Session, words: Sequence[str]) -> Shown:
    """``models [TEXT]``: models that could be asked, their list prices and windows."""
    local = [f"local:{name}" for name in sorted({*weights.available(session.settings.home), weights.DEFAULT})]
    known = dict.fromkeys([*session.tiers().values(), *local, *session.settings.prices])
    if words:
        wanted = [word.lower() for word in words]
        known = dict.fromkeys([*known, *session.engine.prices.catalogue()])
        known = {ref: None for ref in known if all(word in ref.lower() for word in wanted)}
    rows = [["model", "$/M in", "$/M out", "window", ""]]
    for ref in list(known)[:MAX_MODELS]:
        window = session.engine.prices.window(ref)
        rows.append([ref, *_rates(session, ref), f"{window:,}" if window else "?", _reach(session, ref)])
    more = len(known) - MAX_MODELS
    below = [f"… and {more} more: narrow the search"] if more > 0 else []
    if not known:
        below = [f"No model matches {' '.join(words)!r}."]
    elif not words:
        below = ["%llm models TEXT searches the whole price list."]
    return Shown(rows, [], below)


def budget(session: Session, words: Sequence[str]) -> Any:
    """``budget [AMOUNT/day|week|month|session] [--feature NAME] [off]``: spending limits, and what is left of them."""
    n = next((i for i, word in enumerate(words) if word.startswith("-")), len(words))
    feature = values(words[n:], {"--feature": ""})["--feature"]
    return session.budget(*words[:n], feature=feature or None)


def history(session: Session, words: Sequence[str]) -> Shown:
    """``history [-n N]``: the last calls."""
    options = values(words, {"-n": "10"})
    if not options["-n"].isdecimal() or not 1 <= int(options["-n"]) <= MAX_HISTORY:
        raise UsageError(f"-n takes a whole number from 1 to {MAX_HISTORY:,}, not '{options['-n']}'")
    rows = [["when", "status", "model", "tier", "feature", "tok", "cost", "prompt", "reply"]]
    for call in session.engine.ledger.history(int(options["-n"])):
        rows.append(_history_row(call))
    return Shown(rows, [], [] if len(rows) > 1 else ["No calls yet."])


def help_(session: Session, words: Sequence[str]) -> Shown:
    """``help``: this page."""
    rows = [["", ""]]
    rows += [["%llm", "status: tiers, keys found, today's spend, cache"]]
    for command in COMMANDS.values():
        usage, _, text = (command.__doc__ or "").partition(": ")
        rows.append([f"%llm {usage.strip('`')}", text.strip().rstrip(".")])
    rows.append(["%%llm [options]", "ask: the prompt goes below; {{ expression }} is filled in from the notebook"])
    for option in PARSER._actions:
        names = ", ".join(option.option_strings)
        rows.append([f"  {names}{f' {option.metavar}' if option.metavar else ''}", option.help or ""])
    return Shown(rows)


COMMANDS: dict[str, Callable[[Session, Sequence[str]], Any]] = {
    "tiers": tiers,
    "route": route,
    "models": models,
    "costs": costs,
    "metrics": metrics,
    "alerts": alerts,
    "budget": budget,
    "cache": cache,
    "panel": panel,
    "policy": policy,
    "meter": meter,
    "plan": plan,
    "history": history,
    "vote": vote,
    "help": help_,
}


def _words(line: str) -> list[str]:
    """Words as a shell splits them, or a command and the text that follows it as one word."""
    for head in TEXTS:
        *command, text = [*line.split(maxsplit=len(head)), ""][: len(head) + 1]
        if command == head and text:
            quoted = len(text) > 1 and text[0] == text[-1] == '"'
            return [*head, text[1:-1] if quoted else text]
    return split_words(line)


def _rates(session: Session, ref: str) -> list[str]:
    rates = session.engine.prices.rates(ref)
    return ["unpriced", "unpriced"] if rates is None else [dollars(rate) for rate in rates]


def _reach(session: Session, ref: str) -> str:
    """Why a model can't be asked, as short as a table wants it; nothing where it can."""
    name, model = split(ref)
    config = session.settings.providers.get(name)
    if config and config.key_required and not has_key(config):
        return f"no key: {config.api_key_env}"
    if config and config.kind == "local" and model not in weights.available(session.settings.home):
        return f"run: costmagic pull {model}"
    return session.engine.reach.why_not(ref) or ("SIMULATED" if config and config.kind == "sim" else "")


def _keys(session: Session) -> str:
    found = [p.api_key_env for p in session.settings.providers.values() if p.api_key_env and has_key(p)]
    return f"Keys found: {', '.join(found) if found else 'none'}"


def _today(session: Session) -> str:
    midnight = datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
    totals = session.costs(by="model", since=midnight).sum()
    cost, unpriced = totals["cost"] or Decimal(0), int(totals["unpriced"] or 0)
    parts = [f"Today: {dollars(cost, at_least=unpriced > 0)} in {int(totals['calls'] or 0):,} calls"]
    if totals["avoided"]:
        parts.append(f"avoided by the cache: {dollars(totals['avoided'])}")
    if totals["simulated_cost"]:
        parts.append(f"SIMULATED spend, not real: {dollars(totals['simulated_cost'])}")
    return "; ".join(parts)


def _history_row(call: dict[str, Any]) -> list[str]:
    from datetime import UTC

    from ..accounting.money import from_nusd

    badge = ("HIT " if call["cache"] != "none" else "") + ("SIMULATED " if call["usage_source"] == "simulated" else "")
    return [
        f"{age(call['started_at'].replace(tzinfo=UTC))} ago",
        call["status"],
        f"{call['provider']}:{call['model_requested']}",
        call["tier"] or "",
        call["feature"] or "",
        f"{call['input_tokens']} → {call['output_tokens']}",
        badge + dollars(from_nusd(call["cost_nusd"])),
        _excerpt(call["prompt"]),
        _excerpt(call["reply"]),
    ]


def _excerpt(text: str | None) -> str:
    if text is None:
        return "(not kept)"
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1] + "…"
