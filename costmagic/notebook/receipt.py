"""The receipt: one static line below a reply, and what is behind it."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Any

from ..money import dollars
from ..reply import Reply
from ..tables import NO_MATH, WRAPPED, money_safe, printable

MIME = "application/vnd.costmagic.receipt+json"

# How much of what was sent a receipt repeats; the ledger has it all.
MAX_SENT = 4_000

_BADGE = (
    "display:inline-block;padding:0 .45em;margin-right:.5em;border:1px solid currentColor;border-radius:.6em;"
    "font-size:.85em;font-weight:600;color:var(--jp-{color}-color1,inherit)"
)
_MUTED = "color:var(--jp-ui-font-color2,inherit);font-size:.9em;line-height:1.6"


def bundle(reply: Reply, show_sent: bool = True) -> dict[str, Any]:
    """The receipt as a MIME bundle: HTML, Markdown, plain text, and the figures as JSON."""
    line = " · ".join(_parts(reply))
    badges = [text for text, _ in _badges(reply)]
    plain = " ".join([*(f"[{badge}]" for badge in badges), line])
    return {
        "text/html": _html(reply, line, show_sent),
        "text/markdown": " ".join([*(f"**{badge}**" for badge in badges), line]).replace("$", "\\$"),
        "text/plain": printable(plain),
        MIME: figures(reply),
    }


def figures(reply: Reply) -> dict[str, Any]:
    """The receipt's numbers; money is USD as decimal strings, exact, None where unknown."""
    usage = reply.usage
    return {
        "version": 1,
        "id": reply.id,
        "status": reply.status,
        "provider": reply.provider,
        "model": reply.model,
        "model_requested": reply.request.model,
        "tier": reply.tier,
        "route": {
            "source": reply.route.source,
            "reason": reply.route.reason,
            "task": reply.route.task,
            "confidence": reply.route.confidence,
            "stale": list(reply.route.stale),
        },
        "usage": {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cache_read_tokens": usage.cache_read_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
            "source": usage.source,
        },
        "cost": _exact(reply.cost),
        "baseline": {"model": reply.baseline_ref, "cost": _exact(reply.baseline_cost)},
        "cache": {
            "layer": reply.cache,
            "state": reply.cache_state,
            "made_at": reply.cached_at.isoformat() if reply.cached_at else None,
            "avoided": _exact(reply.avoided),
            "similarity": None if reply.similarity is None else round(reply.similarity, 4),
        },
        "prefix": {
            "cache_after": [{"after": point.after, "life": point.life} for point in reply.request.cache_after],
            "saved": _exact(reply.prefix_saved),
            "premium": _exact(reply.prefix_premium),
            "note": reply.prefix_note,
            "warning": reply.prefix_warning,
        },
        "latency_ms": round(reply.latency_ms, 1),
        "first_token_ms": None if reply.first_token_ms is None else round(reply.first_token_ms, 1),
        "retries": reply.retries,
        "finish": reply.finish,
        "max_tokens": reply.request.max_tokens,
        "limited_for": reply.limited_for,
        "simulated": reply.simulated,
        "price_date": reply.started_at.date().isoformat(),
    }


def _exact(cost: Any) -> str | None:
    return None if cost is None else f"{cost:f}"


def _badges(reply: Reply) -> list[tuple[str, str]]:
    """(text, JupyterLab colour) of what must not be overlooked."""
    badges = []
    if reply.cache:
        badges.append(("HIT", "success"))
    if reply.simulated:
        badges.append(("SIMULATED", "warn"))
    if reply.refused:
        badges.append(("REFUSED", "error"))
    if reply.status in ("error", "interrupted"):
        badges.append((reply.status.upper(), "error"))
    if reply.truncated:
        badges.append((f"CUT AT {reply.request.max_tokens:,} TOKENS", "warn"))
    if reply.data_error:
        badges.append(("NOT JSON", "error"))
    if reply.route.stale:
        badges.append(("STALE POLICY", "warn"))
    if reply.prefix_warning:
        badges.append(("PROMPT CACHE MISS", "warn"))
    return badges


def _parts(reply: Reply) -> list[str]:
    about = "≈ " if reply.usage.source == "estimated" else ""
    tokens = f"{about}{reply.usage.input_tokens:,} → {reply.usage.output_tokens:,} tok"
    parts = [reply.model, f"{reply.tier} ({reply.route.label})" if reply.tier else reply.route.label, tokens]
    if reply.cache:
        avoided = "price unknown" if reply.avoided is None else dollars(reply.avoided)
        parts += ["$0", f"avoided {avoided}"]
    else:
        parts.append(dollars(reply.cost) if reply.cost is None else about + dollars(reply.cost))
        parts += _prefix_parts(reply)
    if reply.baseline_cost and reply.baseline_ref != reply.request.ref:
        parts.append(f"heavy would cost ≈ {dollars(reply.baseline_cost)}")
    parts.append(_seconds(reply.latency_ms / 1000))
    if reply.retries:
        parts.append(f"{reply.retries} {'retry' if reply.retries == 1 else 'retries'}")
    if reply.cache and reply.cached_at:
        alike = "" if reply.similarity is None else f"{reply.similarity:.3f} alike, "
        parts.append(f"{reply.cache} cache: hit, {alike}{age(reply.cached_at)} old")
        if reply.cache == "semantic" and reply.id:
            parts.append(f"wrong answer? %llm cache wrong {reply.id}")
    else:
        parts.append(f"exact cache: {reply.cache_state}")
    return parts


