"""Leases, retries and reports."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from alertmanager.delivery import leases, outbox


def claim(world: Any, owner: str = "test") -> leases.Lease | None:
    with world.store.write() as session:
        return outbox.claim(session, world.now, owner)


def release(world: Any, *, all_of_them: bool = False) -> int:
    with world.store.write() as session:
        return leases.release_leases(session, world.now, all_of_them=all_of_them)


@pytest.fixture
def posted(world: Any) -> Any:
    world.post(world.alert())
    return world


def accept(world: Any, lease: leases.Lease, owner: str = "test") -> None:
    with world.store.write() as session:
        outbox.note_accepted(
            session,
            world.now,
            lease,
            owner,
            deadline=timedelta(seconds=90),
            provider_id="p1",
            detail="",
        )


def test_a_message_is_claimed_once(posted: Any) -> None:
    assert claim(posted) is not None
    assert claim(posted, "other") is None


def test_pages_leave_before_courtesies(posted: Any) -> None:
    posted.send_all()
    posted.reply(posted.first, "ok")
    posted.post(posted.alert("b", member="brecourt"))
    first, second = posted.send_all()
    assert "Répondez OK" in first[1]
    assert "pris en charge" in second[1]


def test_a_lease_ends_with_time_and_the_next_text_says_it_may_be_a_repeat(posted: Any) -> None:
    first = claim(posted)
    assert first is not None
    assert not first.again
    assert release(posted) == 0
    posted.now += leases.LEASE
    assert release(posted) == 1
    second = claim(posted)
    assert second is not None
    assert second.again


def test_at_start_every_lease_of_a_dead_process_is_taken_back(posted: Any) -> None:
    claim(posted, "dead")
    assert release(posted, all_of_them=True) == 1
    assert claim(posted) is not None


def test_a_worker_that_lost_its_lease_changes_nothing(posted: Any) -> None:
    lease = claim(posted, "slow")
    assert lease is not None
    posted.now += leases.LEASE
    release(posted)
    accept(posted, lease, "slow")
    assert posted.messages()[0].state == "pending"


def test_retries_come_later_and_later_up_to_half_a_minute(posted: Any) -> None:
    waits = []
    for _ in range(7):
        lease = claim(posted)
        assert lease is not None
        with posted.store.write() as session:
            outbox.note_retry(session, posted.now, lease, "test", "coupé", maybe_sent=False)
        assert claim(posted) is None
        waits.append((posted.messages()[0].next_attempt_at - posted.now).total_seconds())
        posted.now = posted.messages()[0].next_attempt_at
    assert waits == [1, 2, 4, 8, 16, 30, 30]
    lease = claim(posted)
    assert lease is not None
    assert not lease.again


def test_a_report_faster_than_our_own_acceptance_counts(posted: Any) -> None:
    lease = claim(posted)
    assert lease is not None
    posted.report(lease.token, "delivered")
    accept(posted, lease)
    assert posted.messages()[0].state == "delivered"
    events = [line.event for line in posted.journal("message.accepted", "message.delivered")]
    assert events == ["message.accepted", "message.delivered"]


def test_late_and_repeated_reports_are_harmless(posted: Any) -> None:
    ((_, _),) = posted.send_all()
    token = posted.messages()[0].token
    for outcome in ("delivered", "failed", "accepted", "waiting", "delivered"):
        posted.report(token, outcome)
    assert posted.messages()[0].state == "delivered"
    assert len(posted.journal("message.delivered")) == 1
    assert posted.journal("message.failed") == []


def test_a_report_for_an_unknown_message_changes_nothing(posted: Any) -> None:
    posted.send_all(report=None)
    posted.report("nothing", "delivered")
    assert posted.messages()[0].state == "accepted"


def test_proof_after_the_deadline_still_counts(posted: Any) -> None:
    posted.send_all(report=None)
    posted.pass_time(seconds=100)
    assert posted.messages()[0].state == "unconfirmed"
    posted.report(posted.messages()[0].token, "delivered")
    assert posted.messages()[0].state == "delivered"


def test_a_message_the_network_took_before_we_lost_track_is_not_sent_again(posted: Any) -> None:
    lease = claim(posted, "dead")
    assert lease is not None
    release(posted, all_of_them=True)
    posted.report(lease.token, "accepted")
    assert claim(posted) is None
    assert posted.messages()[0].state == "accepted"


def test_the_end_does_not_overtake_the_page_that_is_being_sent(posted: Any) -> None:
    lease = claim(posted)
    assert lease is not None
    posted.post(posted.alert(firing=False))
    assert posted.messages()[-1].kind == "resolution"
    assert claim(posted) is None
    accept(posted, lease)
    last = claim(posted)
    assert last is not None
    assert last.kind == "resolution"
