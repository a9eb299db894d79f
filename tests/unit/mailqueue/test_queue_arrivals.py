"""Kept in order while messages come and go: the same as sorting all of them anew."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from exporters.mailqueue.queue.arrivals import UNKNOWN_ARRIVAL, Arrivals


class ComingAndGoing(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.arrivals, self.all = Arrivals(), []

    # Few times, so that several messages share one.
    @rule(time=st.sampled_from([UNKNOWN_ARRIVAL, 1.0, 1.5, 2.0, 7.0]))
    def come(self, time):
        self.arrivals.add(time)
        self.all.append(time)

    @rule(which=st.integers(0, 1000))
    def go(self, which):
        if self.all:
            self.arrivals.remove(self.all.pop(which % len(self.all)))

    @rule()
    def look(self):
        told = self.arrivals.in_order()
        if UNKNOWN_ARRIVAL in self.all:
            assert told is None
        else:
            assert [*told] == sorted(self.all)

    @invariant()
    def what_was_told_stays(self):
        told = self.arrivals.in_order() if len(self.all) % 3 == 0 else None
        if told is not None:
            before = [*told]
            self.arrivals.add(5.0)
            self.arrivals.in_order()
            self.arrivals.remove(5.0)
            assert [*told] == before


TestArrivals = ComingAndGoing.TestCase
