"""A real systemd-journald, in a mount namespace of its own, and the journal read from it."""

from __future__ import annotations

import grp
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

import exporters
import inventory
from deploy.estate.child import start_child, wait_until
from deploy.estate.ports import free_base
from exporters.mailqueue.log.journal import Journal
from exporters.mailqueue.log.journalctl import Journalctl
from exporters.mailqueue.log_collector import LogCollector, LogSettings
from exporters.toolkit.collector import CollectorError, Context, Deadline
from inventory.process import system_clock
from inventory.process.logs import capture

MACHINE = "0123456789abcdef0123456789abcdef"
# Its own /run, /dev and journal on disk. The one in memory is a folder of ours too, for all to
# see, but for the test of what moves: journald deletes what is in memory only.
PRIVATE = """\
set -e
mount --make-rprivate /
mkdir -p "$1/dev"
mount -t tmpfs tmpfs "$1/dev"
for device in null zero full random urandom; do
    touch "$1/dev/$device"
    mount --bind "/dev/$device" "$1/dev/$device"
done
ln -s /run/systemd/journal/dev-log "$1/dev/log"
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/systemd/journald.conf.d /run/log/journal
[ "$3" = auto ] || mount --bind "$1/memory" /run/log/journal
mount --bind "$1/disk" /var/log/journal
echo "$2" > /run/machine-id
mount --bind /run/machine-id /etc/machine-id
mount --rbind "$1/dev" /dev
printf '[Journal]\\nStorage=%s\\nRateLimitIntervalSec=0\\nForwardToSyslog=no\\n' "$3" \\
    > /run/systemd/journald.conf.d/test.conf
exec /lib/systemd/systemd-journald
"""


class Journald:
    """A running systemd-journald and the journal it writes."""

    def __init__(self, folder: Path, storage: str = "volatile") -> None:
        self.folder = folder
        for name in ("memory", "disk"):
            (folder / name).mkdir(mode=0o755)
        self.directory = folder / "memory"
        self._storage = storage
        self.start()

    def start(self) -> None:
        """Start it (again), in a namespace of its own."""
        self.child = start_child(
            "systemd-journald",
            ["unshare", "--mount", "sh", "-c", PRIVATE, "sh", self.folder, MACHINE, self._storage],
            self.folder / "journald.out",
        )
        run = Path(f"/proc/{self.child.pid}/root/run")
        listens = run / "systemd" / "journal" / "dev-log"
        writes = run / "log" / "journal" / MACHINE / "system.journal"
        self.child.wait_ready(lambda: listens.is_socket() and writes.exists())
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.connect(str(listens))

    def stop(self) -> None:
        self._socket.close()
        self.child.stop()

    def kill(self) -> None:
        """As if it crashed."""
        self._socket.close()
        self.child.process.kill()
        self.child.process.wait()

    def log(
        self, message: str | bytes, ident: str = "postfix/smtpd[7]", priority: int = 22
    ) -> None:
        """What syslog(3) does; 22: facility mail."""
        stamp = datetime.now(UTC).strftime("%b %e %H:%M:%S")
        text = message if isinstance(message, bytes) else message.encode()
        self._socket.send(f"<{priority}>{stamp} {ident}: ".encode() + text)

    def rotate(self) -> None:
        """Begin new files, as it does by itself when one is full."""
        current = self.directory / MACHINE / "system.journal"
        before = current.stat().st_ino
        self.child.process.send_signal(signal.SIGUSR2)
        wait_until(lambda: current.exists() and current.stat().st_ino != before, "rotation")

    def inside(self, *command: str | Path) -> list[str | Path]:
        """The command, run where this journald is the machine's."""
        return ["nsenter", f"--mount=/proc/{self.child.pid}/ns/mnt", *command]

    def vacuum(self) -> None:
        """Let all go but the files being written."""
        for file in self.directory.glob("*/system@*"):
            file.unlink()


@pytest.fixture
def journald(open_folder):
    server = Journald(open_folder)
    yield server
    server.stop()


@pytest.fixture
def follow(journald):
    """A reader of this journal that goes on at a position saved as JSON."""

    def build(position=None, history=0, **options):
        saved = None if position is None else json.loads(json.dumps(position))
        return Journal(Journalctl(journald.directory, **options), saved, history)

    return build


