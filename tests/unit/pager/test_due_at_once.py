"""What a commit leaves to be done at once is looked at after it, and paging is done once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from alertmanager.incidents.intake import receive
from alertmanager.store.database import Due, note_due
from alertmanager.store.tables import Timer


def take(world: Any, *alerts: Any) -> None:
    """As the intake does; whoever runs timers has not come yet."""
    with world.store.write() as session:
        receive(session, world.desk, "default", alerts, world.now)


def pending(world: Any) -> list[str]:
    with world.store.read() as session:
        return list(session.scalars(select(Timer.kind).where(Timer.done_at.is_(None))))


def test_those_who_wait_are_told_after_the_commit_and_only_then(world: Any) -> None:
    told: list[Due] = []
    world.store.on_due(told.append)

    def fails() -> None:
        with world.store.write() as session:
            note_due(session, Due.TIMERS)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    with world.store.write():
        pass
    assert told == []
    take(world, world.alert())
    assert told == [Due.TIMERS]
    world.run_due()
    assert told == [Due.TIMERS, Due.MESSAGES]


def test_what_is_already_known_wakes_no_loop(world: Any) -> None:
    world.post(world.alert())
    told: list[Due] = []
    world.store.on_due(told.append)
    world.post(world.alert())
    assert told == []


def test_alerts_that_join_before_the_page_are_on_it_and_ask_for_no_second_one(world: Any) -> None:
    take(world, world.alert("a1"))
    take(world, world.alert("a2"))
    assert pending(world) == ["page"]
    assert world.incident().state == "open"
    world.run_due()
    (page,) = world.messages()
    assert "(+1 autre)" in page.text
    assert world.incident().state == "paging"


def test_what_ends_before_its_page_wakes_nobody(world: Any) -> None:
    take(world, world.alert())
    take(world, world.alert(firing=False))
    world.run_due()
    assert world.messages() == []
    assert world.incident().state == "resolved"


def test_what_is_left_after_the_worst_ended_is_paged_as_what_it_is(world: Any) -> None:
    """On a holiday morning a warning waits for the office."""
    take(world, world.alert("a1"), world.alert("a2", severity="warning"))
    take(world, world.alert("a1", firing=False))
    world.run_due()
    assert world.messages() == []
    assert "support" in pending(world)


def test_a_page_that_a_dead_process_left_undone_leaves_whatever_the_delay(world: Any) -> None:
    take(world, world.alert())
    world.now += timedelta(hours=2)
    world.run_due()
    assert [message.address for message in world.messages()] == [world.first]
