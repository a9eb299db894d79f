from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import exporters
import inventory
from deploy.estate.child import EstateError, wait_until
from deploy.estate.submit import Session
from exporters.mailqueue.queue.ladder import Ladder
from exporters.mailqueue.queue.postqueue import Postqueue
from exporters.mailqueue.queue.showq import Showq
from exporters.mailqueue.queue.snapshot import ReadFailed
from exporters.mailqueue.queue.walk import Walk
from exporters.toolkit.collector import CollectorError

ALICE, BRUNO = "alice@ville-valmont.test", "bruno@brecourt.test"
QUEUES = ("incoming", "active", "deferred", "hold", "corrupt", "maildrop")
READ_ONCE = """
import json, sys, time
from pathlib import Path
from exporters.mailqueue.queue.ladder import Ladder
from exporters.mailqueue.queue.postqueue import Postqueue
from exporters.mailqueue.queue.showq import Showq
from exporters.mailqueue.queue.snapshot import ReadFailed
from exporters.mailqueue.queue.walk import Walk
spool, config = map(Path, sys.argv[1:])
readers = [Walk(spool, time.time, 1000), Showq(spool, 5), Postqueue(config, 5)]
try:
    found = [*Ladder(readers).read()][-1]
    print(json.dumps([found.method, {n: s.messages for n, s in found.queues.items()}]))
except ReadFailed as failure:
    print(json.dumps(["", str(failure)]))
"""


def sees(scrape, collector, wanted, seconds=10):
    """Scrape until the readings are as wanted: a scan may be a second old."""
    last = []

    def check():
        last[:] = [scrape(collector)]
        return wanted(last[0])

    try:
        wait_until(check, "readings", seconds)
    except EstateError:
        pytest.fail(f"{[s for s in last[0].samples if 'by_age' not in s.name]}")
    return last[0]


def queue_up(mail, passwords, count=12, account=ALICE):
    mail.stop_fast_relay()
    with Session(mail.ports, account, passwords[account]) as session:
        for number in range(count):
            recipients = [f"a{n}@dest.test" for n in range(3)]
            session.send(recipients, message_id=f"{number}@vigie.test", size=5000)
    wait_until(lambda: mail.queue_counts()["deferred"] == count, "deferred", 15)


def postfix(mail, *command):
    subprocess.run(
        [command[0], "-c", mail.config_directory, *command[1:]], check=True, capture_output=True
    )


def test_an_empty_queue_is_zero_and_a_full_one_is_counted_to_the_message(
    mail, mailqueue, scrape, passwords
):
    readings = scrape(mailqueue)
    assert readings("mailqueue_up", instance_name="postfix") == 1
    assert readings("mailqueue_reader_info", method="walk") == 1
    assert readings("mailqueue_active_limit_messages") == 20
    for queue in QUEUES:
        assert readings("mailqueue_messages", queue=queue) == 0
        assert readings("mailqueue_oldest_age_seconds", queue=queue) == 0

    queue_up(mail, passwords)
    readings = sees(
        scrape, mailqueue, lambda now: now("mailqueue_messages", queue="deferred") == 12
    )
    assert 12 * 5000 < readings("mailqueue_bytes", queue="deferred") < 12 * 7000
    assert readings("mailqueue_messages_by_age", queue="deferred", age="5m") == 12
    assert readings("mailqueue_attribution_ratio") == 1
    who = {"account": ALICE, "member": "valmont"}
    assert readings("mailqueue_account_queued_messages", **who) == 12
    assert readings("mailqueue_account_queued_recipients", **who) == 36
    assert readings("mailqueue_account_queued_client_addresses", **who) == 1
    assert readings("mailqueue_account_queued_ratio", **who) == 1
    # A retry moves the file's times; the arrival stays.
    first = readings("mailqueue_oldest_age_seconds", queue="deferred")
    mail.retry_deferred()
    wait_until(lambda: mail.log.read_text().count("(queue active)") == 24, "retry", 10)
    wait_until(lambda: mail.queue_counts()["deferred"] == 12, "deferred again", 15)
    again = scrape(mailqueue)("mailqueue_oldest_age_seconds", queue="deferred")
    assert first < again < first + 30

    before = time.time()
    postfix(mail, "postsuper", "-h", "ALL")
    readings = sees(scrape, mailqueue, lambda now: now("mailqueue_messages", queue="hold") == 12)
    assert readings("mailqueue_messages", queue="deferred") == 0
    assert readings("mailqueue_account_held_messages", **who) == 12
    since = readings("mailqueue_account_held_since_timestamp_seconds", **who)
    assert before - 1 < since < time.time()


def test_when_mail_was_held_is_known_after_a_restart_from_the_files(mail, passwords):
    queue_up(mail, passwords, count=2)
    before = time.time()
    postfix(mail, "postsuper", "-h", "ALL")
    found = [*Walk(mail.queue_directory, lambda: 0.0, 1000).read()][-1]
    assert before - 1 < found.held[ALICE].since < time.time() + 1