def said(blocks):
    """The messages of blocks, each line checked to be whole and of the usual form."""
    found = []
    for block, past in blocks:
        assert not past
        assert block.endswith(b"\n")
        for line in block.decode().splitlines():
            head, _, message = line.partition("]: ")
            assert re.fullmatch(
                r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00 \S+ postfix/smtpd\[7", head
            )
            found.append(message)
    return found


def sees(follower, *wanted):
    """Read until all that is wanted was said: journald takes its time."""
    found = []
    wait_until(lambda: found.extend(said(follower.blocks())) or len(found) >= len(wanted), "lignes")
    assert found == [*wanted]


def test_mail_is_read_in_order_and_nothing_else(journald, follow):
    follower = follow()
    for number in range(50):
        journald.log(f"line {number}")
        journald.log("a cron job", ident="CRON[1]", priority=78)
    sees(follower, *(f"line {number}" for number in range(50)))
    assert follower.behind() == 0
    assert said(follower.blocks()) == []


def test_it_goes_on_over_restarts_rotations_and_a_vacuum_of_what_was_read(journald, follow):
    follower = follow()
    journald.log("first")
    sees(follower, "first")
    for day in range(4):
        journald.log(f"day {day}, before")
        journald.rotate()
        journald.log(f"day {day}, after")
        follower = follow(follower.position())
        sees(follower, f"day {day}, before", f"day {day}, after")
        if day == 1:
            journald.vacuum()  # the last line read is in the file that stays


def test_what_was_let_go_unread_is_said_and_nothing_comes_twice(journald, follow):
    follower = follow()
    journald.log("one")
    sees(follower, "one")
    journald.log("two, never read")
    sees(follow(follower.position()), "two, never read")  # by another: it is written
    journald.rotate()
    journald.vacuum()
    journald.log("three")
    journald.log("four")
    with capture() as logged:
        sees(follow(follower.position()), "three", "four")
    assert [entry["event"] for entry in logged] == ["journal de systemd repris plus loin"]


def test_a_journal_begun_anew_is_read_from_its_beginning(journald, follow):
    follower = follow()
    journald.log("one")
    sees(follower, "one")
    journald.stop()
    for file in journald.directory.glob("*/*"):
        file.unlink()
    journald.start()
    journald.log("two")
    with capture() as logged:
        sees(follow(follower.position()), "two")
    assert logged


def test_a_journald_that_crashes_takes_nothing_twice(journald, follow):
    follower = follow()
    for number in range(20):
        journald.log(f"line {number}")
    sees(follower, *(f"line {number}" for number in range(20)))
    journald.kill()
    journald.start()
    journald.log("back")
    sees(follower, "back")
    assert said(follow(follower.position()).blocks()) == []


def test_the_first_start_gives_what_is_there_as_the_past_and_then_what_is_new(journald, follow):
    journald.log("old")
    wait_until(lambda: any(follow(history=1 << 20).blocks()), "first line")
    follower = follow(history=1 << 20)
    journald.log("new")
    newer = follow()  # takes no past
    journald.log("newest")
    found = []
    wait_until(lambda: found.extend(follower.blocks()) or b"newest" in found[-1][0], "newest")
    past = b"".join(block for block, is_past in found if is_past)
    assert past.count(b"\n") == 1
    assert past.endswith(b": old\n")
    assert said(pair for pair in found if not pair[1]) == ["new", "newest"]
    assert said(newer.blocks())[-1] == "newest"


def test_a_restart_in_the_past_does_not_take_the_rest_of_it_for_new(journald, follow):
    for number in range(6000):
        journald.log(f"line {number} {'x' * 150}")
    wait_until(
        lambda: sum(b.count(b"\n") for b, _ in follow(history=1 << 30).blocks()) == 6000, "6000"
    )
    follower = follow(history=1 << 30)
    first, past = next(follower.blocks())
    assert past
    assert first.count(b"\n") < 6000
    rest = list(follow(follower.position()).blocks())
    assert all(past for _, past in rest)
    assert sum(block.count(b"\n") for block, _ in rest) == 6000 - first.count(b"\n")


def test_a_reader_left_at_each_block_or_restarted_there_misses_nothing(journald, follow):
    follower = follow()
    for number in range(12_000):
        journald.log(f"line {number} {'x' * 150}")
    found = []

    def one_block():
        nonlocal follower
        for pair in follower.blocks():
            found.extend(said([pair]))
            break
        if len(found) % 2:
            follower = follow(follower.position())
        return len(found) == 12_000

    wait_until(one_block, "all lines")
    assert [line.split()[1] for line in found] == [str(number) for number in range(12_000)]


def test_what_is_no_plain_text_or_very_long_stays_one_line(journald, follow):
    follower = follow()
    messages = [
        b"two\nlines\n2026-11-30T21:07:17+00:00 mx postfix/qmgr[1]: A1: removed",
        b"not utf-8 \xff\xfe",
        b"\x01 control",
        b"x" * 100_000,
        b"\n\nMESSAGE\n\x03\0\0\0\0\0\0\0abc\n\n",
    ]
    for message in messages:
        journald.log(message)
    journald.log("end")
    blocks = []
    wait_until(lambda: blocks.extend(follower.blocks()) or b": end\n" in blocks[-1][0], "end")
    lines = b"".join(block for block, _ in blocks).split(b"\n")
    assert lines.pop() == b""
    assert len(lines) == len(messages) + 1
    assert lines[0].endswith(
        b": two#012lines#0122026-11-30T21:07:17+00:00 mx postfix/qmgr[1]: A1: removed"
    )
    assert lines[1].endswith(b": not utf-8 \xff\xfe")
    assert lines[2].endswith(b": \x01 control")
    assert lines[3].endswith(b": " + messages[3])
    assert b"#012MESSAGE#012" in lines[4]


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


def test_the_right_to_read_is_asked_for_and_a_group_is_enough(journald, follow, read_as):
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


def test_no_journal_is_an_error_and_one_that_comes_later_is_new(open_folder, tmp_path):
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


def test_a_command_that_is_missing_fails_or_hangs_is_an_error(journald, follow, tmp_path):
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
