"""Who does not answer is left alone, longer each time, and found again when he does."""

from __future__ import annotations

from exporters.hypervisor.libvirtd.breaker import FIRST_PAUSE, LONGEST_PAUSE, Breaker


def test_two_failures_in_a_row_change_nothing():
    breaker = Breaker()
    breaker.failed(0)
    breaker.failed(1)
    assert breaker.lets_through(1)
    breaker.succeeded()
    breaker.failed(2)
    breaker.failed(3)
    assert breaker.lets_through(3)


def test_the_third_opens_it_and_one_attempt_is_let_through_after_the_pause():
    breaker = Breaker()
    for now in (0, 1, 2):
        breaker.failed(now)
    assert not breaker.lets_through(2 + FIRST_PAUSE - 1)
    assert breaker.lets_through(2 + FIRST_PAUSE)
    breaker.succeeded()
    assert breaker == Breaker()


def test_each_failed_attempt_doubles_the_pause_up_to_an_hour():
    breaker, now, pauses = Breaker(), 0.0, []
    for _ in range(3):
        breaker.failed(now)
    for _ in range(8):
        assert breaker.closed_again_at is not None
        pauses.append(breaker.closed_again_at - now)
        now = breaker.closed_again_at
        breaker.failed(now)
    assert pauses == [120, 240, 480, 960, 1920, 3600, 3600, LONGEST_PAUSE]
