"""The collectors on a real Exim: what they say is what ``exim -bp`` says and what was sent."""

from __future__ import annotations

import json
import os
import shutil
import smtplib
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import exporters
import inventory
from deploy.estate.child import EstateError, wait_until
from deploy.estate.exim import EximServer
from deploy.estate.exim_config import FULL_LOG, EximSettings
from deploy.estate.exim_package import exim_program
from deploy.estate.ports import LOOPBACK, Ports, free_base
from deploy.estate.submit import Session, submit
from exporters.mailqueue.exim.spool import Spool
from exporters.mailqueue.log.settings import LogSettings
from exporters.mailqueue.log_collector import LogCollector
from exporters.mailqueue.queue_collector import QueueCollector, QueueSettings
from exporters.toolkit.collector import Context
from inventory.process import system_clock

ALICE, BRUNO = "alice@ville-valmont.test", "bruno@brecourt.test"
DEBIANS_LOG = "+smtp_protocol_error +smtp_syntax_error +tls_certificate_verified +tls_peerdn"
WHO = {"account": ALICE, "member": "valmont"}


@pytest.fixture(scope="session")
def program():
    return exim_program(Path(__file__).parents[3] / "build" / "exim")


@pytest.fixture
def start_exim(open_folder, program, passwords):
    started = []

    def start(**settings):
        folder = open_folder / f"exim{len(started)}"
        server = EximServer(
            EximSettings(folder, Ports(free_base()), **settings), program, passwords
        )
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def queue_of(example_inventory):
    built = []

    def build(server):
        settings = QueueSettings(
            mta="exim", queue_directory=server.spool, scan_interval="1s", floor_messages=1
        )
        built.append(QueueCollector(settings, Context(example_inventory, system_clock)))
        return built[-1]

    yield build
    for collector in built:
        collector.close()


@pytest.fixture
def log_of(example_inventory, tmp_path):
    built = []

    def build(server):
        settings = LogSettings(mta="exim", path=server.log)
        built.append(LogCollector(settings, Context(example_inventory, system_clock, tmp_path)))
        return built[-1]

    yield build
    for collector in built:
        collector.close()


def sees(scrape, collector, wanted, seconds=15):
    """Scrape until the readings are as wanted."""
    last = []

    def check():
        last[:] = [scrape(collector)]
        return wanted(last[0])

    try:
        wait_until(check, "readings", seconds)
    except EstateError:
        pytest.fail(str([s for s in last[0].samples if s.value and "by_age" not in s.name]))
    return last[0]


def queues(readings):
    return {
        queue: readings("mailqueue_messages", queue=queue)
        for queue in ("incoming", "active", "deferred", "hold", "corrupt")
    }


def expect(scrape, collector, **counts):
    wanted = {"incoming": 0, "active": 0, "deferred": 0, "hold": 0, "corrupt": 0, **counts}
    return sees(scrape, collector, lambda now: queues(now) == wanted)


def queue_up(server, passwords, count, **session):
    server.stop_relay()
    with Session(server.ports, ALICE, passwords[ALICE], **session) as thief:
        for number in range(count):
            recipients = [f"a{n}@dest.test" for n in range(3)]
            thief.send(recipients, message_id=f"{number}@vigie.test", size=3000)


def test_the_queue_is_what_exim_says_it_is(start_exim, queue_of, scrape, passwords):
    server = start_exim()
    collector = queue_of(server)
    readings = expect(scrape, collector)
    assert readings("mailqueue_up", instance_name="exim") == 1
    assert readings("mailqueue_messages", queue="maildrop") is None

    queue_up(server, passwords, 6, source_address="127.0.9.1")
    readings = expect(scrape, collector, deferred=6)
    assert server.count() == 6
    assert readings("mailqueue_account_queued_messages", **WHO) == 6
    assert readings("mailqueue_account_queued_recipients", **WHO) == 18
    assert readings("mailqueue_account_queued_client_addresses", **WHO) == 1
    files = sum(path.stat().st_size for path in server.spool.glob("input/**/*-[HD]"))
    assert readings("mailqueue_bytes", queue="deferred") == files
    first = readings("mailqueue_oldest_age_seconds", queue="deferred")
    server.run_queue()
    again = scrape(collector)("mailqueue_oldest_age_seconds", queue="deferred")
    assert first < again < first + 30

    before = int(time.time())
    held, released, *_ = server.queue()
    server.exim("-Mf", held, released)
    readings = expect(scrape, collector, deferred=4, hold=2)
    assert sum(server.queue().values()) == 2
    assert readings("mailqueue_account_held_messages", **WHO) == 2
    since = readings("mailqueue_account_held_since_timestamp_seconds", **WHO)
    assert before <= since <= time.time()
    found = [*Spool(server.spool, time.time, 1000).read()][-1]
    assert found.held[ALICE].since == since

    server.exim("-Mt", released)
    expect(scrape, collector, deferred=5, hold=1)
    server.exim("-Mrm", held)
    expect(scrape, collector, deferred=5)
    server.start_relay()
    server.run_queue()
    expect(scrape, collector)
    assert server.count() == 0


