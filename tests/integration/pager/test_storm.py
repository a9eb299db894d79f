"""A thousand alerts through the real Alertmanager: a few SMS, nothing lost, the new one at once."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from alertmanager_members import Member

from deploy.estate.child import wait_until

SERVICES, TOWNS, ALERTS = 50, 8, 1000
KINDS = ("HypervisorDomainDown", "HypervisorDomainStuck", "BackupTooOld", "CollectorFailing")
MOST_SMS = 3
"""To one person, in the first five minutes."""


@pytest.fixture
def member(estate: Any) -> Iterator[Member]:
    """Grouped and timed as the configuration we ship does for what is critical."""
    estate.start_sms()
    estate.start(clock=None)
    token = estate.settings.path("alertmanager.token")
    one = Member(
        estate.folder / "am",
        estate.url("alertmanager/default"),
        token,
        group_by=["alertname", "service", "member", "instance"],
        group_wait="1s",
        group_interval="15s",
    )
    yield one
    one.stop()


def burst(number: int, size: int) -> list[dict[str, str]]:
    """Alerts `number` to `number + size` of the storm: most critical, some warnings."""
    return [
        {
            "alertname": KINDS[at % len(KINDS)],
            "service": f"service{at % SERVICES}",
            "member": f"commune{at % TOWNS}",
            "instance": f"hote{at}",
            "severity": "warning" if at % 5 == 4 else "critical",
        }
        for at in range(number, number + size)
    ]


def firing(estate: Any) -> int:
    with sqlite3.connect(estate.database) as connection:
        found = connection.execute("SELECT count(*) FROM alerts WHERE status = 'firing'")
        return int(found.fetchone()[0])


def carriers(estate: Any, title: str) -> list[tuple[str, str, str]]:
    """(state, address, text) of the messages that carry a page of that incident."""
    with sqlite3.connect(estate.database) as connection:
        return connection.execute(
            "SELECT DISTINCT messages.state, messages.address, messages.text FROM messages"
            " JOIN message_pages ON message_pages.message_id = messages.id"
            " JOIN pages ON pages.id = message_pages.page_id"
            " JOIN incidents ON incidents.id = pages.incident_id WHERE incidents.title = ?",
            (title,),
        ).fetchall()


@pytest.mark.series
@pytest.mark.timeout(700)
def test_a_storm_is_a_few_sms_and_a_new_critical_incident_comes_through(
    estate: Any, member: Member, long: bool, record_property: Any
) -> None:
    lasts, watched = (60.0, 300.0) if long else (20.0, 60.0)
    begin = time.time()
    size, told_at = 50, 0.0
    for step in range(ALERTS // size):
        member.tell(*burst(step * size, size))
        if step == ALERTS // size // 2:
            member.tell({"alertname": "MailAccountCompromised", "member": "valmont"})
            told_at = time.time()
        wait = begin + (step + 1) * lasts * size / ALERTS - time.time()
        if told_at and step == ALERTS // size // 2:
            wait_until(
                lambda: any(
                    row[0] == "delivered" for row in carriers(estate, "MailAccountCompromised")
                ),
                "le nouvel incident remis",
                10 + lasts,
            )
            reached = time.time() - told_at
            wait = begin + (step + 1) * lasts * size / ALERTS - time.time()
        time.sleep(max(0.0, wait))
    wait_until(lambda: firing(estate) == ALERTS + 1, "toutes les alertes en base", 60)
    time.sleep(max(0.0, begin + watched - time.time()))
    seen = [sms for sms in estate.handset.messages() if sms.seen_at < begin + 300]
    counts = Counter(sms.to for sms in seen)
    record_property(
        "series",
        f"storm of {ALERTS} alerts in {lasts:.0f} s, watched {watched:.0f} s:"
        f" SMS by person {sorted(counts.values())}, new critical incident after {reached:.1f} s",
    )
    assert counts
    assert max(counts.values()) <= MOST_SMS, [(sms.to, sms.text) for sms in seen]
    assert reached < 10 + 1  # Alertmanager itself waits a second
    # Everything that pages is in a message that left or waits: nobody's page is nowhere.
    with sqlite3.connect(estate.database) as connection:
        lost = connection.execute(
            "SELECT count(*) FROM incidents WHERE state = 'paging' AND NOT EXISTS ("
            " SELECT 1 FROM pages JOIN message_pages ON message_pages.page_id = pages.id"
            " JOIN messages ON messages.id = message_pages.message_id"
            " WHERE pages.incident_id = incidents.id AND messages.state != 'cancelled')"
        ).fetchone()[0]
    assert lost == 0
    listed = estate.incidents_whole()
    assert sum(len(one["alerts"]) for one in listed) == ALERTS + 1
