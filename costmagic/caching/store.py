"""What the semantic cache knows, in one SQLite file that all kernels share."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .. import forks

LOCK_TIMEOUT_S = 10
DAY_S = 86_400

# How long it is remembered what became of a look-up.
KEEP_DAYS = 90

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (identity TEXT NOT NULL);
INSERT INTO meta SELECT lower(hex(randomblob(12))) WHERE NOT EXISTS (SELECT 1 FROM meta);
CREATE TABLE IF NOT EXISTS entries (  -- questions whose replies the exact cache holds under key
    id INTEGER PRIMARY KEY AUTOINCREMENT, partition TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL,
    vector BLOB NOT NULL, made_at REAL NOT NULL, UNIQUE (partition, key)
);
CREATE INDEX IF NOT EXISTS entries_of ON entries (partition, id);
CREATE TABLE IF NOT EXISTS removed (  -- so that other processes take them out of their indexes
    id INTEGER PRIMARY KEY AUTOINCREMENT, partition TEXT NOT NULL, entry INTEGER NOT NULL, at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS removed_of ON removed (partition, id);
CREATE TABLE IF NOT EXISTS seen (key TEXT PRIMARY KEY, at REAL NOT NULL);  -- when a request was last answered
CREATE TABLE IF NOT EXISTS lookups (  -- what became of each look-up that the exact cache could not answer
    call_id TEXT PRIMARY KEY, at REAL NOT NULL, partition TEXT, outcome TEXT NOT NULL, entry INTEGER,
    similarity REAL, threshold REAL, probability REAL, expired INTEGER NOT NULL, reason TEXT, search_ms REAL,
    verify_ms REAL
);
CREATE INDEX IF NOT EXISTS lookups_at ON lookups (at);
CREATE TABLE IF NOT EXISTS votes (
    call_id TEXT PRIMARY KEY, at REAL NOT NULL, partition TEXT NOT NULL, verdict TEXT NOT NULL, layer TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS votes_of ON votes (partition);
"""


@dataclass(frozen=True, slots=True)
class Question:
    """An entry: the text that was asked, its embedding (float16 bytes), and the exact cache's key of the reply."""

    id: int
    key: str
    text: str
    vector: bytes


class Store:
    """The database in ``folder``; opened on first use, one connection per process, writes in transactions.

    Methods raise sqlite3.Error or OSError; the layer above decides what that means.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        forks.renew(self)

    def renew_after_fork(self) -> None:
        """A new lock and a new connection; the parent's is forgotten, not closed."""
        self._lock = threading.RLock()
        self._forgotten, self._connection = self._connection, None

    @contextmanager
    def connection(self, write: bool = False) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread at a time; with ``write``, in a transaction."""
        with self._lock:
            if self._connection is None:
                self._connection = self._open()
            if not write:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def _open(self) -> sqlite3.Connection:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / "semantic.db"
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # its side files get the same mode
        connection = sqlite3.connect(path, timeout=LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            if connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'votes_of'").fetchone()[0] == 0:
                connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
            for table in ("lookups", "removed"):
                # Another process's index that is open for longer than this without a look-up is begun anew.
                connection.execute(f"DELETE FROM {table} WHERE at < ?", (time.time() - KEEP_DAYS * DAY_S,))
        except BaseException:
            connection.close()
            raise
        return connection

    def add(self, partition: str, questions: Iterable[tuple[str, str, bytes]]) -> None:
        """Keep (key, text, vector) rows; one of the same key is replaced, under a new id."""
        now = time.time()
        with self.connection(write=True) as connection:
            for key, text, vector in questions:
                self._drop(connection, "partition = ? AND key = ?", (partition, key))
                connection.execute(
                    "INSERT INTO entries (partition, key, text, vector, made_at) VALUES (?, ?, ?, ?, ?)",
                    (partition, key, text, vector, now),
                )

    def remove(self, ids: Sequence[int]) -> None:
        """Take entries out, here and in the indexes of all processes."""
        with self.connection(write=True) as connection:
            for id_ in ids:
                self._drop(connection, "id = ?", (id_,))

    def remove_key(self, key: str) -> None:
        """Take the entry of a reply out of every partition."""
        with self.connection(write=True) as connection:
            self._drop(connection, "key = ?", (key,))

    @staticmethod
    def _drop(connection: sqlite3.Connection, where: str, values: tuple[object, ...]) -> None:
        connection.execute(
            f"INSERT INTO removed (partition, entry, at) SELECT partition, id, ? FROM entries WHERE {where}",
            (time.time(), *values),
        )
        connection.execute(f"DELETE FROM entries WHERE {where}", values)

    def clear(self) -> int:
        """Remove all entries; returns how many there were. What is known about look-ups and votes stays."""
        with self.connection(write=True) as connection:
            n = int(connection.execute("SELECT count(*) FROM entries").fetchone()[0])
            self._drop(connection, "1", ())
            connection.execute("DELETE FROM seen")
            return n

    def questions(self, ids: Sequence[int]) -> dict[int, Question]:
        """The entries with these ids that are still there."""
        marks = ",".join("?" * len(ids))
        with self.connection() as connection:
            rows = connection.execute(f"SELECT id, key, text, vector FROM entries WHERE id IN ({marks})", tuple(ids))
            return {row[0]: Question(*row) for row in rows}

    def since(self, partition: str, entry: int, removal: int) -> tuple[list[tuple[int, bytes]], list[tuple[int, int]]]:
        """What changed in a partition: (id, vector) after ``entry``, and (number, id) of removals after ``removal``."""
        with self.connection() as connection:
            added = connection.execute(
                "SELECT id, vector FROM entries WHERE partition = ? AND id > ? ORDER BY id", (partition, entry)
            ).fetchall()
            gone = connection.execute(
                "SELECT id, entry FROM removed WHERE partition = ? AND id > ? ORDER BY id", (partition, removal)
            ).fetchall()
        return added, gone

    def identity(self) -> str:
        """Tells this database from one that was begun anew in its place."""
        with self.connection() as connection:
            return str(connection.execute("SELECT identity FROM meta").fetchone()[0])

    def has(self, partition: str, key: str) -> bool:
        """Whether the entry of a reply is there."""
        with self.connection() as connection:
            row = connection.execute("SELECT 1 FROM entries WHERE partition = ? AND key = ?", (partition, key))
            return row.fetchone() is not None

    def is_empty(self, partition: str) -> bool:
        """Whether nothing was asked in a partition yet."""
        with self.connection() as connection:
            return (
                connection.execute("SELECT 1 FROM entries WHERE partition = ? LIMIT 1", (partition,)).fetchone() is None
            )

    def size(self) -> tuple[int, int]:
        """(entries, bytes on disk)."""
        with self.connection() as connection:
            entries = connection.execute("SELECT count(*) FROM entries").fetchone()[0]
        return int(entries), sum(file.stat().st_size for file in self.folder.iterdir() if file.is_file())

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def put_aside(self) -> None:
        """Begin anew beside a damaged database, of which the last one is kept."""
        with self._lock:
            self.close()
            for suffix in ("", "-wal", "-shm"):
                file = self.folder / f"semantic.db{suffix}"
                with suppress(OSError):
                    os.replace(file, file.with_name(f"damaged.db{suffix}"))
