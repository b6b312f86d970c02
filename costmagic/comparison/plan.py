"""From names to columns: every check that can be made before a comparison spends anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ..request import Prepared
from ..session import Session
from ..types import BudgetError, CostmagicError, UsageError
from .columns import Column

# More would be read by nobody, and each is a thread.
MAX_COLUMNS = 12


def names_of(refs: str | Sequence[str]) -> list[str]:
    """``"heavy, medium"`` or a list → names of tiers and models. Raises UsageError for none, one, twins, too many."""
    if not isinstance(refs, str) and not (isinstance(refs, Iterable) and all(isinstance(ref, str) for ref in refs)):
        raise UsageError(f"what to compare is a list of tiers and models, not {refs!r:.60}")
    names = [name.strip() for name in (refs.split(",") if isinstance(refs, str) else refs)]
    names = [name for name in names if name]
    if len(names) < 2:
        raise UsageError("a comparison takes at least two tiers or models, like heavy,medium,local:smollm2-135m")
    if len(names) > MAX_COLUMNS:
        raise UsageError(f"a comparison takes at most {MAX_COLUMNS} tiers or models, not {len(names)}")
    if twins := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"'{twins[0]}' is there twice: a model is compared with others")
    return names


def prepared(session: Session, prompt: str, names: Sequence[str], options: Mapping[str, Any]) -> list[Prepared]:
    """The checked request of each column; sends nothing.

    Raises UsageError for a mistake in any of them: a tier that can't be asked is not answered by another one here.
    """
    if given := [name for name in ("tier", "model") if options.get(name) is not None]:
        raise UsageError(f"the list says what is compared: leave {' and '.join(given)} out")
    # Not "user": a column is no answer to be routed elsewhere when money is short, and a vote on it compares.
    return [_prepared(session, prompt, name, {**options, "purpose": "eval"}) for name in names]


def _prepared(session: Session, prompt: str, name: str, options: Mapping[str, Any]) -> Prepared:
    if ":" in name:
        return session.prepare(prompt, model=name, **options)
    ready = session.prepare(prompt, tier=name, **options)
    if ready.route.tier == name:
        return ready
    return session.prepare(prompt, model=session.tiers()[name], **options)  # raises what keeps it from being asked


def check_affordable(session: Session, requests: Sequence[Prepared]) -> None:
    """Raise unless all requests together keep to ``max_cost`` and to the budgets, each at its worst; sends nothing.

    What the cache holds costs nothing, and a prompt that is too long for a model will not be sent.

    Raises:
        UsageError: more than ``max_cost``, or nobody knows whether it is.
        BudgetError: a budget would be exceeded.
    """
    sent = [p for p in requests if not _is_cached(session, p) and _fits_window(session, p)]
    if not sent:
        return
    if (max_cost := sent[0].max_cost) is not None:
        _check_max_cost(session, sent, max_cost)
    _check_budgets(session, sent)


def warm_up(session: Session, requests: Iterable[Prepared]) -> None:
    """Import and open what the columns need: it would else count in the times of whoever runs meanwhile."""
    for provider, model in {(request.request.provider, request.request.model) for request in requests}:
        session.engine.providers.warm_up(provider, model)
    with suppress(CostmagicError):  # one that can't be read is said when it is written
        session.engine.ledger.history(1)


def columns(session: Session, names: Sequence[str], requests: Sequence[Prepared]) -> tuple[Column, ...]:
    """Columns that are ready to run. Their common ``max_cost`` has been checked and holds for none alone."""
    return tuple(
        Column(
            name,
            request,
            session.run(replace(request, max_cost=None)),
            session.settings.providers[request.request.provider].kind == "sim",
        )
        for name, request in zip(names, requests, strict=True)
    )


def _is_cached(session: Session, request: Prepared) -> bool:
    unasked = request.ask.no_cache or request.ask.fresh
    return not unasked and session.engine.exact.get(session.engine.key(request.request)) is not None


def _fits_window(session: Session, request: Prepared) -> bool:
    try:
        session.engine.estimator.checked(request.request, None)
    except UsageError:
        return False
    return True


def _check_max_cost(session: Session, requests: Sequence[Prepared], max_cost: Decimal) -> None:
    total = Decimal(0)
    for request in requests:
        worst = session.engine.estimator.estimate(request.request).worst_cost
        if worst is None:
            raise UsageError(
                f"the price of {request.request.ref} is not known, so max_cost ${max_cost:f} can't be kept"
            )
        total += worst
    if total > max_cost:
        raise UsageError(
            f"these {len(requests)} calls together could cost ${total.normalize():f}, more than max_cost "
            f"${max_cost:f}: lower max_tokens, compare fewer models or raise max_cost"
        )


def _check_budgets(session: Session, requests: Sequence[Prepared]) -> None:
    engine, feature = session.engine, requests[0].ask.feature
    limits = engine.budgets.applying(feature)
    if not limits:
        return
    total = Decimal(0)
    for request in requests:
        sent = request.request
        if session.settings.providers[sent.provider].kind == "sim":
            continue
        worst = engine.estimator.most(sent, engine.estimator.size(sent))
        if worst is None and sent.ref not in session.settings.budget.allow_unpriced:
            raise UsageError(f"the price of {sent.ref} is not known, so the {limits[0]} can't be kept: give it a price")
        total += worst or Decimal(0)
    try:
        engine.budgets.check(total, feature)
    except BudgetError as error:
        error.args = (f"{len(requests)} calls side by side: {error}",)
        raise
