"""An evaluation as a table: plain text, and static HTML that GitHub and nbviewer show too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..money import dollars
from ..quality_plot import Mark
from ..tables import NO_MATH, Table, cell_style, encodable, money_safe, plain, printable
from .arms import BASELINE
from .findings import Findings
from .items import Item
from .progress import CandidateState
from .savings import Saving
from .tally import Answer

# Disagreements that a report shows, and characters of each text in it.
SHOWN, EXCERPT = 5, 600

_BADGE = (
    "display:inline-block;padding:0 .45em;margin:0 .4em 0 0;border:1px solid currentColor;border-radius:.6em;"
    "font-size:.8em;font-weight:600;color:var(--jp-{color}-color1,inherit)"
)
_COLORS = {"pass": "success", "fail": "error", "undecided": "warn", "SIMULATED": "warn"}
_TEXT = "text-align:left;vertical-align:top;white-space:normal;min-width:12em;overflow-wrap:anywhere"
_SCROLLS = "max-width:100%;overflow-x:auto"
_MUTED = "color:var(--jp-ui-font-color2,inherit);font-size:.9em"


def percent(share: float | None, digits: int = 1) -> str:
    """``12.3 %``, empty for None."""
    return "" if share is None else f"{share * 100:.{digits}f} %"


def pairs(found: Findings, name: str) -> Iterator[tuple[Item, Answer, Answer, float, float]]:
    """(item, baseline's answer, candidate's, their scores) of every pair that both have answered."""
    answers = found.answers
    for item in found.items:
        ours, theirs = answers.get((BASELINE, item.position)), answers.get((name, item.position))
        if ours is None or theirs is None or ours.error is not None or theirs.error is not None:
            continue
        judged = [answers.get((f"judge:{name}:{order}", item.position)) for order in (1, 2)]
        if found.setup.judge is not None:
            won = [j.score for j in judged if j is not None and j.score is not None]
            share = sum(won) / 2 if len(won) == 2 else 0.5
            yield item, ours, theirs, 1 - share, share
        elif theirs.score is not None:
            yield item, ours, theirs, 1.0 if ours.score is None else ours.score, theirs.score


def marks(found: Findings) -> list[Mark]:
    """What the figure shows: the baseline, and each candidate with the interval of its quality."""
    state = found.state
    base = state.baseline
    quality = 1.0 if base.accuracy is None else base.accuracy
    shown = [Mark(base.name, _float(base.cost_per_1000), quality, quality, quality, None, base.simulated)]
    for c in state.candidates:
        if c.drop is None or c.low is None or c.high is None:
            continue
        # Below the baseline by the paired drop: its own mean may be over other items than the baseline's.
        low, high = max(0.0, quality - c.high), min(1.0, quality - c.low)
        shown.append(Mark(c.name, _float(c.cost_per_1000), quality - c.drop, low, high, c.state, c.simulated))
    return shown


def _float(cost: object) -> float | None:
    return None if cost is None else float(cost)  # type: ignore[arg-type]


def table(found: Findings, saved: Mapping[str, Saving]) -> Table:
    """Header, the baseline, and a row per candidate."""
    state, definition = found.state, found.definition
    interval = f"{definition.confidence:.0%} interval"
    rows = [
        ["", "model", "quality", "drop", interval, "pairs", "1,000 calls", "saves", "a month", "verdict", "plain rule"]
    ]
    base = state.baseline
    rows.append([base.name, base.ref, _base_quality(found), "", "", f"{base.n:,}", _cost(base.cost_per_1000, base.n)])
    rows[-1] += ["", "", "baseline", ""]
    rows += [_row(c, saved[c.name]) for c in state.candidates]
    return rows


def _base_quality(found: Findings) -> str:
    base = found.state.baseline
    if base.ceiling is not None:
        return f"agrees with itself: {percent(base.ceiling)} of {base.ceiling_n}"
    return percent(base.accuracy)


def _cost(cost: object, n: int) -> str:
    return dollars(cost) if n else ""  # type: ignore[arg-type]


def _row(c: CandidateState, saving: Saving) -> list[str]:
    monthly = "" if saving.per_month is None else f"{dollars(saving.per_month)} ({saving.calls_per_month:,} calls)"
    return [
        c.name,
        c.ref,
        percent(c.accuracy),
        percent(c.drop),
        "" if c.low is None or c.high is None else f"{percent(c.low)} to {percent(c.high)}",
        f"{c.n:,}",
        _cost(c.cost_per_1000, c.n),
        "" if saving.per_1000 is None else dollars(saving.per_1000),
        monthly,
        _verdict(c),
        _plain_rule(c),
    ]


def _verdict(c: CandidateState) -> str:
    if c.state == "undecided" and c.forecast is not None:
        return f"undecided, about {c.forecast:,} pairs more would tell"
    return c.state


def _plain_rule(c: CandidateState) -> str:
    """What the observed drop alone would say, and how far that can be trusted."""
    if c.plain is None:
        return ""
    says = "would pass" if c.plain.passes else "would fail"
    return f"{says}; lets a bad one pass {c.plain.chance_of_error:.0%} of the time"


def lines(found: Findings) -> list[str]:
    """What stands below the table."""
    state, d = found.state, found.definition
    goal = f"pass: worse by less than {d.margin:.2%}, confidence {d.confidence:.0%} for all candidates together"
    parts = [state.message, f"{d.data}, scorer {d.scorer}; {goal}."]
    judges = [f"{c.name} {dollars(c.judge_cost)}" for c in state.candidates if c.judge_cost]
    if judges:
        parts.append(f"Spent on judges (in the total): {', '.join(judges)}.")
    if state.simulated:
        parts.append(f"SIMULATED: {dollars(state.simulated)} of that is not real money.")
    return [*parts, f"Evaluation {found.setup.id}"]


def plain_text(found: Findings, saved: Mapping[str, Saving]) -> str:
    """The report for a terminal."""
    return printable("\n".join([plain(table(found, saved)), *lines(found)]))


def html(found: Findings, saved: Mapping[str, Saving]) -> str:
    """The report for a notebook: no script, no class that matters; everything from the data is escaped."""
    head, *body = table(found, saved)
    base = found.state.baseline
    simulated = {c.name for c in found.state.candidates if c.simulated} | ({base.name} if base.simulated else set())
    heads = "".join(f"<th style='{_style(cell)}'>{money_safe(cell)}</th>" for cell in head)
    rows = "".join(f"<tr>{_cells(row, row[0] in simulated)}</tr>" for row in body)
    notes = "".join(f"<div>{money_safe(encodable(line))}</div>" for line in lines(found))
    return (
        f"<div class='{NO_MATH}'><div style='{_SCROLLS}'><table><thead><tr>{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
        f"<div style='{_MUTED}'>{notes}</div>{_differences(found)}</div>"
    )


def _cells(row: Sequence[str], simulated: bool) -> str:
    cells = [f"<td style='{_style(cell)}'>{money_safe(encodable(cell))}</td>" for cell in row]
    state = row[9].partition(",")[0]
    if state in _COLORS:
        more = row[9].removeprefix(state).lstrip(", ")
        cells[9] = f"<td style='{_style(more)}'>{_badge(state)}{money_safe(more)}</td>"
    if simulated:
        cells[0] = f"<td style='{_style(row[0])}'>{money_safe(encodable(row[0]))} {_badge('SIMULATED')}</td>"
    return "".join(cells)


def _style(cell: str) -> str:
    return f"vertical-align:top;{cell_style(cell)}"


def _badge(text: str) -> str:
    return f"<span style='{_BADGE.format(color=_COLORS[text])}'>{money_safe(text)}</span>"


def _differences(found: Findings) -> str:
    """The worst disagreements of each candidate, folded."""
    parts = []
    for name in found.verdicts:
        differ = [pair for pair in pairs(found, name) if pair[3] != pair[4]]
        differ.sort(key=lambda pair: pair[4] - pair[3])
        if not differ:
            continue
        rows = "".join(
            f"<tr>{''.join(f'<td style={chr(39)}{_TEXT}{chr(39)}>{_excerpt(text)}</td>' for text in texts)}</tr>"
            for texts in (
                (item.prompt, item.expected or "", ours.text or "", theirs.text or "")
                for item, ours, theirs, _, _ in differ[:SHOWN]
            )
        )
        heads = "".join(f"<th style='{_TEXT}'>{h}</th>" for h in ("prompt", "expected", "baseline", money_safe(name)))
        more = f", the {SHOWN} worst" if len(differ) > SHOWN else ""
        parts.append(
            f"<details><summary>{money_safe(name)}: {len(differ):,} disagreements{more}</summary>"
            f"<div style='{_SCROLLS}'><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
            "</details>"
        )
    return "".join(parts)


def _excerpt(text: str) -> str:
    short = encodable(text[:EXCERPT])
    shown = money_safe(printable(short if len(text) <= EXCERPT else f"{short} …"))
    return f"<div style='white-space:pre-wrap'>{shown}</div>"
