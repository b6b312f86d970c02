"""The values that travel through costmagic, and the errors it raises.

Error tree::

    CostmagicError
    ├── UsageError            the caller's mistake; raised before any money is spent
    │   ├── ConfigError       a mistake in costmagic.toml
    │   ├── MissingKeyError   the provider's API key is not set
    │   └── BudgetError       the call could exceed a spending limit
    └── ProviderError         the provider failed; carries status, message and the cost so far
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

UsageSource = Literal["reported", "estimated", "simulated"]
Finish = Literal["stop", "length", "refusal"]
Status = Literal["ok", "error", "interrupted", "refused"]
RouteSource = Literal["explicit", "policy", "rule", "learned", "llm"]
CacheLayer = Literal["exact", "semantic"]
CacheLife = Literal["5m", "1h"]

TIERS = ("heavy", "standard", "medium", "coding", "routing")

# What a prompt asks for, as routes, rules and the ledger call it.
TASKS = (
    "classification",
    "extraction",
    "summarization",
    "question answering",
    "translation",
    "rewriting",
    "creative writing",
    "code",
    "math and reasoning",
    "analysis and planning",
    "chat",
)

MAX_TOKENS = 1_000_000_000  # no call has more; a server that reports more is mistaken


class CostmagicError(Exception):
    """Base of all errors that costmagic raises on purpose."""

    def _render_traceback_(self) -> list[str]:
        # IPython prints what this returns instead of a traceback: the user's mistake and the
        # provider's answer are one line each, not sixty lines of SDK frames.
        return [f"{type(self).__name__}: {self}"]


class UsageError(CostmagicError):
    """A mistake of the caller, found before anything was sent: one line that says what to do."""


class ConfigError(UsageError):
    """A mistake in ``costmagic.toml``: names the file and, where known, the line."""


class MissingKeyError(UsageError):
    """The API key of a provider is not set; names the variable."""


class BudgetError(UsageError):
    """The call could exceed a spending limit; it was not sent.

    Attributes:
        period: of the limit: "session", "daily", "weekly" or "monthly".
        feature: that the limit is on, None for a limit on everything.
        limit, spent, reserved, worst_cost: USD (``Decimal``); ``reserved`` by other calls under way,
            ``worst_cost`` of this one.
    """

    period = ""
    feature: str | None = None
    limit = spent = reserved = worst_cost = Decimal(0)


class ProviderError(CostmagicError):
    """A provider's failure.

    Attributes:
        provider: name of the provider, as in ``provider:model``.
        status: HTTP status, or None when no response arrived.
        cost: USD spent on the call so far (``Decimal``), None when unknown.
        billed: False when the provider certainly charged nothing (it refused the request, or was
            never reached), None when it may have.
        retries: attempts before the last one.
        call_id: the ledger row of the failed call, None when it could not be written.
    """

    def __init__(self, provider: str, message: str, status: int | None = None) -> None:
        super().__init__(provider, message, status)  # all of them, so that it can be pickled
        self.provider = provider
        self.message = message
        self.status = status
        self.cost: Decimal | None = None
        self.billed: bool | None = None
        self.retries = 0
        self.call_id: str | None = None

    def __str__(self) -> str:
        status = f" (HTTP {self.status})" if self.status else ""
        spent = f"; spent so far: ${self.cost:f}" if self.cost else ""
        return f"{self.provider}{status}: {self.message}{spent}"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; ``role`` is "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """Asks the provider to cache the system prompt and the first ``after`` messages for ``life``."""

    after: int
    life: CacheLife = "5m"


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent to a provider, complete: nothing is added behind the user's back.

    ``cache_after`` and ``prompt_cache_key`` steer the provider's prompt cache: they change the bill, not the answer.
    """

    provider: str
    model: str
    messages: tuple[Message, ...]
    system: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    stop: tuple[str, ...] = ()
    json: bool = False
    cache_after: tuple[Breakpoint, ...] = ()
    prompt_cache_key: str | None = None

    @property
    def ref(self) -> str:
        return f"{self.provider}:{self.model}"


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one call.

    ``input_tokens`` includes cache reads and writes, ``output_tokens`` includes reasoning:
    the other counts are subsets, never additions. ``cache_write_1h_tokens`` are those written that live an hour.
    """

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    source: UsageSource = "reported"
    cache_write_1h_tokens: int = 0

    @classmethod
    def reported(cls, **counts: object) -> Usage | None:
        """The usage that a server reports, None when it makes no sense: it is then estimated.

        Counts must be whole numbers from 0 to a billion, and no more of the input cached than there is.
        """
        numbers: dict[str, Any] = {}
        for name, value in counts.items():
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_TOKENS:
                return None
            numbers[name] = value
        usage = cls(**numbers)
        cached = usage.cache_read_tokens + usage.cache_write_tokens
        if cached > usage.input_tokens or usage.cache_write_1h_tokens > usage.cache_write_tokens:
            return None
        return replace(usage, reasoning_tokens=min(usage.reasoning_tokens, usage.output_tokens))


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a streamed reply. The last one carries ``finish`` and, if reported, ``usage``.

    ``model`` is the provider's own name for the model that answered; ``retries`` counts the
    attempts before the one that answered.
    """

    text: str = ""
    usage: Usage | None = None
    finish: Finish | None = None
    model: str | None = None
    retries: int | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """Which tier and model a request goes to, who decided, and why (``label``: in a word or two).

    Attributes:
        task: what the prompt asks for (one of TASKS, or a word of a user's rule), None where nobody knows.
        confidence: the probability that the learned router, or the LLM, gives its decision; None where a
            choice or a rule decided.
        narrow: the reply is a label, a yes or no, a single value.
        unsure: nobody who was asked is sure: the default tier answers.
        stale: why the evidence of the policy that decided no longer holds, a sentence each.
    """

    tier: str | None
    ref: str
    source: RouteSource
    reason: str
    label: str
    task: str | None = None
    confidence: float | None = None
    narrow: bool = False
    unsure: bool = False
    stale: tuple[str, ...] = ()


def closest(word: str, choices: Sequence[str], n: int = 3) -> list[str]:
    """The ``n`` most similar names, best first; case is ignored."""
    from difflib import get_close_matches

    lowered: dict[str, str] = {}
    for choice in choices:
        lowered.setdefault(choice.lower(), choice)
    return [lowered[c] for c in get_close_matches(word.lower(), list(lowered), n=n, cutoff=0.5)]


def did_you_mean(word: str, choices: Sequence[str]) -> str:
    """``"; did you mean 'a' or 'b'?"``, or the whole list when it is short, or nothing."""
    names = closest(word, choices)
    if names:
        return "; did you mean " + " or ".join(repr(n) for n in names) + "?"
    if choices and len(choices) <= 12:
        return "; there are " + ", ".join(choices)
    return ""
