"""One column of a comparison: a model, its call under way or done, and what a person thinks of the reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

from ..call import Call
from ..reply import Reply
from ..reply_stream import ReplyStream
from ..request import Prepared
from ..types import Usage
from .agreement import Agreement

State = Literal["waiting", "streaming", "ok", "refused", "error", "interrupted"]


@dataclass(eq=False)
class Column:
    """A model side by side with others.

    Attributes:
        name: the tier or model as it was asked for.
        simulated: whether a simulated model answers.
        ended: set when nothing more will arrive.
        error: what ended the call, or kept it from being sent.
        vote: True for good enough, False for not, None while nobody has said.
        kept: whether the reply was made an evaluation item.
    """

    name: str
    prepared: Prepared
    stream: ReplyStream
    simulated: bool
    ended: bool = False
    error: Exception | None = None
    vote: bool | None = None
    kept: bool = False

    @property
    def call(self) -> Call:
        """The running state of the call; ``call.stop.set()`` ends this column alone."""
        return self.stream.call

    @property
    def ref(self) -> str:
        """The model that was asked: ``provider:model``."""
        return self.prepared.request.ref

    @property
    def model(self) -> str:
        """The model as its provider names it, once it has answered."""
        return self.call.model or self.prepared.request.model

    @property
    def reply(self) -> Reply | None:
        """Reply and receipt once the call has ended, however it did; None when it was never sent."""
        return self.call.reply

    @property
    def text(self) -> str:
        """What has arrived so far."""
        return self.call.text

    @property
    def state(self) -> State:
        """How the column stands. One that was refused before it was sent is an error too."""
        if not self.ended:
            return "streaming" if self.call.parts else "waiting"
        if self.reply is not None:
            return self.reply.status
        return "error" if self.error is not None else "interrupted"

    @property
    def answered(self) -> bool:
        """Whether there is a whole answer that can be judged and compared."""
        return self.state == "ok"

    @property
    def usage(self) -> Usage | None:
        """The best token counts so far, None before the prompt was counted."""
        return self.call.usage

    @property
    def output_tokens(self) -> int | None:
        """Tokens of the reply so far; while it streams, one for each piece that arrived."""
        if self.call.usage is None:
            return None
        return self.call.usage.output_tokens if self.reply else max(self.call.usage.output_tokens, len(self.call.parts))

    @property
    def cost(self) -> Decimal | None:
        """USD that this call cost (0 from the cache), None when unpriced or never sent."""
        return self.reply.cost if self.reply else None

    @property
    def price(self) -> Decimal | None:
        """USD that the call costs when no cache answers it; None when unknown."""
        if self.reply is None:
            return None
        return self.reply.avoided if self.reply.cache else self.reply.cost

    @property
    def latency_ms(self) -> float | None:
        """Milliseconds from the call's beginning to its end; None for a cache hit, which tells nothing of the model."""
        return self.reply.latency_ms if self.reply and not self.reply.cache else None

    @property
    def first_token_ms(self) -> float | None:
        """Milliseconds to the first piece of text; None before it, and for a cache hit."""
        return None if self.call.cache else self.call.first_token_ms

    def stop(self) -> None:
        """End this column; the others go on, and what has arrived stays."""
        self.call.stop.set()


class SideBySide(Protocol):
    """What can be said of several columns together; see ``Comparison``."""

    @property
    def columns(self) -> Sequence[Column]:
        """In the order shown."""

    @property
    def finished(self) -> bool:
        """Whether all have ended."""

    @property
    def hidden(self) -> bool:
        """Whether names and figures are hidden now."""

    @property
    def dearest(self) -> Column | None:
        """What the others are compared with."""

    @property
    def agreement(self) -> Mapping[str, Agreement]:
        """With the dearest, by name."""

    def label(self, column: Column) -> str:
        """What the column is called now."""
