"""Prints each figure beside its bar. A figure over its bar makes the exit code 1."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from costmagic import weights

from . import calls, evaluation, meter, monitoring, routing, similar, startup


@dataclass(frozen=True)
class Row:
    """One line: ``value`` must not be above ``bar`` (``more``: not below)."""

    what: str
    value: float
    bar: float
    unit: str
    more: bool = False
    note: str = ""

    @property
    def holds(self) -> bool:
        return self.value >= self.bar if self.more else self.value <= self.bar

    def __str__(self) -> str:
        mark, sign = ("ok  " if self.holds else "OVER"), ("≥" if self.more else "≤")
        return f"{mark} {self.what:<52} {self.value:>9,.2f} {self.unit:<6} {sign} {self.bar:>7,.0f}   {self.note}"


def rows() -> list[Row]:
    """Measure everything; takes some minutes."""
    result: list[Row] = []

    def add(row: Row) -> None:
        print(row, flush=True)
        result.append(row)

    added, bare = startup.import_ms()
    add(Row("import costmagic, over bare Python", added, 60, "ms", note=f"bare {bare:.2f} ms"))
    add(Row("%load_ext costmagic in a running kernel", startup.load_ext_ms(), 250, "ms"))
    p50, p99 = calls.hit_ms()
    add(Row("exact hit, ask to reply, row written, p50", p50, 1, "ms", note=f"p99 {p99:.2f} ms"))
    p50, p99, slowest = routing.shipped_ms()
    add(Row("route decision, rules + shipped classifier, p50", p50, 5, "ms"))
    add(Row("route decision, rules + shipped classifier, p99", p99, 25, "ms"))
    add(Row("route decision, odd prompts of 0 to 10⁶ characters", slowest, 25, "ms", note="slowest of 6, each its p50"))
    meant, p50, p99, slowest = routing.route_ms()
    how = f"{'MiniLM included' if meant else 'without MiniLM'}, odd prompts {slowest:.1f} ms"
    add(Row("route decision, rules + own router, p50", p50, 5, "ms", note=how))
    add(Row("route decision, rules + own router, p99", p99, 25, "ms", note=how))
    for protocol in ("openai", "anthropic"):
        for paced in (True, False):
            pace = "paced" if paced else "back to back"
            first, whole, bare_first, bare_whole = calls.added_ms(protocol, paced)
            ratio = f"bare {bare_first:.2f} ms, × {1 + first / bare_first:.2f}"
            add(Row(f"added before the first token, {protocol}, {pace}, p50", first, 2, "ms", note=ratio))
            ratio = f"bare {bare_whole:.2f} ms, × {1 + whole / bare_whole:.2f}"
            add(Row(f"added to a 20-token stream, {protocol}, {pace}, p50", whole, 4, "ms", note=ratio))
    written, whole_calls = calls.ledger_rows_per_s()
    add(Row("ledger rows a second, one writer", written, 2_500, "rows/s", more=True))
    add(Row("an update of the live meter, 20 a second, p50", meter.update_ms(), 5, "ms"))
    print(f"     whole calls a second (row before, row after, texts): {whole_calls:,.0f}")
    spend = monitoring.spend_ms()
    for by in ("feature", "model", "tier", "day", "action"):
        note = f"of {monitoring.CALLS:,} calls, summed up at first in {spend['first']:.1f} s, checked one by one"
        add(Row(f"the Spend tab's data by {by}, p50", spend[by], 300, "ms", note=note if by == "feature" else ""))
    print(f"     costs() of them: {spend['costs']:.0f} ms; ledger(), a DataFrame of all: {spend['frame']:.1f} s")
    models = Path(os.environ.get("COSTMAGIC_TEST_HOME", ".costmagic"))
    for _ in weights.pull(models, "minilm"):
        pass
    p50, p99, alone = similar.lookup_ms(models)
    note = f"p99 {p99:.2f} ms, the embedding alone {alone:.2f} ms"
    add(Row("semantic hit among 100,000, ask to reply, p50", p50, 10, "ms", note=note))
    add(Row("evaluation on 100,000 rows: define, estimate", evaluation.large_frame_ms(), 1_000, "ms"))
    share, rate = evaluation.share_of_ideal()
    note = f"1,000 × 4 at 500 ms, 32 at once: {rate:.1f} answers/s"
    add(Row("an evaluation's share of the ideal rate", share, 90, "%", more=True, note=note))
    return result


if __name__ == "__main__":
    sys.exit(0 if all(row.holds for row in rows()) else 1)
