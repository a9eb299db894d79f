"""Journals of systemd: who may read them, where they lie, what goes wrong, what Postfix writes."""

from __future__ import annotations

import grp
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import exporters
import inventory
from deploy.estate.child import wait_until
from deploy.estate.journald import MACHINE, Journald
from deploy.estate.ports import free_base
from exporters.mailqueue.log.journal import Journal
from exporters.mailqueue.log.journalctl import Journalctl
from exporters.mailqueue.log_collector import LogCollector, LogSettings
from exporters.toolkit.collector import CollectorError, Context, Deadline
from inventory.process import system_clock


def test_mail_services_count_under_any_facility(tmp_path):
    """As systemd writes what a service says on its standard output, which needs systemd."""
    folder = tmp_path / "journal"
    folder.mkdir()
    entry = (
        "__REALTIME_TIMESTAMP={time}\n__MONOTONIC_TIMESTAMP={time}\n"
        f"_BOOT_ID={MACHINE}\n_HOSTNAME=mx1\nSYSLOG_IDENTIFIER={{ident}}\n"
        "SYSLOG_FACILITY=3\n_SYSTEMD_UNIT={unit}\nMESSAGE={unit} says\n\n"
    )
    units = ["dovecot.service", "postfix@-.service", "cron.service", "exim4.service"]
    text = "".join(
        entry.format(time=1_796_072_836_000_000 + number, ident="dovecot", unit=unit)
        for number, unit in enumerate(units)
    )
    subprocess.run(
        ["/lib/systemd/systemd-journal-remote", "-o", folder / "remote.journal", "-"],
        input=text.encode(),
        check=True,
        capture_output=True,
        timeout=20,
    )
    follower = Journal(Journalctl(folder), {"cursor": ""}, 0)
    lines = b"".join(block for block, _ in follower.blocks()).decode().splitlines()
    assert lines == [
        f"2026-11-30T21:07:16.00000{number}+00:00 mx1 dovecot: {unit} says"
        for number, unit in enumerate(units)
        if unit != "cron.service"
    ]


def error_of(follower):
    with pytest.raises(CollectorError) as raised:
        list(follower.blocks())
    return str(raised.value)


READ_AS = """
import sys
from pathlib import Path
from exporters.mailqueue.log.journal import Journal
from exporters.mailqueue.log.journalctl import Journalctl
from exporters.mailqueue.log_collector import LogCollector, LogSettings
from exporters.toolkit.collector import CollectorError, Context, Deadline
follower = Journal(Journalctl(Path(sys.argv[1]) if sys.argv[1:] else None), {"cursor": ""}, 0)
try:
    print(sum(block.count(b"\\n") for block, _ in follower.blocks()))
except CollectorError as error:
    print(error)
"""


@pytest.fixture
def read_as(open_folder, journald):
    """Reads the journal in a process with less rights: the number of lines, or the error."""
    code = readable_copy(open_folder / "code")

    def read(*identity, directory=()):
        done = subprocess.run(
            journald.inside("setpriv", *identity, *code, "-c", READ_AS, *directory),
            capture_output=True,
            check=True,
            text=True,
            timeout=20,
            cwd="/",
        )
        return done.stdout.strip()

    return read


def readable_copy(folder):
    """The command that runs Python with a copy of the code that anybody may read."""
    for package in (exporters, inventory):
        shutil.copytree(
            Path(package.__file__).parent,
            folder / package.__name__,
            ignore=shutil.ignore_patterns("__pycache__"),
            dirs_exist_ok=True,
        )
    path = os.pathsep.join([str(folder), *(p for p in sys.path if "site-packages" in p)])
    return [
        "env",
        f"PYTHONPATH={path}",
        "PYTHONDONTWRITEBYTECODE=1",
        os.path.realpath(sys.executable),
    ]


def test_the_right_to_read_is_asked_for_and_a_group_is_enough(journald, follow, read_as, sees):
    journald.log("one")
    sees(follow({"cursor": ""}), "one")
    nobody = ("--reuid", "nobody", "--regid", "nogroup")
    machine = journald.directory / MACHINE
    refusal = r"journal de systemd illisible .*groupe systemd-journal \(ou adm\)"
    machine.chmod(0o750)
    assert re.fullmatch(refusal, read_as(*nobody, "--clear-groups"))
    machine.chmod(0o755)  # but not its files
    assert re.fullmatch(refusal, read_as(*nobody, "--clear-groups", directory=[machine]))
    # What systemd-tmpfiles does on a machine that boots.
    group = grp.getgrnam("systemd-journal").gr_gid
    machine.chmod(0o2755)
    for path in (machine, *machine.iterdir()):
        os.chown(path, 0, group)
    assert read_as(*nobody, "--groups", "systemd-journal") == "1"


def test_a_journal_moved_from_memory_to_disk_is_the_same_journal(open_folder):
    """At boot, once /var is there."""
    journald = Journald(open_folder, storage="auto")
    try:
        for number in range(3):
            journald.log(f"line {number}")
        wait_until(lambda: len(inside(journald, {"cursor": ""})[0]) == 3, "3 lines")
        _, position = inside(journald, {"cursor": ""})
        (journald.folder / "disk" / MACHINE).mkdir()
        journald.child.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: list(journald.folder.glob("disk/*/system.journal")), "on disk")
        memory = Path(f"/proc/{journald.child.pid}/root/run/log/journal/{MACHINE}")
        wait_until(lambda: not memory.exists(), "moved")
        journald.log("line 3")
        found = []

        def goes_on():
            nonlocal position
            lines, position = inside(journald, position)
            found.extend(lines)
            return found

        wait_until(goes_on, "line 3")
        assert [line.rpartition(": ")[2] for line in found] == ["line 3"]
    finally:
        journald.stop()


