"""A real systemd-journald, in a mount namespace of its own."""

from __future__ import annotations

import signal
import socket
from datetime import UTC, datetime
from pathlib import Path

from deploy.estate.child import start_child, wait_until

MACHINE = "0123456789abcdef0123456789abcdef"
"""The machine-id this journald is told."""
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
        proc = f"/proc/{self.child.pid}"
        # Its root too: ours may be a chroot, which a mount namespace alone would leave.
        return ["nsenter", f"--mount={proc}/ns/mnt", f"--root={proc}/root", *command]

    def vacuum(self) -> None:
        """Let all go but the files being written."""
        for file in self.directory.glob("*/system@*"):
            file.unlink()
