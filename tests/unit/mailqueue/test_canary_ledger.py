from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporters.mailqueue.canary.ledger import BUCKETS, STAGES, Ledger
from exporters.mailqueue.canary.receiving import pause_before

LOST_AFTER, GRACE = 300.0, 60.0


@pytest.fixture
def ledger():
    return Ledger(LOST_AFTER, GRACE, "receive")


def send(ledger, token, at):
    ledger.begin(token, at)
    ledger.sent(token)


def test_nothing_is_said_before_anything_is_known(ledger):
    send(ledger, "a", 0)
    tally = ledger.tally()
    assert (tally.sent, tally.success, tally.last_success) == (1, None, None)
    assert tally.failures == dict.fromkeys(STAGES, 0)
    assert ledger.waiting() == [0]


def test_an_arrival_counts_once_with_its_latency(ledger):
    send(ledger, "a", 100)
    ledger.arrived("a", 103, 1_800_000_000)
    ledger.arrived("a", 140, 1_800_000_037)
    tally = ledger.tally()
    assert (tally.sent, tally.received, tally.lost, tally.late) == (1, 1, 0, 0)
    assert tally.success is True
    assert tally.last_success == 1_800_000_000
    assert tally.seconds == 3
    assert tally.buckets[BUCKETS.index(5.0)] == sum(tally.buckets) == 1


@pytest.mark.parametrize(("readable", "stage"), [(True, "deliver"), (False, "receive")])
def test_a_look_from_the_deadline_on_decides(ledger, readable, stage):
    send(ledger, "a", 0)
    assert ledger.looked(299.9, readable=readable) == 0
    assert ledger.tally().lost == 0
    assert ledger.looked(300, readable=readable) == 1
    tally = ledger.tally()
    assert (tally.lost, tally.success) == (1, False)
    assert {name for name, n in tally.failures.items() if n} == {stage}


def test_what_the_deciding_look_finds_is_received(ledger):
    send(ledger, "a", 0)
    ledger.arrived("a", 300.5, 0)
    ledger.looked(300, readable=True)
    assert (ledger.tally().received, ledger.tally().lost) == (1, 0)


def test_a_look_that_never_ends_loses_the_mail_after_a_grace(ledger):
    send(ledger, "a", 0)
    assert ledger.expire(LOST_AFTER + GRACE - 1) == 0
    assert ledger.expire(LOST_AFTER + GRACE) == 1
    assert ledger.tally().failures["receive"] == 1


def test_what_is_overdue_when_it_arrives_is_lost_and_late_though_nobody_asked_before(ledger):
    send(ledger, "a", 0)
    ledger.arrived("a", LOST_AFTER + GRACE, 0)
    assert (ledger.tally().received, ledger.tally().lost, ledger.tally().late) == (0, 1, 1)


def test_a_late_one_is_late_and_neither_received_nor_counted_again(ledger):
    send(ledger, "a", 0)
    ledger.looked(300, readable=True)
    ledger.arrived("a", 400, 0)
    ledger.arrived("a", 500, 0)
    tally = ledger.tally()
    assert (tally.received, tally.lost, tally.late, tally.success) == (0, 1, 1, False)
    assert sum(tally.buckets) == 0


def test_a_failure_on_the_way_out_is_not_sent_and_not_lost(ledger):
    ledger.begin("a", 0)
    ledger.failed("a", "auth")
    ledger.expire(10_000)
    tally = ledger.tally()
    assert (tally.sent, tally.lost, tally.failures["auth"], tally.success) == (0, 0, 1, False)


def test_a_mail_may_arrive_before_its_server_said_that_it_took_it(ledger):
    ledger.begin("a", 0)
    ledger.arrived("a", 1, 0)
    ledger.sent("a")
    ledger.begin("b", 10)
    ledger.arrived("b", 11, 0)
    ledger.failed("b", "refused")  # the connection broke before the answer
    tally = ledger.tally()
    assert (tally.sent, tally.received, tally.success) == (2, 2, True)
    assert sum(tally.failures.values()) == 0
    assert ledger.waiting() == []


def test_a_mail_that_is_still_handed_over_is_not_lost(ledger):
    ledger.begin("a", 0)
    assert ledger.expire(10_000) == 0


def test_a_stranger_is_not_counted(ledger):
    ledger.arrived("from the run before", 5, 0)
    assert ledger.tally() == Ledger(1, 1, "receive").tally()


def test_the_newest_decides_how_things_are(ledger):
    send(ledger, "old", 0)
    send(ledger, "new", 100)
    ledger.arrived("new", 101, 0)
    ledger.looked(300, readable=True)
    assert ledger.tally().success is True
    assert ledger.tally().lost == 1


class Story:
    """Mails a to d, each of which may be begun again once it was handed over."""

    def __init__(self):
        self.ledger = Ledger(LOST_AFTER, GRACE, "deliver")
        self.begun, self.over, self.serial, self.now = {}, [], 0, 0.0

    def begin(self, name):
        if name not in self.begun:
            self.serial += 1
            self.begun[name] = f"{name}{self.serial}"
            self.ledger.begin(self.begun[name], self.now)

    def sent(self, name):
        if name in self.begun:
            self.over.append(self.begun.pop(name))
            self.ledger.sent(self.over[-1])

    def failed(self, name):
        if name in self.begun:
            self.over.append(self.begun.pop(name))
            self.ledger.failed(self.over[-1], "refused")

    def arrived(self, name):
        for token in [*self.over, *self.begun.values()]:
            if token.startswith(name):
                self.ledger.arrived(token, self.now, self.now)

    def looked(self, name):
        self.ledger.looked(self.now, readable=name < "c")

    def expire(self, _name):
        self.ledger.expire(self.now)


ACTS = st.sampled_from([Story.begin, Story.sent, Story.failed, Story.arrived, Story.looked])
EVENTS = st.lists(
    st.tuples(ACTS | st.just(Story.expire), st.sampled_from("abcd"), st.integers(0, 200)),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_every_mail_ends_once_whatever_the_order(events):
    """sent = received + lost + on its way, and a late one is one that was lost."""
    story = Story()
    for act, name, seconds in events:
        story.now += seconds
        act(story, name)
    for name in list(story.begun):
        story.sent(name)
    tally = story.ledger.tally()
    assert tally.sent == tally.received + tally.lost + len(story.ledger.waiting())
    assert sum(tally.buckets) == tally.received
    assert tally.late <= tally.lost
    assert tally.lost == tally.failures["deliver"] + tally.failures["receive"]
    assert tally.sent + tally.failures["refused"] == story.serial


@pytest.mark.parametrize(
    ("now", "waiting", "failures", "pause"),
    [
        (1, [0.0], 0, 0.5),
        (100, [0.0], 0, 10),
        (250, [0.0], 0, 15),
        (1, [0.0], 1, 5),
        (1, [0.0], 4, 40),
        (1, [0.0], 99, 299.01),
        (297, [0.0], 0, 3.01),
        (301, [0.0], 2, 0),
        (301, [0.0, 299.0], 0, 0),
    ],
)
def test_looks_are_a_tenth_of_the_age_apart_and_one_is_at_the_deadline(
    now, waiting, failures, pause
):
    assert pause_before(now, waiting, LOST_AFTER, failures) == pytest.approx(pause)
