"""The figures of a comparison, a row each, as people read them: what both tables and their plain twin show."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ..money import dollars
from .agreement import Agreement
from .columns import Column, SideBySide

PER = 1_000


def rows(comparison: SideBySide) -> list[tuple[str, list[str]]]:
    """(what it is, one text per column), without rows that say nothing. A blind one tells no figures."""
    columns = comparison.columns
    votes = ("vote", [vote(column) for column in columns])
    if comparison.hidden:
        return [votes]
    dearest = comparison.dearest
    than = f" than {dearest.name}" if dearest else ""
    table = [
        ("tokens in → out", [tokens(column) for column in columns]),
        ("cost", [cost(column) for column in columns]),
        (f"cost of {PER:,} calls", [_per_thousand(column) for column in columns]),
        ("first token", [seconds(column.first_token_ms) for column in columns]),
        ("total time", [seconds(column.latency_ms) for column in columns]),
        (f"cheaper{than}", [_cheaper(comparison, column) for column in columns]),
        (f"agrees with {dearest.name}" if dearest else "", [_agreement(comparison, column) for column in columns]),
        votes,
    ]
    return [(name, cells) for name, cells in table if any(cells)]


def badges(comparison: SideBySide, column: Column) -> list[tuple[str, str]]:
    """(text, kind) of what must not be overlooked; kinds are "success", "warn" and "error"."""
    found = []
    reply = column.reply
    if column.state in ("error", "interrupted", "refused"):
        found.append((column.state.upper(), "error"))
    if not comparison.hidden:
        if column.simulated:
            found.append(("SIMULATED", "warn"))
        if reply and reply.cache:
            found.append(("HIT", "success"))
        found += [(word, "success") for word, best in _bests(comparison) if column in best]
    if reply and reply.truncated:
        found.append((f"CUT AT {reply.request.max_tokens:,} TOKENS", "warn"))
    if reply and reply.data_error:
        found.append(("NOT JSON", "error"))
    return found


def title(comparison: SideBySide, column: Column) -> str:
    """Name and model of a column; its letter while it is blind."""
    name = comparison.label(column)
    if comparison.hidden or column.ref == name:
        return name
    return f"{name} ({column.ref})"


def tokens(column: Column) -> str:
    """``≈ 12 → 40``, empty before the prompt was counted."""
    usage = column.usage
    if usage is None:
        return ""
    about = "≈ " if usage.source == "estimated" else ""
    return f"{about}{usage.input_tokens:,} → {column.output_tokens or 0:,}"


def cost(column: Column) -> str:
    """What the call cost; from the cache, also what that avoided."""
    if (reply := column.reply) is None:
        return ""
    if reply.cache:
        return f"$0, avoided {'price unknown' if reply.avoided is None else dollars(reply.avoided)}"
    about = "≈ " if reply.usage.source == "estimated" and reply.cost else ""
    return about + dollars(reply.cost)


def seconds(milliseconds: float | None) -> str:
    """``1.2 ms``, ``0.8 s``; empty for None."""
    if milliseconds is None:
        return ""
    return f"{milliseconds:.1f} ms" if milliseconds < 100 else f"{milliseconds / 1000:.1f} s"


def error(comparison: SideBySide, column: Column) -> str | None:
    """What ended a column, None when nothing did; while names are hidden it tells no more than that it failed."""
    if column.error is None:
        return None
    return (
        "failed: why is shown with the names" if comparison.hidden else f"{type(column.error).__name__}: {column.error}"
    )


def vote(column: Column) -> str:
    """What was said of a column in a word or two."""
    said = {True: "✓ good enough", False: "✗ not good enough", None: ""}[column.vote]
    return f"{said}, kept for evaluation" if column.kept else said


def agreement_text(agreement: Agreement) -> str:
    """Exact or not, token F1 and similarity, in one line."""
    parts = ["same text" if agreement.exact else f"token F1 {agreement.token_f1:.2f}"]
    if agreement.similarity is not None and not agreement.exact:
        parts.append(f"similarity {agreement.similarity:.2f}")
    return ", ".join(parts)


def times_cheaper(comparison: SideBySide, column: Column) -> float | None:
    """How many times less than the dearest one a call costs, to three decimals.

    None where either is unknown, or this one is free.
    """
    dearest = comparison.dearest
    if dearest is None or not column.answered or not dearest.price or not column.price:
        return None
    return round(float(dearest.price / column.price), 3)


def cheapest(comparison: SideBySide) -> list[Column]:
    """The answered columns with the lowest price, when some other has a higher one."""
    return _lowest([(column, column.price) for column in comparison.columns if column.answered])


def fastest(comparison: SideBySide) -> list[Column]:
    """The answered columns that a model answered soonest."""
    return _lowest([(column, column.latency_ms) for column in comparison.columns if column.answered])


def _bests(comparison: SideBySide) -> list[tuple[str, list[Column]]]:
    if not comparison.finished:
        return []
    return [("CHEAPEST", cheapest(comparison)), ("FASTEST", fastest(comparison))]


def _lowest(pairs: Sequence[tuple[Column, Decimal | float | None]]) -> list[Column]:
    values = [value for _, value in pairs if value is not None]
    if not values or min(values) == max(values):
        return []
    return [column for column, value in pairs if value == min(values)]


def _per_thousand(column: Column) -> str:
    if column.reply is None or not column.answered:
        return ""
    return dollars(None if column.price is None else column.price * PER)


def _cheaper(comparison: SideBySide, column: Column) -> str:
    dearest = comparison.dearest
    if column is dearest or dearest is None or not dearest.price or not column.answered:
        return ""
    times = times_cheaper(comparison, column)
    if times is None:
        return "free" if column.price == 0 else "price unknown"
    return f"{times:,.1f} ×" if times < 100 else f"{times:,.0f} ×"


def _agreement(comparison: SideBySide, column: Column) -> str:
    agreement = comparison.agreement.get(column.name)
    return "" if agreement is None or column is comparison.dearest else agreement_text(agreement)