def test_mail_that_nobody_tried_to_deliver_is_incoming(start_exim, queue_of, scrape):
    server = start_exim(split=False)
    collector = queue_of(server)
    # -odq: only queued. It came from a program of this host, and from no account.
    server.exim("-odq", "-f", "cron@x.test", "b@dest.test", text="Subject: x\n\nx\n")
    readings = expect(scrape, collector, incoming=1)
    assert readings("mailqueue_account_queued_messages", account="unauthenticated") == 1
    server.stop_relay()
    server.run_queue()
    expect(scrape, collector, deferred=1)


def test_mail_that_is_being_delivered_is_active(start_exim, queue_of, scrape, passwords):
    server = start_exim()
    collector = queue_of(server)
    server.stop_relay()
    server.start_relay(seconds=4)
    with Session(server.ports, ALICE, passwords[ALICE]) as session:
        for number in range(3):
            session.send(["a@dest.test"], message_id=f"{number}@vigie.test")
    expect(scrape, collector, active=3)
    expect(scrape, collector)
    assert server.count() == 0


READ_ONCE = """
import json, sys, time
from pathlib import Path
from exporters.mailqueue.exim.spool import Spool
from exporters.mailqueue.queue.snapshot import NotPermitted
try:
    print(json.dumps([*Spool(Path(sys.argv[1]), time.time, 100).read()][-1].messages))
except NotPermitted as refusal:
    print(json.dumps(str(refusal)))
"""


@pytest.fixture
def read_as(open_folder):
    """Reads a spool with the code of this checkout as the user nobody, in this group."""
    code = open_folder / "code"
    for package in (exporters, inventory):
        shutil.copytree(Path(package.__file__).parent, code / package.__name__)
    path = os.pathsep.join([str(code), *(p for p in sys.path if "site-packages" in p)])
    nobody = ("setpriv", "--reuid", "nobody", "--regid", "nogroup", "--groups")

    def read(spool, group):
        done = subprocess.run(
            [*nobody, group, os.path.realpath(sys.executable), "-c", READ_ONCE, spool],
            capture_output=True,
            env={"PYTHONPATH": path, "PATH": os.environ["PATH"]},
            cwd="/",
            check=True,
            timeout=20,
        )
        return json.loads(done.stdout)

    return read


def test_the_group_of_exim_may_read_others_are_told_so_and_nothing_is_changed(
    start_exim, passwords, read_as
):
    server = start_exim()
    queue_up(server, passwords, 2)
    wait_until(lambda: server.count() == 2, "queued", 10)
    paths = [server.spool, *server.spool.glob("input/**/*[!J]")]
    before = [(path.lstat().st_mode, path.lstat().st_uid) for path in paths]
    assert read_as(server.spool, "Debian-exim") == 2
    assert "attendu : le droit de lecture (le groupe Debian-exim" in read_as(
        server.spool, "nogroup"
    )
    assert [(path.lstat().st_mode, path.lstat().st_uid) for path in paths] == before


