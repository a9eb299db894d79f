from __future__ import annotations

import smtplib
import subprocess

import pytest

from deploy.estate.child import EstateError, wait_until
from deploy.estate.ports import LOOPBACK, is_free
from deploy.estate.submit import Session, submit

ALICE, BRUNO = "alice@ville-valmont.test", "bruno@brecourt.test"
FAILURES = "mailqueue_authentication_failures_total"


def postfix(mail, command, *arguments):
    """One of Postfix's commands on this server; ``postfix reload`` and the like."""
    subprocess.run(
        [command, "-c", mail.config_directory, *arguments],
        check=True,
        capture_output=True,
        timeout=30,
    )


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
    sees(scrape, collector, FAILURES, 2, service="smtp", member="valmont")
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
    tries = {"status": "deferred", "member": ""}
    readings = sees(scrape, collector, "mailqueue_delivery_attempts_total", 80, **tries)
    assert (
        readings("mailqueue_delivery_failures_total", status="deferred", reason="connection") == 80
    )
    assert readings("mailqueue_submitted_messages_total", member="valmont") == 1
    assert readings("mailqueue_submitted_recipients_total", member="valmont") == 40
    assert readings("mailqueue_account_recent_recipients", account=ALICE, window="2m") == 40

    mail.start_fast_relay()
    mail.retry_deferred()
    wait_until(lambda: "retard@vigie.test" in mail.delivered(), "delivered", 15)
    readings = sees(scrape, collector, "mailqueue_removed_messages_total", 1)
    assert readings("mailqueue_submitted_recipients_total", member="valmont") == 40
    assert readings("mailqueue_delivery_attempts_total", status="sent", member="") == 40
    assert readings("mailqueue_delivery_attempts_total", **tries) == 80


def test_held_mail_is_counted_once_however_often_it_waits(mail, maillog, scrape, passwords):
    collector = maillog()
    mail.stop_fast_relay()
    submit(
        mail.ports, ALICE, passwords[ALICE], ["a@dest.test", "b@dest.test"], message_id="h@v.test"
    )
    wait_until(lambda: mail.queue_counts()["deferred"] == 1, "deferred", 10)
    for option, queue in (("-h", "hold"), ("-H", "deferred")):
        postfix(mail, "postsuper", option, "ALL")
        wait_until(lambda queue=queue: mail.queue_counts()[queue] == 1, queue, 10)
        readings = scrape(collector)
        assert readings("mailqueue_removed_messages_total") == 0
        assert readings("mailqueue_submitted_recipients_total", member="valmont") == 2
    mail.start_fast_relay()
    mail.retry_deferred()
    readings = sees(scrape, collector, "mailqueue_removed_messages_total", 1)
    assert readings("mailqueue_submitted_messages_total", member="valmont") == 1
    assert readings("mailqueue_submitted_recipients_total", member="valmont") == 2
    assert readings("mailqueue_delivery_attempts_total", status="sent", member="") == 2
    assert readings("mailqueue_log_unparsed_lines_total") == 0


def test_the_four_stages_of_a_delivery_are_told_apart(mail, maillog, scrape, passwords):
    """The slow relay answers the message after three seconds: only its transmission is slow."""
    collector = maillog()
    for number in range(3):
        recipients = [f"v{number}@lent.test"]
        submit(mail.ports, ALICE, passwords[ALICE], recipients, message_id=f"{number}@vigie.test")
    readings = sees(scrape, collector, "mailqueue_removed_messages_total", 3)
    seconds = {}
    for stage in ("before_queue_manager", "in_queue_manager", "connection", "transmission"):
        assert readings("mailqueue_delivery_stage_seconds_count", stage=stage) == 3
        seconds[stage] = readings("mailqueue_delivery_stage_seconds_sum", stage=stage)
    slow = seconds.pop("transmission")
    assert slow >= 3 * mail.slow_seconds
    assert slow > 2 * max(seconds.values())


def test_renamed_services_and_instances_are_seen_without_being_declared(
    mail, maillog, scrape, passwords
):
    """An instance of another name, a submission service of another name, a renamed relay."""
    names = {91: "postfix-mx/envoi-securise", 92: "mx.sortant", 93: "postfix/submission"}
    master = mail.config_directory / "master.cf"
    extra = "".join(
        f"{LOOPBACK}:{mail.ports.base + port} inet n - n - - smtpd\n"
        f"  -o syslog_name={name}\n  -o smtpd_sasl_auth_enable=yes\n"
        "  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n"
        for port, name in names.items()
    )
    text = master.read_text().replace(
        "smtp      unix  -  -  n  -      -  smtp\n",
        "smtp      unix  -  -  n  -      -  smtp\n  -o syslog_name=postfix-out/relais\n",
    )
    master.write_text(text + extra)
    postfix(mail, "postfix", "reload")
    collector = maillog()
    for port, name in names.items():
        wait_until(lambda port=port: not is_free(mail.ports.base + port), name, 10)
        with smtplib.SMTP(LOOPBACK, mail.ports.base + port, timeout=60) as client:
            client.login(ALICE, passwords[ALICE])
            client.sendmail(ALICE, ["a@dest.test", "b@dest.test"], f"Subject: {port}\r\n\r\n.\r\n")
        with (
            smtplib.SMTP(LOOPBACK, mail.ports.base + port, timeout=60) as client,
            pytest.raises(smtplib.SMTPAuthenticationError),
        ):
            client.login(BRUNO, "faux")
    readings = sees(scrape, collector, "mailqueue_removed_messages_total", len(names))
    assert readings("mailqueue_submitted_messages_total", member="valmont") == len(names)
    assert readings("mailqueue_submitted_recipients_total", member="valmont") == 2 * len(names)
    assert readings("mailqueue_delivery_attempts_total", status="sent", member="") == 2 * len(names)
    # smtplib tries the password with PLAIN, then with LOGIN.
    failures = readings(
        "mailqueue_authentication_failures_total", service="smtp", member="brecourt"
    )
    assert failures == 2 * len(names)
    log = mail.log.read_text()
    for name in (*names.values(), "postfix-out/relais"):
        assert f" {name}/smtp" in log


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
