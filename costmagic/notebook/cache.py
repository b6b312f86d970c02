"""``%llm cache``: what the caches hold, have saved and would do, and votes on what they served."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..cache_report import CacheStats
from ..session import Session
from ..types import UsageError, did_you_mean
from .shown import Shown

EXCERPT = 70


def cache(session: Session, words: Sequence[str]) -> Any:
    """``cache [stats|clear|explain TEXT|wrong [ID]|right [ID]|prefix]``: what the caches saved; vote on a hit."""
    action, rest = (words[0], words[1:]) if words else ("stats", [])
    if action not in _ACTIONS:
        known = ", ".join(_ACTIONS)
        raise UsageError(f"cache takes {known}, not '{' '.join(words)}'{did_you_mean(action, list(_ACTIONS))}")
    if rest and (action in ("stats", "clear", "prefix") or (len(rest) > 1 and action in ("wrong", "right"))):
        raise UsageError(f"cache {action} takes nothing more, not '{' '.join(rest)}'")
    return _ACTIONS[action](session, rest)


def cache_lines(session: Session) -> list[str]:
    """What the caches hold, a line each."""
    config, engine = session.settings.cache, session.engine
    entries, size = engine.exact.size()
    bounds = f"{size / 1e6:.1f} of {config.size_mb:g} MB, kept {config.ttl_days:g} days"
    lines = [f"Exact cache: {entries:,} {'reply' if entries == 1 else 'replies'}, {bounds}"]
    mode = engine.similar.mode()
    if mode == "off":
        hint = engine.similar.hint()
        return [*lines, f"Semantic cache: off ({hint})" if hint else "Semantic cache: off"]
    entries, size = engine.similar.cache.size()
    return [*lines, f"Semantic cache: {mode}, {entries:,} questions by {config.embedder}, {size / 1e6:.1f} MB"]


def _stats(session: Session, words: Sequence[str]) -> Shown:
    stats: CacheStats = session.cache_stats()
    above = cache_lines(session)
    return Shown(stats.table(), above, [line for line in stats.lines() if line.rstrip(".") not in above])


def _clear(session: Session, words: Sequence[str]) -> Shown:
    return Shown([[]], [f"{session.clear_cache():,} cached replies removed."])


def _wrong(session: Session, words: Sequence[str]) -> Shown:
    return Shown([[]], [session.engine.similar.vote("wrong", words[0] if words else None)])


def _right(session: Session, words: Sequence[str]) -> Shown:
    return Shown([[]], [session.engine.similar.vote("right", words[0] if words else None)])


def _prefix(session: Session, words: Sequence[str]) -> Any:
    return session.cache_prefixes()


def _explain(session: Session, words: Sequence[str]) -> Shown:
    if not words:
        raise UsageError("cache explain needs a text: %llm cache explain How do I …")
    prepared = session.rehearse(" ".join(words))
    told = session.engine.similar.explain(prepared)
    head = f"{prepared.request.ref}, cache.semantic = {told.mode}"
    if told.mode == "off":
        return Shown([[]], [f"{head}: {session.engine.similar.hint() or 'switched off'}"])
    if told.ineligible:
        return Shown([[]], [f"{head}: may share no answer: {told.ineligible}"])
    rows = [["cosine", "chance", "needs", "", "earlier question", "why not"]]
    for one in told.candidates:
        chance = "" if one.probability is None else f"{one.probability:.3f}"
        text = " ".join(one.text.split())
        text = text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"
        state = "refused" if one.refusal else "HIT"
        rows.append([f"{one.similarity:.3f}", chance, f"{one.threshold:.3f}", state, text, one.refusal or ""])
    took = f"embedding {told.embed_ms:.1f} ms, search {told.search_ms:.1f} ms, verification {told.verify_ms:.2f} ms"
    none = [] if told.candidates else ["No earlier question shares its model, settings, system prompt and project."]
    return Shown(rows, [head], [*none, took])


_ACTIONS: dict[str, Callable[[Session, Sequence[str]], Any]] = {
    "stats": _stats,
    "clear": _clear,
    "explain": _explain,
    "wrong": _wrong,
    "right": _right,
    "prefix": _prefix,
}
