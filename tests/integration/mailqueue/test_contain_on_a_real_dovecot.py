"""The IMAP sessions of a contained account end, and nobody else's, on a real Dovecot."""

from __future__ import annotations

import imaplib
import ssl

import pytest

from deploy.containment import plan
from deploy.containment.dovecot import read_dovecot
from deploy.containment.runner import run
from deploy.estate.ports import LOOPBACK

THIEF, OTHER, ODD = "alice@ville-valmont.test", "bruno@brecourt.test", "-alice'$(id)@brecourt.test"


def _log_in(store, account):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = imaplib.IMAP4_SSL(LOOPBACK, store.imaps, ssl_context=context, timeout=10)
    client.login(account, "secret")
    return client


def test_its_imap_sessions_end_and_those_of_others_go_on(store):
    dovecot = read_dovecot(store.folder / "dovecot.conf")
    assert dovecot is not None
    assert dovecot.deny == ""
    thief, other = _log_in(store, THIEF), _log_in(store, OTHER)
    # A name nobody has, that a shell or an option parser would trip over, ends nothing.
    for command in plan.kick(ODD, dovecot):
        run(command)
    assert thief.noop()[0] == other.noop()[0] == "OK"
    for command in plan.kick(THIEF, dovecot):
        run(command)
    with pytest.raises((imaplib.IMAP4.abort, OSError)):
        thief.noop()
    assert other.noop()[0] == "OK"
    other.logout()
    thief.shutdown()


def test_a_dovecot_that_does_not_run_is_none(store):
    store.stop()
    assert read_dovecot(store.folder / "dovecot.conf") is None