def test_walk_showq_and_postqueue_give_the_same(mail, passwords):
    queue_up(mail, passwords, count=6)
    ids = json_of_postqueue(mail)
    for name in ids[:2]:
        postfix(mail, "postsuper", "-h", name["queue_id"])
    found = {
        reader.method: [*reader.read()][-1]
        for reader in (
            Walk(mail.queue_directory, time.time, 1000),
            Showq(mail.queue_directory),
            Postqueue(mail.config_directory),
        )
    }
    for snapshot in found.values():
        counts = {name: state.messages for name, state in snapshot.queues.items()}
        counts.pop("corrupt", None)
        assert counts == {"incoming": 0, "active": 0, "deferred": 4, "hold": 2, "maildrop": 0}
    for queue in ("deferred", "hold"):
        walk, showq, postqueue = (snapshot.queues[queue] for snapshot in found.values())
        assert showq == postqueue
        # showq tells the size of the content, the walk that of the file around it.
        assert showq.bytes < walk.bytes < showq.bytes + 2000 * walk.messages
        # They give whole seconds of the start of the transaction, a moment before the id.
        for exact, rounded in zip(walk.arrivals, showq.arrivals, strict=True):
            assert 0 <= exact - rounded < 2


def json_of_postqueue(mail):
    said = subprocess.run(
        ["postqueue", "-c", mail.config_directory, "-j"], check=True, capture_output=True
    )
    return [json.loads(line) for line in said.stdout.splitlines()]


@pytest.fixture
def read_as(mail, open_folder):
    """Reads with the code of this checkout as another user, who may not even traverse to it."""
    code = open_folder / "code"
    for package in (exporters, inventory):
        shutil.copytree(
            Path(package.__file__).parent,
            code / package.__name__,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    python = os.path.realpath(sys.executable)
    path = os.pathsep.join([str(code), *(p for p in sys.path if "site-packages" in p)])

    def read(*identity, config=mail.config_directory, shell=()):
        done = subprocess.run(
            [*shell, "setpriv", *identity, python, "-c", READ_ONCE, mail.queue_directory, config],
            capture_output=True,
            env={"PYTHONPATH": path, "PATH": os.environ["PATH"]},
            cwd="/",
            check=True,
            timeout=20,
        )
        return json.loads(done.stdout)

    return read


def modes(folder):
    found = {}
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            found[path] = (path.stat().st_mode, path.stat().st_uid, path.stat().st_gid)
    return found


def test_the_ladder_steps_down_with_the_rights_and_changes_none(mail, passwords, read_as):
    queue_up(mail, passwords, count=3)
    before = modes(mail.queue_directory)
    as_nobody = ("--reuid", "nobody", "--regid", "nogroup")
    method, counts = read_as("--reuid", "postfix", "--regid", "postfix", "--clear-groups")
    assert (method, counts["deferred"]) == ("walk", 3)
    method, counts = read_as(*as_nobody, "--groups", "postdrop")
    assert (method, counts["deferred"]) == ("showq", 3)
    # In /etc/postfix, where anybody may ask for it, only as this process sees the files.
    there = Path("/etc/postfix")
    mounted = f'mount --bind "{mail.config_directory}" {there} && exec "$@"'
    private = ("unshare", "--mount", "sh", "-c", mounted, "sh")
    method, counts = read_as(*as_nobody, "--clear-groups", config=there, shell=private)
    assert (method, counts["deferred"]) == ("postqueue", 3)
    method, said = read_as(*as_nobody, "--clear-groups")
    assert method == ""
    for step in ("incoming illisible", "groupe postdrop", "postqueue -c"):
        assert step in said
    after = modes(mail.queue_directory)
    assert {path: after.get(path, mode) for path, mode in before.items()} == before


def test_a_stopped_postfix_is_walked_and_is_an_error_to_those_who_may_only_ask(mail, passwords):
    queue_up(mail, passwords, count=3)
    spool = mail.queue_directory
    mail.stop()
    assert [*Walk(spool, time.time, 1000).read()][-1].messages == 3
    with pytest.raises(ReadFailed):
        [*Ladder([Showq(spool)]).read()]


def test_nothing_is_lost_or_counted_twice_while_mail_flows(mail, mailqueue, scrape, passwords):
    """Files come, move and vanish during the scans."""
    with Session(mail.ports, BRUNO, passwords[BRUNO]) as session:
        for number in range(60):
            session.send(["x@dest.test"], message_id=f"{number}@vigie.test")
            readings = scrape(mailqueue)
            assert (
                sum(readings("mailqueue_messages", queue=queue) for queue in QUEUES) <= number + 1
            )
    mail.wait_empty(20)
    readings = sees(
        scrape,
        mailqueue,
        lambda now: not any(now("mailqueue_messages", queue=queue) for queue in QUEUES),
    )
    assert readings("mailqueue_account_queued_messages", account=BRUNO) is None
    assert all(readings("mailqueue_bytes", queue=queue) == 0 for queue in QUEUES)


def test_a_queue_that_cannot_be_read_is_an_error_never_a_zero(mail, mailqueue, scrape):
    scrape(mailqueue)
    (mail.queue_directory / "hold").rename(mail.queue_directory / "hold.away")
    try:
        with pytest.raises(CollectorError, match="hold illisible"):
            wait_until(lambda: scrape(mailqueue) is None, "error", 10)
    finally:
        (mail.queue_directory / "hold.away").rename(mail.queue_directory / "hold")
