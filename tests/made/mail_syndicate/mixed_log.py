"""A day's log of a mail server as rsyslog writes it: every kind of line, in known numbers.

Inbound mail, submissions with TLS, refusals, wrong passwords, Dovecot's log-ins and log-outs,
local mail that comes back. Lines of sessions that ran together are mixed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import merge

_TLS = "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"
_LINES_A_SECOND = 15


@dataclass(frozen=True)
class Mix:
    """Sessions of each kind; by default a million and five lines, 171 bytes each."""

    submissions: int = 50_094
    inbound: int = 34_986
    wrong_passwords: int = 6_431
    refused: int = 45_000
    imap: int = 50_000
    imap_wrong: int = 4_978
    returned: int = 1_000

    def tenth(self) -> Mix:
        """A tenth of each, rounded down."""
        return Mix(*(count // 10 for count in vars(self).values()))

    @property
    def events(self) -> dict[str, int]:
        """How often each kind of event is in the log."""
        messages = self.submissions + self.inbound + 2 * self.returned
        return {
            "Submitted": self.submissions,
            "Accepted": self.inbound,
            "Activated": messages,
            "Delivered": messages,
            "Removed": messages,
            "RecipientRejected": self.refused,
            "LoggedIn smtp False": self.wrong_passwords,
            "LoggedIn imap True": self.imap,
            "LoggedIn imap False": self.imap_wrong,
            "Notified": self.returned,
        }


def mixed_log(mix: Mix, seed: int = 1) -> Iterator[str]:
    """The lines, from 1 May 2026, 00:00 in Paris."""
    rng = random.Random(seed)
    kinds: list[tuple[Callable[[random.Random, int], list[str]], int]] = [
        (_submission, mix.submissions),
        (_inbound, mix.inbound),
        (_wrong_password, mix.wrong_passwords),
        (_refused, mix.refused),
        (_imap, mix.imap),
        (_imap_wrong, mix.imap_wrong),
        (_returned, mix.returned),
    ]
    sessions = [make for make, count in kinds for _ in range(count)]
    rng.shuffle(sessions)
    half = len(sessions) // 2
    parts = [
        _numbered(rng, sessions[:half], 0),
        _numbered(rng, sessions[half:], half),
    ]
    for written, (_, text) in enumerate(merge(*parts, key=lambda entry: entry[0])):
        second = written // _LINES_A_SECOND
        clock = f"{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}"
        stamp = f"2026-05-{1 + second // 86400:02}T{clock}.{rng.randrange(10**6):06}+02:00"
        yield f"{stamp} mx1 {text}\n"


def _numbered(
    rng: random.Random, sessions: list[Callable[[random.Random, int], list[str]]], first: int
) -> Iterator[tuple[int, str]]:
    place = 0
    for number, session in enumerate(sessions, first):
        for text in session(rng, number):
            place += 1
            yield place, text


def _account(rng: random.Random) -> str:
    return f"prenom.nom{rng.randrange(6000):04}@ville-valmont.test"


def _outside(rng: random.Random) -> str:
    a, b = rng.randrange(256), rng.randrange(1, 255)
    return f"host-{a}-{b}.adsl.test[203.0.{a}.{b}]"


def _queue_id(number: int) -> str:
    return f"4jYk{number:08d}z1SQ6m".translate(str.maketrans("01234567", "BCDFGHJK"))


def _active(queue_id: str, sender: str, size: int) -> str:
    return f"postfix/qmgr[812]: {queue_id}: from=<{sender}>, size={size}, nrcpt=1 (queue active)"


def _lmtp(rng: random.Random, queue_id: str, recipient: str) -> str:
    return (
        f"postfix/lmtp[{4100 + rng.randrange(8)}]: {queue_id}: to=<{recipient}>,"
        f" relay=mx1.syndicat.test[private/dovecot-lmtp], delay=0.{rng.randrange(10, 99)},"
        f" delays=0.{rng.randrange(10, 99)}/0.01/0.02/0.05, dsn=2.0.0, status=sent"
        f" (250 2.0.0 <{recipient}> Rf6fEvwcpGfsOAAAuWw1ig Saved)"
    )


def _submission(rng: random.Random, number: int) -> list[str]:
    queue_id, account = _queue_id(number), _account(rng)
    place = rng.randrange(200)
    client = f"poste-{place}.ville-valmont.test[10.{place % 7}.{place}.{rng.randrange(1, 255)}]"
    smtpd = f"postfix/submission/smtpd[{2000 + rng.randrange(40)}]"
    relay = f"mx{rng.randrange(4)}.exterieur.test[192.0.2.{rng.randrange(1, 255)}]:25"
    agent = f"postfix/smtp[{4000 + rng.randrange(20)}]"
    wait = rng.randrange(10, 90)
    reply = "deferred (host {0} said: 451 4.7.1 Greylisted, try again later (in reply to RCPT TO))"
    if rng.random() > 0.05:
        reply = "sent (250 2.0.0 Ok: queued as 4Fh0t11n7rz9rxk)"
    return [
        f"{smtpd}: connect from {client}",
        f"{smtpd}: Anonymous TLS connection established from {client}: {_TLS}",
        f"{smtpd}: {queue_id}: client={client}, sasl_method=PLAIN, sasl_username={account}",
        (
            f"postfix/cleanup[{3100 + rng.randrange(10)}]: {queue_id}:"
            f" message-id=<{rng.getrandbits(64):016x}.{number}@poste-{place}.ville-valmont.test>"
        ),
        _active(queue_id, account, rng.randrange(900, 900_000)),
        (
            f"{smtpd}: disconnect from {client} ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 data=1"
            " quit=1 commands=8"
        ),
        f"{agent}: Verified TLS connection established to {relay}: {_TLS}",
        (
            f"{agent}: {queue_id}: to=<destinataire{rng.randrange(10**6)}@exterieur.test>,"
            f" relay={relay}, delay=0.{wait}, delays=0.{wait - 5:02}/0.01/0.2/0.35,"
            f" dsn={'2.0.0' if reply[0] == 's' else '4.7.1'}, status={reply.format(relay)}"
        ),
        f"postfix/qmgr[812]: {queue_id}: removed",
    ]


def _inbound(rng: random.Random, number: int) -> list[str]:
    queue_id, client, recipient = _queue_id(number), _outside(rng), _account(rng)
    smtpd = f"postfix/smtpd[{5000 + rng.randrange(60)}]"
    sender = f"expediteur{rng.randrange(10**6)}@fournisseur.test"
    return [
        f"{smtpd}: connect from {client}",
        f"{smtpd}: Anonymous TLS connection established from {client}: {_TLS}",
        f"{smtpd}: {queue_id}: client={client}",
        (
            f"postfix/cleanup[{3100 + rng.randrange(10)}]: {queue_id}:"
            f" message-id=<{rng.getrandbits(128):032x}.{number}@courrier.test>"
        ),
        _active(queue_id, sender, rng.randrange(900, 900_000)),
        _lmtp(rng, queue_id, recipient),
        f"postfix/qmgr[812]: {queue_id}: removed",
        (
            f"{smtpd}: disconnect from {client} ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1"
            " commands=7"
        ),
    ]


def _wrong_password(rng: random.Random, number: int) -> list[str]:
    client, smtpd = _outside(rng), f"postfix/submission/smtpd[{2000 + rng.randrange(40)}]"
    return [
        f"{smtpd}: connect from {client}",
        (
            f"{smtpd}: warning: {client}: SASL LOGIN authentication failed: (reason unavailable),"
            f" sasl_username=essai{number}@ville-valmont.test"
        ),
        f"{smtpd}: disconnect from {client} ehlo=1 auth=0/1 quit=1 commands=2/3",
    ]


def _refused(rng: random.Random, number: int) -> list[str]:
    client, smtpd = _outside(rng), f"postfix/smtpd[{5000 + rng.randrange(60)}]"
    recipient = _account(rng)
    text = (
        f"550 5.1.1 <{recipient}>: Recipient address rejected: User unknown in virtual mailbox"
        " table"
        if number % 3
        else f"554 5.7.1 Service unavailable; Client host [{client.rpartition('[')[2]} blocked"
        " using zen.spamhaus.org"
    )
    return [
        f"{smtpd}: connect from {client}",
        (
            f"{smtpd}: NOQUEUE: reject: RCPT from {client}: {text};"
            f" from=<promo{number}@pub.test> to=<{recipient}> proto=ESMTP helo=<mail.pub.test>"
        ),
        f"{smtpd}: disconnect from {client} ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4",
    ]


def _imap(rng: random.Random, _: int) -> list[str]:
    account, place = _account(rng), rng.randrange(200)
    session, process = f"{rng.getrandbits(64):016x}", rng.randrange(10_000, 60_000)
    return [
        (
            f"dovecot: imap-login: Login: user=<{account}>, method=PLAIN,"
            f" rip=10.{place % 7}.{place}.{rng.randrange(1, 255)}, lip=10.0.0.2,"
            f" mpid={process}, TLS, session=<{session}>"
        ),
        (
            f"dovecot: imap({account})<{process}><{session}>: Disconnected: Logged out in={place}"
            f" out={rng.randrange(10**5)} deleted=0 expunged=0 trashed=0"
        ),
    ]


def _imap_wrong(rng: random.Random, number: int) -> list[str]:
    a, b = rng.randrange(256), rng.randrange(1, 255)
    return [
        (
            "dovecot: imap-login: Disconnected: Connection closed (auth failed, 1 attempts in"
            f" 2 secs): user=<essai{number}@ville-valmont.test>, method=PLAIN, rip=203.0.{a}.{b},"
            f" lip=10.0.0.2, TLS, session=<{rng.getrandbits(64):016x}>"
        )
    ]


def _returned(rng: random.Random, number: int) -> list[str]:
    queue_id, account = _queue_id(number), f"application{rng.randrange(20)}@ville-valmont.test"
    other = queue_id.replace("4jYk", "4jYm", 1)
    cleanup = f"postfix/cleanup[{3100 + rng.randrange(10)}]"
    return [
        f"postfix/pickup[811]: {queue_id}: uid=33 from=<{account}>",
        f"{cleanup}: {queue_id}: message-id=<{rng.getrandbits(64):016x}@mx1.syndicat.test>",
        _active(queue_id, account, rng.randrange(900, 9000)),
        (
            f"postfix/smtp[4000]: {queue_id}: to=<parti{number}@exterieur.test>,"
            " relay=mx1.exterieur.test[192.0.2.9]:25, delay=0.6, delays=0.05/0.01/0.2/0.35,"
            " dsn=5.1.1, status=bounced (host mx1.exterieur.test[192.0.2.9] said: 550 5.1.1"
            f" <parti{number}@exterieur.test>: Recipient address rejected: User unknown (in reply"
            " to RCPT TO command))"
        ),
        f"postfix/bounce[4300]: {queue_id}: sender non-delivery notification: {other}",
        f"{cleanup}: {other}: message-id=<{number}.{other}@mx1.syndicat.test>",
        _active(other, "", rng.randrange(2000, 9000)),
        f"postfix/qmgr[812]: {queue_id}: removed",
        _lmtp(rng, other, account),
        f"postfix/qmgr[812]: {other}: removed",
    ]
