"""What the panel can ask for, and who answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from IPython.core.getipython import get_ipython

from .. import __version__
from .. import session as sessions
from ..config import Settings
from ..evaluation.scorers import SCORERS
from ..session import Session
from ..types import UsageError, did_you_mean
from . import panel_plan, panel_policy, panel_runs, panel_sources, panel_spend
from .panel_fields import Fields, Malformed
from .panel_wire import VERSION, Hello, Model

Handler = Callable[[Session, Fields], Mapping[str, Any]]


def carry_out(request: Mapping[str, Any]) -> dict[str, Any]:
    """The body of the answer. Raises CostmagicError for what can't be done, Malformed for what is no request."""
    kind = request.get("type")
    handler = HANDLERS.get(kind) if isinstance(kind, str) else None
    if handler is None:
        raise Malformed(f"unknown request {kind!r:.40}{did_you_mean(str(kind), list(HANDLERS))}")
    return {**handler(_session(), Fields(request, str(kind)))}


def _session() -> Session:
    session = sessions.default()
    shell = get_ipython()
    if shell is not None:
        # VS Code tells the notebook's path in a variable of the namespace.
        session.notebook = session.notebook or shell.user_ns.get("__vsc_ipynb_file__")
    return session


def hello(session: Session, asked: Fields) -> Hello:
    """Who is there: the first request."""
    return {
        "version": VERSION,
        "costmagic": __version__,
        "tiers": [_model(session, name, ref) for name, ref in session.tiers().items()],
        "scorers": [{"name": name, "what": what} for name, what in SCORERS.items()],
        "mistake": session.mistake,
    }


def _model(session: Session, name: str, ref: str) -> Model:
    reach = None
    try:
        session.engine.reach.check(ref)
    except UsageError as error:
        reach = str(error)
    return {"name": name, "ref": ref, "simulated": _is_simulated(session.settings, ref), "reach": reach}


def _is_simulated(settings: Settings, ref: str) -> bool:
    config = settings.providers.get(ref.partition(":")[0])
    return config is not None and config.kind == "sim"


HANDLERS: Mapping[str, Handler] = {
    "hello": hello,
    "sources": panel_sources.sources,
    "file": panel_sources.file,
    "estimate": panel_runs.estimated,
    "run": panel_runs.start,
    "watch": panel_runs.watch,
    "pause": panel_runs.pause,
    "resume": panel_runs.resume,
    "cancel": panel_runs.cancel,
    "runs": panel_runs.listed,
    "disagreement": panel_runs.disagreement,
    "code": panel_runs.code,
    "adopt": panel_runs.adopt,
    "policy": panel_policy.policies,
    "recheck": panel_policy.recheck,
    "remove": panel_policy.remove,
    "spend": panel_spend.spend,
    "plan": panel_plan.planned,
    "today": panel_spend.today,
    "alerts": panel_spend.alerts,
    "silence": panel_spend.silence,
}
