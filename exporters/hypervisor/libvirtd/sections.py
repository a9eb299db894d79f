"""The parts of a slow round, each on its own: one that fails leaves the others whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import libvirt

from exporters.hypervisor.libvirtd.far_machine import unsupported
from exporters.hypervisor.libvirtd.faults import FAILURES, Faults
from exporters.hypervisor.metrics.build import Families
from exporters.toolkit.text_family import TextFamily
from inventory.process.logs import get_logger

_log = get_logger("vigie.hypervisor")


@dataclass(frozen=True, slots=True)
class Section:
    """A name, and what asks libvirt and renders the answer."""

    name: str
    read: Callable[[Any], tuple[TextFamily, ...]]


class Sections:
    """Runs them one after the other; says once what fails, and once that it does no more."""

    def __init__(self, hypervisor: str, sections: Iterable[Section], faults: Faults) -> None:
        """`faults` is where a section that can be read notes what of it could not."""
        self._hypervisor, self._sections, self._faults = hypervisor, tuple(sections), faults
        self._complaints: dict[str, str] = {}

    def run(self, connection: Any) -> tuple[TextFamily, ...]:
        """The families of all, and ``hypervisor_slow_section_up``.

        What a driver does not have makes neither series nor failure. Raise libvirtError when
        the connection died.
        """
        states = Families(self._hypervisor)
        found: list[TextFamily] = []
        for section in self._sections:
            self._faults.taken()  # whatever a section that failed as a whole had noted
            try:
                found += section.read(connection)
                complaint = self._faults.taken()
            except FAILURES as error:
                if isinstance(error, libvirt.libvirtError):
                    if unsupported(error):
                        continue
                    if not connection.isAlive():  # no part's fault: the round is over
                        raise
                complaint = str(error) or type(error).__name__
            self._tell(section.name, complaint)
            states.gauge(
                "slow_section_up",
                "Whether a part of the slow lane's last round could be read whole.",
                not complaint,
                {"section": section.name},
            )
        return (*found, *states.rendered())

    def _tell(self, section: str, complaint: str) -> None:
        if complaint == self._complaints.get(section, ""):
            return
        self._complaints[section] = complaint
        if complaint:
            _log.warning(
                "partie illisible", hypervisor=self._hypervisor, section=section, error=complaint
            )
        else:
            _log.info("partie de nouveau lisible", hypervisor=self._hypervisor, section=section)
