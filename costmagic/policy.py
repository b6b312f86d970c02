"""The policy: which features go to a cheaper model, on what evidence, and whether that still holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import policy_file
from .session import Session
from .staleness import Staleness
from .steering import Downgrade
from .tables import html, plain
from .types import UsageError, did_you_mean

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True)
class Entry:
    """One adopted downgrade.

    Attributes:
        stale: why its evidence no longer holds, a sentence each; empty when it does.
        evaluation: id of the run that it rests on, None for one written by hand.
    """

    downgrade: Downgrade
    stale: tuple[str, ...]

    @property
    def feature(self) -> str:
        """That it is for."""
        return self.downgrade.feature

    @property
    def evaluation(self) -> str | None:
        """Id of the run that it rests on, None for one written by hand."""
        return self.downgrade.evidence.get("evaluation")


@dataclass(frozen=True)
class Adopted:
    """A downgrade that was just written to ``path``; ``replaced`` says that the feature had one before."""

    entry: Entry
    path: Path
    replaced: bool

    def __str__(self) -> str:
        more = " (in place of the one before)" if self.replaced else ""
        return f"adopted in {self.path}{more}: {self.entry.downgrade}"

    __repr__ = __str__


@dataclass(frozen=True)
class Policy:
    """All downgrades in force, as ``costmagic.toml`` has them."""

    entries: tuple[Entry, ...]

    def table(self) -> list[list[str]]:
        """Header and a row per downgrade."""
        rows = [["feature", "from", "to", "evidence", ""]]
        for entry in self.entries:
            d = entry.downgrade
            state = f"STALE: {'; '.join(entry.stale)}" if entry.stale else "holds" if entry.evaluation else "by hand"
            rows.append([d.feature, d.source, d.target, d.evidence_text(), state])
        return rows

    def __len__(self) -> int:
        return len(self.entries)

    def __repr__(self) -> str:
        return plain(self.table()) if self.entries else "No policy: every call is routed as usual."

    def _repr_html_(self) -> str:
        return html(self.table()) if self.entries else f"<div>{self!r}</div>"


def policy(session: Session) -> Policy:
    """The downgrades in force; of several for one feature the last counts, as in routing."""
    engine = session.engine
    staleness = Staleness(engine.settings, engine.prices)
    counted = {downgrade.feature: downgrade for downgrade in engine.settings.downgrade}
    return Policy(tuple(Entry(d, staleness.of(d)) for d in counted.values()))


def entry(session: Session, feature: str) -> Entry:
    """The downgrade of ``feature``. Raises UsageError when it has none."""
    entries = {e.feature: e for e in policy(session).entries}
    if feature not in entries:
        raise UsageError(f"feature '{feature}' has no policy{did_you_mean(feature, list(entries)) if entries else ''}")
    return entries[feature]


def adopt(session: Session, table: Mapping[str, Any]) -> Adopted:
    """Write a ``[[downgrade]]`` in place of the feature's one, if it has any, and put it into force.

    Raises UsageError: the file can't be read or written, or something stands above it.
    """
    feature, path = str(table["feature"]), session.config_path
    replaced = policy_file.put(path, table)
    found = {e.feature: e for e in policy(session).entries}.get(feature)
    if found is None or found.downgrade.target != table["to"]:
        raise UsageError(
            f"{path} has the policy for feature '{feature}' now, but it is not in force: "
            f"{session.mistake or 'the session was given settings that stand above the file'}"
        )
    return Adopted(found, path, replaced)


def remove(session: Session, feature: str) -> Path:
    """Take the policy of ``feature`` out of the file; returns the file. Raises UsageError when it has none."""
    entry(session, feature)
    path = session.config_path
    if not policy_file.remove(path, feature):
        raise UsageError(f"the policy of feature '{feature}' does not stand in {path}: take it out where it was given")
    return path


def prices(session: Session, refs: Sequence[str]) -> dict[str, dict[str, Decimal]]:
    """Today's rates in USD per million tokens, of the models whose price is known."""
    found = {ref: session.engine.prices.rates(ref) for ref in refs}
    return {ref: {"input": rates[0], "output": rates[1]} for ref, rates in found.items() if rates is not None}
