"""A student: a small model, trained on a large one's answers to one narrow task."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..money import dollars
from .evidence import evidence
from .item import NOTHING, Item
from .loops import shared
from .workload import Finding, Workload, count

LEAST_A_MONTH = 10_000  # calls
NARROW_TASKS = ("classification", "extraction")
SHORT_REPLY = 24  # tokens
NEARLY_ALL = 0.95

# The loss of quality that must be tolerable: a student reaches 95 to 98 % of its teacher.
LEAST_MARGIN = Decimal("0.02")

# What a student saves on its task, as published.
LEAST, MOST = Decimal("0.8"), Decimal("0.95")

SETTING = """\
[providers.student]
kind = "openai"
base_url = "http://127.0.0.1:8000/v1"
price = { input = 0, output = 0 }
[[rule]]
tier = "routing"
task = "classification\""""


@dataclass(frozen=True, slots=True)
class Condition:
    """One of the four; ``holds`` is None where nobody knows."""

    name: str
    holds: bool | None
    told: str

    def __str__(self) -> str:
        return f"{'yes' if self.holds else 'not known' if self.holds is None else 'no'}: {self.name} ({self.told})"


def apply(work: Workload) -> Finding:
    """Give the tasks that meet all four conditions to a student."""
    groups: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in work.movable():
        groups[item.row.feature or "", item.row.task or ""].append(item)
    margins = {one.feature: one.margin for one in evidence(work)}
    details, up_to, open_ = [], NOTHING, NOTHING
    for (feature, task), items in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        conditions = (_frequent(work, items), _narrow(items), _tolerant(margins.get(feature)), _stable(items))
        cost = sum((item.cost(work.rates) for item in items), NOTHING)
        frequent = conditions[0].holds
        if all(one.holds for one in conditions):
            up_to += cost * MOST
            for item in items:
                item.share *= 1 - LEAST
        elif frequent and all(one.holds is not False for one in conditions):
            open_ += cost * LEAST
        if frequent or (len(groups) == 1 and items):
            named = ", ".join(part for part in (feature, task) if part) or "no feature, no task"
            details += [f"{named}: {dollars(cost)}", *(f"  {one}" for one in conditions)]
    how = (
        f"tasks that meet all four conditions (frequent, narrow, tolerant, stable): {LEAST:.0%} of their cost is "
        f"assumed, the lower end of the published {LEAST:.0%} to {MOST:.0%}; training is not in it"
    )
    note = "" if up_to else "No task meets all four conditions."
    if open_:
        note += f" {dollars(open_)} more if what is not known holds."
    code = (
        "# train a student elsewhere on the ledger's prompts and replies, serve it in OpenAI's protocol, then\n"
        '%llm route "…"'
    )
    return Finding(how, SETTING, code, note.strip(), "assumed", up_to, tuple(details))


def _frequent(work: Workload, items: Sequence[Item]) -> Condition:
    monthly = work.a_month(len(items))
    told = f"about {monthly:,.0f} a month"
    return Condition(f"at least {LEAST_A_MONTH:,} calls a month", monthly >= LEAST_A_MONTH, told)


def _narrow(items: Sequence[Item]) -> Condition:
    task = items[0].row.task
    short = sum(item.usage.output_tokens <= SHORT_REPLY for item in items) / len(items)
    holds = task in NARROW_TASKS or short >= NEARLY_ALL
    return Condition("a narrow task", holds, f"{task or 'no task known'}, {short:.0%} of replies are short")


def _tolerant(margin: Decimal | None) -> Condition:
    name = "95 to 98 % of the quality is enough"
    if margin is None:
        return Condition(name, None, "no evaluation with a margin has passed for it")
    return Condition(name, margin >= LEAST_MARGIN, f"a margin of {margin:.1%} was accepted")


def _stable(items: Sequence[Item]) -> Condition:
    name = "a stable definition"
    systems = Counter(item.row.prefix_hash for item in items)
    same = systems.most_common(1)[0][1] / len(items)
    texts = [item.prompt.text for item in items if item.prompt]
    if same < NEARLY_ALL:
        return Condition(name, False, f"the system prompt changed: {same:.0%} have the most frequent one")
    if len(texts) < len(items) * NEARLY_ALL:
        return Condition(name, None, f"{count(len(items) - len(texts), 'text')} not kept")
    if systems.most_common(1)[0][0]:
        return Condition(name, True, f"{same:.0%} have one system prompt")
    starts = Counter(text[:20] for text in texts)
    start, n = starts.most_common(1)[0]
    template = shared([text for text in texts if text.startswith(start)])
    holds = n / len(texts) >= NEARLY_ALL and bool(template.strip())
    return Condition(name, holds, f"{n / len(texts):.0%} begin with one template")
