"""The verdict holds what it promises: shown by simulation, and by the shape of its bets."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from paired_games import Games, coins, stopping

from costmagic.evaluation import verdict
from costmagic.evaluation.betting import Game, kelly
from costmagic.evaluation.plain_rule import chance_of_approval
from costmagic.evaluation.verdict import PairedTest, PlainRule, shared_alpha
from costmagic.types import UsageError

RUNS = 2_000


def _tested(differences, margin=0.02, alpha=0.05) -> PairedTest:
    test = PairedTest(margin, alpha)
    for d in differences:
        test.add(max(d, 0), max(-d, 0))
    return test


def _draws(draw, pairs, seed=0) -> list[float]:
    return [float(d) for d in draw(np.random.default_rng(seed), pairs)]


def _graded(rng, size):
    """Many small wins and some larger losses, worse by 2 points in the mean."""
    return np.where(rng.random(size) < 0.2, 0.5, -0.1)


def _rare(rng, size):
    """Nearly always a little better and now and then wrong outright, worse by 2 points in the mean."""
    return np.where(rng.random(size) < 0.03 / 1.01, 1.0, -0.01)


def _close(rng, size):
    """Equal models whose graded scores differ a little every time."""
    return rng.uniform(-0.2, 0.2, size)


# What it promises


@pytest.mark.parametrize(
    ("draw", "runs", "pairs"),
    [
        (coins(0.02, 0.02), 20_000, 1_000),  # where it comes closest to alpha: most runs that pass are runs of ties
        (coins(0.02, 0.05), 4_000, 1_500),
        (coins(0.02, 0.1), 2_000, 2_500),
        (coins(0.02, 0.2), 2_000, 4_000),
        (_graded, 2_000, 800),
        (_rare, 10_000, 400),
    ],
)
@pytest.mark.parametrize("game", ["pass", "fail"])
def test_a_drop_of_the_margin_rarely_passes_or_fails_however_often_one_looks(draw, runs, pairs, game) -> None:
    wrong = (stopping(0.02, 0.05, draw, game, runs, pairs) <= pairs).mean()
    assert 0.01 < wrong <= 0.05


@pytest.mark.parametrize(("margin", "alpha"), [(0.01, 0.1), (0.05, 0.01), (0.1, 0.1)])
@pytest.mark.parametrize("game", ["pass", "fail"])
def test_so_with_other_margins_and_levels(margin, alpha, game) -> None:
    when = stopping(margin, alpha, coins(margin, 1.5 * margin), game, RUNS, 1_000)
    assert (when <= 1_000).mean() <= alpha


def test_among_three_bad_candidates_rarely_any_passes() -> None:
    alpha = shared_alpha(0.05, 3)
    worlds = [coins(0.02, discordance) for discordance in (0.02, 0.05, 0.1)]
    passed = [stopping(0.02, alpha, draw, "pass", RUNS, 2_000, seed) <= 2_000 for seed, draw in enumerate(worlds)]
    assert np.any(passed, axis=0).mean() <= 0.05


@pytest.mark.parametrize(("discordance", "bar"), [(0.02, 422), (0.05, 861), (0.1, 1_667), (0.2, 3_301)])
def test_equal_models_pass_as_soon_as_with_a_fixed_sample(discordance, bar) -> None:
    passed = stopping(0.02, 0.05, coins(0.0, discordance), "pass", RUNS, bar)
    assert np.median(passed) <= bar


@pytest.mark.parametrize(("discordance", "bar"), [(0.1, 80), (0.12, 90), (0.15, 120), (0.2, 170)])
def test_a_candidate_ten_points_worse_fails_soon(discordance, bar) -> None:
    failed = stopping(0.02, 0.05, coins(0.1, discordance), "fail", 2 * RUNS, bar)
    assert np.median(failed) <= bar


@pytest.mark.parametrize(
    ("margin", "alpha", "most"),
    [(0.02, 0.05, 160), (0.02, 0.05 / 3, 220), (0.01, 0.05, 325), (0.05, 0.05, 65), (0.1, 0.1, 27), (0.02, 0.01, 245)],
)
def test_identical_outputs_pass_soon(margin, alpha, most) -> None:
    test = _tested([0] * most, margin, alpha)
    least = math.log(1 / alpha) / -math.log(1 - margin)  # that no valid test goes below
    assert test.state == "pass"
    assert _tested([0] * math.floor(least), margin, alpha).state != "pass"


def test_a_candidate_that_is_half_the_margin_worse_passes_in_the_end() -> None:
    assert (stopping(0.05, 0.05, coins(0.025, 0.1), "pass", 200, 4_000) <= 4_000).mean() > 0.9


def test_graded_scores_that_differ_little_pass_like_identical_ones() -> None:
    rng = random.Random(1)
    test = _tested(rng.choice((-0.05, 0.05)) for _ in range(200))
    assert test.state == "pass"


def test_the_arrays_of_these_simulations_play_the_same_game() -> None:
    for draw in (coins(0.0, 0.1), coins(0.1, 0.12), _graded):
        differences = draw(np.random.default_rng(0), 300)
        test = _tested(map(float, differences))
        for game, best in (("pass", test.e_pass), ("fail", test.e_fail)):
            games, wealth = Games(0.02, game, 1), [1.0]
            for d in differences:
                games.add(np.array([d]))
                wealth.append(games.wealth[0])
            assert max(wealth) == pytest.approx(best, rel=1e-6)


# The game


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("margin", [0.001, 0.02, 0.5, 0.95])
def test_no_pair_can_ruin_a_bettor(side, margin) -> None:
    views = verdict._for_pass(margin) if side == 1 else verdict._for_fail(margin)
    for d in (-1.0, 1.0):
        for before in (0.0, 0.001, 1.0):  # the mean square of the pairs before
            for n in (0, 1, 10, 10**6):
                game = Game(margin, side, views)
                game.add(d, [(round(16 * d), 1.0)], n, before * n)
                assert all(math.isfinite(log) for log in game.logs)


@pytest.mark.parametrize(("drop", "discordance"), [(0.0, 0.05), (0.01, 0.2), (-0.05, 0.1)])
def test_the_stake_is_the_one_that_grows_fastest(drop, discordance) -> None:
    def growth(stake):
        lost, won = (discordance + drop) / 2, (discordance - drop) / 2
        ties = (1 - discordance) * math.log1p(stake * 0.02)
        return lost * math.log1p(stake * (0.02 - 1)) + won * math.log1p(stake * (0.02 + 1)) + ties

    best = kelly(0.02, 1, drop, discordance)
    assert growth(best) > max(growth(best * 0.99), growth(best * 1.01))


def test_a_game_is_fair_where_the_drop_is_the_margin() -> None:
    # Whatever the stake was, the next pair multiplies the expected wealth by 1.
    history = _draws(coins(0.0, 0.2), 50)
    for game in ("_for_pass", "_for_fail"):
        now = _wealth(_tested(history), game)
        after = {d: _wealth(_tested([*history, d]), game) for d in (1, 0, -1)}
        assert 0.11 * after[1] + 0.8 * after[0] + 0.09 * after[-1] == pytest.approx(now, rel=1e-12)


def _wealth(test, game) -> float:
    return sum(map(math.exp, getattr(test, game).logs))


def test_a_win_speaks_for_passing_and_a_loss_for_failing() -> None:
    history = _draws(coins(0.0, 0.2), 50)
    for game, order in (("_for_pass", (1, 0, -1)), ("_for_fail", (-1, 0, 1))):
        wealth = [_wealth(_tested([*history, d]), game) for d in order]
        assert wealth == sorted(wealth)


# The state


def test_it_begins_with_nothing() -> None:
    test = PairedTest(0.02, 0.05)
    assert (test.n, test.drop, test.state, test.e_pass, test.e_fail) == (0, 0.0, "undecided", 1.0, 1.0)
    assert test.interval == (-1.0, 1.0)
    assert test.forecast() is None
    assert test.plain() == PlainRule(False, 0.5)


@pytest.mark.parametrize(("first", "then", "state"), [(0, 1, "pass"), (1, -1, "fail")])
def test_what_is_decided_stays(first, then, state) -> None:
    test = PairedTest(0.02, 0.05)
    while test.state == "undecided":
        test.add(first, 0)
    for _ in range(1_500):
        test.add(max(then, 0), max(-then, 0))
    assert min(test.e_pass, test.e_fail) > 20  # the other one would be true by now
    assert test.state == state
    assert test.forecast() == 0
    assert test.interval[0] <= test.drop <= test.interval[1]


def test_the_verdict_is_the_e_value() -> None:
    test = PairedTest(0.02, 0.05)
    for d in [0] * 170:
        test.add(d, d)
        assert (test.state == "pass") == (test.e_pass >= 20)


@pytest.mark.parametrize(("d", "pairs"), [(-1.0, 100_000), (0.3, 5_000)])
def test_a_hundred_thousand_pairs_do_not_overflow(d, pairs) -> None:
    test = _tested([d] * pairs)
    assert test.drop == pytest.approx(d)
    assert 1 <= min(test.e_pass, test.e_fail) < max(test.e_pass, test.e_fail) < math.inf
    assert test.interval[0] <= d <= test.interval[1]


@pytest.mark.parametrize("scores", [(1.1, 0), (0, -0.1), (math.nan, 0), (0, math.inf), (None, 0), ("1", 0)])
def test_a_score_that_is_none_is_refused_and_counts_nothing(scores) -> None:
    test = PairedTest(0.02, 0.05)
    with pytest.raises(UsageError, match=r"^a score is a number from 0 to 1, not .+$"):
        test.add(*scores)
    assert (test.n, test.e_pass, test.e_fail) == (0, 1.0, 1.0)


@pytest.mark.parametrize("value", [0, 1, -0.02, 2, math.nan])
def test_margin_and_alpha_lie_between_0_and_1(value) -> None:
    with pytest.raises(UsageError, match=r"^margin must be above 0 and below 1"):
        PairedTest(value, 0.05)
    with pytest.raises(UsageError, match=r"^alpha must be above 0 and below 1"):
        PairedTest(0.02, value)
    with pytest.raises(UsageError, match=r"^alpha must be above 0 and below 1"):
        shared_alpha(value, 2)


def test_alpha_is_shared_in_equal_parts() -> None:
    assert shared_alpha(0.06, 3) == pytest.approx(0.02)
    with pytest.raises(UsageError, match="not 0"):
        shared_alpha(0.05, 0)


# The interval


@pytest.mark.parametrize("drop", [0.0, 0.02, 0.05])
def test_the_interval_holds_the_truth_at_all_times_at_once(drop) -> None:
    missed, runs = 0, 120
    for seed in range(runs):
        test, out = PairedTest(0.02, 0.1), False
        for n, d in enumerate(_draws(coins(drop, 0.1), 240, seed), 1):
            test.add(max(d, 0), max(-d, 0))
            if n % 20 == 0:
                out = out or not test.interval[0] <= drop <= test.interval[1]
        missed += out
    assert missed <= 0.1 * runs


@pytest.mark.parametrize("draw", [coins(0.0, 0.05), coins(0.1, 0.12), coins(0.02, 0.1), _graded, _close])
def test_the_interval_says_what_the_verdict_says(draw) -> None:
    test = PairedTest(0.02, 0.05)
    for d in _draws(draw, 1_000):
        test.add(max(d, 0), max(-d, 0))
        if test.n % 10 == 0 or test.state != "undecided":
            low, high = test.interval
            assert low <= test.drop <= high
            told = "pass" if high <= 0.02 else "fail" if low >= 0.02 else "undecided"
            assert told == test.state
        if test.state != "undecided":
            break


def test_the_interval_narrows() -> None:
    widths = []
    for n in (50, 200, 800):
        low, high = _tested([0, 0, 0, 1, 0, 0, 0, -1] * (n // 8)).interval
        widths.append(high - low)
    assert widths[0] > 1.5 * widths[1] > 2.2 * widths[2]


def test_an_end_of_the_interval_is_where_the_same_bets_would_decide() -> None:
    test = _tested(_draws(coins(0.0, 0.1), 300))
    low, high = test.interval
    assert test._for_pass.log_wealth(high) == pytest.approx(math.log(20), abs=1e-3)
    assert test._for_fail.log_wealth(low) == pytest.approx(math.log(20), abs=1e-3)


def test_graded_scores_on_a_grid_do_not_gain_by_it() -> None:
    test = _tested(random.Random(3).uniform(-0.3, 0.3) for _ in range(200))
    for game in (test._for_pass, test._for_fail):
        exact = sum(map(math.exp, game.logs))
        assert 0.9 * exact < math.exp(game.log_wealth(0.02)) <= exact


# The forecast and the plain rule


@pytest.mark.parametrize(
    ("block", "state"), [([0] * 25, "pass"), ([1] + [0] * 24 + [-1] + [0] * 24, "pass"), ([1] + [0] * 7, "fail")]
)
def test_the_forecast_comes_true_when_things_go_on_as_they_did(block, state) -> None:
    test = _tested(block * (50 // len(block)))
    told = test.forecast()
    assert told is not None
    at = test.n
    while test.state == "undecided":
        for d in block:
            test.add(max(d, 0), max(-d, 0))
    assert test.state == state
    assert test.n - at == pytest.approx(told, rel=0.15, abs=len(block))


def test_there_is_no_forecast_where_the_drop_is_the_margin_or_pairs_are_few() -> None:
    assert _tested(([1] + [0] * 49) * 10).forecast() is None
    assert _tested([0] * 10).forecast() is None


@pytest.mark.parametrize(("n", "chance"), [(100, 0.180), (200, 0.115), (500, 0.035)])
def test_the_plain_rule_approves_a_model_five_points_worse(n, chance) -> None:
    assert chance_of_approval(n, 0.02, 0.05, 0.15) == pytest.approx(chance, abs=5e-4)
    assert _tested(([1] * 2 + [-1] + [0] * 17) * (n // 20)).plain(0.05).chance_of_error == pytest.approx(
        chance, abs=5e-4
    )


def test_a_drop_that_is_the_margin_is_not_below_it() -> None:
    # 0.02 * 350 is a little more than 7 in floating point.
    at_most_six = sum(math.comb(350, k) * 0.02**k * 0.98 ** (350 - k) for k in range(7))
    assert chance_of_approval(350, 0.02, 0.02, 0.02) == pytest.approx(at_most_six)


@pytest.mark.parametrize("n", [1, 7, 60])
@pytest.mark.parametrize(("drop", "discordance"), [(0.02, 0.02), (0.05, 0.15), (-0.1, 0.3), (0.4, 1.0), (1.0, 1.0)])
def test_that_chance_is_the_sum_over_all_that_can_happen(n, drop, discordance) -> None:
    lost, won = (discordance + drop) / 2, (discordance - drop) / 2
    total = 0.0
    for losses in range(n + 1):
        for wins in range(n - losses + 1):
            if (losses - wins) / n < 0.02:
                ways = math.comb(n, losses) * math.comb(n - losses, wins)
                total += ways * lost**losses * won**wins * max(0.0, 1 - discordance) ** (n - losses - wins)
    assert chance_of_approval(n, 0.02, drop, discordance) == pytest.approx(total, abs=1e-9)


def test_the_plain_rule_asks_whether_the_observed_drop_is_below_the_margin() -> None:
    assert _tested([1] * 1 + [0] * 99).plain().passes
    assert not _tested([1] * 2 + [0] * 98).plain().passes
    assert not _tested([1] * 7 + [0] * 343).plain().passes


def test_graded_scores_have_their_chance_by_the_normal_distribution() -> None:
    test = _tested([0.5, -0.5, 0, 0] * 50)
    assert test.plain().chance_of_error == pytest.approx(0.5)
    assert test.plain(0.07).chance_of_error == pytest.approx(
        0.5 * math.erfc(0.05 / math.sqrt((0.125 - 0.0049) / 200) / math.sqrt(2))
    )
