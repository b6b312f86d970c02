"""The ledger: one row for every call, whatever became of it."""

from .store import Ledger, LedgerWarning

__all__ = ["Ledger", "LedgerWarning"]
