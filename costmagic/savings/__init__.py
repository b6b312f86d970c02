"""What to do next about the bill, and what it would save; and hosted against self-hosted."""

from .hosting import Breakeven, breakeven
from .outline import SavingsPlan
from .planning import plan
from .step import Step

__all__ = ["Breakeven", "SavingsPlan", "Step", "breakeven", "plan"]
