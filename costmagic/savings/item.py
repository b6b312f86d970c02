"""One paid call of the past, as it was and as it would have been."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..accounting.money import from_nusd, to_nusd
from ..types import Usage
from .rates import Model, Rates

if TYPE_CHECKING:
    from ..accounting.workload import Prompt

NOTHING = Decimal(0)


@dataclass(slots=True, eq=False)
class Item:
    """A call whose price is known. Techniques change ``model``, ``usage``, ``share`` and ``gone``.

    Attributes:
        row: the ledger's, as ``accounting.workload.newest`` reads it.
        prompt: what was kept of its text, None where nothing was.
        share: of the price that is still paid: a discount that no token tells of.
        gone: the call would not have been made.
        spent: USD that it cost.
        started_at: UTC, naive like all moments of the ledger.
    """

    row: Any
    started_at: datetime
    prompt: Prompt | None
    model: Model
    usage: Usage
    spent: Decimal
    share: Decimal = Decimal(1)
    gone: bool = False
    _listed: Decimal | None = field(default=None, repr=False)
    _priced: tuple[object, int] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, row: Any, prompt: Prompt | None, rates: Rates) -> Item:
        """Of a row whose cost is known."""
        usage = Usage(
            row.input_tokens or 0,
            row.output_tokens or 0,
            row.cache_read_tokens or 0,
            row.cache_write_tokens or 0,
            cache_write_1h_tokens=row.cache_write_1h_tokens or 0,
        )
        model = Model(f"{row.provider}:{row.model_requested}", row.model)
        item = cls(row, row.started_at, prompt, model, usage, from_nusd(row.cost_nusd))
        item._listed = rates.cost(model, usage, row.started_at)
        return item

    @property
    def ref(self) -> str:
        return self.model.ref

    @property
    def asked(self) -> str:
        """The model that was asked, whatever has become of that."""
        return f"{self.row.provider}:{self.row.model_requested}"

    @property
    def ended_at(self) -> datetime:
        """When the whole reply was there; when it began, where that is not known."""
        return self.started_at + timedelta(milliseconds=self.row.latency_ms or 0)

    @property
    def movable(self) -> bool:
        """Whether techniques may change it: a finished call of the user's own that costs something."""
        return not self.gone and self.row.purpose == "user" and self.row.status == "ok" and self.spent > 0

    def cost(self, rates: Rates) -> Decimal:
        """USD that it would cost as it is now, never below 0.

        What was billed stands; a change moves it by the difference of the list prices, so that a discount or a
        rounding of the provider's is kept.
        """
        if self.gone:
            return NOTHING
        if self._listed is None:
            return self.spent * self.share
        now = rates.cost(self.model, self.usage, self.started_at)
        return NOTHING if now is None else max(NOTHING, (self.spent + now - self._listed) * self.share)

    def nusd(self, rates: Rates) -> int:
        """The same in whole nano-dollars; computed anew only where something has changed."""
        state = (self.model, self.usage, self.share, self.gone)
        if self._priced is None or self._priced[0] != state:
            self._priced = state, to_nusd(self.cost(rates)) or 0
        return self._priced[1]

    @property
    def repriceable(self) -> bool:
        """Whether a change of its tokens or its model can be priced."""
        return self._listed is not None

    def on(self, ref: str, rates: Rates) -> Decimal | None:
        """USD that it would cost on the model ``ref`` for the same tokens; None when that is not known."""
        listed = rates.cost(Model(ref), self.usage, self.started_at) if self.repriceable else None
        return None if listed is None else listed * self.share

    def move(self, ref: str, rates: Rates) -> None:
        """To another model whose price is known; what it is billed there is the list price."""
        self.model = Model(ref)
        self._listed = rates.cost(self.model, self.usage, self.started_at)
        self.spent = NOTHING if self._listed is None else self._listed

    def reads(self, read: int, written: int, hour: bool) -> None:
        """``read`` tokens of its prompt come from the provider's cache, ``written`` go into it."""
        room = self.usage.input_tokens - self.usage.cache_read_tokens - self.usage.cache_write_tokens
        read = min(read, room)
        written = min(written, room - read)
        self.usage = replace(
            self.usage,
            cache_read_tokens=self.usage.cache_read_tokens + read,
            cache_write_tokens=self.usage.cache_write_tokens + written,
            cache_write_1h_tokens=self.usage.cache_write_1h_tokens + (written if hour else 0),
        )
