"""A page that is not needed any more does not leave; whoever may have had it is told the end."""

from __future__ import annotations

from typing import Any

import pytest

from alertmanager.delivery import leases, outbox


def delay(world: Any, *, maybe_sent: bool) -> None:
    """One try that does not go through."""
    give_back(world, take(world), maybe_sent=maybe_sent)


def take(world: Any) -> leases.Lease:
    with world.store.write() as session:
        lease = outbox.claim(session, world.now, world.owner)
    assert lease is not None
    return lease


def give_back(world: Any, lease: leases.Lease, *, maybe_sent: bool) -> None:
    with world.store.write() as session:
        outbox.note_retry(session, world.now, lease, world.owner, "coupé", maybe_sent=maybe_sent)


def kinds(world: Any) -> list[tuple[str, str]]:
    return [(m.kind, m.state) for m in world.messages()]


def test_a_page_being_tried_while_its_incident_ends_is_not_tried_again(world: Any) -> None:
    world.post(world.alert())
    lease = take(world)
    world.post(world.alert(firing=False))
    give_back(world, lease, maybe_sent=False)
    world.pass_time(minutes=2)
    assert not [text for _, text in world.send_all() if "Répondez OK" in text]
    assert kinds(world)[0] == ("page", "cancelled")


def test_a_page_taken_back_after_a_crash_does_not_wake_for_what_was_acknowledged(
    world: Any,
) -> None:
    world.post(world.alert())
    world.send_all()
    world.pass_time(minutes=5)  # the second person's page is claimed, and the process dies
    take(world)
    world.reply(world.first, "OK")
    with world.store.write() as session:
        leases.release_leases(session, world.now, all_of_them=True)
    assert [address for address, text in world.send_all() if "Répondez OK" in text] == []


def test_a_page_left_over_from_before_a_reopening_is_not_sent_beside_the_new_one(
    world: Any,
) -> None:
    world.post(world.alert())
    lease = take(world)
    world.post(world.alert(firing=False))
    world.post(world.alert())
    give_back(world, lease, maybe_sent=False)
    world.pass_time(minutes=1)
    pages = [address for address, text in world.send_all() if "Répondez OK" in text]
    assert pages == [world.first]


def test_after_hours_without_a_gateway_each_person_gets_one_page_not_one_a_round(
    world: Any,
) -> None:
    world.post(world.alert())
    for _ in range(36):
        world.pass_time(minutes=5)
    assert len(world.messages()) > 15
    everyone = [person.phone for person in world.desk.rosters.persons]
    assert sorted(address for address, _ in world.send_all()) == sorted(everyone)


@pytest.mark.parametrize(("maybe_sent", "told"), [(True, ["resolution"]), (False, [])])
def test_whoever_may_have_had_the_page_is_told_the_end(
    world: Any, maybe_sent: bool, told: list[str]
) -> None:
    world.post(world.alert())
    delay(world, maybe_sent=maybe_sent)
    world.post(world.alert(firing=False))
    assert [m.kind for m in world.messages()[1:]] == told
