"""Asks in turn who knows where a prompt should go: the user, the policy, the rules, what was learned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..config import Settings
from ..models import DEFAULT_TIER, split, tier_ref, tiers
from ..steering import Downgrade
from ..types import Route, UsageError
from .rules import BUILT_IN, Decision, compiled, decide
from .verdict import LEVELS, Verdict

if TYPE_CHECKING:
    from .examples import Example
    from .installed import Installed

OWN_ROUTER = "your router"

Classify = Callable[[str], Verdict]


def classify(prompt: str) -> Verdict:
    """The verdict of the task classifier that costmagic brings; loaded on first use."""
    from .tasks import classify

    return classify(prompt)


class Router:
    """Finds the route of a request, in milliseconds, on this machine."""

    def __init__(self, settings: Settings, classify: Classify = classify) -> None:
        self._settings = settings
        self._classify = classify
        self._own = compiled(settings.rule)
        self._built_in = BUILT_IN if settings.routing.rules == "all" else ()
        self._by_task = any(rule.task for rule in self._own)
        self._downgrades = {downgrade.feature: downgrade for downgrade in settings.downgrade}  # the last one counts

    def route(
        self,
        prompt: str,
        tier: str | None = None,
        model: str | None = None,
        purpose: str = "user",
        feature: str | None = None,
    ) -> Route:
        """The route for an explicit tier or model, else by the policy, the rules, what was learned; else the default.

        Raises:
            UsageError: both given, or an unknown tier, or ``model`` is not ``provider:model``.
        """
        if tier and model:
            raise UsageError("give a tier or a model, not both")
        decision = self._decide(prompt, purpose)
        if model:
            split(model)
            return self._marked(
                Route(None, model.strip(), "explicit", f"model {model.strip()} was asked for", "as asked"), decision
            )
        if tier:
            return self._marked(
                self._to(tier, Route("", "", "explicit", f"tier {tier} was asked for", "as asked")), decision
            )
        if feature in self._downgrades and purpose in ("user", "eval"):
            return self._marked(self._by_policy(self._downgrades[feature]), decision)
        if decision.rule is not None:
            return self._by_rule(prompt, decision)
        return self._marked(self._by_own_router(prompt, feature) or self._by_verdict(self._classify(prompt)), decision)

    def by_llm(self, task: str, difficulty: int, reason: str) -> Route:
        """The route for what a language model said of a prompt."""
        return self._to(Verdict.certain(task, difficulty).tier, Route("", "", "llm", reason, task, task))

    def _decide(self, prompt: str, purpose: str) -> Decision:
        decision = decide(prompt, purpose, self._own, self._built_in)
        if self._by_task and decision.task is None and purpose == "user":
            # A rule of the user's is about a task: where no pattern knows it, what was learned may.
            verdict = self._classify(prompt)
            if verdict.probability >= self._settings.routing.sure:
                return decide(prompt, purpose, self._own, self._built_in, verdict.task)
        return decision

    def _to(self, tier: str, route: Route) -> Route:
        return replace(route, tier=tier, ref=tier_ref(self._settings, tier))

    def _marked(self, route: Route, decision: Decision) -> Route:
        """``route`` with what the rules know of the prompt beside the way that it goes."""
        narrow = bool(decision.rule and decision.rule.narrow)
        return replace(route, task=decision.task or route.task, narrow=narrow)

    def _by_policy(self, downgrade: Downgrade) -> Route:
        target = downgrade.target
        route = Route(None, target, "policy", f"downgrade {downgrade}", "downgrade")
        if ":" not in target:
            return self._to(target, route)
        tier = next((name for name, ref in reversed(tiers(self._settings).items()) if ref == target), None)
        return replace(route, tier=tier)

    def _by_rule(self, prompt: str, decision: Decision) -> Route:
        rule = decision.rule
        assert rule is not None
        task = decision.task
        if task is None and not rule.purposes:
            verdict = self._classify(prompt)  # the tier is settled; the ledger and its reader want to know the task too
            task = verdict.task if verdict.probability >= self._settings.routing.sure else None
        route = Route("", "", "rule", rule.name, task or rule.name, task, narrow=rule.narrow)
        return self._to(rule.tier, route)

    def _by_own_router(self, prompt: str, feature: str | None) -> Route | None:
        found = self.own_router(feature)
        if found is None:
            return None
        evidence = found.evidence
        cheap, strong, least = evidence.get("cheap"), evidence.get("strong"), self._settings.routing.quality
        chance = found.router.chance(prompt, least)
        good = chance >= least
        tier = cheap if good else strong
        if cheap is None or tier is None:
            return None  # thumbs on the cheap tier alone do not say which other tier is better
        reason = (
            f"your router ({found.router.labels:,} labels): the chance that {cheap} loses nothing"
            f"{f' against {strong}' if strong else ''} is {chance:.0%}, {'at least' if good else 'below'} {least:.0%}"
        )
        route = Route("", "", "learned", reason, OWN_ROUTER, confidence=chance if good else 1 - chance)
        return self._to(tier, route)

    def examples(
        self, prompt: str, route: Route, feature: str | None, ledger: Callable[[], Any]
    ) -> tuple[Example, ...]:
        """The known prompts nearest to ``prompt``: the user's judged ones where the own router decided, else ours.

        ``ledger`` opens the database that holds the judgements.
        """
        if route.label != OWN_ROUTER:
            from .tasks import nearest

            return nearest(prompt)
        found = self.own_router(feature)
        if found is None:
            return ()
        from ..accounting.labels import judged
        from .examples import nearest_labels
        from .labelled import labels_of

        return nearest_labels(prompt, labels_of(judged(ledger(), found.evidence["feature"])), found.router.embedder)

    def own_router(self, feature: str | None) -> Installed | None:
        """The router that the user's own judgements trained, for ``feature`` or for everything."""
        if not (self._settings.home / "routing").is_dir():
            return None
        from .installed import installed

        return installed(self._settings.home, feature)

    def _by_verdict(self, verdict: Verdict) -> Route:
        chance = verdict.probability
        if chance < self._settings.routing.sure:
            likely = " or ".join(f"{task} ({p:.0%})" for task, p in verdict.ranked()[:2])
            then = "the routing tier is asked" if self._settings.routing.llm else "the default tier"
            reason = f"not sure what is asked for, {likely}: {then}"
            route = Route("", "", "learned", reason, "default", confidence=chance, unsure=True)
            return self._to(DEFAULT_TIER, route)
        reason = (
            f"{verdict.task} ({chance:.0%}), work for {LEVELS[verdict.difficulty - 1]} model "
            f"(difficulty {verdict.difficulty} of 3)"
        )
        route = Route("", "", "learned", reason, verdict.task, verdict.task, chance)
        return self._to(verdict.tier, route)
