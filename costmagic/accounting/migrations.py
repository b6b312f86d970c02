"""How the ledger's schema came to be: append only, never edit what has been released.

Each migration runs in the transaction that records it, under a lock, so that two notebooks that open one
new ledger at the same moment make it once, and a killed one leaves it either before or after.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, text

Migration = Callable[[Connection], None]


def _m001_calls_and_texts(connection: Connection) -> None:
    connection.execute(
        text("""
        CREATE TABLE calls (
            id TEXT PRIMARY KEY, started_at TIMESTAMP NOT NULL, status TEXT NOT NULL, purpose TEXT NOT NULL,
            parent_id TEXT, notebook TEXT, feature TEXT, action TEXT, task TEXT, tier TEXT,
            model_requested TEXT NOT NULL, model TEXT, provider TEXT NOT NULL,
            route_source TEXT NOT NULL, route_reason TEXT, cache TEXT NOT NULL, cache_of TEXT,
            input_tokens INTEGER, cache_read_tokens INTEGER, cache_write_tokens INTEGER,
            output_tokens INTEGER, reasoning_tokens INTEGER, usage_source TEXT,
            cost_nusd BIGINT, baseline_model TEXT, baseline_cost_nusd BIGINT, price_date TEXT,
            latency_ms DOUBLE PRECISION, first_token_ms DOUBLE PRECISION,
            retries INTEGER NOT NULL, batched BOOLEAN NOT NULL, quality DOUBLE PRECISION,
            prompt_hash TEXT NOT NULL, counted_tokens INTEGER
        )
        """)
    )
    connection.execute(text("CREATE INDEX calls_started_at ON calls (started_at)"))
    connection.execute(
        text("CREATE TABLE texts (call_id TEXT PRIMARY KEY, request TEXT NOT NULL, reply TEXT NOT NULL)")
    )


def _m002_reservations(connection: Connection) -> None:
    connection.execute(
        text("""
        CREATE TABLE IF NOT EXISTS reservations (
            id TEXT PRIMARY KEY, started_at TIMESTAMP NOT NULL, feature TEXT, session_id TEXT NOT NULL,
            amount_nusd BIGINT NOT NULL, expires_at TIMESTAMP NOT NULL
        )
        """)
    )
    connection.execute(text("ALTER TABLE calls ADD COLUMN session_id TEXT"))
    # Budgets sum a month before each call: from this index alone, without touching the table.
    connection.execute(
        text("""
        CREATE INDEX calls_real ON calls (started_at, provider, cost_nusd, feature, session_id)
        WHERE provider <> 'sim'
        """)
    )


def _m003_prefixes(connection: Connection) -> None:
    for column in (
        *("prefix_hash TEXT", "prefix_tokens INTEGER", "turns_hash TEXT", "turns_tokens INTEGER", "cache_after TEXT"),
        *("cache_write_1h_tokens INTEGER", "prefix_saved_nusd BIGINT", "prefix_premium_nusd BIGINT"),
    ):
        connection.execute(text(f"ALTER TABLE calls ADD COLUMN {column}"))
    for name in ("prefix_hash", "turns_hash"):
        connection.execute(text(f"CREATE INDEX calls_{name} ON calls ({name}, started_at) WHERE {name} IS NOT NULL"))


def _m004_evaluations(connection: Connection) -> None:
    connection.execute(
        text("""
        CREATE TABLE IF NOT EXISTS evaluations (
            id TEXT PRIMARY KEY, created_at TIMESTAMP NOT NULL, changed_at TIMESTAMP NOT NULL, notebook TEXT,
            feature TEXT, phase TEXT NOT NULL, definition TEXT NOT NULL, arms TEXT NOT NULL, summary TEXT
        )
        """)
    )
    connection.execute(
        text("""
        CREATE TABLE IF NOT EXISTS evaluation_items (
            run_id TEXT NOT NULL, position INTEGER NOT NULL, label TEXT NOT NULL, prompt TEXT NOT NULL, system TEXT,
            expected TEXT, PRIMARY KEY (run_id, position)
        )
        """)
    )
    connection.execute(
        text("""
        CREATE TABLE IF NOT EXISTS evaluation_answers (
            run_id TEXT NOT NULL, arm TEXT NOT NULL, position INTEGER NOT NULL, call_id TEXT, text TEXT,
            cost_nusd BIGINT, price_nusd BIGINT, simulated BOOLEAN NOT NULL, score DOUBLE PRECISION, error TEXT,
            PRIMARY KEY (run_id, arm, position)
        )
        """)
    )
    # A run that was killed finds what it had bought by this.
    collate = ' COLLATE "C"' if connection.dialect.name == "postgresql" else ""
    connection.execute(text(f"CREATE INDEX calls_parent ON calls (parent_id{collate}) WHERE parent_id IS NOT NULL"))


# The calls that were made for one, those that were made for these, and those that were answered with its reply.
_OTHERS = ("parent_id = {id}", "parent_id IN (SELECT id FROM calls WHERE parent_id = {id})", "cache_of = {id}")
_CHANGES = {"insert": ("NEW",), "delete": ("OLD",), "update": ("NEW", "OLD")}


def _m005_spans_and_alerts(connection: Connection) -> None:
    for statement in (
        "CREATE TABLE touched (hour TEXT NOT NULL, writer BIGINT NOT NULL, PRIMARY KEY (hour, writer))",
        """
        CREATE TABLE spans (
            id TEXT PRIMARY KEY, start_at TIMESTAMP NOT NULL, end_at TIMESTAMP NOT NULL,
            sums TEXT NOT NULL, actions TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE span_actions (
            span TEXT NOT NULL, simulated BOOLEAN NOT NULL, feature TEXT, action TEXT NOT NULL,
            calls BIGINT NOT NULL, cost_nusd BIGINT NOT NULL, unpriced BIGINT NOT NULL
        )
        """,
        "CREATE INDEX span_actions_span ON span_actions (span)",
        """
        CREATE TABLE fired (
            name TEXT NOT NULL, occurrence TEXT NOT NULL, fired_at TIMESTAMP NOT NULL, severity TEXT NOT NULL,
            body TEXT NOT NULL, PRIMARY KEY (name, occurrence)
        )
        """,
        "CREATE TABLE channels (channel TEXT PRIMARY KEY, since TIMESTAMP NOT NULL)",
        """
        CREATE TABLE told (
            channel TEXT NOT NULL, name TEXT NOT NULL, occurrence TEXT NOT NULL, until TIMESTAMP,
            PRIMARY KEY (channel, name, occurrence)
        )
        """,
        "CREATE TABLE silences (name TEXT PRIMARY KEY, until TIMESTAMP NOT NULL)",
        "CREATE INDEX calls_cache_of ON calls (cache_of) WHERE cache_of IS NOT NULL",
    ):
        connection.execute(text(statement))
    if connection.dialect.name == "postgresql":  # whose index of the same column looks for beginnings only
        connection.execute(text("CREATE INDEX calls_parent_id ON calls (parent_id) WHERE parent_id IS NOT NULL"))
    # A change touches the hour of the call, and those of others whose sums rest on it.
    for change, versions in _CHANGES.items():
        if connection.dialect.name == "postgresql":
            hour, writer = "to_char({}started_at, 'YYYY-MM-DD HH24')", "txid_current()"
            begin = f"CREATE FUNCTION calls_touch_{change}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            insert, end = "INSERT INTO touched", " ON CONFLICT DO NOTHING; "
            last = (
                f"RETURN NULL; END $$; CREATE TRIGGER calls_touch_{change} AFTER {change.upper()} ON calls "
                f"FOR EACH ROW EXECUTE FUNCTION calls_touch_{change}()"
            )
        else:
            hour, writer = "substr({}started_at, 1, 13)", "0"
            begin = f"CREATE TRIGGER calls_touch_{change} AFTER {change.upper()} ON calls BEGIN "
            insert, end, last = "INSERT OR IGNORE INTO touched", "; ", "END"
        body = "".join(f"{insert} VALUES ({hour.format(f'{version}.')}, {writer}){end}" for version in versions)
        for others in _OTHERS:
            concerned = others.format(id=f"{versions[0]}.id")
            body += f"{insert} SELECT {hour.format('')}, {writer} FROM calls WHERE {concerned}{end}"
        connection.exec_driver_sql(f"{begin}{body}{last}")


def _m006_actions_alone(connection: Connection) -> None:
    # What was kept does not say which names are alone: it is summed up again when it is next asked for.
    for statement in (
        "DELETE FROM spans",
        "DELETE FROM span_actions",
        "ALTER TABLE span_actions ADD COLUMN alone BOOLEAN NOT NULL DEFAULT FALSE",
        "CREATE INDEX span_actions_action ON span_actions (action)",
        "DROP INDEX span_actions_span",
        "CREATE INDEX span_actions_span ON span_actions (span, alone, cost_nusd)",
    ):
        connection.execute(text(statement))


MIGRATIONS: tuple[tuple[str, Migration], ...] = (
    ("001_calls_and_texts", _m001_calls_and_texts),
    ("002_reservations", _m002_reservations),
    ("003_prefixes", _m003_prefixes),
    ("004_evaluations", _m004_evaluations),
    ("005_spans_and_alerts", _m005_spans_and_alerts),
    ("006_actions_alone", _m006_actions_alone),
)


def is_current(connection: Connection) -> bool:
    """Whether all migrations have run; only reads."""
    return connection.dialect.has_table(connection, "migrations") and not _pending(connection)


def migrate(engine: Engine) -> list[str]:
    """Bring the ledger up to date; returns the names of the migrations that ran."""
    ran = []
    with engine.begin() as connection:
        _lock(connection)
        connection.execute(
            text("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL)")
        )
    for name, migration in MIGRATIONS:
        with engine.begin() as connection:
            _lock(connection)
            if name not in _pending(connection):
                continue
            migration(connection)
            connection.execute(
                text("INSERT INTO migrations (name, applied_at) VALUES (:name, :now)"),
                {"name": name, "now": datetime.now(UTC).isoformat()},
            )
            ran.append(name)
    return ran


def _lock(connection: Connection) -> None:
    # SQLite's transactions are begun as writers (database.py) and so are locked already.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('costmagic migrations'))"))


def _pending(connection: Connection) -> list[str]:
    applied = {row[0] for row in connection.execute(text("SELECT name FROM migrations"))}
    return [name for name, _ in MIGRATIONS if name not in applied]
