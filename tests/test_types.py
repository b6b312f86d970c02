"""Stopping, and what errors say."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest

from costmagic.stop import Stop
from costmagic.types import ProviderError, Usage, UsageError, did_you_mean


def test_stop_wakes_all_who_wait_and_nobody_who_has_left() -> None:
    stop, woken = Stop(), []
    with stop.waking(lambda: woken.append("left")):
        pass
    with stop.waking(lambda: woken.append("a")), stop.waking(lambda: woken.append("b")):
        stop.set()
        assert stop.is_set()
    assert sorted(woken) == ["a", "b"]


def test_who_comes_after_the_stop_is_woken_at_once() -> None:
    stop, woken = Stop(), []
    stop.set()
    with stop.waking(lambda: woken.append("late")):
        assert woken == ["late"]


def test_nobody_leaves_while_being_woken() -> None:
    # Whoever has left may already use the connection that the wake-up would shut for another call.
    stop, waking, go_on, order = Stop(), threading.Event(), threading.Event(), []

    def wake() -> None:
        waking.set()
        go_on.wait(10)
        order.append("woken")

    def wait() -> None:
        with stop.waking(wake):
            waking.wait(10)
        order.append("left")

    threads = [threading.Thread(target=wait)]
    threads[0].start()
    while not stop._wakers:
        pass
    threads.append(threading.Thread(target=stop.set))
    threads[1].start()
    waking.wait(10)
    threads[0].join(0.05)  # time enough to leave, if it could
    go_on.set()
    for thread in threads:
        thread.join()
    assert order == ["woken", "left"]


def test_a_waker_may_set_the_stop_again() -> None:
    stop, woken = Stop(), []

    def wake() -> None:
        woken.append(1)
        if len(woken) == 1:
            stop.set()

    with stop.waking(wake):
        stop.set()
    assert len(woken) == 2


@pytest.mark.parametrize(("seconds", "expected"), [(0, False), (-1, False), (0.001, False)])
def test_waiting_ends_by_itself_when_nobody_stops(seconds: float, expected: bool) -> None:
    assert Stop().wait(seconds) is expected


@pytest.mark.parametrize("seconds", [0, 3_600])
def test_a_set_stop_does_not_wait(seconds: float) -> None:
    stop = Stop()
    stop.set()
    assert stop.wait(seconds)


@pytest.mark.parametrize(
    ("status", "cost", "expected"),
    [
        (None, None, "groq: no luck"),
        (429, None, "groq (HTTP 429): no luck"),
        (None, Decimal(0), "groq: no luck"),
        (500, Decimal("0.0000001"), "groq (HTTP 500): no luck; spent so far: $0.0000001"),
    ],
)
def test_a_providers_error_says_who_what_and_how_much(status: int | None, cost: Decimal | None, expected: str) -> None:
    error = ProviderError("groq", "no luck", status)
    error.cost = cost
    assert str(error) == expected
    assert error._render_traceback_() == [f"ProviderError: {expected}"]


def test_a_mistake_is_one_line_in_a_notebook() -> None:
    assert UsageError("the prompt is empty")._render_traceback_() == ["UsageError: the prompt is empty"]


@pytest.mark.parametrize(
    ("word", "choices", "expected"),
    [
        ("HEAVVY", ["heavy", "medium"], "; did you mean 'heavy'?"),
        ("xyz", ["heavy", "medium"], "; there are heavy, medium"),
        ("xyz", [f"n{n}" for n in range(13)], ""),
        ("xyz", [], ""),
    ],
)
def test_a_slip_gets_the_closest_names(word: str, choices: list[str], expected: str) -> None:
    assert did_you_mean(word, choices) == expected


def test_more_written_for_an_hour_than_written_makes_no_sense() -> None:
    counts = {"input_tokens": 10, "output_tokens": 1, "cache_write_tokens": 5}
    assert Usage.reported(**counts, cache_write_1h_tokens=5) == Usage(10, 1, 0, 5, cache_write_1h_tokens=5)
    assert Usage.reported(**counts, cache_write_1h_tokens=6) is None
