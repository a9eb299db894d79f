"""Lines per second of the log parser, beside a loop that only splits the lines (run with -s)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from exporters.mailqueue.log_line import events
from exporters.mailqueue.log_stamp import StampReader
from exporters.mailqueue.tally import Tally

NOW = datetime(2026, 5, 1, 5, tzinfo=UTC)


def _session(number: int) -> list[str]:
    queue_id = f"A{number:09X}"
    account = f"agent{number % 6000}@ville-valmont.test"
    client = f"poste[10.{number % 7}.{number % 200}.{number % 250 + 1}]"
    smtpd = f"postfix/submission/smtpd[{2000 + number % 40}]"
    sent = (
        "relay=mx.exterieur.test[192.0.2.7]:25, delay=0.61, delays=0.05/0.01/0.2/0.35,"
        " dsn=2.0.0, status=sent (250 Ok)"
    )
    return [
        f"{smtpd}: connect from {client}",
        f"{smtpd}: {queue_id}: client={client}, sasl_method=PLAIN, sasl_username={account}",
        f"postfix/cleanup[3100]: {queue_id}: message-id=<{number}.abc@ville-valmont.test>",
        f"postfix/qmgr[812]: {queue_id}: from=<{account}>, size=20481, nrcpt=2 (queue active)",
        f"{smtpd}: disconnect from {client} ehlo=2 starttls=1 auth=1 mail=1 rcpt=2 commands=9",
        f"postfix/smtp[4000]: {queue_id}: to=<a{number}@exterieur.test>, {sent}",
        f"postfix/smtp[4000]: {queue_id}: to=<b{number}@exterieur.test>, {sent}",
        f"postfix/qmgr[812]: {queue_id}: removed",
        f"postfix/smtpd[5000]: connect from unknown[198.51.100.{number % 250 + 1}]",
        (
            "postfix/smtpd[5000]: NOQUEUE: reject: RCPT from x[198.51.100.1]: 554 5.7.1 Service"
            " unavailable; from=<x@spam.test> to=<y@brecourt.test> proto=ESMTP helo=<spam>"
        ),
        (
            "postfix/smtpd[5000]: warning: x[198.51.100.1]: SASL LOGIN authentication failed:"
            " UGFzc3dvcmQ6, sasl_username=admin"
        ),
        "dovecot: imap-login: Login: user=<a@brecourt.test>, method=PLAIN, rip=10.0.0.1, TLS",
    ]


def _lines(count: int, stamp: str) -> Iterator[str]:
    for written in range(count):
        number, part = divmod(written, 12)
        second = written // 60  # sixty lines a second of the log
        clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        yield f"{stamp.format(clock=clock)} mx1 {_session(number)[part]}\n"


def _best(work: Callable[[], object]) -> float:
    """CPU seconds, the best of three."""
    times = []
    for _ in range(3):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize("stamp", ["2026-05-01T{clock}.123456+02:00", "May  1 {clock}"])
def test_the_parser_reads_hundreds_of_thousands_of_lines_a_second(stamp, long):
    count = 1_000_000 if long else 100_000
    block = "".join(_lines(count, stamp)).encode()
    tallies = []

    def whole() -> None:
        tallies.append(Tally([120, 3600], lambda _: "valmont"))
        tallies[-1].add(count, events(block, StampReader(lambda: NOW)), int(NOW.timestamp()))

    floor = _best(lambda: sum(1 for _ in block.split(b"\n")))
    parse = _best(lambda: sum(1 for _ in events(block, StampReader(lambda: NOW))))
    tally = _best(whole)
    print(
        f"\n{stamp[:8]}: split only {count / floor:,.0f} lines/s; parser {count / parse:,.0f}"
        f" ({parse / floor:.1f} x the floor); with tally {count / tally:,.0f}"
    )
    assert tallies[-1].messages["valmont"] == sum(1 for n in range(count) if n % 12 == 1)
    # Twice what was measured, and relative to the floor, so that it holds on any machine.
    assert parse / floor < 12
    assert tally / floor < 15
