"""Two instances on one PostgreSQL, one killed at random every few seconds.

./tests/run --long tests/integration/pager/test_two_instances.py      ten minutes of it
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pager_proof.pair import Pair
from sqlalchemy import func, select

from alertmanager.store import journal
from alertmanager.store.tables import Alert, Incident, JournalLine, Message, MessagePage, Page
from deploy.estate.child import wait_until
from deploy.estate.ports import Ports
from deploy.estate.postgres import PostgresServer


@pytest.fixture
def pair(estate_folder: Path, ports: Ports, postgres: PostgresServer) -> Iterator[Pair]:
    url = postgres.create_database("pair")
    pair = Pair(estate_folder, ports, url, random.Random())
    yield pair
    pair.stop()
    postgres.drop_database("pair")


def unsent_pages(pair: Pair) -> int:
    """Pages that no message told which the gateway took."""
    taken = {one.token for one in pair.gateway.taken()}
    with pair.store.read() as session:
        rows = session.execute(
            select(Page.id, Message.token)
            .outerjoin(MessagePage, MessagePage.page_id == Page.id)
            .outerjoin(Message, Message.id == MessagePage.message_id)
        ).all()
    return len({page for page, _ in rows} - {page for page, token in rows if token in taken})


def count(pair: Pair, *where: object, of: type = Message) -> int:
    with pair.store.read() as session:
        return session.scalar(select(func.count()).select_from(of).where(*where)) or 0


@pytest.mark.series
@pytest.mark.timeout(1200)
def test_no_page_is_lost_and_none_sent_twice_unless_it_was_in_flight_at_a_kill(
    pair: Pair, long: bool, record_property: pytest.FixtureRequest
) -> None:
    pair.start()
    pair.live(600 if long else 40)
    assert pair.faults == []
    pair.later(3 * 3600)  # what the storm held back is due; the first escalation is not
    under_way = Message.state.in_(("pending", "leased"))
    wait_until(lambda: count(pair, under_way) == 0, "the outbox to be empty", 120)

    times = Counter(one.token for one in pair.gateway.taken())
    twice = {token for token, number in times.items() if number > 1}
    with pair.store.read() as session:
        _, broken = journal.verify(session)
        carried = (
            select(Message.code, Page.incident_id)
            .join(MessagePage, MessagePage.message_id == Message.id)
            .join(Page, Page.id == MessagePage.page_id)
            .where(Message.kind == "digest")
        )
        codes = [
            *session.execute(select(Incident.code, Incident.id)),
            *session.execute(carried),
        ]
        # By the journal: hours later nobody has it any more, and it pages again.
        taken = set(
            session.scalars(
                select(JournalLine.incident_id).where(JournalLine.event == "incident.acknowledged")
            )
        )
        open_codes = {code for code, incident in codes if incident not in taken}
    rows = (
        ("processes killed", pair.kills),
        ("alerts answered 200", pair.posted),
        ("alerts lost", pair.posted - count(pair, of=Alert)),
        ("messages taken by the gateway", len(times)),
        ("pages lost", unsent_pages(pair)),
        ("in the hand of a killed process", len(pair.in_hand)),
        ("sent twice, in flight at a kill", len(twice & pair.in_hand)),
        ("sent twice otherwise", len(twice - pair.in_hand)),
        ("replies answered 200", len(pair.replied)),
        ("replies lost", len(pair.replied & open_codes)),
    )
    report = "\n".join(
        ["two instances on one PostgreSQL", *(f"{what:<40}{n:>8}" for what, n in rows)]
    )
    print(f"\n{report}")
    record_property("series", report)
    found = dict(rows)
    assert pair.kills >= (60 if long else 2)
    assert found["alerts lost"] == found["pages lost"] == found["replies lost"] == 0
    assert count(pair, of=Incident) == pair.posted
    assert count(pair, Page.generation <= 1, of=Page) == pair.posted
    assert found["sent twice otherwise"] == 0
    assert max(times.values()) <= 2
    assert broken is None
