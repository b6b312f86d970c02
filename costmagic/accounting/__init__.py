"""The ledger: one row for every call, whatever became of it.

Not called ``ledger``: importing a module of that name would put it in the place of ``costmagic.ledger()``.
"""

from .store import Ledger, LedgerError, LedgerWarning

__all__ = ["Ledger", "LedgerError", "LedgerWarning"]
