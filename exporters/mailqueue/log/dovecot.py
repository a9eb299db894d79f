"""Dovecot's lines about log-ins, as syslog has them and as its own log file does. Pure.

The checks of the password itself (`auth`, `auth-worker`) are not read: each of their failures
is said again by the process that served the client, Postfix's smtpd included.
"""

from __future__ import annotations

import re

from exporters.mailqueue.log.events import LoggedIn

SERVICES = {
    b"imap-login": "imap",
    b"pop3-login": "pop3",
    b"managesieve-login": "managesieve",
    b"submission-login": "submission",
}

# Up to 2.3, and 2.4.
_SUCCESS = (b"Login: user=<", b"Logged in: user=<")
_FAILURE = re.compile(
    rb"(?:Disconnected|Aborted login|Login aborted)[^<]*"
    rb"\(auth failed, (\d{1,4}) attempts?[^<]*: user=<"
)
_ADDRESS_LETTERS = b"0123456789abcdefABCDEF.:"


def syslog(time: int, name: bytes, words: bytes, _: bytes, __: bytes) -> LoggedIn | None:
    """What a process of Dovecot says, where its name follows Dovecot's."""
    service = SERVICES.get(name)
    return _login(time, words, service) if service else None


def own_file(time: int, name: bytes, words: bytes, process: bytes, _: bytes) -> LoggedIn | None:
    """What a log-in process says in Dovecot's own file, where its level may precede."""
    return _login(time, words if name == b"Info" else name + b": " + words, SERVICES[process])


def _login(time: int, words: bytes, service: str) -> LoggedIn | None:
    success, attempts = words.startswith(_SUCCESS), 1
    if not success:
        found = _FAILURE.match(words)
        if found is None:
            return None
        attempts = int(found[1])
    # The user name is the client's words; the last `rip=` is Dovecot's, and all after it.
    before, found_address, after = words.rpartition(b", rip=")
    account, closed, method = before.partition(b"user=<")[2].partition(b">")
    client = after.partition(b",")[0]
    if not found_address or not closed or not client or client.strip(_ADDRESS_LETTERS):
        return None
    if method and (b">" in method or method[:9] != b", method="):
        if success:
            return None
        account = b""
    return LoggedIn(time, account, client, success, service, attempts)