def inside(journald, position):
    """(lines, new position) as the machine's own journal, memory and disk together."""
    done = subprocess.run(
        journald.inside(sys.executable, "-c", READ_FROM, json.dumps(position)),
        capture_output=True,
        check=True,
        timeout=20,
    )
    return json.loads(done.stdout)


READ_FROM = """
import json, sys
from exporters.mailqueue.log.journal import Journal
from exporters.mailqueue.log.journalctl import Journalctl
follower = Journal(Journalctl(None), json.loads(sys.argv[1]), 0)
lines = b"".join(block for block, _ in follower.blocks()).decode().splitlines()
json.dump([lines, follower.position()], sys.stdout)
"""


FIRST = (
    f"__REALTIME_TIMESTAMP=1796072836000000\n__MONOTONIC_TIMESTAMP=1\n_BOOT_ID={MACHINE}\n"
    "SYSLOG_IDENTIFIER=postfix/smtpd\nSYSLOG_PID=7\nSYSLOG_FACILITY=2\nMESSAGE=one\n\n"
).encode()


def test_no_journal_is_an_error_and_one_that_comes_later_is_new(open_folder, tmp_path, said):
    absent = Journal(Journalctl(tmp_path / "absent"), None, 100)
    assert "pas de journal de systemd dans" in error_of(absent)
    (tmp_path / "absent").mkdir()
    subprocess.run(
        ["/lib/systemd/systemd-journal-remote", "-o", tmp_path / "absent" / "a.journal", "-"],
        input=FIRST,
        check=True,
        capture_output=True,
        timeout=20,
    )
    assert said(absent.blocks()) == ["one"]
    (tmp_path / "empty").mkdir()
    assert "systemd-journald en marche" in error_of(
        Journal(Journalctl(tmp_path / "empty"), None, 9)
    )


def test_a_command_that_is_missing_fails_or_hangs_is_an_error(journald, follow, tmp_path, sees):
    journald.log("one")
    position = {"cursor": ""}
    sees(follow(position), "one")
    assert "le paquet systemd" in error_of(follow(position, command="/absent/journalctl"))
    command = tmp_path / "journalctl"
    command.write_text("#!/bin/sh\necho 'Failed: ouch' >&2\nexit 1\n")
    command.chmod(0o755)
    assert "illisible (Failed: ouch)" in error_of(follow(position, command=str(command)))
    command.write_text("#!/bin/sh\necho nonsense\necho\n")
    assert "réponse incomprise" in error_of(follow(position, command=str(command)))
    pids = tmp_path / "pids"
    command.write_text(f"#!/bin/sh\nsleep 60 & echo $$ $! > {pids}\nwait\n")
    assert "muet depuis 0.5 s" in error_of(follow(position, command=str(command), patience=0.5))
    for pid in pids.read_text().split():
        wait_until(lambda pid=pid: ended(int(pid)), f"the end of {pid}")


def ended(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


SUBMIT = """
import subprocess, sys
from pathlib import Path
from deploy.estate.mail import MailServer
from deploy.estate.ports import Ports
from deploy.estate.submit import submit

class ByTheJournal(MailServer):
    def _prepare(self):
        super()._prepare()
        subprocess.run(["postconf", "-c", self.config_directory, "-e", "maillog_file="], check=True)

alice = "alice@ville-valmont.test"
folder, base = Path(sys.argv[1]), int(sys.argv[2])
slow = {"slow_domains": ["lent.test"], "slow_seconds": 1}
server = ByTheJournal(folder, Ports(base), {alice: "secret"}, active_limit=20, **slow)
server.start()
try:
    for number in range(3):
        to = ["a@dest.test", "b@dest.test"]
        submit(server.ports, alice, "secret", to, message_id=f"{number}@v.test")
    server.wait_empty(20)
finally:
    server.stop()
"""


def test_a_real_postfix_without_a_log_file_is_counted_from_the_journal(
    journald, open_folder, tmp_path, example_inventory
):
    """Debian 12 without rsyslog: what is in the journal is all there is."""
    settings = LogSettings(source="journal", journal_directory=journald.directory)
    context = Context(example_inventory, system_clock, tmp_path)
    first = LogCollector(settings, context)
    list(first.collect(Deadline.after(5)))
    done = subprocess.run(
        journald.inside(sys.executable, "-c", SUBMIT, open_folder / "mail", str(free_base())),
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert not done.returncode, done.stderr
    first.close()  # the next process goes on from where this one began
    collector = LogCollector(settings, context)
    counted = {}

    def all_left():
        for family in collector.collect(Deadline.after(5)):
            counted.update({(s.name, *sorted(s.labels.values())): s.value for s in family.samples})
        return counted["mailqueue_removed_messages_total",] >= 3

    try:
        wait_until(all_left, "3 messages removed")
    finally:
        collector.close()
    assert counted["mailqueue_submitted_messages_total", "valmont"] == 3
    assert counted["mailqueue_submitted_recipients_total", "valmont"] == 6
    assert counted["mailqueue_delivery_attempts_total", "", "sent"] == 6
    assert counted["mailqueue_log_unparsed_lines_total",] == 0
    assert counted["mailqueue_log_source_info", "journal"] == 1
