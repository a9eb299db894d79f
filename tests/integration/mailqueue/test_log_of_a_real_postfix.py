from __future__ import annotations

import smtplib

import pytest

from deploy.estate.child import EstateError, wait_until
from deploy.estate.submit import Session, submit

ALICE, BRUNO = "alice@ville-valmont.test", "bruno@brecourt.test"


def sees(scrape, collector, name, value, **labels):
    """Wait until the log says so; return the readings."""
    last = []

    def check():
        last[:] = [scrape(collector)]
        return last[0](name, **labels) == value

    try:
        wait_until(check, name, 10)
    except EstateError:
        pytest.fail(f"{name}{labels} is {last[0](name, **labels)}, not {value}")
    return last[0]


def test_a_flood_from_several_addresses_is_counted_exactly(mail, maillog, scrape, passwords):
    collector = maillog()
    for host in range(1, 6):
        with Session(mail.ports, ALICE, passwords[ALICE], source_address=f"127.0.9.{host}") as s:
            for number in range(3):
                recipients = [f"v{number}-{i}@dest.test" for i in range(7)]
                s.send(recipients, message_id=f"{host}-{number}@vigie.test")
    submit(mail.ports, BRUNO, passwords[BRUNO], ["un@dest.test"], message_id="honnete@vigie.test")
    with pytest.raises(smtplib.SMTPAuthenticationError):
        submit(mail.ports, ALICE, "faux", ["x@dest.test"], message_id="refuse@vigie.test")

    # smtplib tries the password with PLAIN, then with LOGIN.
    sees(scrape, collector, "mailqueue_authentication_failures_total", 2)
    readings = sees(scrape, collector, "mailqueue_submitted_recipients_total", 1, member="brecourt")
    for window in ("2m", "1h"):
        who = {"account": ALICE, "member": "valmont", "window": window}
        assert readings("mailqueue_account_recent_messages", **who) == 15
        assert readings("mailqueue_account_recent_recipients", **who) == 105
        assert readings("mailqueue_account_recent_client_addresses", **who) == 5
    assert readings("mailqueue_submitted_messages_total", member="valmont") == 15
    assert readings("mailqueue_submitted_recipients_total", member="valmont") == 105
    assert readings("mailqueue_submitted_messages_total", member="brecourt") == 1
    assert readings("mailqueue_log_unparsed_lines_total") == 0
    assert readings("mailqueue_log_lag_seconds") == 0
    # One message to one person is nobody's business.
    assert readings("mailqueue_account_recent_messages", account=BRUNO, window="2m") is None


def test_retries_of_deferred_mail_are_not_counted_again(mail, maillog, scrape, passwords):
    collector = maillog()
    mail.stop_fast_relay()
    recipients = [f"v{i}@dest.test" for i in range(40)]
    submit(mail.ports, ALICE, passwords[ALICE], recipients, message_id="retard@vigie.test")
    wait_until(lambda: mail.queue_counts()["deferred"] == 1, "deferred", 10)
    mail.retry_deferred()
    wait_until(lambda: mail.log.read_text().count("nrcpt=40 (queue active)") == 2, "retry", 10)
    wait_until(lambda: mail.queue_counts()["deferred"] == 1, "deferred again", 10)
    readings = scrape(collector)
    assert readings("mailqueue_submitted_messages_total", member="valmont") == 1
    assert readings("mailqueue_submitted_recipients_total", member="valmont") == 40
    assert readings("mailqueue_account_recent_recipients", account=ALICE, window="2m") == 40

    mail.start_fast_relay()
    mail.retry_deferred()
    wait_until(lambda: "retard@vigie.test" in mail.delivered(), "delivered", 15)
    readings = scrape(collector)
    assert readings("mailqueue_submitted_recipients_total", member="valmont") == 40


def test_rotation_and_restart_lose_nothing_and_count_nothing_twice(
    mail, maillog, scrape, passwords
):
    def send(name):
        submit(mail.ports, ALICE, passwords[ALICE], ["a@dest.test", "b@dest.test"], message_id=name)
        wait_until(lambda: name in mail.delivered(), name, 10)

    def count(collector, value):
        sees(scrape, collector, "mailqueue_submitted_recipients_total", value, member="valmont")

    collector = maillog()
    send("1@vigie.test")
    count(collector, 2)
    mail.rotate_log()  # while we watch
    send("2@vigie.test")
    count(collector, 4)
    collector.close()
    send("3@vigie.test")  # nobody watches
    mail.rotate_log()
    send("4@vigie.test")
    collector = maillog()
    count(collector, 8)
    readings = scrape(collector)
    assert readings("mailqueue_submitted_messages_total", member="valmont") == 4
    assert readings("mailqueue_log_unparsed_lines_total") == 0
    collector.close()


def test_a_blocked_account_is_out_its_mail_gone_and_other_mail_flows(mail, passwords):
    with Session(mail.ports, ALICE, passwords[ALICE], source_address="127.0.9.9") as thief:
        for number in range(15):
            thief.send([f"v{number}@lent.test"], message_id=f"{number}@vigie.test")
        mail.block_account(ALICE)
        with pytest.raises((smtplib.SMTPException, OSError)):
            thief.send(["encore@lent.test"], message_id="encore@vigie.test")
    submit(mail.ports, BRUNO, passwords[BRUNO], ["x@dest.test"], message_id="y@vigie.test")
    assert 0 < mail.discard_mail_of(ALICE) <= 15
    wait_until(lambda: "y@vigie.test" in mail.delivered(), "honest mail", 10)
    mail.wait_empty(20)
    with pytest.raises(smtplib.SMTPAuthenticationError):
        submit(mail.ports, ALICE, passwords[ALICE], ["x@dest.test"], message_id="x@vigie.test")
