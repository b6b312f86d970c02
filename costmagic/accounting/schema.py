"""The ledger's tables as the code sees them; ``migrations`` makes them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
)

metadata = MetaData()

# One row per call, cache hits included. NULL always means "not known" or "does not apply", never 0.
calls = Table(
    "calls",
    metadata,
    Column("id", Text, primary_key=True),  # sorts by time
    Column("started_at", DateTime, nullable=False),  # UTC
    Column("status", Text, nullable=False),  # ok | error | interrupted | refused
    Column("purpose", Text, nullable=False),  # user | route | judge | summary | label | eval | embed
    Column("parent_id", Text),
    Column("notebook", Text),
    Column("feature", Text),
    Column("action", Text),
    Column("task", Text),
    Column("tier", Text),
    Column("model_requested", Text, nullable=False),
    Column("model", Text),  # as the provider named it; NULL until it answered
    Column("provider", Text, nullable=False),
    Column("route_source", Text, nullable=False),  # explicit | policy | rule | learned | llm
    Column("route_reason", Text),
    Column("cache", Text, nullable=False),  # none | exact | semantic
    Column("cache_of", Text),  # the call whose reply was served again
    Column("input_tokens", Integer),  # includes cache reads and writes
    Column("cache_read_tokens", Integer),
    Column("cache_write_tokens", Integer),
    Column("output_tokens", Integer),  # includes reasoning
    Column("reasoning_tokens", Integer),
    Column("usage_source", Text),  # reported | estimated | simulated
    Column("cost_nusd", BigInteger),  # 1e-9 USD, rounded once, here; NULL = unpriced
    Column("baseline_model", Text),
    Column("baseline_cost_nusd", BigInteger),
    Column("price_date", Text),  # the day whose prices were used, YYYY-MM-DD
    Column("latency_ms", Float),  # NULL: under way, or its process died
    Column("first_token_ms", Float),
    Column("retries", Integer, nullable=False),
    Column("batched", Boolean, nullable=False),
    Column("quality", Float),  # 0 to 1
    Column("prompt_hash", Text, nullable=False),
    # What tokens.py counted before sending, before anything learned: estimates learn from it.
    Column("counted_tokens", Integer),
    Column("session_id", Text),  # limits per session are kept by it
    # The provider's prompt cache. A conversation is known by its system prompt and first message.
    Column("prefix_hash", Text),  # of the system prompt; NULL: there is none
    Column("prefix_tokens", Integer),  # its length, counted or estimated
    Column("turns_hash", Text),  # of the conversation; NULL: no older turns
    Column("turns_tokens", Integer),  # system prompt and older turns
    Column("cache_after", Text),  # the breakpoints that were sent: "0:5m 2:1h"; NULL: none
    Column("cache_write_1h_tokens", Integer),  # of cache_write_tokens
    Column("prefix_saved_nusd", BigInteger),  # by reading; NULL: unpriced, or no provider was asked
    Column("prefix_premium_nusd", BigInteger),  # for writing; part of cost_nusd
)

# What a call's final row may say otherwise than its first. Writing the others again would write their indexes again.
CHANGING = (
    *("status", "model", "input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens"),
    *("reasoning_tokens", "usage_source", "cost_nusd", "baseline_model", "baseline_cost_nusd", "latency_ms"),
    *("first_token_ms", "retries", "cache_write_1h_tokens", "prefix_saved_nusd", "prefix_premium_nusd"),
)

_INTERNAL = {
    *("counted_tokens", "session_id", "prefix_hash", "prefix_tokens", "turns_hash", "turns_tokens"),
    *("cache_after", "cache_write_1h_tokens", "prefix_saved_nusd", "prefix_premium_nusd"),
}
PUBLIC_COLUMNS = tuple(c.name for c in calls.columns if c.name not in _INTERNAL)

texts = Table(
    "texts",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("request", Text, nullable=False),  # JSON: system, messages, parameters, as sent
    Column("reply", Text, nullable=False),  # what was received, however the call ended
)

# What calls under way may still cost: one row from before a call is sent until its final row is written.
reservations = Table(
    "reservations",
    metadata,
    Column("id", Text, primary_key=True),  # the call's
    Column("started_at", DateTime, nullable=False),  # the call's, UTC
    Column("feature", Text),
    Column("session_id", Text, nullable=False),
    Column("amount_nusd", BigInteger, nullable=False),
    Column("expires_at", DateTime, nullable=False),  # UTC: of a call whose process died
)

# Hours (UTC, "YYYY-MM-DD HH") whose calls have changed since the sums of the spans over them were taken: triggers
# write them. ``writer`` tells transactions apart on PostgreSQL, which has several at a time; SQLite has one.
touched = Table(
    "touched", metadata, Column("hour", Text, primary_key=True), Column("writer", BigInteger, primary_key=True)
)

# Past days, each in somebody's time zone, and past hours of today, summed up. This and the next table may be emptied
# at any time: what is missing is summed up again.
spans = Table(
    "spans",
    metadata,
    Column("id", Text, primary_key=True),  # "start/end", sorts by time
    Column("start_at", DateTime, nullable=False),  # UTC, like end_at
    Column("end_at", DateTime, nullable=False),
    Column("sums", Text, nullable=False),  # JSON: the fields of ``sums.Sum``, a list for each
    Column("actions", Text, nullable=False),  # JSON: the fields of ``spans.ActionCount``, likewise
)

# A user action is a name within a feature on one local day.
span_actions = Table(
    "span_actions",
    metadata,
    Column("span", Text, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("feature", Text),
    Column("action", Text, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in ("calls", "cost_nusd", "unpriced")),
    Column(
        "alone", Boolean, nullable=False
    ),  # true: no other row is of the same action and ``simulated``; false: there may be
)

# Alerts that have come up, who has been told of which, and which are silenced.
fired = Table(
    "fired",
    metadata,
    Column("name", Text, primary_key=True),
    Column("occurrence", Text, primary_key=True),  # what makes the same alert another one: its day, week, model …
    Column("fired_at", DateTime, nullable=False),  # UTC
    Column("severity", Text, nullable=False),
    Column("body", Text, nullable=False),  # JSON: the alert as it was
)
channels = Table(
    "channels", metadata, Column("channel", Text, primary_key=True), Column("since", DateTime, nullable=False)
)
told = Table(
    "told",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("channel", "name", "occurrence")),
    Column("until", DateTime),  # UTC: somebody is about to tell it, and has until then; NULL: it was told
)
silences = Table(
    "silences", metadata, Column("name", Text, primary_key=True), Column("until", DateTime, nullable=False)
)

# One row per evaluation; what its calls cost stands in ``calls``, whose parent_id begins with its id and a slash.
evaluations = Table(
    "evaluations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("created_at", DateTime, nullable=False),  # UTC
    Column("changed_at", DateTime, nullable=False),  # UTC
    Column("notebook", Text),
    Column("feature", Text),
    Column("phase", Text, nullable=False),
    Column("definition", Text, nullable=False),  # JSON
    Column("arms", Text, nullable=False),  # JSON: names and models of the baseline and the candidates
    Column("summary", Text),  # JSON: how it stood when its phase last changed
)

# What an evaluation asks, in the seeded order in which it does.
evaluation_items = Table(
    "evaluation_items",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("label", Text, nullable=False),  # of the row it was made of
    Column("prompt", Text, nullable=False),
    Column("system", Text),
    Column("expected", Text),  # NULL: agreement with the baseline counts
)

evaluation_answers = Table(
    "evaluation_answers",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("arm", Text, primary_key=True),  # "baseline", "again", a candidate's name, or "judge:NAME:1" and ":2"
    Column("position", Integer, primary_key=True),
    Column("call_id", Text),  # NULL: never sent
    Column("text", Text),  # NULL: texts are not kept, or there is none
    Column("cost_nusd", BigInteger),  # paid; NULL = unpriced
    Column("price_nusd", BigInteger),  # what the call costs when no cache answers it; NULL = unpriced
    Column("simulated", Boolean, nullable=False),
    Column("score", Float),  # 0 to 1; NULL: none, or its scorer raised
    Column("error", Text),
)

update_running = calls.update().where(calls.c.id == bindparam("of"), calls.c.latency_ms.is_(None))
update_call = calls.update().where(calls.c.id == bindparam("of"))
update_text = texts.update().where(texts.c.call_id == bindparam("of"))
delete_reservation = reservations.delete().where(reservations.c.id == bindparam("of"))
