"""A guest with a real Linux and a real guest agent, small enough for a test.

Debian's kernel and ``qemu-ga`` with the libraries it needs, in an initramfs made here; the
first process is ours (`agent_guest.c`). No hardware help: it boots in about ten seconds.
The agent's state is ordered over a serial port: a stopped agent is one that hangs.
"""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.estate.child import EstateError, wait_until

AGENT = Path("/usr/sbin/qemu-ga")
MOUNTPOINT = "/srv/donnees"
DISK_BYTES = 16 * 1024**2
_SOURCE = Path(__file__).with_name("agent_guest.c")
_MODULES = (
    "virtio_ring",
    "virtio",
    "virtio_pci_modern_dev",
    "virtio_pci_legacy_dev",
    "virtio_pci",
    "virtio_blk",
    "virtio_console",
)
_DOMAIN = """\
<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>128</memory>
  <vcpu>1</vcpu>
  <os>
    <type machine='pc'>hvm</type>
    <kernel>{folder}/vmlinuz</kernel><initrd>{folder}/initrd</initrd>
    <cmdline>quiet panic=-1 nokaslr mitigations=off</cmdline>
  </os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/><source file='{folder}/disk.img'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <serial type='unix'><source mode='bind' path='{folder}/orders'/><target port='0'/></serial>
    <memballoon model='none'/>
  </devices>
</domain>
"""


@dataclass(frozen=True)
class AgentGuest:
    """A guest whose files are in `folder`, which must be readable by its hypervisor."""

    name: str
    folder: Path

    def make(self) -> str:
        """Make its files; return its domain XML. Raise EstateError if a program is missing."""
        kernel = max(Path("/boot").glob("vmlinuz-*-cloud-amd64"), default=None)
        if kernel is None or not AGENT.exists():
            raise EstateError(
                "noyau ou agent absent ; attendu : apt install linux-image-cloud-amd64"
                " qemu-guest-agent"
            )
        (self.folder / "vmlinuz").write_bytes(kernel.read_bytes())
        release = kernel.name.removeprefix("vmlinuz-")
        first = self.folder / "init"
        _run("gcc", "-static", "-O2", "-o", first, _SOURCE)
        files = {"init": first, **_modules(release), **_with_libraries(AGENT)}
        (self.folder / "initrd").write_bytes(b"".join(_archive(files)))
        disk = self.folder / "disk.img"
        with disk.open("wb") as empty:
            empty.truncate(DISK_BYTES)
        _run("/sbin/mkfs.ext4", "-q", disk)
        return _DOMAIN.format(name=self.name, folder=self.folder)

    def await_boot(self, seconds: float = 60) -> None:
        """Return once its agent was started. Raise EstateError."""
        with self._line() as line:
            line.settimeout(seconds)
            self._await(line, b"ready")

    def stop_agent(self) -> None:
        """From now on its agent hangs."""
        self._order(b"s")

    def resume_agent(self) -> None:
        """Its agent answers again, what it was asked meanwhile first."""
        self._order(b"c")

    def restart_agent_without_file_systems(self) -> None:
        """From now on its agent answers, and refuses to tell of file systems."""
        self._order(b"b")

    def _order(self, letter: bytes) -> None:
        with self._line() as line:
            line.settimeout(20)
            line.sendall(letter)
            self._await(line, b"done " + letter)

    def _line(self) -> socket.socket:
        line = socket.socket(socket.AF_UNIX)
        wait_until((self.folder / "orders").exists, "port série de la machine", 10)
        line.connect(str(self.folder / "orders"))
        return line

    def _await(self, line: socket.socket, words: bytes) -> None:
        heard = b""
        end = time.monotonic() + (line.gettimeout() or 0)
        while words not in heard:
            try:
                more = line.recv(4096)
            except TimeoutError:
                more = b""
            if not more or time.monotonic() > end:
                raise EstateError(f"machine {self.name} : muette ; entendu : {heard[-500:]!r}")
            heard += more


def _modules(release: str) -> dict[str, Path]:
    # Where Debian 12 puts them, and later releases after /usr was merged.
    folders = [Path(f"{root}/lib/modules/{release}") for root in ("", "/usr")]
    found = {}
    for name in _MODULES:
        path = next((p for f in folders for p in f.rglob(f"{name}.ko")), None)
        if path is None:
            raise EstateError(f"module {name} absent du noyau {release}")
        found[f"modules/{name}.ko"] = path
    return found


def _with_libraries(program: Path) -> dict[str, Path]:
    listed = subprocess.run(["ldd", str(program)], check=True, capture_output=True, text=True)
    libraries = re.findall(r"(/\S+) \(0x", listed.stdout)
    return {str(path).lstrip("/"): Path(path) for path in (program, *libraries)}


def _archive(files: dict[str, Path]) -> Iterator[bytes]:
    """An initramfs (kernel documentation, *initramfs buffer format*: newc)."""
    folders = {"dev", "proc", "sys", "run", "tmp", "srv", MOUNTPOINT.lstrip("/")}
    for name in files:
        folders |= {str(parent) for parent in Path(name).parents if parent.name}
    number = 1
    for name in sorted(folders):
        yield _entry(number, name, 0o040755)
        number += 1
    for name, source in files.items():
        yield _entry(number, name, 0o100755, source.read_bytes())
        number += 1
    yield _entry(0, "TRAILER!!!", 0)


def _entry(number: int, name: str, mode: int, content: bytes = b"") -> bytes:
    path = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(path), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + path
    return b"".join(part + b"\0" * (-len(part) % 4) for part in (head, content))


def _run(program: str, *arguments: str | Path) -> None:
    try:
        subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.CalledProcessError) as error:
        raise EstateError(f"{program} : {error}") from None
