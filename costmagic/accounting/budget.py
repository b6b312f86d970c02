"""Budgets: what a call could cost is reserved before it is sent, and free again with its final row.

Simulated calls and calls that cost nothing (local models, free ones) never count. Whoever shares the ledger shares
the daily, weekly and monthly limits, in any number of threads and processes; a session's limit is its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from ..limits import BudgetConfig, Limit
from ..types import BudgetError, UsageError
from .money import from_nusd, to_nusd
from .store import Ledger, new_id

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from .report import BudgetReport
    from .spent import Standing

# A reservation outlives the call whose process was killed by this much; then the cost in its row counts.
EXPIRES_AFTER = timedelta(hours=1)


class Budgets:
    """The limits of one session on the calls of one ledger.

    Attributes:
        session_id: what this session's calls are known by in the ledger.
    """

    session_id: str
    _began: datetime

    def __init__(self, config: BudgetConfig, ledger: Ledger, before: Budgets | None = None) -> None:
        """``before`` are the same session's, when the configuration has changed: what it set and spent stands."""
        self.session_id = before.session_id if before else new_id()
        self._began = before._began if before else datetime.now(UTC)
        self._config = config
        self._ledger = ledger
        self._changed: dict[tuple[str | None, str], Limit] = before._changed if before else {}

    def limits(self) -> list[Limit]:
        """All limits in force: those of the configuration, overruled by those that this session has set."""
        return list(
            {**{(limit.feature, limit.period): limit for limit in self._config.limits}, **self._changed}.values()
        )

    def applying(self, feature: str | None) -> list[Limit]:
        """The limits that a call of ``feature`` must keep to."""
        if not self._config.limits and not self._changed:
            return []
        return [limit for limit in self.limits() if limit.feature in (None, feature)]

    def change(self, limit: Limit) -> None:
        """Set ``limit`` for this session, over what the configuration says for its period and feature."""
        self._changed = {**self._changed, (limit.feature, limit.period): limit}

    def reset(self) -> None:
        """Take back what ``change`` has set."""
        self._changed = {}

    def reserve(self, call_id: str, ref: str, worst: Decimal | None, feature: str | None, at: datetime) -> bool:
        """Set ``worst`` USD aside for a call that begins ``at`` (UTC) on the model ``ref``; whether it was needed.

        ``worst`` is what the call could cost at most, None where no price is known. Checking and reserving are
        one transaction, and a call that would take spent + reserved beyond a limit reserves nothing.

        Raises:
            BudgetError: a limit would be exceeded.
            UsageError: the model's price is not known, or the ledger can't be read and written.
        """
        limits = self.applying(feature)
        if not limits or (worst is None and ref in self._config.allow_unpriced):
            return False
        if worst is None:
            raise UsageError(
                f"the price of {ref} is not known, so the {limits[0]} can't be kept: give its price in "
                f'[prices."{ref}"], or allow it by name: allow_unpriced = ["{ref}"] in [budget]'
            )
        amount = to_nusd(worst)
        if not amount:
            return False
        try:
            with self._ledger_or_refusal(), self._ledger.transaction() as connection:
                self._reserve(connection, call_id, amount, limits, feature, at)
        except UsageError:
            raise
        except BaseException:
            self.release(call_id)  # interrupted, perhaps just after it was written
            raise
        return True

    def _reserve(
        self, connection: Connection, call_id: str, amount: int, limits: list[Limit], feature: str | None, at: datetime
    ) -> None:
        from sqlalchemy import text

        from .frame import naive_utc
        from .schema import reservations

        if connection.dialect.name == "postgresql":  # SQLite has one writer at a time
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('costmagic budgets'))"))
        now = datetime.now(UTC)
        cost = from_nusd(amount)
        for standing in self._standings(connection, limits, at, now):
            if not standing.admits(cost):
                raise _refusal(standing, cost)
        connection.execute(reservations.delete().where(reservations.c.expires_at <= naive_utc(now)))
        row = {"id": call_id, "started_at": naive_utc(at), "feature": feature, "session_id": self.session_id}
        row |= {"amount_nusd": amount, "expires_at": naive_utc(now + EXPIRES_AFTER)}
        connection.execute(reservations.insert(), row)

    def check(self, worst: Decimal, feature: str | None) -> None:
        """Raise BudgetError unless ``worst`` USD more would stay within all limits now; reserves nothing."""
        from .database import reading

        limits, now = self.applying(feature), datetime.now(UTC)
        if not limits or not worst:
            return
        with self._ledger_or_refusal(), reading(self._ledger.engine()) as connection:
            standings = self._standings(connection, limits, now, now)
        for standing in standings:
            if not standing.admits(worst):
                raise _refusal(standing, worst)

    def release(self, call_id: str) -> None:
        """Give back what is reserved for a call that was never sent; ``Ledger.finish`` settles those that were."""
        from sqlalchemy.exc import SQLAlchemyError

        from .schema import delete_reservation

        try:
            with self._ledger.transaction() as connection:
                connection.execute(delete_reservation, {"of": call_id})
        except (SQLAlchemyError, OSError):
            pass  # it expires

    def report(self) -> BudgetReport:
        """How all limits stand now. Raises UsageError when the ledger can't be read."""
        from .database import reading
        from .report import BudgetReport

        now = datetime.now(UTC)
        limits = self.limits()
        if not limits:
            return BudgetReport(())
        with self._ledger_or_refusal(), reading(self._ledger.engine()) as connection:
            standings = self._standings(connection, limits, now, now)
        return BudgetReport(tuple(standings), frozenset(self._changed.values()))

    def _standings(self, connection: Connection, limits: list[Limit], at: datetime, now: datetime) -> list[Standing]:
        from .spent import Scope, standings

        return standings(connection, limits, Scope(at, self.session_id, self._began), now)

    @contextmanager
    def _ledger_or_refusal(self) -> Iterator[None]:
        """A cap that nobody keeps is worse than no answer."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            cause = getattr(error, "orig", None) or error
            raise UsageError(
                f"the ledger at {self._ledger.name} can't be read and written ({cause}), so no budget "
                "can be kept and nothing is sent: make it writable, or lift the budget"
            ) from None


def _refusal(standing: Standing, cost: Decimal) -> BudgetError:
    from .spent import over

    error = BudgetError(over(standing, cost))
    error.period, error.feature, error.limit = standing.limit.period, standing.limit.feature, standing.limit.amount
    error.spent, error.reserved, error.worst_cost = standing.spent, standing.reserved, cost
    return error
