"""Whether the ledger's database is whole, and how much of its file is empty."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.exc import DatabaseError, OperationalError

from .database import Opened, reading

# Problems that are told; one is enough to know.
TOLD = 3


@dataclass(frozen=True, slots=True)
class Health:
    """How the database is.

    Attributes:
        problems: what it says is broken in it, a line each.
        bytes, free: size of the file and what of it is empty; None where a server keeps it.
    """

    problems: tuple[str, ...] = ()
    bytes: int | None = None
    free: int | None = None


def examine(ledger: Opened) -> Health:
    """Read the whole file of SQLite; a server looks after its own. Raises LedgerError when it can't be read."""

    def read(_: object) -> Health:
        try:
            return look()
        except OperationalError:
            raise  # locked, or not to be opened: that says nothing of what is in it
        except DatabaseError as error:
            return Health((" ".join(str(error.orig).split()),))

    def look() -> Health:
        with reading(ledger.engine()) as connection:
            if connection.dialect.name != "sqlite":
                return Health()
            said = connection.exec_driver_sql(f"PRAGMA integrity_check({TOLD})").scalars().all()
            size, pages, free = (
                int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
                for name in ("page_size", "page_count", "freelist_count")
            )
        problems = tuple(" ".join(str(line).split()) for line in said if line != "ok")
        return Health(problems, size * pages, size * free)

    return ledger.reading(read)


def vacuum(ledger: Opened) -> None:
    """Give the free space back to the disk. Raises LedgerError when that can't be done now."""

    def write(_: object) -> None:
        # Neither database does it inside a transaction.
        with ledger.engine().connect().execution_options(outside=True, isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM")

    ledger.reading(write)
