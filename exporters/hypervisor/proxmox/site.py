"""What every lane of one Proxmox VE node is given."""

from __future__ import annotations

from dataclasses import dataclass

from exporters.hypervisor.proxmox.client import Client
from exporters.hypervisor.settings import HypervisorEntry, ProxmoxEntry, Settings
from exporters.toolkit.collector import Context


@dataclass(frozen=True, slots=True)
class Site:
    """One node, its settings and the process's context."""

    entry: HypervisorEntry
    proxmox: ProxmoxEntry
    settings: Settings
    context: Context

    @property
    def name(self) -> str:
        """The label ``hypervisor``."""
        return self.entry.name

    @property
    def node(self) -> str:
        """The node's name in its cluster."""
        return self.proxmox.node

    def now(self) -> float:
        """Unix seconds, by the process's clock."""
        return self.context.clock().timestamp()

    def client(self) -> Client:
        """A session of one's own."""
        at = self.proxmox
        return Client(at.url, at.token_id, at.token_file, at.ca_file)
