from __future__ import annotations

import math
import subprocess
import sys
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from costmagic.routing.quality_curve import Curve, curve
from costmagic.types import UsageError

# Four prompts. The strong model gains on the two that the router finds least safe, loses on none.
CHEAP = [0, 0, 1, 1]
STRONG = [1, 1, 1, 1]
SCORES = [0.1, 0.2, 0.8, 0.9]


def _curve(scores: Any = SCORES, cheap: Any = CHEAP, strong: Any = STRONG) -> Curve:
    return curve(cheap, strong, 1, 10, scores)


def test_points_are_those_computed_by_hand() -> None:
    frame = _curve().to_frame()
    assert list(frame.columns) == ["share", "cost", "quality", "pgr"]
    assert list(frame["share"]) == [0, 0.25, 0.5, 0.75, 1]
    assert list(frame["quality"]) == [0.5, 0.75, 1, 1, 1]
    assert list(frame["cost"]) == [1, 3.25, 5.5, 7.75, 10]
    assert list(frame["pgr"]) == [0, 0.5, 1, 1, 1]


def test_apgr_and_cpt_of_a_perfect_router() -> None:
    perfect = _curve()
    # Trapezoids of width 1/4: (0 + .5)/2, (.5 + 1)/2, 1, 1.
    assert perfect.apgr == pytest.approx((0.25 + 0.75 + 1 + 1) / 4)
    assert perfect.cpt(0.5) == pytest.approx(0.25)
    assert perfect.cpt(0.8) == pytest.approx(0.4)
    assert perfect.cpt(1) == pytest.approx(0.5)
    assert perfect.cpt(0) == 0


def test_apgr_and_cpt_of_a_router_that_is_always_wrong() -> None:
    wrong = _curve(scores=SCORES[::-1])
    assert wrong.apgr == pytest.approx((0 + 0 + 0.25 + 0.75) / 4)
    assert wrong.cpt(0.5) == pytest.approx(0.75)
    assert wrong.cpt(0.8) == pytest.approx(0.9)


def test_equal_scores_are_routing_at_random_whatever_the_order() -> None:
    even = _curve(scores=[0.5] * 4)
    assert even.pgr == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert even.apgr == pytest.approx(0.5)
    assert (even.cpt(0.5), even.cpt(0.8)) == pytest.approx((0.5, 0.8))


def test_the_order_of_prompts_never_counts() -> None:
    rng = np.random.default_rng(0)
    cheap, strong, costs = rng.random(50), rng.random(50) + 0.2, rng.random(50)
    scores = rng.integers(0, 6, 50) / 6
    first = curve(cheap, strong, costs, 9 * costs, scores)
    for _ in range(5):
        order = rng.permutation(50)
        other = curve(cheap[order], strong[order], costs[order], 9 * costs[order], scores[order])
        for name in ("share", "cost", "quality", "pgr"):
            assert getattr(other, name) == pytest.approx(getattr(first, name))


def test_a_threshold_is_the_first_share_that_reaches_it() -> None:
    # The strong model gains, then loses what it gained, then gains for good: PGR 0, 1, 0, 1.
    bumpy = curve([0, 1, 0], [1, 0, 1], 0, 1, [0.1, 0.2, 0.3])
    assert bumpy.pgr == pytest.approx([0, 1, 0, 1])
    assert bumpy.cpt(0.5) == pytest.approx(1 / 6)
    assert bumpy.cpt(1) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("cheap", "strong", "note"),
    [
        ([0.3, 0.7], [0.7, 0.3], "same quality"),
        ([0.1, 0.2], [0.1, 0.2], "same quality"),
        ([1, 1], [0, 1], "cheap model is the better"),
    ],
)
def test_without_a_gap_there_is_no_pgr_and_it_says_why(cheap: list[float], strong: list[float], note: str) -> None:
    flat = curve(cheap, strong, 1, 2, [0.1, 0.9])
    assert math.isnan(flat.apgr)
    assert math.isnan(flat.cpt(0.5))
    assert note in (flat.note or "")
    assert note in repr(flat)
    assert flat.to_frame()["quality"].notna().all()
    assert flat.plot().axes


def test_costs_may_be_decimals_for_all_or_for_each() -> None:
    each = curve(CHEAP, STRONG, [Decimal("0.001")] * 4, Decimal("0.01"), SCORES)
    assert each.cost[0] == pytest.approx(0.001)
    assert each.cost[-1] == pytest.approx(0.01)


def test_one_prompt_has_two_points() -> None:
    assert list(curve([0], [1], 1, 2, [0.3]).pgr) == [0, 1]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"scores": []}, "at least one"),
        ({"scores": [[0.1, 0.2]]}, "one number for each"),
        ({"scores": [0.1, float("nan"), 1, 1]}, "finite"),
        ({"scores": ["a"] * 4}, "takes numbers"),
        ({"quality_cheap": [1]}, "quality_cheap has 1 numbers for 4"),
        ({"quality_strong": [1, 1, 1, float("inf")]}, "quality_strong must be finite"),
        ({"cost_cheap": None}, "cost_cheap"),
        ({"cost_strong": [1, 2]}, "cost_strong has 2"),
    ],
)
def test_a_mistake_is_named(changed: dict[str, Any], message: str) -> None:
    given = {"quality_cheap": CHEAP, "quality_strong": STRONG, "cost_cheap": 1, "cost_strong": 2, "scores": SCORES}
    with pytest.raises(UsageError, match=message):
        curve(**(given | changed))


@pytest.mark.parametrize("x", [-0.01, 1.01, 50, float("nan")])
def test_a_threshold_lies_between_0_and_1(x: float) -> None:
    with pytest.raises(UsageError, match="0 to 1"):
        _curve().cpt(x)


def test_the_plot_shows_the_curve_the_diagonal_and_both_thresholds() -> None:
    axes = _curve().plot().axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["at random", "routed, APGR 0.75", "CPT(50%): 25% strong calls", "CPT(80%): 40% strong calls"]
    assert list(axes.lines[1].get_ydata()) == [0.5, 0.75, 1, 1, 1]


def test_plotting_loads_matplotlib_only_when_asked_and_never_pyplot() -> None:
    code = (
        "import sys\n"
        "from costmagic.routing.quality_curve import curve\n"
        "drawn = curve([0, 1], [1, 1], 1, 2, [0.1, 0.9])\n"
        "assert 'matplotlib' not in sys.modules and 'pandas' not in sys.modules\n"
        "drawn.plot(); assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
        "sys.modules['matplotlib.figure'] = None\n"
        "try: drawn.plot()\n"
        "except Exception as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "costmagic[plot]" in done.stdout, done.stderr