def _prefix_parts(reply: Reply) -> list[str]:
    """What the provider's prompt cache did: tokens, and what they saved or cost more than plain input."""
    usage, saved, more = reply.usage, reply.prefix_saved, reply.prefix_premium
    parts = []
    if usage.cache_read_tokens:
        effect = "price unknown" if saved is None else f"saved {dollars(saved)}"
        parts.append(f"prompt cache: {usage.cache_read_tokens:,} read, {effect}")
    if usage.cache_write_tokens:
        effect = "price unknown" if more is None else f"cost {dollars(more)} more"
        parts.append(f"prompt cache: {usage.cache_write_tokens:,} written, {effect}")
    return parts


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds:.1f} s"


def age(moment: datetime) -> str:
    """How long ago ``moment`` was, in the largest whole unit: "5 s", "3 min", "2 h", "4 days"."""
    seconds = max(0, int((datetime.now(UTC) - moment).total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3_600:
        return f"{seconds // 60} min"
    if seconds < 2 * 86_400:
        return f"{seconds // 3_600} h"
    return f"{seconds // 86_400} days"


def _html(reply: Reply, line: str, show_sent: bool) -> str:
    badges = "".join(
        f"<span style='{_BADGE.format(color=color)}'>{escape(text)}</span>" for text, color in _badges(reply)
    )
    rows = "".join(
        f"<tr><td style='text-align:left;vertical-align:top'>{escape(name)}</td>"
        f"<td style='text-align:left'>{money_safe(value)}</td></tr>"
        for name, value in _details(reply)
    )
    sent = f"<div>exactly what was sent</div>{_sent(reply)}" if show_sent else ""
    return (
        f"<details class='costmagic-receipt {NO_MATH}' style='{_MUTED}'>"
        f"<summary style='cursor:pointer'>{badges}{money_safe(line)}</summary>"
        f"<table>{rows}</table>{sent}</details>"
    )


def _details(reply: Reply) -> list[tuple[str, str]]:
    usage = reply.usage
    rows = [
        ("asked for", reply.request.ref),
        ("route", f"{reply.route.source}: {reply.route.reason}"),
        ("tokens", f"{usage.source}; {usage.input_tokens:,} in, {usage.output_tokens:,} out"),
    ]
    if usage.cache_read_tokens or usage.cache_write_tokens:
        hour = f" ({usage.cache_write_1h_tokens:,} for an hour)" if usage.cache_write_1h_tokens else ""
        rows.append(
            ("provider cache", f"{usage.cache_read_tokens:,} tokens read, {usage.cache_write_tokens:,} written{hour}")
        )
        if reply.prefix_saved is not None and reply.prefix_premium is not None:
            saved, more = (f"${money.normalize():f}" for money in (reply.prefix_saved, reply.prefix_premium))
            rows.append(("", f"reading saved {saved} against plain input, writing cost {more} more (in the cost)"))
    if reply.prefix_note:
        rows.append(("prompt cache", reply.prefix_note))
    if reply.prefix_warning:
        rows.append(("cache miss", reply.prefix_warning))
    if usage.reasoning_tokens:
        rows.append(("reasoning", f"{usage.reasoning_tokens:,} of the tokens out"))
    if reply.first_token_ms is not None and not reply.cache:
        rows.append(("first token", _seconds(reply.first_token_ms / 1000)))
    cost = "unpriced: no price is known for this model" if reply.cost is None else f"${reply.cost.normalize():f}"
    rows.append(("cost", f"{cost} at the prices of {reply.started_at.date().isoformat()}"))
    if reply.baseline_ref and reply.baseline_cost is not None and reply.baseline_ref != reply.request.ref:
        rows.append(("heavy tier", f"{reply.baseline_ref}: about {dollars(reply.baseline_cost)} for the same tokens"))
    if reply.limited_for:
        limit = f"{reply.request.max_tokens:,} tokens, enough for {reply.limited_for}; --max-tokens N sets another"
        rows.append(("reply limit", limit))
    if reply.truncated:
        rows.append(("cut", "the reply reached its limit; it is not cached"))
    if reply.data_error:
        rows.append(("JSON", reply.data_error))
    rows.append(("ledger id", str(reply.id)))
    return rows


def _sent(reply: Reply) -> str:
    request = reply.request
    text = "\n\n".join(
        [
            *([f"[system]\n{request.system}"] if request.system else []),
            *(f"[{message.role}]\n{message.content}" for message in request.messages),
        ]
    )
    if len(text) > MAX_SENT:
        text = f"{text[:MAX_SENT]}\n… ({len(text) - MAX_SENT:,} more characters, in the ledger under {reply.id})"
    options = [f"max_tokens {request.max_tokens:,}" if request.max_tokens else ""]
    options += [f"temperature {request.temperature:g}" if request.temperature is not None else ""]
    options += [f"stop {list(request.stop)}" if request.stop else "", "JSON" if request.json else ""]
    for point in request.cache_after:
        options.append(
            f"cached for {point.life} up to {f'message {point.after}' if point.after else 'the system prompt'}"
        )
    options += [f"prompt_cache_key {request.prompt_cache_key}" if request.prompt_cache_key else ""]
    return (
        f"<pre style='{WRAPPED};max-height:20em;overflow:auto'>{money_safe(text)}</pre>"
        f"<div>{money_safe(', '.join(option for option in options if option))}</div>"
    )
