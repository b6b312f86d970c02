"""How often the verdict errs and how many pairs it needs, by longer simulations than the tests have time for."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from costmagic.evaluation.verdict import PairedTest, shared_alpha
from tests.paired_games import coins, stopping

ALPHA, MARGIN = 0.05, 0.02
RUNS = 20_000

PAIRS_OF_NULL = {0.02: 2_000, 0.05: 4_000, 0.1: 5_000, 0.2: 8_000}  # discordance → pairs that are looked at
PAIRS_OF_EQUAL = {0.02: 422, 0.05: 861, 0.1: 1_667, 0.2: 3_301}  # → at most, in the median
PAIRS_OF_WORSE = {0.1: 80, 0.12: 90, 0.15: 120, 0.2: 170}


def errors() -> Iterator[tuple[str, float]]:
    """(what, how often in %) a candidate whose drop is the margin passes or fails, looked at after each pair."""
    for discordance, pairs in PAIRS_OF_NULL.items():
        for game in ("pass", "fail"):
            wrong = stopping(MARGIN, ALPHA, coins(MARGIN, discordance), game, RUNS, pairs) <= pairs
            yield f'false "{game}", discordance {discordance:.0%}, {pairs:,} pairs', 100 * wrong.mean()
    alpha = shared_alpha(ALPHA, 3)
    wrong = [
        stopping(MARGIN, alpha, coins(MARGIN, q), "pass", RUNS, 4_000, seed) <= 4_000
        for seed, q in enumerate((0.02, 0.05, 0.1))
    ]
    yield 'false "pass" of any of three candidates', 100 * np.any(wrong, axis=0).mean()


def pairs_needed() -> Iterator[tuple[str, float, float]]:
    """(what, median of the pairs until it is decided, bar)."""
    for discordance, bar in PAIRS_OF_EQUAL.items():
        needed = stopping(MARGIN, ALPHA, coins(0.0, discordance), "pass", RUNS // 2, bar)
        yield f"equal models pass, discordance {discordance:.0%}, median", float(np.median(needed)), bar
    for discordance, bar in PAIRS_OF_WORSE.items():
        needed = stopping(MARGIN, ALPHA, coins(0.1, discordance), "fail", RUNS, bar)
        yield f"10 points worse fails, discordance {discordance:.0%}, median", float(np.median(needed)), bar
    same = stopping(MARGIN, ALPHA, coins(0.0, 0.0), "pass", 1, 200)
    yield "identical outputs pass", float(same[0]), 160


def microseconds() -> tuple[float, float]:
    """(µs of CPU to count a pair, to find the interval of 3,000 pairs)."""
    differences = coins(0.0, 0.1)(np.random.default_rng(0), 3_000).tolist()
    test = PairedTest(MARGIN, ALPHA)
    begin = time.process_time()
    for d in differences:
        test.add(max(d, 0), max(-d, 0))
    counted = (time.process_time() - begin) / len(differences)
    begin = time.process_time()
    for _ in range(50):
        test._ends()  # what ``interval`` keeps until the next pair
    return 1e6 * counted, 1e6 * (time.process_time() - begin) / 50
