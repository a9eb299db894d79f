"""What a full queue costs: 100,000 messages with --long, else 20,000; beside Debian's exporter.

A real Postfix, for Debian's asks its showq. The files are copies of one that this Postfix
deferred, each under an id and an account of its own.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from deploy.estate.child import wait_until
from deploy.estate.exporters import (
    cpu_seconds,
    start_debian_postfix_exporter,
    start_exporter_of,
)
from deploy.estate.mail import MailServer
from deploy.estate.ports import Ports, free_base
from deploy.estate.submit import Session
from exporters.mailqueue.queue.walk import Walk
from exporters.mailqueue.queue_id import ALPHABET

ACCOUNTS, ALICE = 6000, "alice@ville-valmont.test"
FUTURE = time.time() + 86_400


def write_messages(spool: Path, pattern: bytes, numbers: range) -> None:
    folders = [spool / "deferred" / letter for letter in "0123456789ABCDEF"]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    for number in numbers:
        micro = number * 7
        letters = "".join(ALPHABET[micro // 52**place % 52] for place in (3, 2, 1, 0))
        # Postfix looks for it in the folder of the first of five hexadecimal digits.
        path = folders[int(f"{micro:05X}"[0], 16)] / f"4jYkk9{letters}z1SQ6m"
        # Half of the queue is one account's, from many places; the rest is everybody's.
        who = b"alice@" if number % 2 else b"u%04d@" % (number // 2 % ACCOUNTS)
        path.write_bytes(pattern.replace(b"alice@", who.rjust(6, b"0")[:6]))
        path.chmod(0o700)
        shutil.chown(path, "postfix")
        # As for all deferred mail: its next attempt. The queue manager leaves it alone.
        os.utime(path, (FUTURE, FUTURE))


@pytest.fixture
def mail(open_folder):
    server = MailServer(
        open_folder / "mail",
        Ports(free_base()),
        {ALICE: "secret"},
        active_limit=20_000,
        slow_domains=["lent.test"],
        slow_seconds=1,
    )
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.mark.timeout(400)
def test_a_full_queue_costs_a_scrape_nothing_and_a_scan_little(
    mail, open_folder, long, record_property
):
    count = 100_000 if long else 20_000
    mail.stop_fast_relay()
    with Session(mail.ports, ALICE, "secret") as session:
        session.send(["a@dest.test"], message_id="modele@vigie.test", size=1000)
    wait_until(lambda: mail.queue_counts()["deferred"] == 1, "deferred", 15)
    [model] = (path for path in (mail.queue_directory / "deferred").rglob("*") if path.is_file())
    write_messages(mail.queue_directory, model.read_bytes(), range(1, count))

    rows = [f"{count} messages{'':<34}{'wall ms':>9}{'CPU ms':>9}{'RSS MB':>8}"]

    def row(what: str, wall: float | None, cpu: float | None, resident: int = 0) -> None:
        cells = (f"{value * 1e3:.1f}" if value is not None else "" for value in (wall, cpu))
        memory = f"{resident / 1e6:.0f}" if resident else ""
        rows.append(f"{what:<48}" + "".join(f"{cell:>9}" for cell in cells) + f"{memory:>8}")

    # The engine alone: what one scan takes once all is known.
    walk = Walk(mail.queue_directory, time.time, count)
    assert [*walk.read()][-1].attributed == count
    unchanged = min(cpu_of(walk) for _ in range(3))
    row("scan, nothing new", None, unchanged)
    write_messages(mail.queue_directory, model.read_bytes(), range(count, count + 300))
    changed = cpu_of(walk)
    row("scan, 300 new messages", None, changed)
    count += 300

    ours = start_exporter_of(
        open_folder / "ours",
        {
            "mailqueue": {
                "queue_directory": str(mail.queue_directory),
                "config_directory": str(mail.config_directory),
            }
        },
    )
    try:
        began, cpu = time.monotonic(), ours.cpu()
        share = 0.0
        while True:
            mark, used = time.monotonic(), ours.cpu()
            time.sleep(2.0)
            share = max(share, (ours.cpu() - used) / (time.monotonic() - mark))
            page = ours.scrape()
            if page.lines("mailqueue_attribution_ratio 1"):
                break
            assert page.lines("mailqueue_messages{")
            assert time.monotonic() - began < 90
        cold = time.monotonic() - began
        row(f"ours, cold start (most of a core: {share:.0%})", cold, ours.cpu() - cpu)
        walls = []
        for _ in range(21):
            used = ours.cpu()
            answer = ours.scrape()
            walls.append((answer.seconds, ours.cpu() - used))
            time.sleep(0.2)
        scrape, used = sorted(walls)[10]
        row("ours, a scrape (median)", scrape, used, ours.resident())
        resident = ours.resident()
        before = ours.cpu()
        time.sleep(10)
        row("ours, two scans, nobody scrapes", None, ours.cpu() - before, ours.resident())
        resident = max(resident, ours.resident())
        assert answer.lines(f'mailqueue_messages{{queue="deferred"}} {count}')
        series = [line for line in answer.page.splitlines() if line.startswith("mailqueue_")]
    finally:
        ours.stop()

    debian = start_debian_postfix_exporter(open_folder, mail.queue_directory, mail.log)
    try:
        debian.scrape(timeout=120)
        before, showq = debian.cpu(), showq_seconds(mail)
        answer = debian.scrape(timeout=120)
        own, daemon = debian.cpu() - before, showq_seconds(mail) - showq
        row("Debian's, a scrape", answer.seconds, own, debian.resident())
        row("  and showq for it", None, daemon)
        name = 'postfix_showq_message_age_seconds_count{queue="deferred"}'
        assert answer.lines(name) == [f"{name} {count}"]
        debian_seconds, debian_cpu = answer.seconds, own + daemon
    finally:
        debian.stop()
    table = "\n".join(rows)
    record_property("series", table)
    print(f"\n{table}")

    # Times are printed; asserted is only what holds on any machine: ratios of this very run.
    assert scrape < debian_seconds / 10
    assert unchanged < debian_cpu / 5
    assert changed < debian_cpu / 3
    assert resident < 100e6
    assert len(series) < 220


def cpu_of(walk: Walk) -> float:
    start = time.process_time()
    list(walk.read())
    return time.process_time() - start


def showq_seconds(mail: MailServer) -> float:
    """CPU of the showq daemons of this Postfix so far."""
    found = 0.0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes()
            here = (entry / "cwd").resolve() == mail.queue_directory
        except OSError:
            continue
        if here and line.startswith(b"showq"):
            found += cpu_seconds(int(entry.name))
    return found
