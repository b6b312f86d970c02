"""What one request asks of the provider's prompt cache, and what its silence means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ..types import Breakpoint, CacheLife, Request, Usage
from .prefix import LIFE_S, UNKNOWN_MIN_TOKENS, UNSEEN, Rates, Reuse, Use, choose

Cause = Literal["short", "unknown", "expired", "dropped", "changed"]

LIFE_NAMES: dict[CacheLife, str] = {"5m": "5 minutes", "1h": "an hour"}

# OpenAI and its like keep what they cache at least so long, unasked.
UNASKED_LIFE: CacheLife = "5m"

# So often may the model cache nothing; then a prefix is taken to be too short for it.
ENOUGH_IN_VAIN = 2

# A prefix may be this much shorter than it was estimated to be.
ESTIMATE_SLACK = 1.25


@dataclass(frozen=True, slots=True)
class Segment:
    """A stable beginning of a request.

    Attributes:
        after: how many messages it holds besides the system prompt.
        hash: of the system prompt, or of the conversation.
        tokens: of the whole prefix, counted or estimated.
        minimum: tokens of the shortest prefix that the model caches; ``known``: whether a table says so.
        reuse: how it came back so far, this call included.
        last: the latest earlier call that could have left it in the cache.
        in_vain: earlier calls that asked to cache it at about this length, where none was heard.
        life: for how long this call caches it, None if not at all.
    """

    after: int
    hash: str
    tokens: int
    minimum: int
    known: bool
    reuse: Reuse = UNSEEN
    last: Use | None = None
    in_vain: int = 0
    life: CacheLife | None = None

    @property
    def name(self) -> str:
        return "conversation" if self.after else "system prompt"

    @property
    def long_enough(self) -> bool:
        return self.tokens >= self.minimum

    @property
    def alive(self) -> CacheLife | None:
        """The life of the entry that the provider should still hold, None if it should hold none."""
        last, gap = self.last, self.reuse.gap
        if last is None or not last.cached or gap is None:
            return None
        life = last.life or UNASKED_LIFE
        return life if gap <= LIFE_S[life] else None

    def decided(self, rates: Rates) -> Segment:
        """With the life that pays. What the provider still holds is read in any case: that costs least of all."""
        refused = self.in_vain >= ENOUGH_IN_VAIN
        return self if refused else replace(self, life=choose(self.reuse, rates) or self.alive)

    def explain(self) -> str:
        """The decision and its reason."""
        about = f"{self.name} of about {self.tokens:,} tokens"
        came = f"it came back within 5 minutes {self.reuse.within_5m} of {self.reuse.calls} times"
        if self.reuse.within_1h > self.reuse.within_5m:
            came += f", within an hour {self.reuse.within_1h} times"
        if not self.long_enough:
            return f"{about}: shorter than the {self.minimum:,} that the model caches"
        if self.life:
            return f"{about}: cached for {LIFE_NAMES[self.life]}; {came}"
        if self.in_vain >= ENOUGH_IN_VAIN:
            return f"{about}: not asked for again, as the model cached nothing the last {self.in_vain} times"
        if not self.reuse.calls:
            return f"{about}: seen for the first time, so not written; a write pays only if it comes back in time"
        return f"{about}: not written, as that would not pay: {came}"


@dataclass(frozen=True, slots=True)
class Unread:
    """Why nothing was read where a read was expected."""

    cause: Cause
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A request with its breakpoints.

    ``notes`` say what was decided and why. ``changed`` is true where the feature's call before this one was served from
    the cache, with a prefix that this one does not have.
    """

    request: Request
    segments: tuple[Segment, ...] = ()
    notes: tuple[str, ...] = ()
    changed: bool = False

    def at(self, conversation: bool) -> Segment | None:
        """The segment that ends with the system prompt, or the one that ends with the older turns."""
        return next((s for s in self.segments if bool(s.after) is conversation), None)

    def without_breakpoints(self) -> Plan:
        """The same request, not asking the provider to cache anything."""
        segments = tuple(replace(s, life=None) for s in self.segments)
        return replace(self, request=replace(self.request, cache_after=()), segments=segments)

    def unread(self, usage: Usage) -> Unread | None:
        """Why the provider's counters show no read where one was expected; None where all is well or unknown."""
        if usage.source != "reported" or usage.cache_read_tokens:
            return None
        longest = max((s for s in self.segments if s.long_enough), key=lambda s: s.tokens, default=None)
        if self.changed and longest is not None:
            return Unread(
                "changed",
                f"this feature's last call was served from the provider's cache, but the {longest.name} of this one "
                "begins otherwise: keep what changes from call to call (dates, ids) out of it",
            )
        # The shortest is part of the others: if anything had been read, it had been.
        asked = [s for s in self.segments if s.life]
        return _unread(asked[0], bool(self.request.cache_after), usage, self.request.ref) if asked else None


def _unread(segment: Segment, by_breakpoint: bool, usage: Usage, ref: str) -> Unread | None:
    last, gap = segment.last, segment.reuse.gap
    ago = "" if gap is None else f"{_span(gap)} ago"
    if segment.alive:
        return Unread("dropped", f"the provider no longer had the {segment.name}, though it was used {ago}")
    if last is not None and last.cached and by_breakpoint:
        kept = LIFE_NAMES[last.life or UNASKED_LIFE]
        return Unread("expired", f"the {segment.name} was last used {ago} and is kept for {kept}: it was paid again")
    if usage.cache_write_tokens:
        return None  # the first write: there was nothing to read yet
    expected = by_breakpoint or (last is not None and gap is not None and gap <= LIFE_S[UNASKED_LIFE])
    if not expected:
        return None
    if not segment.known:
        return Unread(
            "unknown",
            f"{ref} cached nothing: how long a prefix it needs is not known, and about {segment.tokens:,} tokens were "
            f'not enough; say so in costmagic.toml: [cache.min_tokens] "{ref}" = …',
        )
    if by_breakpoint or segment.tokens < segment.minimum * ESTIMATE_SLACK:
        return Unread(
            "short",
            f"{ref} cached nothing: it needs {segment.minimum:,} tokens, and the {segment.name}, estimated at "
            f"{segment.tokens:,}, seems to have fewer (or the model needs more: see [cache.min_tokens])",
        )
    return Unread("dropped", f"the provider did not find the {segment.name}, though it was sent {ago}")


def _span(seconds: float) -> str:
    """Seconds as "12 s", "7 min" or "3 h", rounded down."""
    for unit, name in ((3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{int(seconds // unit):,} {name}"
    return f"{int(seconds)} s"


def breakpoints(segments: Sequence[Segment]) -> tuple[Breakpoint, ...]:
    """The breakpoints of the segments that are cached; the provider wants longer lives before shorter ones."""
    cached = [s for s in segments if s.life]
    last_hour = max((n for n, s in enumerate(cached) if s.life == "1h"), default=-1)
    return tuple(Breakpoint(s.after, "1h" if n <= last_hour else s.life or "5m") for n, s in enumerate(cached))


def worth_telling(segment: Segment) -> bool:
    """Short prompts, which no model caches, are left in peace."""
    return segment.long_enough or segment.tokens >= UNKNOWN_MIN_TOKENS
