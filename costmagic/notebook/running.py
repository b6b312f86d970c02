"""The figures of a call while it runs."""

from __future__ import annotations

from dataclasses import replace

from ..call import Call
from ..engine import Engine
from ..types import Usage
from .wire import VERSION, MeterState, Phase, exact

# A pace measured over less than this is noise.
MIN_PACE_S = 0.2

# The reply is counted again when it has grown by a quarter; in between, its characters tell.
RECOUNT = 1.25


class Running:
    """Reads a running call from another thread; the figures are estimates until it has ended."""

    def __init__(self, engine: Engine, call: Call) -> None:
        self._engine = engine
        self._call = call
        self._pieces = 0  # how many of the reply have been looked at
        self._characters = 0  # in them
        self._counted = (0, 0)  # characters and tokens of the reply when it was last counted

    def state(self, stopping: bool = False) -> MeterState:
        """The figures as they stand; after the call's end they are its reply's."""
        call, ask, ref = self._call, self._call.prepared.ask, self._call.request.ref
        usage = self._usage()
        simulated = self._engine.settings.providers[call.request.provider].kind == "sim"
        phase: Phase = "done" if call.reply else "stopping" if stopping else "streaming" if call.parts else "waiting"
        cost = (
            call.reply.cost if call.reply else self._engine.prices.answer_cost(ref, call.model, usage, call.started_at)
        )
        return {
            "version": VERSION,
            "phase": phase,
            "tier": call.route.tier,
            "model": ref,
            "label": call.route.label,
            "reason": call.route.reason,
            "simulated": simulated,
            "input_tokens": usage.input_tokens or None,
            "output_tokens": usage.output_tokens,
            "usage": "simulated" if simulated else usage.source,
            "cost": exact(cost) if usage.input_tokens else None,
            "tokens_per_s": self._pace(usage.output_tokens),
            "elapsed_s": round((call.latency_ms or call.elapsed_ms()) / 1000, 3),
            "cache": "hit" if call.cache else "off" if ask.no_cache else "refreshed" if ask.fresh else "miss",
            "retries": call.retries,
        }

    def _usage(self) -> Usage:
        call = self._call
        if call.reply is not None:
            return call.reply.usage
        tokens = self._output_tokens()
        if call.reported is None:
            return Usage(call.counted, tokens, source="estimated")
        return replace(call.reported, output_tokens=max(tokens, call.reported.output_tokens), source="estimated")

    def _output_tokens(self) -> int:
        call = self._call
        new = call.parts[self._pieces :]
        self._pieces += len(new)
        self._characters += sum(map(len, new))
        characters, tokens = self._counted
        if self._characters > characters * RECOUNT:
            characters, tokens = self._characters, self._engine.tokens.text(call.request.ref, call.text).tokens
            self._counted = characters, tokens
        return round(tokens * self._characters / characters) if characters else 0

    def _pace(self, tokens: int) -> float | None:
        call = self._call
        if call.first_token_ms is None:
            return None
        seconds = ((call.latency_ms or call.elapsed_ms()) - call.first_token_ms) / 1000
        return round(tokens / seconds, 1) if seconds >= MIN_PACE_S else None
