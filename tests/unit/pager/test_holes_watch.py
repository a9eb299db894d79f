"""Holes as metrics: what the store knows counts, and a scrape never searches."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from alertmanager.duty.live import LiveBook
from alertmanager.duty.planning import enter_change, enter_leave
from alertmanager.duty.proven import PROOF_LASTS, proven
from alertmanager.webhook.holes_watch import SEARCH_EVERY, HolesWatch
from deploy.estate.child import wait_until

NADIA, LUC, YANN = "nadia.benali", "luc.marchand", "yann.legoff"


class Site:
    """The example's rosters over a store, at an hour that obeys."""

    def __init__(self, world) -> None:
        self.world = world
        clock = lambda: self.world.now  # noqa: E731
        self.live = LiveBook(world.desk.rosters, world.store, clock)
        self.watch = HolesWatch(self.live, world.store, clock)
        self.registry = CollectorRegistry()
        self.registry.register(self.watch)

    def look(self) -> None:
        self.live.refresh()
        self.watch.turn()

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"vigie_roster_{name}", labels)

    def holes(self, kind: str, roster: str = "astreinte") -> float | None:
        return self.value("holes", roster=roster, kind=kind)

    def away(self, person: str, start: datetime, end: datetime) -> None:
        with self.world.store.write() as session:
            enter_leave(session, self.live.book, person, (start, end), who="x", now=self.world.now)


@pytest.fixture
def site(world) -> Site:
    return Site(world)


def test_nothing_is_said_before_the_first_look(site) -> None:
    assert generate_latest(site.registry) == b""
    site.look()
    assert site.value("look_timestamp_seconds") == site.world.now.timestamp()
    assert site.value("on_duty", roster="astreinte") == 1
    assert site.holes("gap") == 0
    assert site.value("next_hole_timestamp_seconds", roster="astreinte", kind="gap") is None


def test_a_leave_is_a_hole_and_so_is_the_gap_it_leaves(site, world) -> None:
    site.away(YANN, world.now + timedelta(days=9), world.now + timedelta(days=10))
    site.look()
    # Yann's week of duty begins on 8 May, a holiday, at 19 h; the leave is of the 10th, from 7:12.
    assert site.holes("on_leave") == 1
    assert site.holes("gap") == 1
    starts = (world.now + timedelta(days=9)).timestamp()
    for kind in ("gap", "on_leave"):
        labels = {"roster": "astreinte", "kind": kind}
        assert site.value("next_hole_timestamp_seconds", **labels) == starts


def test_somebody_who_stands_in_closes_it(site, world) -> None:
    start, end = world.now + timedelta(days=9), world.now + timedelta(days=10)
    site.away(YANN, start, end)
    with world.store.write() as session:
        enter_change(
            session,
            site.live.book,
            "astreinte",
            (start, end),
            [NADIA],
            who="x",
            now=world.now,
            instead_of=YANN,
        )
    site.look()
    assert (site.holes("on_leave"), site.holes("gap")) == (0, 0)


def test_a_look_between_two_searches_forgets_what_is_over(site, world) -> None:
    site.away(NADIA, world.now - timedelta(hours=1), world.now + timedelta(minutes=3))
    site.look()
    assert site.value("on_duty", roster="astreinte") == 0
    assert site.holes("gap") == 1
    world.now += timedelta(minutes=4)
    site.look()
    assert site.value("on_duty", roster="astreinte") == 1
    assert site.holes("gap") == 0


def test_a_search_comes_every_ten_minutes_not_sooner(site, world) -> None:
    site.look()
    site.away(YANN, world.now + timedelta(days=9), world.now + timedelta(days=10))
    world.now += SEARCH_EVERY - timedelta(seconds=1)
    site.look()
    assert site.holes("on_leave") == 0
    world.now += timedelta(seconds=1)
    site.look()
    assert site.holes("on_leave") == 1


def test_contact_is_proven_by_a_delivery_and_by_nothing_less(site, world) -> None:
    people = world.desk.rosters.persons

    def known() -> frozenset[str]:
        with world.store.read() as session:
            return proven(session, people, world.now)

    world.post(world.alert())
    assert world.send_all(report=None)
    assert known() == frozenset()
    site.look()
    before = site.holes("no_contact")
    assert before
    world.report(world.messages()[0].token, "delivered")
    assert known() == {NADIA}
    world.now += SEARCH_EVERY
    site.look()
    after = site.holes("no_contact")
    assert after is not None
    assert after < before
    world.now += PROOF_LASTS
    assert known() == frozenset()


def test_the_thread_looks_at_once_and_stops(site) -> None:
    site.live.refresh()
    site.watch.start()
    wait_until(lambda: site.value("look_timestamp_seconds") is not None, "un premier regard")
    site.watch.stop()
    assert not any(thread.name == "holes" for thread in threading.enumerate())
