"""The mail log before a drill begins: days of honest mail, and a theft that trickles since a while.

Made, not measured: a drill cannot wait for days. The lines have the form Postfix gives them,
and everything that happens from the drill's start on is written by the real one.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from deploy.drill.theft import Theft

DAYS = 5
_OFFICE = range(8, 19)
_MAILS_A_DAY = 6
_TAKEN = "dsn=2.0.0, status=sent (250 2.0.0 Ok)"
_UNKNOWN = "dsn=5.1.1, status=bounced (host said: 550 5.1.1 User unknown)"
_Sent = tuple[datetime, str, str, int]
"""When, account, address, recipients."""


def history(homes: Mapping[str, str], now: datetime, *, seed: int = 1) -> Iterator[str]:
    """Log lines of the last days; `homes` maps accounts to addresses, `now` is the machine's time.

    Every account sends a few mails on each of the days, in office hours of the machine's zone.
    """
    rng = random.Random(seed)
    mails: list[_Sent] = []
    for age in range(DAYS, 0, -1):
        day = now - timedelta(days=age)
        for account, address in homes.items():
            for _ in range(_MAILS_A_DAY):
                when = day.replace(
                    hour=rng.choice(_OFFICE), minute=rng.randrange(60), second=rng.randrange(60)
                )
                mails.append((when, account, address, rng.choice((1, 1, 1, 2, 3))))
    for number, mail in enumerate(sorted(mails)):
        yield from _mail(f"3h{number:07d}", mail, "exterieur.test")


def trickle(theft: Theft, since: datetime, until: datetime) -> Iterator[str]:
    """The log lines of a theft from `since` on, at its pace, up to `until`.

    One recipient of each third message does not exist: a thief's lists are old.
    """
    pause = timedelta(seconds=1 / theft.message_rate)
    when, number = since, 0
    while when < until:
        address = theft.addresses[number % len(theft.addresses)]
        domain = theft.domains[number % len(theft.domains)]
        mail = (when, theft.account, address, theft.recipients_per_message)
        yield from _mail(f"3d{number:07d}", mail, domain, unknown=number % 3 == 0)
        when, number = when + pause, number + 1


def _mail(queue_id: str, sent: _Sent, domain: str, unknown: int = 0) -> Iterator[str]:
    when, account, address, recipients = sent
    stamp = f"{when:%b %e %H:%M:%S} mx1"
    yield (
        f"{stamp} postfix/submission/smtpd[812]: {queue_id}: client=unknown[{address}],"
        f" sasl_method=PLAIN, sasl_username={account}\n"
    )
    yield (
        f"{stamp} postfix/qmgr[90]: {queue_id}: from=<{account}>, size=2000,"
        f" nrcpt={recipients} (queue active)\n"
    )
    for number in range(recipients):
        outcome = _UNKNOWN if number < unknown else _TAKEN
        yield (
            f"{stamp} postfix/smtp[77]: {queue_id}: to=<n{queue_id}-{number}@{domain}>,"
            f" relay=mx.{domain}[192.0.2.7]:25, delay=0.1, delays=0.05/0/0.01/0.04, {outcome}\n"
        )
    yield f"{stamp} postfix/qmgr[90]: {queue_id}: removed\n"
