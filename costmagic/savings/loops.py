"""Background loops: many calls of one feature with one template, close together, that nobody waits for one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from .item import Item

# Fewer calls in a row may have been made by hand.
LEAST_CALLS = 10

# From the end of one call to the beginning of the next, at most.
GAP = timedelta(seconds=10)

# What two prompts must share at their beginning or end to be of one template.
LEAST_SHARED = 20  # characters


@dataclass(frozen=True, slots=True)
class Loop:
    """Calls of one template, oldest first; ``shared`` is the template: what all prompts begin and end with."""

    items: tuple[Item, ...]
    shared: str


def find(items: Sequence[Item]) -> Iterator[Loop]:
    """The loops among ``items`` (oldest first); each item is in one at most.

    Calls without a kept text, with older turns, or sent as a batch already are in none.
    """
    groups: dict[tuple[str | None, str, str], list[Item]] = defaultdict(list)
    for item in items:
        prompt = item.prompt
        if prompt is not None and not prompt.turns and not item.row.batched:
            groups[item.row.feature, item.asked, prompt.manner].append(item)
    for group in groups.values():
        for run in _runs(group):
            yield from templates(run)


def _runs(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Stretches without a longer pause."""
    run: list[Item] = []
    last = None
    for item in items:
        if last is not None and item.started_at - last > GAP:
            yield run
            run = []
        run.append(item)
        last = item.ended_at if last is None or not run[1:] else max(last, item.ended_at)
    yield run


def templates(items: Sequence[Item]) -> Iterator[Loop]:
    """The items that share a beginning, then those that share an end, in groups that are large enough."""
    rest: list[Item] = list(items)
    for end in (slice(LEAST_SHARED), slice(-LEAST_SHARED, None)):
        groups: dict[str, list[Item]] = defaultdict(list)
        for item in rest:
            assert item.prompt is not None
            groups[item.prompt.text[end] if item.prompt.length > LEAST_SHARED else ""].append(item)
        rest = groups.pop("", [])
        for group in groups.values():
            if len(group) >= LEAST_CALLS:
                yield Loop(tuple(group), shared([item.prompt.text for item in group if item.prompt]))
            else:
                rest += group
        rest.sort(key=lambda item: item.started_at)


def shared(texts: Sequence[str]) -> str:
    """What all texts begin with and what they end with, in whole words."""
    head = _beginning(texts)
    tail = _beginning([text[len(head) :][::-1] for text in texts])[::-1]
    if any(len(text) > len(head) + len(tail) for text in texts):
        # The data may happen to begin alike: a piece of a word is not part of a template.
        head = head[: max(head.rfind(mark) for mark in " \n\t:") + 1]
        first = min((at for mark in " \n\t" if (at := tail.find(mark)) >= 0), default=len(tail))
        tail = tail[first:]
    return head + tail


def _beginning(texts: Sequence[str]) -> str:
    """What all texts begin with."""
    first, last = min(texts), max(texts)
    n = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:n]
