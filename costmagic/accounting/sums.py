"""Calls summed up by those who may be asked about: whose they are, and what they were made for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, case, false, func, or_, select, true

from .schema import calls

# What a call was made for is looked for this far up: a route of a judge of a call is as deep as it gets.
parent, grandparent, original = (calls.alias(name) for name in ("parent", "grandparent", "original"))

SIMULATED = or_(calls.c.provider == "sim", and_(calls.c.usage_source.is_not(None), calls.c.usage_source == "simulated"))


class Sum(NamedTuple):
    """What the calls of one span came to that share all of the first fields.

    Attributes:
        own_feature, own_ref, own_tier: of the calls themselves; ``own_ref`` is provider:model.
        feature, ref, tier: of the calls that they were made for; the same for those made for themselves.
        calls: what users asked: purpose "user", not made for another call. ``answered`` and ``hits`` are of these.
        records: all rows, whatever they were for; ``cached`` and ``failed`` (errors and interruptions) are of these,
            and so are all that follow.
        unpriced: without a known price; simulated ones never are.
        estimated: with estimated tokens.
        input_tokens, output_tokens, cache_read_tokens: of what a provider was asked.
        cost_nusd: of all; ``own_nusd`` is the part of the answered calls themselves, ``eval_nusd`` that of
            evaluations and what was called for them.
        avoided_nusd: what the replies that caches served again had cost.
        judged, judged_tokens, quality: calls that were judged and had asked a provider: how many, their tokens, and
            the sum of their qualities.
    """

    simulated: bool
    own_feature: str | None
    own_ref: str
    own_tier: str | None
    feature: str | None
    ref: str
    tier: str | None
    calls: int
    answered: int
    hits: int
    records: int
    cached: int
    failed: int
    retries: int
    unpriced: int
    estimated: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cost_nusd: int
    own_nusd: int
    eval_nusd: int
    avoided_nusd: int
    judged: int
    judged_tokens: int
    quality: float


class ActionSum(NamedTuple):
    """What the calls of one span came to that served one user action of one feature, and what was called for them."""

    simulated: bool
    feature: str | None
    action: str
    calls: int
    cost_nusd: int
    unpriced: int


def sums(connection: Connection, start: datetime, end: datetime) -> list[Sum]:
    """The calls from ``start`` to before ``end`` (naive UTC)."""
    rows = connection.execute(_groups(), {"start": start, "end": end})
    return merged(_sum(row) for row in rows)


def actions(connection: Connection, start: datetime, end: datetime) -> list[ActionSum]:
    """The user actions of the calls from ``start`` to before ``end`` (naive UTC)."""
    rows = connection.execute(grouped_actions(), {"start": start, "end": end})
    return [ActionSum(bool(row[0]), row[1], row[2], *map(int, row[3:])) for row in rows]


def merged(parts: Iterable[Sum]) -> list[Sum]:
    """One for each combination of the keys."""
    keys = Sum._fields.index("calls")
    found: dict[tuple[Any, ...], list[Any]] = {}
    for part in parts:
        key = part[:keys]
        if (total := found.get(key)) is None:
            found[key] = list(part[keys:])
        else:
            for i, value in enumerate(part[keys:]):
                total[i] += value
    return [Sum(*key, *total) for key, total in found.items()]


def _root(column: str) -> ColumnElement[Any]:
    """Of the call that this one was made for, itself if for none (or for none that is here)."""
    return case(
        (grandparent.c.id.is_not(None), grandparent.c[column]),
        (parent.c.id.is_not(None), parent.c[column]),
        else_=calls.c[column],
    )


def _root_purpose() -> ColumnElement[Any]:
    """What it was all for; "eval" for all that evaluations call, which name their run and a slash as what it is for."""
    purposes = {
        one: case((one.c.parent_id.contains("/"), "eval"), else_=one.c.purpose) for one in (grandparent, parent, calls)
    }
    return case(
        (grandparent.c.id.is_not(None), purposes[grandparent]),
        (parent.c.id.is_not(None), purposes[parent]),
        else_=purposes[calls],
    )


def _within(statement: Select[Any]) -> Select[Any]:
    joined = calls.outerjoin(parent, parent.c.id == calls.c.parent_id).outerjoin(
        grandparent, grandparent.c.id == parent.c.parent_id
    )
    within = (calls.c.started_at >= bindparam("start"), calls.c.started_at < bindparam("end"))
    return statement.select_from(joined.outerjoin(original, original.c.id == calls.c.cache_of)).where(*within)


@cache
def _groups() -> Select[Any]:
    """Sums of all that share what decides what they count as; ``_sum`` makes the measures of them.

    A condition in each of two dozen sums would be asked of every row; so each is asked of every group.
    """
    c = calls.c
    keys = [
        *(c.feature, c.provider, c.model_requested, c.tier, c.purpose, c.status, c.cache, c.usage_source),
        parent.c.id.is_(None),
        *(_root(name) for name in ("feature", "provider", "model_requested", "tier")),
        _root_purpose(),
    ]
    # No label may have the name of a column: GROUP BY would take the column.
    labelled = [key.label(f"key_{i}") for i, key in enumerate(keys)]
    tokens = case((c.quality.is_not(None), func.coalesce(c.input_tokens, 0) + func.coalesce(c.output_tokens, 0)))
    measures = (
        *(func.count(), func.count(c.cost_nusd), func.sum(c.cost_nusd), func.sum(original.c.cost_nusd)),
        *(func.sum(c.input_tokens), func.sum(c.output_tokens), func.sum(c.cache_read_tokens), func.sum(c.retries)),
        *(func.count(c.quality), func.sum(tokens), func.sum(c.quality)),
    )
    return _within(select(*labelled, *measures)).group_by(*labelled)


def _sum(row: Sequence[Any]) -> Sum:
    feature, provider, model, tier, purpose, status, cache_layer, source = row[:8]
    top, root_feature, root_provider, root_model, root_tier, root_purpose = row[8:14]
    # PostgreSQL sums large integers up to numbers of another type.
    n, priced, cost, avoided, tokens_in, tokens_out, read, retries, judged, judged_tokens = (
        int(value or 0) for value in row[14:-1]
    )
    simulated = provider == "sim" or source == "simulated"
    asked = bool(top) and purpose == "user"
    answered, sent = asked and status in ("ok", "refused"), cache_layer == "none"
    counts = sent and purpose in ("user", "eval")
    return Sum(
        *(simulated, feature, f"{provider}:{model}", tier),
        *(root_feature, f"{root_provider}:{root_model}", root_tier),
        calls=n * asked,
        answered=n * answered,
        hits=n * (asked and not sent),
        records=n,
        cached=n * (not sent),
        failed=n * (status in ("error", "interrupted")),
        retries=retries,
        unpriced=0 if simulated else n - priced,
        estimated=n * (source == "estimated"),
        input_tokens=tokens_in * sent,
        output_tokens=tokens_out * sent,
        cache_read_tokens=read * sent,
        cost_nusd=cost,
        own_nusd=cost * answered,
        eval_nusd=cost * (root_purpose == "eval"),
        avoided_nusd=0 if sent else avoided,
        judged=judged * counts,
        judged_tokens=judged_tokens * counts,
        quality=float(row[-1] or 0) * counts,
    )


@cache
def grouped_actions() -> Select[Any]:
    """The statement of ``actions``; its parameters are start and end (naive UTC)."""
    simulated = case((SIMULATED, true()), else_=false())
    keys = (simulated.label("key_0"), _root("feature").label("key_1"), _root("action").label("key_2"))
    asked = and_(parent.c.id.is_(None), calls.c.purpose == "user")
    measures = (
        func.sum(case((asked, 1), else_=0)).label("calls"),
        func.coalesce(func.sum(calls.c.cost_nusd), 0).label("cost_nusd"),
        func.sum(case((and_(calls.c.cost_nusd.is_(None), ~SIMULATED), 1), else_=0)).label("unpriced"),
    )
    # Alternatives that an evaluation tries out serve nobody's action.
    serves = and_(_root("action").is_not(None), _root_purpose() != "eval")
    return _within(select(*keys, *measures)).where(serves).group_by(*keys)
