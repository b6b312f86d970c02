"""The downgrades in force, as the panel shows them."""

from __future__ import annotations

from collections.abc import Iterator

from .. import evaluation
from ..policy import Entry, policy
from ..policy import remove as take_out
from ..session import Session
from . import panel_runs
from . import panel_wire as wire
from .panel_fields import Fields


def policies(session: Session, asked: Fields) -> wire.Policies:
    """All downgrades of ``costmagic.toml``, with what they rest on."""
    entries = policy(session).entries
    return {"policies": [_row(entry) for entry in entries], "file": str(session.config_path) if entries else None}


def remove(session: Session, asked: Fields) -> wire.Done:
    """Route a feature as usual again. Raises UsageError when it has no policy."""
    take_out(session, asked.text("feature"))
    return {}


def recheck(session: Session, asked: Fields) -> wire.Run:
    """Begin a run that asks anew what a policy rests on."""
    return panel_runs.follow(session, evaluation.recheck(session, asked.text("feature")).start())


def _row(entry: Entry) -> wire.PolicyRow:
    downgrade = entry.downgrade
    return {
        "feature": downgrade.feature,
        "source": downgrade.source,
        "target": downgrade.target,
        "evidence": list(_evidence(entry)),
        "stale": list(entry.stale),
        "recheckable": entry.evaluation is not None,
    }


def _evidence(entry: Entry) -> Iterator[wire.Evidence]:
    known = entry.downgrade.evidence
    if known.get("forced"):
        yield {"label": "adopted", "value": "WITHOUT having passed"}
    if "drop" in known:
        interval = known.get("interval")
        within = f" [{_points(interval[0])} to {_points(interval[1])}]" if interval else ""
        yield {"label": "drop, points", "value": _points(known["drop"]) + within}
    for name in ("margin", "confidence"):
        if name in known:
            yield {"label": name, "value": f"{float(known[name]) * 100:g} %"}
    if "n" in known:
        yield {"label": "pairs", "value": f"{known['n']:,}"}
    if "date" in known:
        yield {"label": "adopted on", "value": str(known["date"])}
    for label, name in (("from", "from_model"), ("to", "to_model")):
        if name in known:
            yield {"label": f"{label} model", "value": str(known[name])}


def _points(share: object) -> str:
    return f"{float(str(share)) * 100:+.1f}".replace("-", "−")
