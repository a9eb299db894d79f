"""The log parser and Debian's exporter on one mixed log: who sees what, and for how much CPU.

Run with -s to see the table; --long reads a million lines, the sample a tenth.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from mail_syndicate.mixed_log import Mix, mixed_log

from deploy.estate.child import wait_until
from deploy.estate.exporters import ExporterProcess, start_debian_postfix_exporter
from exporters.mailqueue.log.events import LoggedIn, MailEvent, Unparsed
from exporters.mailqueue.log.postfix import mail_events
from exporters.mailqueue.log.stamp import StampReader

NOW = datetime(2026, 5, 10, tzinfo=UTC)
BLOCK = 1 << 20


def blocks_of(log: bytes) -> list[bytes]:
    """Whole lines, a mebibyte or so at a time, as the collector reads them."""
    found, start = [], 0
    while start < len(log):
        end = log.rfind(b"\n", start, start + BLOCK) + 1
        found.append(log[start:end])
        start = end
    return found


def events_of(blocks: list[bytes]) -> Iterator[MailEvent | Unparsed]:
    stamps = StampReader(lambda: NOW, UTC)
    for block in blocks:
        yield from mail_events(block, stamps)


def kind_of(event: MailEvent | Unparsed) -> str:
    if isinstance(event, LoggedIn):
        return f"LoggedIn {event.service} {event.success}"
    return type(event).__name__


def best_cpu(work: Callable[[], object]) -> float:
    """CPU seconds, the best of three."""
    times = []
    for _ in range(3):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def drain(blocks: list[bytes]) -> None:
    for _ in events_of(blocks):
        pass


def split(blocks: list[bytes]) -> None:
    for block in blocks:
        for _ in block.split(b"\n"):
            pass


def as_bsd(line: str) -> str:
    """The same line with the stamp syslog daemons wrote before: ``May  1 00:00:00``."""
    stamp, _, rest = line.partition(" ")
    return f"May {int(stamp[8:10]):2} {stamp[11:19]} {rest}"


def sum_of(debian: ExporterProcess, name: str) -> float:
    return sum(float(line.rpartition(" ")[2]) for line in debian.scrape().lines(name))


@pytest.mark.series
@pytest.mark.timeout(300)
def test_every_event_of_a_mixed_log_is_seen_at_a_fraction_of_debians_cost(
    long, open_folder, record_property
):
    mix = Mix() if long else Mix().tenth()
    lines = list(mixed_log(mix))
    log = "".join(lines).encode()
    count, blocks = len(lines), blocks_of(log)
    bsd = blocks_of("".join(map(as_bsd, lines)).encode())

    # Exact: with either stamp, every kind of event as often as it was written.
    for form in (blocks, bsd):
        assert Counter(map(kind_of, events_of(form))) == mix.events
    if long:
        assert (count, mix.submissions, mix.wrong_passwords) == (1_000_005, 50_094, 6_431)

    rows = [f"{count} lines of {len(log) / count:.0f} bytes{'':<20}{'lines/s of CPU':>16}"]

    def row(what: str, seconds: float) -> float:
        rows.append(f"{what:<50}{count / seconds:>16,.0f}")
        return seconds

    row("split into lines, nothing else", best_cpu(lambda: split(blocks)))
    ours = row("ours, every event (RFC 3339 stamps)", best_cpu(lambda: drain(blocks)))
    ours_bsd = row("ours, every event (BSD stamps)", best_cpu(lambda: drain(bsd)))

    # Debian's follows the file from its end: it is started first.
    path = open_folder / "mail.log"
    path.touch()
    debian = start_debian_postfix_exporter(open_folder, open_folder, path)
    try:
        debian.scrape()
        start = debian.cpu()
        path.write_bytes(log)
        removed = "postfix_qmgr_messages_removed_total"
        wait_until(lambda: sum_of(debian, removed) == mix.events["Removed"], "read it all", 200)
        theirs = row("Debian's prometheus-postfix-exporter", debian.cpu() - start)
        submitted = sum_of(debian, 'postfix_smtpd_messages_processed_total{sasl_method="PLAIN"')
        failures = sum_of(debian, "postfix_smtpd_sasl_authentication_failures_total")
    finally:
        debian.stop()
    rows += [
        f"{'':<50}{'ours':>8}{'Debian':>8}",
        f"{'authenticated submissions':<50}{mix.submissions:>8}{submitted:>8.0f}",
        f"{'wrong passwords at submission':<50}{mix.wrong_passwords:>8}{failures:>8.0f}",
        f"load of the machine: {os.getloadavg()[0]:.1f}",
    ]
    table = "\n".join(rows)
    record_property("series", table)
    print(f"\n{table}")

    assert (submitted, failures) == (0, 0)
    # Of this very run, in CPU time: what holds on a busy machine too.
    assert max(ours, ours_bsd) < theirs
