"""How long what a lane found is served."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Event
from time import sleep
from types import SimpleNamespace
from typing import Any

import pytest

from exporters.hypervisor.lane import Lane
from exporters.hypervisor.libvirtd.lanes import other_lanes
from exporters.hypervisor.libvirtd.site import site_of
from exporters.hypervisor.rendering_lane import RenderingLane
from exporters.hypervisor.settings import HypervisorEntry, Settings
from exporters.toolkit.collector import Context
from exporters.toolkit.text_family import TextFamily

FOUND = (TextFamily("x", "X.", "gauge", "x 1\n", 1),)


@pytest.mark.parametrize(
    ("stays", "age", "served"),
    [(None, 0, True), (None, 240, True), (None, 241, False), (300, 960, True), (300, 961, False)],
)
def test_what_a_lane_found_is_served_for_three_intervals_and_a_minute(stays, age, served):
    now = SimpleNamespace(here=50.0)
    lane: Lane[Any] = Lane(
        "hv1", "slow", lambda: FOUND, 60, lambda: 0.0, stays=stays, clock=lambda: now.here
    )
    assert lane.served is None
    lane._round()
    now.here += age
    assert lane.served == (FOUND if served else None)


def test_a_wall_clock_that_jumps_neither_drops_nor_keeps_what_a_lane_found():
    wall, now = SimpleNamespace(here=1e9), SimpleNamespace(here=50.0)
    lane: Lane[Any] = Lane(
        "hv1", "slow", lambda: FOUND, 60, lambda: wall.here, clock=lambda: now.here
    )
    lane._round()
    wall.here += 86400
    assert lane.served == FOUND
    wall.here -= 2 * 86400
    now.here += 3600
    assert lane.served is None


class _Listed(RenderingLane):
    closed = 0

    def read(self) -> tuple[TextFamily, ...]:
        return FOUND

    def let_go(self) -> None:
        self.closed += 1


def test_a_lane_that_ends_lets_its_connection_go():
    lane = _Listed("hv1", "x", 60, lambda: 0.0)
    assert lane.families == ()
    lane.start()
    lane.stop()
    assert lane.closed == 1


def test_a_lane_whose_round_hangs_lets_its_connection_go_when_the_round_is_over():
    begun, held = Event(), Event()

    class Hung(_Listed):
        def read(self) -> tuple[TextFamily, ...]:
            begun.set()
            held.wait(10)
            return FOUND

    lane = Hung("hv1", "x", 60, lambda: 0.0)
    lane.start()
    begun.wait(10)
    lane.stop()
    assert lane.closed == 0
    held.set()
    lane._lane._thread.join(10)
    assert lane.closed == 1


def test_every_lane_of_a_libvirt_hypervisor_lets_its_connection_go(example_inventory):
    entry = HypervisorEntry.model_validate({"name": "hv1", "uri": "test:///default", "agent": True})
    context = Context(example_inventory, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    for lane in other_lanes(site_of(entry, Settings(hypervisors=(entry,)), context)):
        lane.start()
        while lane.status().succeeded_at is None:
            sleep(0.01)
        assert lane._kept._connection is not None
        lane.stop()
        assert lane._kept._connection is None