@pytest.mark.parametrize("log_selector", [FULL_LOG, DEBIANS_LOG])
def test_the_log_is_counted_exactly_and_the_flooding_account_named(
    start_exim, log_of, scrape, passwords, log_selector
):
    server = start_exim(log_selector=log_selector)
    collector = log_of(server)
    submit(server.ports, BRUNO, passwords[BRUNO], ["un@dest.test"], message_id="h@vigie.test")
    with pytest.raises(smtplib.SMTPAuthenticationError):
        submit(server.ports, ALICE, "faux", ["x@dest.test"], message_id="f@vigie.test")
    with ThreadPoolExecutor(10) as places:
        list(places.map(lambda network: theft(server, passwords[ALICE], network), range(20)))
    stranger(server)

    wanted = {"valmont": 120, "brecourt": 1}
    readings = sees(
        scrape,
        collector,
        lambda now: (
            all(
                now("mailqueue_submitted_recipients_total", member=member) == count
                for member, count in wanted.items()
            )
            and now("mailqueue_removed_messages_total") == 42
        ),
    )
    assert readings("mailqueue_submitted_messages_total", member="valmont") == 20
    assert readings("mailqueue_received_messages_total") == 1
    assert readings("mailqueue_notifications_total", kind="non_delivery") == 20
    sent = [
        readings("mailqueue_delivery_attempts_total", status="sent", member=member)
        for member in ("valmont", "")
    ]
    # Twenty notices and a stranger's message came to Valmont, 101 messages left.
    assert sent == [21, 101]
    failures = {"status": "bounced", "reason": "unknown_user"}
    assert readings("mailqueue_delivery_failures_total", **failures) == 20
    assert readings("mailqueue_rejected_recipients_total", reason="relay_denied") == 1
    assert readings("mailqueue_rejected_recipients_total", reason="unknown_user") == 1
    # smtplib tries the password with PLAIN, then with LOGIN.
    refused = {"service": "smtp", "member": "valmont"}
    assert readings("mailqueue_authentication_failures_total", **refused) == 2
    assert readings("mailqueue_log_unparsed_lines_total") == 0
    assert readings("mailqueue_account_recent_client_addresses", window="2m", **WHO) == 20
    assert readings("mailqueue_account_recent_recipients", window="2m", **WHO) == 120
    assert readings("mailqueue_account_compromised", **WHO) == 1
    assert readings("mailqueue_account_score", account=BRUNO) is None


def theft(server, password, network):
    """One message of Alice's from this network, to five people and to one who does not exist."""
    address = f"127.0.{network}.9"
    recipients = [*(f"v{network}-{n}@dest.test" for n in range(5)), "r@inconnu.test"]
    with Session(server.ports, ALICE, password, source_address=address) as thief:
        thief.send(recipients, message_id=f"{network}@vigie.test")


def stranger(server):
    """Mail from outside: one message is taken, a relay attempt and an unknown user are refused."""
    with smtplib.SMTP(LOOPBACK, server.ports["smtp"], local_hostname="ailleurs.test") as session:
        people = ["x@other.test", "personne@ville-valmont.test", "alice@ville-valmont.test"]
        refused = session.sendmail("qui@ailleurs.test", people, "Subject: x\r\n\r\nx\r\n")
    assert list(refused) == people[:2]


@pytest.mark.parametrize("log_selector", [FULL_LOG, DEBIANS_LOG])
def test_retries_rotation_and_restart_count_nothing_twice_and_lose_nothing(
    start_exim, log_of, scrape, passwords, log_selector
):
    server = start_exim(log_selector=log_selector)
    collector = log_of(server)

    def count(recipients, deferred):
        def wanted(now):
            return (
                now("mailqueue_submitted_recipients_total", member="valmont") == recipients
                and now("mailqueue_delivery_attempts_total", status="deferred", member="")
                >= deferred
            )

        return sees(scrape, collector, wanted)

    queue_up(server, passwords, 2)
    count(6, deferred=6)
    time.sleep(1.1)  # the retry time of the estate's Exim
    server.run_queue()
    count(6, deferred=7)  # one address may stand for its host
    server.log.rename(server.log.with_name("mainlog.1"))  # while we watch
    queue_up(server, passwords, 1)
    count(9, deferred=9)
    collector.close()
    queue_up(server, passwords, 1)  # nobody watches
    server.log.rename(server.log.with_name("mainlog.2"))
    server.log.with_name("mainlog.1").rename(server.log.with_name("mainlog.3"))
    queue_up(server, passwords, 1)
    collector = log_of(server)
    count(15, deferred=15)
    server.start_relay()
    time.sleep(1.1)
    server.run_queue()
    wait_until(lambda: server.count() == 0, "delivered", 15)
    readings = sees(
        scrape,
        collector,
        lambda now: now("mailqueue_delivery_attempts_total", status="sent", member="") == 15,
    )
    assert readings("mailqueue_submitted_recipients_total", member="valmont") == 15
    assert readings("mailqueue_submitted_messages_total", member="valmont") == 5
    assert readings("mailqueue_removed_messages_total") == 5
    assert readings("mailqueue_log_unparsed_lines_total") == 0
