"""One notebook's engine, settings and totals."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import forks, models
from .accounting.report import BudgetReport
from .call import Call
from .config import Settings
from .config_file import ConfigFile
from .engine import Engine
from .estimates import Estimate, Estimates
from .explanation import Explanation
from .limits import parse as parse_limit
from .reply import Reply
from .reply_stream import ReplyStream
from .request import Ask, Prepared
from .totals import Totals
from .types import UsageError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from .cache_report import CacheStats
    from .evaluation import Evaluation
    from .prefix_report import PrefixReport
    from .routing.examples import Example

_action: ContextVar[str | None] = ContextVar("costmagic_action", default=None)


@contextmanager
def action(name: str) -> Iterator[None]:
    """Name the user action that all calls inside the block serve: one question, one report."""
    token = _action.set(name)
    try:
        yield
    finally:
        _action.reset(token)


class Session:
    """Everything that costmagic does, bound to one home and one configuration.

    Args:
        home: folder for ledger, cache and models; default ``COSTMAGIC_HOME`` or the user-data folder.
        config_file: a ``costmagic.toml``; default: looked up from the working folder upward.
        settings: what could stand in the file, as a dict; it wins over the file.

    Raises:
        ConfigError: a mistake in the configuration.
    """

    def __init__(
        self,
        home: str | os.PathLike[str] | None = None,
        config_file: str | os.PathLike[str] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self._config = ConfigFile(home, config_file, settings)
        self._engine = Engine(self._config.settings)
        # Jupyter tells the kernel the path of its notebook in this variable.
        self.notebook: str | None = os.environ.get("JPY_SESSION_NAME")
        self._lock = threading.Lock()
        forks.renew(self)
        self._totals = Totals()
        self._watchers: tuple[Callable[[], None], ...] = ()

    def renew_after_fork(self) -> None:
        """A new lock in a forked child."""
        self._lock = threading.Lock()

    @property
    def engine(self) -> Engine:
        """What carries calls through, with the settings that ``costmagic.toml`` holds now."""
        with self._lock:
            if self._config.changed():
                self._engine = Engine(self._config.settings, self._engine)
            return self._engine

    @property
    def settings(self) -> Settings:
        """The settings in force: the file's, or where that has a mistake now, the last good ones."""
        return self.engine.settings

    @property
    def config_path(self) -> Path:
        """The ``costmagic.toml`` that counts; where there is none, where it would be."""
        return self._config.place

    @property
    def mistake(self) -> str | None:
        """What is wrong with ``costmagic.toml`` since it was last good; None when nothing is."""
        return self._config.mistake

    def ask(self, prompt: str, **options: Any) -> Reply:
        """Send ``prompt`` and wait for the whole reply.

        Args:
            prompt: the user message, sent as it is.
            **options: ``system`` text; ``tier`` or ``model`` ("provider:model") instead of routing; ``feature``
                and ``action`` that the spend is booked on; ``max_tokens``; ``temperature`` (0 to 2); ``stop``, a text
                or several; ``json=True`` parses the reply into ``reply.data``; ``fresh=True`` calls again and
                refreshes the cache; ``no_cache=True`` leaves the cache alone; ``max_cost`` in USD refuses a
                call that could cost more.

        Raises:
            UsageError: a mistake in the arguments; nothing was sent.
            ProviderError: the provider failed; its ``cost`` and ``call_id`` say what that cost.
        """
        stream = self.stream(prompt, **options)
        for _ in stream:
            pass
        return stream.reply

    def stream(self, prompt: str, **options: Any) -> ReplyStream:
        """Like ``ask``, but iterates over the reply's text as it arrives; then it has ``.reply``.

        Mistakes in the arguments raise here, not at the first piece. Leaving the loop early closes the
        connection and books what was received.
        """
        return self.run(self.prepare(prompt, **options))

    def prepare(self, prompt: str, **options: Any) -> Prepared:
        """Check and route without sending; the options are those of ``ask``."""
        return self.engine.prepare(self._ask(prompt, options))

    def rehearse(self, prompt: str, **options: Any) -> Prepared:
        """Like ``prepare``, for what will not be sent: needs neither key nor weights."""
        return self.engine.prepare(self._ask(prompt, options), sendable=False)

    def _ask(self, prompt: str, options: Mapping[str, Any]) -> Ask:
        try:
            return Ask(prompt, **{"action": _action.get(), **options})
        except TypeError:
            known = [f.name for f in fields(Ask) if f.name not in ("prompt", "purpose", "parent_id")]
            wrong = next(name for name in options if name not in known)
            raise UsageError(f"unknown option '{wrong}'{did_you_mean(wrong, known)}") from None

    def run(self, prepared: Prepared) -> ReplyStream:
        """Send a prepared request."""
        engine = self.engine
        return ReplyStream(Call(prepared, self.notebook, engine.budgets.session_id), engine.run, self._count)

    def estimate(self, prompt: str, tiers: str | Sequence[str] | None = None, **options: Any) -> Estimates:
        """Tokens and cost of ``prompt`` on each of ``tiers`` (default: all five); nothing is sent.

        ``tiers`` takes tier names and model references; the other options are those of ``ask``.
        """
        names = list(self.tiers()) if tiers is None else [tiers] if isinstance(tiers, str) else list(tiers)
        return Estimates(tuple((name, self._estimate_on(name, prompt, options)) for name in names))

    def _estimate_on(self, name: str, prompt: str, options: Mapping[str, Any]) -> Estimate:
        target = {"model": name} if ":" in name else {"tier": name}
        return self.engine.estimator.estimate(self.rehearse(prompt, **{**options, **target}).request)

    def route(self, prompt: str, **options: Any) -> Explanation:
        """Why ``prompt`` would go where it would go, and what each tier would cost; nothing is sent."""
        engine, prepared = self.engine, self.rehearse(prompt, **options)
        targets = [*self.tiers(), *([] if prepared.route.tier else [prepared.route.ref])]
        estimates = Estimates(tuple((name, engine.estimate_elsewhere(prepared, name)) for name in targets))
        examples: Sequence[Example] = ()
        if prepared.route.source == "learned":
            examples = engine.router.examples(prompt, prepared.route, prepared.ask.feature, engine.ledger.engine)
        return Explanation(prepared.route, estimates, examples)

    def tiers(self) -> dict[str, str]:
        """Tier → model reference in force now, heavy to routing."""
        return models.tiers(self.settings)

    def ledger(self, since: datetime | None = None) -> pd.DataFrame:
        """All calls since ``since`` (default: ever) as a DataFrame, one row each, oldest first."""
        return self.engine.ledger.frame(since)

    def costs(self, by: str = "feature", since: datetime | None = None) -> pd.DataFrame:
        """Calls, tokens and USD by "feature", "model", "tier", "day" or "action".

        ``cost`` is ``Decimal``; where ``unpriced`` is above 0 the true cost is at least that. Simulated
        calls have their own column and count in no other money.
        """
        return self.engine.ledger.costs(by, since)

    def evaluate(self, data: Any = None, prompt: str | None = None, **options: Any) -> Evaluation:
        """Find the cheapest model that is good enough; see ``costmagic.evaluate``."""
        from .evaluation import evaluate

        return evaluate(data, prompt, session=self, **options)

    def cache_prefixes(self, days: float = 30) -> PrefixReport:
        """The beginnings of prompts that came again in the last ``days``, and what caching them would save a month.

        Raises:
            UsageError: ``days`` is not a number above 0; or the ledger can't be read.
        """
        from .prefix_report import report

        return report(self.engine.prefixes, self.engine.ledger, days)

    def cache_stats(self, days: float = 7) -> CacheStats:
        """How the exact, the semantic and the providers' caches did in the last ``days`` days, and why not better."""
        from .cache_report import collect

        return collect(self.engine, days)

    def clear_cache(self) -> int:
        """Empty the exact and the semantic cache; returns how many replies there were."""
        self.engine.similar.clear()
        return self.engine.exact.clear()

    def budget(self, *limits: str, feature: str | None = None) -> BudgetReport:
        """How the spending limits stand: spent, reserved by calls under way, left.

        Args:
            *limits: set for this session only: ``"5/day"`` (or ``session``, ``week``, ``month``), over what
                ``costmagic.toml`` says for that period; ``"off"`` takes all of these back.
            feature: the limits are for this feature alone.

        Raises:
            UsageError: not an amount and a period; or the ledger can't be read.
        """
        budgets = self.engine.budgets
        if "off" in limits and (len(limits) > 1 or feature is not None):
            raise UsageError("off takes back all budgets of this session: give nothing else with it")
        changes = [] if "off" in limits else [parse_limit(limit, feature) for limit in limits]
        if "off" in limits:
            budgets.reset()
        for limit in changes:
            budgets.change(limit)
        if limits:
            self._tell()
        return budgets.report()

    @property
    def totals(self) -> Totals:
        """What this session has done so far."""
        return self._totals

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` whenever totals or limits have changed, in the thread that did it: it must be quick."""
        self._watchers = (*self._watchers, changed)

    def _tell(self) -> None:
        for changed in self._watchers:
            changed()

    def close(self) -> None:
        """Close connections and files; they open again when they are needed. The ledger keeps all."""
        self.engine.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _count(self, reply: Reply) -> None:
        with self._lock:
            self._totals = self._totals.plus(reply)
        self._tell()


_default: Session | None = None
_default_lock = threading.Lock()


def default() -> Session:
    """The session that ``cm.ask`` and the magics share, made on first use."""
    global _default
    with _default_lock:
        if _default is None:
            _default = Session()
        return _default


def use(session: Session | None) -> None:
    """Make ``session`` the default one; None makes a new one on next use."""
    global _default
    with _default_lock:
        _default = session
