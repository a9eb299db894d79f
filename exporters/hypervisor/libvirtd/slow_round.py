"""One round of the slow lane, part by part."""

from __future__ import annotations

import os
from typing import Any

from exporters.hypervisor.holdings import HostCapacity
from exporters.hypervisor.libvirtd.certificates import Certificates
from exporters.hypervisor.libvirtd.domain_pass import pass_over
from exporters.hypervisor.libvirtd.far_machine import far_machine, numa, software
from exporters.hypervisor.libvirtd.faults import Faults
from exporters.hypervisor.libvirtd.folders import Folders
from exporters.hypervisor.libvirtd.host_mounts import HostMounts, host_mounts
from exporters.hypervisor.libvirtd.local_machine import local_machine
from exporters.hypervisor.libvirtd.networks import SYSTEM_NETWORK, networks
from exporters.hypervisor.libvirtd.place import is_this_machine
from exporters.hypervisor.libvirtd.references import References
from exporters.hypervisor.libvirtd.sections import Section, Sections
from exporters.hypervisor.libvirtd.storage import OpenPool, StorageView, judged, open_pools
from exporters.hypervisor.metrics.certificates import certificate_families
from exporters.hypervisor.metrics.host import host_families, reserved_families, software_families
from exporters.hypervisor.metrics.networks import network_families
from exporters.hypervisor.metrics.snapshots import snapshot_families
from exporters.hypervisor.metrics.storage import pool_families
from exporters.hypervisor.settings import HypervisorEntry
from exporters.toolkit.text_family import TextFamily


class SlowRound:
    """Asks for everything of one hypervisor once. For one thread.

    Volumes are listed before domains: one made for a domain that is defined meanwhile is
    then not seen at all, rather than taken for an orphan.
    """

    def __init__(self, entry: HypervisorEntry) -> None:
        self._entry, self._name = entry, entry.name
        self._local = is_this_machine(entry.uri or "")
        self._folders = Folders(entry.name) if self._local else None
        self._canonical = os.path.normpath if self._folders is None else self._folders.canonical
        paths = () if entry.certificates is None and not self._local else entry.certificates
        self._certificates = Certificates(entry.name, paths)
        self._opened: list[OpenPool] = []
        self._references: References | None = None
        self._faults = Faults()
        self._sections = Sections(
            entry.name,
            (
                Section("software", self._software),
                Section("host", self._host),
                Section("numa", self._numa),
                Section("networks", self._networks),
                Section("certificates", self._expiry),
                Section("pools", self._list_pools),
                Section("snapshots", self._snapshots),
                Section("orphans", self._pools),
            ),
            self._faults,
        )

    def read(self, connection: Any) -> tuple[TextFamily, ...]:
        """Its families; what cannot be read is left out and told."""
        self._opened, self._references = [], None
        return self._sections.run(connection)

    def _software(self, connection: Any) -> tuple[TextFamily, ...]:
        return software_families(self._name, software(connection, self._entry.cluster))

    def _host(self, connection: Any) -> tuple[TextFamily, ...]:
        host = local_machine() if self._local else far_machine(connection)
        return (
            *host_families(self._name, host),
            *reserved_families(self._name, self._entry.memory_reserved),
        )

    def _numa(self, connection: Any) -> tuple[TextFamily, ...]:
        cells, pages = numa(connection)
        return host_families(self._name, HostCapacity(numa=cells, huge_pages=pages))

    def _networks(self, connection: Any) -> tuple[TextFamily, ...]:
        interfaces = SYSTEM_NETWORK if self._local else None
        return network_families(self._name, networks(connection, interfaces, self._faults))

    def _expiry(self, _: Any) -> tuple[TextFamily, ...]:
        return certificate_families(self._name, self._certificates.read())

    def _list_pools(self, connection: Any) -> tuple[TextFamily, ...]:
        self._opened = open_pools(connection, self._view())
        return ()

    def _snapshots(self, connection: Any) -> tuple[TextFamily, ...]:
        references = References(self._canonical)
        found = pass_over(connection, references, self._faults)
        self._references = references
        return snapshot_families(self._name, found)

    def _pools(self, _: Any) -> tuple[TextFamily, ...]:
        found = judged(self._opened, self._references, self._view())
        return pool_families(self._name, found)

    def _view(self) -> StorageView:
        alone = not self._entry.cluster
        mounts = host_mounts() if self._local else HostMounts()
        limit = self._entry.volumes_limit
        return StorageView(self._canonical, limit, alone, mounts, self._folders)
