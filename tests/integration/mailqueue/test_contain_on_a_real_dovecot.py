"""The IMAP sessions of a contained account end, and nobody else's, on a real Dovecot."""

from __future__ import annotations

import contextlib
import imaplib
import ssl

from deploy.containment import plan
from deploy.containment.dovecot import read_dovecot
from deploy.containment.runner import ask, run
from deploy.estate.child import wait_until
from deploy.estate.ports import LOOPBACK

THIEF, OTHER, ODD = "alice@ville-valmont.test", "bruno@brecourt.test", "-alice'$(id)@brecourt.test"


@contextlib.contextmanager
def _logged_in(store, account):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = imaplib.IMAP4_SSL(LOOPBACK, store.imaps, ssl_context=context, timeout=10)
    try:
        client.login(account, "secret")
        yield client
    finally:
        with contextlib.suppress(OSError):
            client.shutdown()


def _ended(client):
    try:
        return client.noop()[0] != "OK"
    except (imaplib.IMAP4.abort, OSError):
        return True


def test_its_imap_sessions_end_and_those_of_others_go_on(store):
    dovecot = read_dovecot(store.folder / "dovecot.conf")
    assert dovecot is not None
    assert dovecot.deny == ""
    with _logged_in(store, THIEF) as thief, _logged_in(store, OTHER) as other:
        # Dovecot lists a session, and ends it, a moment after it said OK.
        wait_until(
            lambda: all(name in ask(dovecot.tool("who")) for name in (THIEF, OTHER)), "who", 20
        )
        # A name nobody has, that a shell or an option parser would trip over, ends nothing.
        for command in plan.kick(ODD, dovecot):
            run(command)
        assert thief.noop()[0] == other.noop()[0] == "OK"
        for command in plan.kick(THIEF, dovecot):
            run(command)
        wait_until(lambda: _ended(thief), "sa session est fermée", 20)
        assert other.noop()[0] == "OK"
        other.logout()


def test_a_dovecot_that_does_not_run_is_none(store):
    store.stop()
    assert read_dovecot(store.folder / "dovecot.conf") is None
