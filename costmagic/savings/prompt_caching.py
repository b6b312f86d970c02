"""Provider prompt caching: beginnings of prompts that come again are read at a discount, after a dearer write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from ..caching.prefix import Part, Rates, Use, parts
from .item import Item
from .workload import Finding, Workload, count, sentences

SETTING = '[cache]\nprefix = "auto"'
CODE = "%llm cache prefix"

Group = list[tuple[Item, Use]]


def apply(work: Workload) -> Finding:
    """Replay each prefix in the order of its calls, deciding each time from the calls before it alone."""
    used = refused = short = 0
    for (ref, _, _), group in _groups(work).items():
        tokens = max(use.tokens for _, use in group)
        if tokens < work.engine.prefixes.minimum(ref)[0]:
            short += 1
        elif any(item.usage.cache_read_tokens or item.usage.cache_write_tokens for item, _ in group):
            used += 1  # what that saved is in the bill already
        elif any(item.row.cache_after for item, _ in group):
            refused += 1
        elif _caches(work, ref):
            _replay(work, group)
    how = (
        "each repeated system prompt or conversation replayed in the order of its calls: the write premium where it "
        "would have been written, the discount where it would still have been held"
    )
    stands_in = "simulated models stand for their namesakes, whose prices and smallest prefixes are used"
    note = sentences(
        f"{count(used, 'prefix', 'prefixes')} already cached." if used else "",
        f"{count(refused, 'prefix', 'prefixes')} asked for and not cached by the provider." if refused else "",
        f"{count(short, 'prefix', 'prefixes')} too short to be cached." if short else "",
        "OpenAI caches by itself; costmagic only keeps calls with one prefix together." if _openai(work) else "",
    )
    return Finding(f"{how}; {stands_in}" if work.simulated else how, SETTING, CODE, note)


def _groups(work: Workload) -> dict[tuple[str, bool, str], Group]:
    """The uses of each prefix of each model; a conversation's are without the tokens of its system prompt."""
    groups: dict[tuple[str, bool, str], Group] = {}
    for item in work.items:
        row = item.row
        if not item.repriceable or (row.status == "error" and row.first_token_ms is None):
            continue
        first = row.first_token_ms
        ready = None if first is None else item.started_at + timedelta(milliseconds=first)
        use = Use(item.started_at, ready)
        system = row.prefix_tokens or 0
        if row.prefix_hash:
            groups.setdefault((item.ref, False, row.prefix_hash), []).append((item, replace(use, tokens=system)))
        if row.turns_hash:
            turns = replace(use, tokens=max(0, (row.turns_tokens or 0) - system))
            groups.setdefault((item.ref, True, row.turns_hash), []).append((item, turns))
    return groups


def _caches(work: Workload, ref: str) -> bool:
    return work.engine.prefixes.asks(ref) or ref.startswith("sim:")


def _openai(work: Workload) -> bool:
    return any(item.ref.startswith("openai:") for item in work.items)


def _replay(work: Workload, group: Group) -> None:
    """Let the calls of one prefix read and write it, if that is cheaper for all of them together."""
    first = group[0][0]
    rates = work.rates.of(first.model, first.usage.input_tokens, first.started_at)
    if rates is None:
        return
    per_token = Rates(rates.plain, rates.read, rates.write, rates.write_1h)
    # Both are oldest first, and sorting keeps the order of calls of the same moment.
    played = [part for _, part in parts((use for _, use in group), per_token)]
    if _saved(played, per_token) <= 0:
        return
    for (item, _), part in zip(group, played, strict=True):
        item.reads(part.read, part.written, hour=part.life == "1h")


def _saved(played: Sequence[Part], per_token: Rates) -> Decimal:
    saved = Decimal(0)
    for part in played:
        if part.life:
            saved += part.read * (per_token.plain - per_token.read)
            saved -= part.written * (per_token.writing(part.life) - per_token.plain)
    return saved
