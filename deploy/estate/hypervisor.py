"""A hypervisor without hardware: libvirt's own test driver behind a private libvirtd.

The daemon serves ``test:///default`` on a Unix socket, so that the exporter talks
to a real libvirt server over its real protocol, and a machine shut off here is shut
off for every client.

The test driver holds its machines in memory: `TestHypervisor` keeps a connection
open from start to stop, because they would vanish with the last one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import libvirt

from deploy.estate.child import EstateError
from deploy.estate.libvirtd import PrivateLibvirtd
from inventory import Inventory, VirtualMachine

GUEST_MEMORY = 64
"""MiB each. The test driver's machine has 3 GiB: all of an inventory fit, as when all is well."""

_DOMAIN = """\
<domain type='test'>
  <name>{name}</name>
  <memory unit='MiB'>{memory}</memory>
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
        self._inventory = inventory
        self.libvirtd = PrivateLibvirtd("libvirtd (test)", folder / "libvirtd.log")
        self._connection: Any = None

    @property
    def uri(self) -> str:
        """The libvirt URI of the hypervisor, for as long as it runs."""
        return f"test+unix:///default?socket={self.libvirtd.socket}"

    def start(self) -> None:
        """Start the daemon and the machines. Raise EstateError if it does not answer."""
        try:
            self.libvirtd.prepare()
            self.libvirtd.launch()
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
        self.libvirtd.stop()

    def _machine(self, name: str) -> Any:
        if self._connection is None:
            raise EstateError("l'hyperviseur d'essai n'est pas démarré")
        try:
            return self._connection.lookupByName(name)
        except libvirt.libvirtError:
            raise EstateError(f"machine « {name} » inconnue de l'hyperviseur d'essai") from None

    def _populate(self) -> None:
        for sample in self._connection.listAllDomains():  # test:///default comes with one
            sample.destroy()
            sample.undefine()
        machines = [m for owner in self._inventory.owners for m in owner.virtual_machines]
        for number, machine in enumerate(machines):
            self._define(number, machine)

    def _define(self, number: int, machine: VirtualMachine) -> None:
        name = escape(machine.name, {"'": "&apos;"})
        xml = _DOMAIN.format(name=name, number=number, memory=GUEST_MEMORY)
        domain = self._connection.defineXML(xml)
        if machine.should_run:
            domain.setAutostart(1)
            domain.create()
