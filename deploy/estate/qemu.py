"""A hypervisor of real QEMU guests behind a private libvirtd, in session mode.

Each guest is a QEMU process of 16 MiB under TCG: no hardware help, about 40 MB of the
host. It boots 22 bytes of ours, which write two sectors to its second disk and halt,
so that a running guest idles near 1 % of a core and its disk counters are known.
A paused guest costs nothing and still answers its monitor.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import libvirt
import psutil

from deploy.estate.child import EstateError
from deploy.estate.libvirtd import NOBODY, PrivateLibvirtd

MEBIBYTE = 1024**2
MEMORY = 16 * MEBIBYTE
DISKS = {"vda": 8 * MEBIBYTE, "vdb": 24 * MEBIBYTE}
"""Device -> size in bytes. Guests boot from the first and write to the second."""

SECTORS_WRITTEN = 2

STARTED_AT_ONCE = 4
"""Guests that start side by side: QEMU's own start-up takes most of the time."""

# xor ax,ax; mov es,ax; mov bx,0x7c00; mov ax,0x0302; mov cx,1; mov dx,0x81; int 0x13;
# sti; hlt; jmp to hlt: the BIOS writes two sectors to the second disk.
_BOOT = bytes.fromhex("31c0 8ec0 bb007c b80203 b90100 ba8100 cd13 fb f4 ebfd")

_SETTINGS = """\
security_driver = "none"
stdio_handler = "file"
namespaces = []
cgroup_controllers = []
remember_owner = 0
"""
_DOMAIN = """\
<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>16</memory>
  <vcpu>1</vcpu>
  <os><type machine='pc'>hvm</type></os>
  <devices>{disks}{nic}<memballoon model='virtio'/></devices>
</domain>
"""
_DISK = """
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/><source file='{image}'/>
      <target dev='{device}' bus='virtio'/><boot order='{order}'/>
    </disk>
"""
# Not virtio: this card takes what the tap hands it although no driver runs in the guest.
_NIC = "<interface type='{kind}'>{target}<model type='rtl8139'/><rom enabled='no'/></interface>"


@dataclass(frozen=True)
class QemuGuest:
    """One guest. `nic` is "" for none, "user" for a network without a host interface, else
    the name of the tap that QEMU makes and that ends with it. With `shares_images` it has
    no disks of its own but those all such guests share: a thousand may be defined, none
    of them is ever started."""

    name: str
    start: Literal["off", "paused", "running"] = "paused"
    nic: str = ""
    shares_images: bool = False


