"""Hosted against self-hosted: from how many tokens a day on one's own GPUs cost less than a provider's list price."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .. import session as sessions
from ..models import split, tier_ref
from ..money import dollars
from ..session import Session
from ..tables import NO_MATH, html, money_safe, plain
from ..types import TIERS, UsageError
from .workload import MONTH

if TYPE_CHECKING:
    import pandas as pd

MILLION = Decimal(1_000_000)

# Below so many tokens a day and model a provider is usually cheaper, above it one's own GPUs: as published.
RULE_OF_THUMB = 1_000_000

# What is taken for granted where nothing else is said: of one GPU that serves a model of 8 billion parameters.
THROUGHPUT = 1_000.0  # tokens a second, input and output together, at full load
UTILISATION = 0.4  # of that, over day and night
OUTPUT_SHARE = 0.2  # of all tokens


@dataclass(frozen=True)
class Breakeven:
    """Both sides of the decision, in USD for 30 days.

    Attributes:
        model: the hosted model; ``per_million``: USD for a million of its tokens at this mix.
        tokens_per_day: input and output together; ``output_share`` of them are output.
        hosted, self_hosted: USD in 30 days; the second is ``gpus`` GPUs that run day and night, and the overhead.
        at: tokens a day from which self-hosting costs less, None where it never does.
    """

    model: str
    tokens_per_day: float
    output_share: float
    per_million: Decimal
    gpu_hourly: Decimal
    throughput: float
    utilisation: float
    overhead_monthly: Decimal
    gpus: int
    hosted: Decimal
    self_hosted: Decimal
    at: int | None

    @property
    def cheaper(self) -> str:
        """ "hosted" or "self-hosted"."""
        return "self-hosted" if self.self_hosted < self.hosted else "hosted"

    @property
    def simulated(self) -> bool:
        """Whether the model is simulated: it has its namesake's price."""
        return self.model.startswith("sim:")

    def to_frame(self) -> pd.DataFrame:
        """A row for each side: ``monthly`` USD (``Decimal``), ``gpus``, ``cheaper``."""
        import pandas as pd

        rows = [("hosted", self.hosted, 0), ("self-hosted", self.self_hosted, self.gpus)]
        records = [(side, monthly, gpus, side == self.cheaper) for side, monthly, gpus in rows]
        return pd.DataFrame.from_records(records, columns=["side", "monthly", "gpus", "cheaper"]).set_index("side")

    def table(self) -> list[list[str]]:
        """Header and rows as text."""
        name = f"{self.model} SIMULATED" if self.simulated else self.model
        return [
            ["", "in 30 days", "what", ""],
            self._row("hosted", self.hosted, f"{name}, {dollars(self.per_million)} a million tokens"),
            self._row(
                "self-hosted",
                self.self_hosted,
                f"{self.gpus:,} GPU(s) at {dollars(self.gpu_hourly)} an hour, always on",
            ),
        ]

    def _row(self, side: str, monthly: Decimal, what: str) -> list[str]:
        return [side, dollars(monthly), what, "cheaper" if side == self.cheaper else ""]

    def notes(self) -> list[str]:
        """What to know about the table."""
        at = (
            f"Break-even: about {self.at:,} tokens a day; you have {self.tokens_per_day:,.0f}."
            if self.at is not None
            else f"Self-hosting never breaks even here: a GPU that is used to {self.utilisation:.0%} costs more than "
            f"its tokens at the provider. You have {self.tokens_per_day:,.0f} tokens a day."
        )
        overhead = (
            f", {dollars(self.overhead_monthly)} a month for the people who run it" if self.overhead_monthly else ""
        )
        return [
            at,
            f"The rule of thumb: hosted below {RULE_OF_THUMB:,} tokens a day and model, self-hosted above.",
            f"Assumed: {self.throughput:,.0f} tokens a second and GPU at full load (throughput), used to "
            f"{self.utilisation:.0%} (utilisation), {self.output_share:.0%} of the tokens are output (output_share)"
            f"{overhead or ', nobody is paid to run it (overhead_monthly)'}; and that your own model is as good.",
        ]

    def __repr__(self) -> str:
        return "\n".join([plain(self.table()), *self.notes()])

    def _repr_html_(self) -> str:
        return html(self.table()) + "".join(f"<div class='{NO_MATH}'>{money_safe(n)}</div>" for n in self.notes())


