"""``%llm cache prefix``: the beginnings of prompts that come again, and what caching them would save."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

from .accounting import Ledger
from .accounting.money import from_nusd
from .caching.prefix import Reuse, Use, replay, reuses
from .money import dollars
from .prefixes import Prefixes, use_of
from .tables import NO_MATH, html, money_safe, plain
from .types import UsageError

if TYPE_CHECKING:
    import pandas as pd

MONTH = 30  # days
MAX_DAYS = 36_500
MAX_ROWS = 30


@dataclass(frozen=True, slots=True)
class Prefix:
    """One system prompt or conversation that calls to a model began with.

    Attributes:
        kind: "system prompt" or "conversation" (the older turns; a system prompt has its own row).
        tokens: its length, at the longest, as counted or estimated; of a conversation with its system prompt.
        reuse: how it came back.
        read_tokens, write_tokens: what the provider's cache did for these calls.
        monthly: USD that caching it whenever that pays would save in 30 days, at today's prices: an estimate.
            None where the price is unknown.
        remark: what stands in the way.
    """

    ref: str
    kind: str
    hash: str
    tokens: int
    calls: int
    reuse: Reuse
    read_tokens: int
    write_tokens: int
    monthly: Decimal | None
    remark: str
    simulated: bool
    last_used: datetime


@dataclass(frozen=True)
class PrefixReport:
    """The prefixes of the last ``days``, the most worthwhile first, and what the cache has done so far.

    ``saved``, ``premium``: USD that reads saved and writes cost more than plain input, in all calls that were not
    simulated; where ``unpriced`` is above 0, both are at least that much.
    """

    days: float
    prefixes: tuple[Prefix, ...]
    saved: Decimal
    premium: Decimal
    unpriced: int

    def __len__(self) -> int:
        return len(self.prefixes)

    @property
    def monthly(self) -> Decimal:
        """USD that caching would save in 30 days, simulated calls left out."""
        return self._monthly(simulated=False)

    @property
    def simulated_monthly(self) -> Decimal:
        """USD that caching would save in 30 days of simulated calls, were they real."""
        return self._monthly(simulated=True)

    def _monthly(self, simulated: bool) -> Decimal:
        return sum((p.monthly for p in self.prefixes if p.monthly and p.simulated == simulated), Decimal(0))

    def to_frame(self) -> pd.DataFrame:
        """One row per prefix; ``monthly`` is USD (``Decimal``), ``reuses`` are the calls after the first."""
        import pandas as pd

        columns = ["model", "kind", "hash", "tokens", "calls", "reuses", "within_5m", "within_1h", "read_tokens"]
        columns += ["write_tokens", "monthly", "remark", "simulated", "last_used"]
        records = [
            (
                *(p.ref, p.kind, p.hash, p.tokens, p.calls, p.reuse.calls, p.reuse.within_5m, p.reuse.within_1h),
                *(p.read_tokens, p.write_tokens, p.monthly, p.remark, p.simulated, p.last_used),
            )
            for p in self.prefixes
        ]
        return pd.DataFrame.from_records(records, columns=columns)

    def table(self) -> list[list[str]]:
        """Header and rows as text."""
        header = ["prefix", "model", "≈ tokens", "calls", "again in 5 min", "in 1 h", "read", "written"]
        return [[*header, "saves a month", ""], *(_row(p) for p in self.prefixes[:MAX_ROWS])]

    def notes(self) -> list[str]:
        """What to know about the table."""
        if not self.prefixes:
            return [f"No call of the last {self.days:g} days had a system prompt or older turns."]
        bound = "at least " if self.unpriced else ""
        notes = [
            f"In {self.days:g} days, reading providers' prompt caches saved {bound}{dollars(self.saved)}, and writing "
            f"into them cost {bound}{dollars(self.premium)} more than plain input.",
        ]
        real, simulated = ([p for p in self.prefixes if p.simulated == paper] for paper in (False, True))
        if real:
            would = f"{_about(real)} {dollars(self.monthly)}"
            notes.append(f"Caching whenever that pays would save {would} in 30 days at today's prices.")
        if simulated:
            would = f"{_about(simulated)} {dollars(self.simulated_monthly)}"
            notes.append(f"SIMULATED calls count in no other sum: were they real, caching theirs would save {would}.")
        if len(self.prefixes) > MAX_ROWS:
            notes.append(f"… and {len(self.prefixes) - MAX_ROWS:,} more: costmagic.cache_prefixes().to_frame()")
        return notes

    def __repr__(self) -> str:
        return "\n".join([*([plain(self.table())] if self.prefixes else []), *self.notes()])

    def _repr_html_(self) -> str:
        notes = "".join(f"<div class='{NO_MATH}'>{money_safe(note)}</div>" for note in self.notes())
        return (html(self.table()) if self.prefixes else "") + notes


def _about(prefixes: Sequence[Prefix]) -> str:
    return "at least" if any(p.monthly is None for p in prefixes) else "about"


def _row(p: Prefix) -> list[str]:
    def share(n: int) -> str:
        return f"{n:,} of {p.reuse.calls:,}" if p.reuse.calls else ""

    return [
        f"{p.kind} {p.hash[:8]}",
        f"{p.ref} SIMULATED" if p.simulated else p.ref,
        f"{p.tokens:,}",
        f"{p.calls:,}",
        share(p.reuse.within_5m),
        share(p.reuse.within_1h),
        f"{p.read_tokens:,}",
        f"{p.write_tokens:,}",
        dollars(p.monthly),
        p.remark,
    ]


def report(prefixes: Prefixes, ledger: Ledger, days: float) -> PrefixReport:
    """See ``Session.cache_prefixes``."""
    from .accounting.prefixes import booked

    if isinstance(days, bool) or not isinstance(days, Real) or not 0 < days <= MAX_DAYS:
        raise UsageError(f"days must be a number above 0 and at most {MAX_DAYS:,}, not {days!r}")
    known = booked(ledger, datetime.now(UTC).replace(tzinfo=None) - timedelta(days=float(days)))
    groups: dict[tuple[str, bool, str], list[Any]] = {}
    for row in known.uses:
        for conversation, digest in ((False, row.prefix_hash), (True, row.turns_hash)):
            if digest:
                groups.setdefault((f"{row.provider}:{row.model_requested}", conversation, digest), []).append(row)
    scale = Decimal(MONTH) / Decimal(str(days))
    found = [_prefix(prefixes, *key, rows, scale) for key, rows in groups.items()]
    found.sort(key=lambda p: (p.simulated, -(p.monthly or 0), -p.tokens * p.calls))
    return PrefixReport(days, tuple(found), from_nusd(known.saved_nusd), from_nusd(known.premium_nusd), known.unpriced)


def _prefix(
    prefixes: Prefixes, ref: str, conversation: bool, digest: str, rows: Sequence[Any], scale: Decimal
) -> Prefix:
    uses = [use_of(row, conversation) for row in rows]
    *_, (last, reuse) = reuses(uses)
    tokens = max(use.tokens for use in uses)
    monthly = _monthly(prefixes, ref, [_own(*pair, conversation) for pair in zip(uses, rows, strict=True)], tokens)
    minimum, known = prefixes.minimum(ref)
    remark = ""
    if monthly is None:
        remark = "no price is known"
    elif tokens < minimum:
        monthly, remark = Decimal(0), f"too short: {minimum:,} tokens are needed{'' if known else ' at least'}"
    elif not prefixes.asks(ref) and not ref.startswith("sim:"):
        remark = "this provider is not asked to cache"
    elif not known:
        remark = "how many tokens the model needs is not known"
    return Prefix(
        ref=ref,
        kind="conversation" if conversation else "system prompt",
        hash=digest,
        tokens=tokens,
        calls=len(rows),
        reuse=reuse,
        read_tokens=sum(row.cache_read_tokens or 0 for row in rows),
        write_tokens=sum(row.cache_write_tokens or 0 for row in rows),
        monthly=None if monthly is None else max(monthly, Decimal(0)) * scale,
        remark=remark,
        simulated=any(row.provider == "sim" or row.usage_source == "simulated" for row in rows),
        last_used=last.started_at.replace(tzinfo=UTC),
    )


def _own(use: Use, row: Any, conversation: bool) -> Use:
    """The use without the tokens of the system prompt, where that has a row of its own."""
    return replace(use, tokens=use.tokens - (row.prefix_tokens or 0)) if conversation else use


def _monthly(prefixes: Prefixes, ref: str, uses: Sequence[Use], tokens: int) -> Decimal | None:
    """USD that caching would have saved on these calls, None where the price of a prefix this long is unknown."""
    rates = prefixes.rates(ref, tokens)
    return None if rates is None else replay(uses, rates.per(tokens))
