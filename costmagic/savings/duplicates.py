"""The exact cache: the same request again gets the same reply for nothing."""

from __future__ import annotations

from datetime import timedelta

from ..money import dollars
from .item import NOTHING, Item
from .workload import Finding, Workload, count, sentences


def apply(work: Workload) -> Finding:
    """Take out calls whose very request had been paid before and was still kept."""
    kept = timedelta(days=work.engine.settings.cache.ttl_days)
    paid: dict[tuple[str, str, str], Item] = {}
    known: dict[tuple[str, str], Item] = {}
    untold, worth = 0, NOTHING
    for item in work.movable():
        fingerprint = (item.asked, item.row.prompt_hash)
        if item.prompt is None:
            before = known.get(fingerprint)
            if before is not None and item.started_at - before.started_at <= kept:
                untold, worth = untold + 1, worth + item.cost(work.rates)
            known[fingerprint] = item
            continue
        key = (*fingerprint, item.prompt.settings)
        before = paid.get(key)
        if before is not None and item.started_at - before.started_at <= kept:
            item.gone = True
        else:
            paid[key] = item
    days = work.engine.settings.cache.ttl_days
    how = (
        "calls whose model, prompt and settings are those of a call paid within the last "
        f"{days:g} days before it (ttl_days)"
    )
    note = ""
    if untold:
        note = (
            f"{count(untold, 'call')} more ({dollars(worth)}) repeat a prompt by its fingerprint, but their text is "
            "not kept, so their settings can't be compared: not counted."
        )
    code = "# leave out --no-cache and --fresh (no_cache=True, fresh=True): the exact cache is on\n%llm cache stats"
    return Finding(how, f"[cache]\nttl_days = {days:g}", code, sentences(note))
