"""Whose run it is: of all processes on a machine, one goes on with a run."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout

from ..types import UsageError

FOLDER = "locks"


class Claim:
    """The right to buy answers for a run; the operating system takes it from a process that has died.

    Machines that share a ledger without sharing ``home`` don't see each other's claims.
    """

    def __init__(self, home: Path, run_id: str) -> None:
        self._run_id = run_id
        self._path = home / FOLDER / f"{run_id}.lock"
        # Begun by one thread, released by another.
        self._lock = FileLock(self._path, timeout=0, thread_local=False)

    def take(self) -> None:
        """Have it, or keep it. Raises UsageError when another process has it, or its file can't be written."""
        if self._lock.is_locked:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout:
            raise UsageError(
                f"evaluation {self._run_id} is going on in another kernel: pause or cancel it there"
            ) from None
        except NotImplementedError:
            pass  # a file system without locks: nobody can be kept out there
        except OSError as error:
            raise UsageError(f"{self._path} can't be written: {error}") from None

    def give_back(self) -> None:
        """Let others have it."""
        self._lock.release()

    def taken(self) -> bool:
        """Whether some process has it."""
        if self._lock.is_locked:
            return True
        if not self._path.exists():
            return False
        try:
            self.take()
        except UsageError:
            return True
        self.give_back()
        return False
