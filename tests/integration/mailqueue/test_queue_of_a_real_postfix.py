from __future__ import annotations

import json
import subprocess

import pytest

from deploy.estate.child import wait_until
from deploy.estate.submit import Session
from exporters.toolkit.collector import CollectorError

ALICE = "alice@ville-valmont.test"
QUEUES = ("incoming", "active", "deferred", "hold", "corrupt", "maildrop")


def test_an_empty_queue_is_zero_and_a_full_one_is_counted_to_the_message(
    mail, mailqueue, scrape, passwords
):
    readings = scrape(mailqueue)
    assert readings("mailqueue_up", instance_name="postfix") == 1
    assert readings("mailqueue_active_limit_messages") == 20
    for queue in QUEUES:
        assert readings("mailqueue_messages", queue=queue) == 0
        assert readings("mailqueue_oldest_age_seconds", queue=queue) == 0

    mail.stop_fast_relay()
    with Session(mail.ports, ALICE, passwords[ALICE]) as session:
        for number in range(12):
            session.send(["a@dest.test"], message_id=f"{number}@vigie.test", size=5000)
    wait_until(lambda: mail.queue_counts()["deferred"] == 12, "deferred", 15)
    readings = scrape(mailqueue)
    assert readings("mailqueue_messages", queue="deferred") == 12
    assert 12 * 5000 < readings("mailqueue_bytes", queue="deferred") < 12 * 7000
    # A retry moves the file's times; the arrival stays.
    first = readings("mailqueue_oldest_age_seconds", queue="deferred")
    mail.retry_deferred()
    wait_until(lambda: mail.log.read_text().count("(queue active)") == 24, "retry", 10)
    wait_until(lambda: mail.queue_counts()["deferred"] == 12, "deferred again", 15)
    again = scrape(mailqueue)("mailqueue_oldest_age_seconds", queue="deferred")
    assert first < again < first + 30

    subprocess.run(
        ["postsuper", "-c", mail.config_directory, "-h", "ALL"], check=True, capture_output=True
    )
    readings = scrape(mailqueue)
    assert readings("mailqueue_messages", queue="hold") == 12
    assert readings("mailqueue_messages", queue="deferred") == 0


def test_ages_agree_with_postqueue(mail, mailqueue, scrape, passwords):
    mail.stop_fast_relay()
    with Session(mail.ports, ALICE, passwords[ALICE]) as session:
        session.send(["a@dest.test"], message_id="1@vigie.test")
    wait_until(lambda: mail.queue_counts()["deferred"] == 1, "deferred", 15)
    scrape(mailqueue)
    said = subprocess.run(
        ["postqueue", "-c", mail.config_directory, "-j"], check=True, capture_output=True
    )
    message = json.loads(said.stdout)
    oldest = mailqueue._spool._known[message["queue_id"]].arrival
    # postqueue gives whole seconds of the start of the transaction, a moment before the id.
    assert 0 <= oldest - message["arrival_time"] < 2


def test_a_queue_that_cannot_be_read_is_an_error_never_a_zero(mail, mailqueue, scrape):
    (mail.queue_directory / "hold").rename(mail.queue_directory / "hold.away")
    try:
        with pytest.raises(CollectorError, match="hold illisible"):
            scrape(mailqueue)
    finally:
        (mail.queue_directory / "hold.away").rename(mail.queue_directory / "hold")
