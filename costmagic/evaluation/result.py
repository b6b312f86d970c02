"""What an evaluation found."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..session import Session, default
from . import report
from .arms import BASELINE
from .definition import Definition
from .findings import Findings, stored
from .items import Item
from .progress import CandidateState, RunState
from .savings import Saving, calls_per_month, savings

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ..policy import Adopted


class Evaluation:
    """What is known of the candidates, done or not; it does not change any more.

    Attributes:
        findings: all of it as plain data.
    """

    def __init__(self, session: Session, findings: Findings) -> None:
        self.findings = findings
        self._session = session

    @property
    def state(self) -> RunState:
        """How the run stood."""
        return self.findings.state

    @property
    def id(self) -> str:
        """Finds it in the ledger: ``cm.evaluate(resume=id)``, ``Evaluation.load(id)``."""
        return self.findings.setup.id

    @property
    def definition(self) -> Definition:
        """What was evaluated."""
        return self.findings.definition

    @property
    def verdicts(self) -> dict[str, CandidateState]:
        """Candidate → how it stands; ``.state`` is "pass", "fail" or "undecided"."""
        return self.findings.verdicts

    @property
    def cheapest_passing(self) -> str | None:
        """The name of the passing candidate that costs least; None when none has passed."""
        return self.findings.cheapest_passing

    @property
    def cost(self) -> Decimal:
        """USD spent, simulated dollars included."""
        return self.state.spent

    def savings(self) -> dict[str, Saving]:
        """Candidate → what it saves, per 1,000 calls and per month at the feature's observed volume."""
        return savings(self.state, calls_per_month(self._session, self.definition.feature))

    def to_frame(self) -> pd.DataFrame:
        """A row per item that somebody was asked, in the order of the run, labelled by the row of the data.

        Columns ``prompt``, ``expected``, and for the baseline and each candidate its answer (under its name), its
        ``…_score`` and ``…_error``.
        """
        import pandas as pd

        asked = sorted({position for arm, position in self.findings.answers if ":" not in arm or arm in self.verdicts})
        records = [self._record(self.findings.items[position]) for position in asked]
        index = pd.Index([self.findings.items[position].label for position in asked], name="row")
        return pd.DataFrame.from_records(records, columns=list(self._record(None)), index=index)

    def _record(self, item: Item | None) -> dict[str, Any]:
        record: dict[str, Any] = {"prompt": item and item.prompt, "expected": item and item.expected}
        for arm in (BASELINE, *self.verdicts):
            answer = self.findings.answers.get((arm, item.position)) if item else None
            record[arm] = answer and answer.text
            record[f"{arm}_score"] = answer and answer.score
            record[f"{arm}_error"] = answer and answer.error
        return record

    def disagreements(self, candidate: str | None = None) -> pd.DataFrame:
        """The items where a candidate (default: the cheapest passing one, else the first) and the baseline differ.

        Columns ``prompt, expected, baseline, candidate, baseline_score, candidate_score``, the worst first.
        Raises UsageError when there is no such candidate.
        """
        import pandas as pd

        name = self.findings.named(candidate)
        columns = ["prompt", "expected", "baseline", "candidate", "baseline_score", "candidate_score"]
        found: list[tuple[float, str, list[Any]]] = []
        for item, ours, theirs, first, second in report.pairs(self.findings, name):
            if first != second:
                row = [item.prompt, item.expected, ours.text, theirs.text, first, second]
                found.append((second - first, item.label, row))
        found.sort(key=lambda entry: entry[0])
        index = pd.Index([label for _, label, _ in found], name="row")
        return pd.DataFrame.from_records([row for _, _, row in found], columns=columns, index=index)

    def plot(self) -> Figure:
        """Quality against cost, with intervals; the frontier is marked. Raises UsageError without matplotlib."""
        from ..quality_plot import quality_against_cost

        return quality_against_cost(report.marks(self.findings), self.definition.margin)

    def adopt(self, candidate: str | None = None, force: bool = False) -> Adopted:
        """Make a candidate (default: the cheapest that passes) the policy of the feature, in ``costmagic.toml``.

        ``force`` takes one that has not passed; the policy then says so.

        Raises:
            UsageError: it has not passed, there is no feature, or the file can't be written.
        """
        from .adoption import adopt

        return adopt(self._session, self.findings, candidate, force)

    def code(self) -> str:
        """Python that runs the same evaluation again."""
        from .code import code

        return code(self.definition)

    def save(self, path: str | Path) -> Path:
        """Write it to a JSON file. Raises UsageError when that can't be written."""
        from .saved import save

        return save(self.findings, Path(path).expanduser())

    @staticmethod
    def load(source: str | Path, session: Session | None = None) -> Evaluation:
        """A saved evaluation, by its file, or one of the ledger, by its id.

        Raises UsageError when there is no such file or id.
        """
        from .saved import load

        session = session or default()
        path = Path(source).expanduser()
        if not path.suffix and not path.exists():
            return Evaluation(session, stored(session, str(source)))
        return Evaluation(session, load(path))

    def __repr__(self) -> str:
        return report.plain_text(self.findings, self.savings())

    def _repr_html_(self) -> str:
        return report.html(self.findings, self.savings())
