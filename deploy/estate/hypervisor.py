"""A hypervisor without hardware: libvirt's own test driver behind a private libvirtd.

The daemon serves ``test:///default`` on a Unix socket, so that the exporter talks
to a real libvirt server over its real protocol, and a machine shut off here is shut
off for every client. It loads no other driver, and runs without privilege and with
its run directory under /tmp: several may run side by side, beside the host's own,
and a socket's path stays under the 108 bytes the kernel allows.

The test driver holds its machines in memory: `TestHypervisor` keeps a connection
open from start to stop, because they would vanish with the last one.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import libvirt

from deploy.estate.child import Child, EstateError, start_child
from inventory import Inventory, VirtualMachine

_NOBODY = 65534
_CONFIGURATION = """\
unix_sock_dir = "{run}"
unix_sock_rw_perms = "0700"
auth_unix_rw = "none"
max_clients = 200
"""
_DOMAIN = """\
<domain type='test'>
  <name>{name}</name>
  <memory unit='MiB'>2048</memory>
  <vcpu>2</vcpu>
  <os><type>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <source file='/var/lib/libvirt/images/{name}.qcow2'/><target dev='vda' bus='virtio'/>
    </disk>
    <interface type='network'>
      <source network='default'/><target dev='vnet{number}'/>
    </interface>
  </devices>
</domain>
"""


class TestHypervisor:
    """The machines of an inventory on a libvirt test hypervisor of their own.

    Those declared ``should_run: false`` are defined and left shut off.
    """

    __test__ = False  # the name is the brief's; pytest must not take it for a test class

    def __init__(self, folder: Path, inventory: Inventory) -> None:
        self._folder = folder
        self._inventory = inventory
        self._run: Path | None = None
        self._child: Child | None = None
        self._connection: Any = None

    @property
    def uri(self) -> str:
        """The libvirt URI of the hypervisor, for as long as it runs."""
        if self._run is None:
            raise EstateError("l'hyperviseur d'essai n'est pas démarré")
        return f"test+unix:///default?socket={self._run}/libvirt-sock"

    def start(self) -> None:
        """Start the daemon and the machines. Raise EstateError if it does not answer."""
        self._run = Path(tempfile.mkdtemp(prefix="vigie-hv-", dir="/tmp"))
        (self._run / "drivers").mkdir()
        text = _CONFIGURATION.format(run=self._run)
        (self._run / "libvirtd.conf").write_text(text, encoding="utf-8")
        if os.geteuid() == 0:
            os.chown(self._run, _NOBODY, _NOBODY)
        try:
            self._launch()
            self._connection = libvirt.open(self.uri)
            self._populate()
        except libvirt.libvirtError as error:
            self.stop()
            raise EstateError(f"hyperviseur d'essai : {error}") from None
        except EstateError:
            self.stop()
            raise

    def shut_off(self, name: str) -> None:
        """Cut the power of one machine, as a crash of its host would."""
        self._machine(name).destroy()

    def boot(self, name: str) -> None:
        """Start one machine again."""
        self._machine(name).create()

    def pause(self, name: str) -> None:
        """Suspend one machine: it exists and answers nobody."""
        self._machine(name).suspend()

    def remove(self, name: str) -> None:
        """Forget one machine, running or not: no hypervisor knows it any more."""
        machine = self._machine(name)
        if machine.isActive():
            machine.destroy()
        machine.undefine()

    def stop(self) -> None:
        """End the daemon, and the machines with it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._child is not None:
            self._child.stop()
            self._child = None
        if self._run is not None:
            shutil.rmtree(self._run, ignore_errors=True)
            self._run = None

    def _machine(self, name: str) -> Any:
        if self._connection is None:
            raise EstateError("l'hyperviseur d'essai n'est pas démarré")
        try:
            return self._connection.lookupByName(name)
        except libvirt.libvirtError:
            raise EstateError(f"machine « {name} » inconnue de l'hyperviseur d'essai") from None

    def _launch(self) -> None:
        """Start the daemon in its folder and wait for its socket."""
        run = self._run
        program = shutil.which("libvirtd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None or run is None:
            raise EstateError("libvirtd absent ; attendu : apt install libvirt-daemon")
        socket = run / "libvirt-sock"
        socket.unlink(missing_ok=True)
        command: list[str | Path] = [program, "-f", run / "libvirtd.conf", "-p", run / "pid"]
        if os.geteuid() == 0:
            # As root libvirtd would write under /run/libvirt; as nobody it keeps to its folder.
            user = [f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
            command = ["setpriv", *user, *command]
        folders = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")
        self._child = start_child(
            "libvirtd (test)",
            command,
            self._folder / "libvirtd.log",
            env={
                "HOME": str(run),
                "LIBVIRT_DRIVER_DIR": str(run / "drivers"),
                **dict.fromkeys(folders, str(run / "xdg")),
            },
            cwd=run,
        )
        self._child.wait_ready(socket.exists)

    def _populate(self) -> None:
        for sample in self._connection.listAllDomains():  # test:///default comes with one
            sample.destroy()
            sample.undefine()
        machines = [m for owner in self._inventory.owners for m in owner.virtual_machines]
        for number, machine in enumerate(machines):
            self._define(number, machine)

    def _define(self, number: int, machine: VirtualMachine) -> None:
        xml = _DOMAIN.format(name=escape(machine.name, {"'": "&apos;"}), number=number)
        domain = self._connection.defineXML(xml)
        if machine.should_run:
            domain.setAutostart(1)
            domain.create()
