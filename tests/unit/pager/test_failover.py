"""Which provider takes the next message, and who stays free when one is silent."""

from __future__ import annotations

import itertools

import pytest

from alertmanager.delivery.channels import Channel
from alertmanager.delivery.failover import MOST_AT_ONCE, SLOW, Failover, Slot

SMS = Channel("sms", ("first", "second"))
MAIL = Channel("courriel", ("smtp",), reaches="email")


def fail(failover: Failover, now: float, *, rests: bool = True) -> tuple[str, str | None]:
    """One message that nobody takes: (who was asked first, who then)."""
    slot = failover.take(SMS, now)
    other = failover.failed(slot, SMS, {slot.provider}, now, rests=rests)
    if other is not None:
        assert failover.failed(other, SMS, set(SMS.providers), now, rests=rests) is None
    return slot.provider, other and other.provider


def test_the_first_one_takes_what_it_can() -> None:
    failover = Failover()
    for now in range(5):
        slot = failover.take(SMS, now)
        assert slot.provider == "first"
        failover.answered(slot)


def test_the_next_one_is_tried_at_once_and_goes_first_for_a_while() -> None:
    failover = Failover()
    slot = failover.take(SMS, 0)
    other = failover.failed(slot, SMS, {"first"}, 0, rests=True)
    assert other is not None
    assert other.provider == "second"
    failover.answered(other)
    assert failover.take(SMS, 1).provider == "second"
    assert failover.take(SMS, 16).provider == "first"


def test_a_dead_one_is_asked_ever_more_rarely_and_as_before_once_it_works() -> None:
    failover = Failover()
    now, asked = 0.0, []
    while now < 2000:
        slot = failover.take(SMS, now)
        if slot.provider == "first":
            asked.append(now)
            other = failover.failed(slot, SMS, {"first"}, now, rests=True)
            assert other is not None
            failover.answered(other)
        else:
            failover.answered(slot)
        now += 1
    pauses = [b - a for a, b in itertools.pairwise(asked)]
    assert pauses == [15, 30, 60, 120, 240, 300, 300, 300, 300, 300]
    slot = failover.take(SMS, 3000)
    failover.answered(slot)
    assert failover.failed(failover.take(SMS, 3001), SMS, {"first"}, 3001, rests=True) is not None
    assert failover.take(SMS, 3016).provider == "first"  # its rests begin anew


def test_when_all_rest_the_one_that_has_rested_most_is_asked() -> None:
    failover = Failover()
    assert fail(failover, 0) == ("first", "second")
    assert fail(failover, 16) == ("first", "second")
    # Both rest until 46.
    slot = failover.take(SMS, 17)
    assert failover.failed(slot, SMS, {slot.provider}, 17, rests=True) is not None
    assert failover.take(SMS, 18).provider == "second"


def test_a_number_that_is_refused_says_nothing_of_the_gateway() -> None:
    failover = Failover()
    assert fail(failover, 0, rests=False) == ("first", "second")
    assert failover.take(SMS, 0).provider == "first"


def test_quick_ones_are_waited_for_rather_than_the_second_used() -> None:
    failover = Failover()
    slots = [failover.take(SMS, 0) for _ in range(MOST_AT_ONCE)]
    assert {slot.provider for slot in slots} == {"first"}
    assert failover.busy((SMS, MAIL), 1) == ["sms"]
    failover.answered(slots[0])
    assert failover.busy((SMS, MAIL), 1) == []


def test_a_silent_one_is_passed_over() -> None:
    failover = Failover()
    failover.take(SMS, 0)
    assert failover.take(SMS, SLOW + 1).provider == "second"


@pytest.mark.parametrize("silent", [1, 2])
def test_silent_ones_hold_no_more_than_their_channels_share(silent: int) -> None:
    failover = Failover()
    held: list[Slot] = []
    for now in range(0, 100, 10):
        while "sms" not in failover.busy((SMS, MAIL), now):
            held.append(failover.take(SMS, now))
            if silent == 1 and held[-1].provider == "second":
                failover.answered(held.pop())
                break
        assert len(held) <= MOST_AT_ONCE * silent
        assert "courriel" not in failover.busy((SMS, MAIL), now)
    assert len(held) == MOST_AT_ONCE * (silent - 1) or silent == 2 or len(held) >= 1