class QemuHypervisor:
    """A private libvirtd with the QEMU driver, `drivers` beside it, and these guests."""

    def __init__(
        self, folder: Path, guests: Sequence[QemuGuest], drivers: Sequence[str] = ()
    ) -> None:
        self._guests = guests
        # In order to make a tap; libvirtd hands them on to nothing but its QEMUs.
        taps = any(guest.nic not in ("", "user") for guest in guests)
        self.libvirtd = PrivateLibvirtd(
            "libvirtd (QEMU)",
            folder / "libvirtd.log",
            drivers=("qemu", *drivers),
            capabilities=("net_admin", "dac_override") if taps else (),
        )
        self._connection: Any = None

    @property
    def uri(self) -> str:
        """The libvirt URI of the hypervisor, for as long as it runs."""
        return f"qemu+unix:///session?socket={self.libvirtd.socket}"

    def start(self) -> None:
        """Start the daemon and the guests. Raise EstateError if one of them does not start."""
        try:
            self.libvirtd.prepare()
            settings = self.libvirtd.settings / "qemu.conf"
            settings.write_text(_SETTINGS, encoding="utf-8")
            self._make_images()
            self.libvirtd.launch()
            self._connection = libvirt.open(self.uri)
            self._add(self._guests)
            # Once a life libvirtd looks the host's processors over, for two seconds.
            self._connection.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_CPU_TOTAL)
        except (libvirt.libvirtError, OSError, subprocess.CalledProcessError) as error:
            self.stop()
            raise EstateError(f"hyperviseur QEMU : {error}") from None
        except EstateError:
            self.stop()
            raise

    def add(self, *guests: QemuGuest) -> None:
        """Define more guests, and start those that say so. Raise EstateError."""
        try:
            self._add(guests)
        except (libvirt.libvirtError, OSError) as error:
            raise EstateError(f"hyperviseur QEMU : {error}") from None

    def restarted(self) -> None:
        """Launch the daemon again after its death; the guests went on meanwhile."""
        self.libvirtd.launch()
        self._connection = libvirt.open(self.uri)

    def machine(self, name: str) -> Any:
        """The libvirt domain of a guest, over a connection that may do everything."""
        return self._connection.lookupByName(name)

    def process(self, name: str) -> psutil.Process:
        """The QEMU process of a running guest."""
        pid_file = self.libvirtd.settings / "qemu" / "run" / f"{name}.pid"
        return psutil.Process(int(pid_file.read_text(encoding="utf-8")))

    def stop(self) -> None:
        """End every QEMU process, stopped ones too, then the daemon; remove its folder."""
        with contextlib.suppress(EstateError):
            self._end_guests()
        if self._connection is not None:
            with contextlib.suppress(libvirt.libvirtError):
                self._connection.close()
            self._connection = None
        self.libvirtd.stop()

    def _end_guests(self) -> None:
        # By what QEMU was told, not by the guests we defined: tests rename and move them.
        mark = f"{self.libvirtd.settings}/"
        ended = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.name().startswith("qemu-") and any(
                    mark in word for word in process.cmdline()[1:]
                ):
                    process.kill()
                    ended.append(process)
        psutil.wait_procs(ended, timeout=10)

    def _image(self, guest: QemuGuest, device: str) -> Path:
        return self.libvirtd.run / f"{'' if guest.shares_images else guest.name}-{device}.qcow2"

    def _make_images(self) -> None:
        """The images every guest's are copies of."""
        nobody = QemuGuest("", shares_images=True)
        first = self.libvirtd.run / "boot.raw"
        first.write_bytes(_BOOT.ljust(510, b"\0") + b"\x55\xaa")
        for device, size in DISKS.items():
            image = self._image(nobody, device)
            if device == "vda":
                _qemu_img("convert", "-f", "raw", "-O", "qcow2", first, image)
                _qemu_img("resize", image, size)
            else:
                _qemu_img("create", "-f", "qcow2", image, size)
        first.unlink()

    def _copy_images(self, guest: QemuGuest) -> None:
        nobody = QemuGuest("", shares_images=True)
        for device in DISKS:
            image = self._image(guest, device)
            shutil.copyfile(self._image(nobody, device), image)
            if os.geteuid() == 0:
                os.chown(image, NOBODY, NOBODY)

    def _add(self, guests: Sequence[QemuGuest]) -> None:
        if not guests:
            return

        def define(share: Sequence[QemuGuest]) -> None:
            connection = libvirt.open(self.uri)
            try:
                for guest in share:
                    self._define(connection, guest)
            finally:
                connection.close()

        shares = [guests[number::STARTED_AT_ONCE] for number in range(STARTED_AT_ONCE)]
        with ThreadPoolExecutor(STARTED_AT_ONCE) as pool:
            list(pool.map(define, shares))

    def _define(self, connection: Any, guest: QemuGuest) -> None:
        if not guest.shares_images:
            self._copy_images(guest)
        disks = "".join(
            _DISK.format(image=self._image(guest, device), device=device, order=order)
            for order, device in enumerate(DISKS, 1)
        )
        nic = ""
        if guest.nic:
            user = guest.nic == "user"
            target = "" if user else f"<target dev='{guest.nic}'/>"
            nic = _NIC.format(kind="user" if user else "ethernet", target=target)
        domain = connection.defineXML(_DOMAIN.format(name=guest.name, disks=disks, nic=nic))
        if guest.start != "off":
            paused = guest.start == "paused"
            domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED if paused else 0)


def _qemu_img(command: str, *arguments: str | int | Path) -> None:
    words = ["qemu-img", command, "-q", *map(str, arguments)]
    subprocess.run(words, check=True, capture_output=True, timeout=30)
