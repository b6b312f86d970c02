"""Batch jobs: what can wait for a day costs half at providers that sell it so."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from .item import Item
from .workload import Finding, Workload, count, sentences

# Of the price, input and output alike, at Anthropic and at OpenAI.
HALF = Decimal("0.5")

CODE = (
    "# collect the loop's requests and send them as one job to the provider's batch endpoint\n%llm costs --by feature"
)


def apply(work: Workload) -> Finding:
    """Halve the price of background loops where the provider has a batch price."""
    waiting: Counter[str] = Counter()
    elsewhere = 0
    for loop in work.loops():
        for item in loop.items:
            if _has_batch_price(work, item):
                item.share *= HALF
                waiting[item.ref] += 1
            else:
                elsewhere += 1
    how = (
        "the calls of background loops at the batch price of Anthropic and OpenAI, half of input and output: the "
        "answers come within a day"
    )
    note = sentences(
        "costmagic does not send batch jobs; the providers' own tools do." if waiting else "No such loop was found.",
        f"{count(elsewhere, 'call')} on providers without a known batch price." if elsewhere else "",
    )
    details = tuple(f"{ref}: {count(n, 'call')}" for ref, n in waiting.most_common())
    return Finding(how, "", CODE, note, details=details)


def _has_batch_price(work: Workload, item: Item) -> bool:
    provider, _, model = item.ref.partition(":")
    cached = item.usage.cache_read_tokens or item.usage.cache_write_tokens
    if "-pro" in model and cached:
        return False  # what is cached is not halved there
    if provider == "sim":
        return model.startswith(("claude", "gpt"))
    return provider in ("anthropic", "openai") and work.engine.prefixes.asks(item.ref)
