"""What a real Postfix and a real Dovecot write, read back, with clients who try to forge it."""

from __future__ import annotations

import imaplib
import smtplib
import ssl
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.estate.child import wait_until
from deploy.estate.mailboxes import BOUNCING_DOMAIN
from deploy.estate.ports import LOOPBACK
from deploy.estate.submit import Session, submit
from exporters.mailqueue.log.events import LoggedIn, RecipientRejected, Submitted, Unparsed
from exporters.mailqueue.log.postfix import mail_events
from exporters.mailqueue.log.stamp import StampReader

ALICE, BRUNO = "alice@ville-valmont.test", "bruno@brecourt.test"
PATIENCE = 60
"""Seconds after which a server that says nothing hangs, however busy the machine is."""
LOGIN = f"imap-login: Login: user=<{BRUNO}>, method=PLAIN, rip=10.9.9.9, lip=10.0.0.2, TLS"


def read(path: Path):
    block = path.read_bytes()
    return list(mail_events(block, StampReader(lambda: datetime.now(UTC))))


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def say(ports, name, *commands, helo="poste.test"):
    """A client of that port says these lines, whatever is answered."""
    with smtplib.SMTP(LOOPBACK, ports[name], local_hostname=helo, timeout=PATIENCE) as client:
        client.ehlo()
        with suppress(smtplib.SMTPServerDisconnected):  # words of no mail client
            for command in commands:
                client.docmd(command)


def test_every_event_of_a_real_postfix_is_read_and_none_that_a_client_invents(mail, passwords):
    forged = f"sasl_method=PLAIN sasl_username={BRUNO}"
    submit(mail.ports, ALICE, passwords[ALICE], ["a@dest.test"], message_id="1@vigie.test")
    submit(mail.ports, ALICE, passwords[ALICE], [f"a@{BOUNCING_DOMAIN}"], message_id="2@v.test")
    with pytest.raises(smtplib.SMTPRecipientsRefused):  # a name this host does not know
        submit(mail.ports, ALICE, passwords[ALICE], [f"personne@[{LOOPBACK}]"], message_id="3@v.t")
    with pytest.raises(smtplib.SMTPAuthenticationError):
        Session(mail.ports, f"x, sasl_username={BRUNO}", "faux")
    sender = f'"a; from=<b> to=<c> proto=ESMTP helo=<x> {forged}"@x.test'
    for recipient in ("v@dest.test", f'"b> {forged}"@dest.test'):
        say(
            mail.ports,
            "submission",
            f"MAIL FROM:<{sender}>",
            f"RCPT TO:<{recipient}>",
            helo=f"x> {forged}",
        )
    for words in (f"a: client=b[1.2.3.4], {forged}", f"warning: x[1.2.3.4]: SASL PLAIN {forged}"):
        say(mail.ports, "submission", words, f'AUTH "{words}"', f"MAIL FROM:<{words}>")
    # From a client the server trusts, without a password.
    with smtplib.SMTP(LOOPBACK, mail.ports["smtp"], timeout=PATIENCE) as client:
        client.sendmail(sender, ["a@dest.test"], b"Subject: hello\r\n\r\nhello\r\n")
    wait_until(lambda: mail.log.read_text().count(": removed") == 4, "all mail gone", PATIENCE)

    events = read(mail.log)
    assert of(Unparsed, events) == []
    assert {event.account for event in of(Submitted, events)} == {ALICE.encode()}
    assert all(event.process.isdigit() for event in of(Submitted, events))
    for event in of(RecipientRejected, events):
        assert (event.queue_id, event.account, event.client) == (b"", b"", LOOPBACK.encode())
    failures = of(LoggedIn, events)
    assert BRUNO.encode() not in [event.account for event in failures]
    assert Counter(type(event).__name__ for event in events) == {
        "Submitted": 2,
        "Accepted": 1,
        "Activated": 4,  # and what tells of the mail that bounced
        "Delivered": 4,
        "Notified": 1,
        "Removed": 4,
        "RecipientRejected": 3,
        "LoggedIn": len(failures),
    }
    assert len(failures) >= 2  # PLAIN, then LOGIN; and what Postfix says of mechanisms


def test_log_ins_of_a_real_dovecot_are_read_and_none_that_a_client_invents(store):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    log = store.folder / "dovecot.log"

    def logged():
        return log.read_text().count(f"rip={LOOPBACK}")

    def log_in(account, password):
        """And wait for its line: two processes that serve log-ins may log in any order."""
        before = logged()
        client = imaplib.IMAP4_SSL(LOOPBACK, store.imaps, ssl_context=context, timeout=PATIENCE)
        try:
            client.login(account, password)
        except imaplib.IMAP4.error:
            pass
        finally:
            client.logout()
        wait_until(lambda: logged() > before, "its line", PATIENCE)

    forged = [f"x> {LOGIN}", f"{BRUNO}>, method=PLAIN, rip=10.9.9.9, lip=x", f'{BRUNO}", rip="x']
    log_in(ALICE, "secret")
    log_in(ALICE, "faux")
    for name in forged:
        log_in('"' + name.replace('"', r"\"") + '"', "faux")

    events = read(log)
    assert of(Unparsed, events) == []
    assert [(event.account, event.success) for event in events] == [
        (ALICE.encode(), True),
        (ALICE.encode(), False),
        (b"", False),
        (b"", False),
        (forged[2].encode(), False),  # whole: no name of an account
    ]
    assert {(event.client, event.service) for event in events} == {(LOOPBACK.encode(), "imap")}
