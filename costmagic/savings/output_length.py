"""Output limits: a label needs ten tokens, and whoever may write four thousand pads."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ..reduce.output_limits import NARROW, output_limit
from .item import Item
from .workload import Finding, Workload, count, sentences

CODE = "# leave --max-tokens (max_tokens=…) out: replies to narrow tasks are limited by what they are for\n%llm history"


def apply(work: Workload) -> Finding:
    """Cut replies at the limit that their task would have had."""
    tasks: Counter[str] = Counter()
    untold = 0
    for item in work.movable():
        if item.usage.output_tokens <= NARROW or not item.repriceable:
            continue
        if item.prompt is None:
            untold += 1
            continue
        limit, task = _limit(work, item)
        if limit is not None and item.usage.output_tokens > limit:
            item.usage = replace(item.usage, output_tokens=limit)
            tasks[task] += 1
    off = work.engine.settings.output_limits is None
    how = (
        "replies to narrow tasks that were longer than the limit of their task, cut at it: "
        f"{NARROW} tokens for a label or a single value, else by the task and the length of the prompt"
    )
    note = sentences(
        "They are switched off in costmagic.toml (output_limits = false)." if off else "",
        "They were sent with max_tokens set, or before there were limits." if tasks and not off else "",
        f"{count(untold, 'call')} without a kept text not looked at." if untold else "",
    )
    details = tuple(f"{task}: {count(n, 'reply', 'replies')}" for task, n in tasks.most_common())
    return Finding(how, "# take out: output_limits = false" if off else "", CODE, note, details=details)


def _limit(work: Workload, item: Item) -> tuple[int | None, str]:
    """The limit of the item's task, None where it has none; and the task."""
    assert item.prompt is not None
    settings = work.engine.settings
    # An explicit model asks the rules alone: what was learned is in the row.
    route = work.engine.router.route(item.prompt.text, model=item.ref)
    task = item.row.task or route.task
    # Only the length of a text matters to the limit: what was not kept of a long one is made up for.
    text = item.prompt.text.ljust(item.prompt.length)
    own = settings.output_limits if settings.output_limits is not None else {}
    limit = output_limit(item.ref, task, route.narrow, text, own, settings.max_tokens)
    return limit, "a label or a single value" if route.narrow else task or ""
