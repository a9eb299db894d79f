"""What every lane of one libvirt hypervisor is given."""

from __future__ import annotations

from dataclasses import dataclass, field

from exporters.hypervisor.libvirtd.connection import Address, Door
from exporters.hypervisor.libvirtd.turns import OPENING, ROUND, Turns
from exporters.hypervisor.settings import HypervisorEntry, Settings
from exporters.toolkit.collector import Context
from inventory.config.secret import read_secret


class StuckGuests:
    """The uuids of guests whose monitor does not answer, as the stats lane last saw them.

    Nobody else writes it. A lane asks such a guest nothing that needs its monitor or its agent.
    """

    def __init__(self) -> None:
        self.uuids: frozenset[str] = frozenset()

    def __contains__(self, uuid: str) -> bool:
        return uuid in self.uuids


@dataclass(frozen=True, slots=True)
class Site:
    """One hypervisor reached by libvirt, its settings and what its lanes share."""

    entry: HypervisorEntry
    settings: Settings
    context: Context
    address: Address
    stuck: StuckGuests = field(default_factory=StuckGuests)
    openings: Turns = field(default_factory=lambda: Turns(OPENING))
    rounds: Turns = field(default_factory=lambda: Turns(ROUND))
    """Of the lanes that are not urgent: all but stats and inventory."""

    @property
    def name(self) -> str:
        """The label ``hypervisor``."""
        return self.entry.name

    def door(self) -> Door:
        """One more, for a lane or caller: while it opens for one, it is shut for all others."""
        return Door(self.address, self.openings)

    def now(self) -> float:
        """Unix seconds, by the process's clock."""
        return self.context.clock().timestamp()


def site_of(entry: HypervisorEntry, settings: Settings, context: Context) -> Site:
    """The site an entry with an `uri` describes. Raise ValueError if its secret is unreadable."""
    password = read_secret(entry.password_file).get_secret_value() if entry.password_file else ""
    address = Address(entry.uri or "", entry.username, password)
    return Site(entry, settings, context, address)