def breakeven(
    *,
    tokens_per_day: float | None = None,
    model: str = "heavy",
    gpu_hourly: Decimal | float | str,
    throughput: float = THROUGHPUT,
    utilisation: float = UTILISATION,
    output_share: float | None = None,
    overhead_monthly: Decimal | float | str = 0,
    session: Session | None = None,
) -> Breakeven:
    """What a model costs at its provider, and what GPUs for the same tokens would cost.

    Args:
        tokens_per_day: input and output together; default: the ledger's average of this model over 30 days.
        model: ``provider:model`` or a tier.
        gpu_hourly: USD for one GPU and hour; it runs day and night.
        throughput: tokens a second that one GPU serves at full load.
        utilisation: the share of that which demand makes use of, over 0 and up to 1.
        output_share: the share of output among the tokens; default: the ledger's for this model, else 0.2.
        overhead_monthly: USD a month for running it.
        session: whose prices and ledger; default: those that ``cm.ask`` and the magics share.

    Raises:
        UsageError: an argument makes no sense, the model's price is not known, or the ledger has no call to it.
    """
    session = session or sessions.default()
    ref = tier_ref(session.settings, model) if model in TIERS or ":" not in model else model
    split(ref)
    tokens_in, tokens_out = _used(session, ref) if tokens_per_day is None or output_share is None else (0, 0)
    used = tokens_in + tokens_out
    if tokens_per_day is None:
        if not used:
            raise UsageError(f"the ledger has no call to {ref} in the last {MONTH} days: give tokens_per_day")
        tokens_per_day = used / MONTH
    if output_share is None:
        output_share = tokens_out / used if used else OUTPUT_SHARE
    hourly, overhead = _amount("gpu_hourly", gpu_hourly), _amount("overhead_monthly", overhead_monthly)
    tokens_per_day = _number("tokens_per_day", tokens_per_day, 1e15)
    throughput = _number("throughput", throughput, 1e9)
    utilisation = _number("utilisation", utilisation, 1)
    if not 0 <= output_share <= 1:
        raise UsageError(f"output_share is a share from 0 to 1, not {output_share!r}")
    rates = session.engine.prices.rates(ref)
    if rates is None:
        raise UsageError(f'the price of {ref} is not known: set it in costmagic.toml, [prices] "{ref}" = …')
    share = Decimal(str(output_share))
    per_million = rates[0] * (1 - share) + rates[1] * share
    capacity = throughput * utilisation * 86_400  # tokens a day and GPU
    gpus = max(1, math.ceil(tokens_per_day / capacity))
    return Breakeven(
        model=ref,
        tokens_per_day=tokens_per_day,
        output_share=output_share,
        per_million=per_million,
        gpu_hourly=hourly,
        throughput=throughput,
        utilisation=utilisation,
        overhead_monthly=overhead,
        gpus=gpus,
        hosted=per_million / MILLION * Decimal(str(tokens_per_day)) * MONTH,
        self_hosted=gpus * hourly * 24 * MONTH + overhead,
        at=_meeting(per_million / MILLION, hourly * 24, overhead / MONTH, capacity),
    )


def _meeting(per_token: Decimal, gpu: Decimal, overhead: Decimal, capacity: float) -> int | None:
    """Tokens a day from which the hosted side costs as much as the GPUs (USD a day); None where it never does.

    GPUs come whole: with each more, self-hosting must catch up again, and it does so first where one more GPU's worth
    of tokens pays for all of them and the overhead.
    """
    full = per_token * Decimal(str(capacity))  # what one GPU's tokens cost at the provider
    if not per_token or full < gpu or (full == gpu and overhead):
        return None
    gpus = max(1, math.ceil(overhead / (full - gpu))) if overhead else 1
    return math.ceil((gpus * gpu + overhead) / per_token)


def _used(session: Session, ref: str) -> tuple[int, int]:
    from ..accounting.workload import tokens_of

    since = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=MONTH)
    return session.engine.ledger.reading(lambda database: tokens_of(database, *split(ref), since))


def _number(name: str, value: Any, most: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(value, bool) or not 0 < number <= most:
        raise UsageError(f"{name} must be a number above 0 and at most {most:g}, not {value!r}")
    return number


def _amount(name: str, value: Any) -> Decimal:
    try:
        amount = Decimal(str(value))
    except ArithmeticError:
        amount = Decimal("NaN")
    if isinstance(value, bool) or not amount.is_finite() or amount < 0:
        raise UsageError(f"{name} must be an amount in USD, 0 or more, not {value!r}")
    return amount
