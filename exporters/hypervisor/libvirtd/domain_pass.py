"""One pass over all domains: their snapshots and checkpoints, and what they refer to.

None of these calls needs a guest's monitor, so one that is stuck is asked like any other.
"""

from __future__ import annotations

from typing import Any

import libvirt

from exporters.hypervisor.holdings import DomainSnapshots
from exporters.hypervisor.libvirtd.far_machine import unsupported
from exporters.hypervisor.libvirtd.faults import Faults
from exporters.hypervisor.libvirtd.references import References
from exporters.hypervisor.libvirtd.xml_tree import integer, tree_of

_GONE = (
    libvirt.VIR_ERR_NO_DOMAIN,
    libvirt.VIR_ERR_NO_DOMAIN_SNAPSHOT,
    libvirt.VIR_ERR_NO_DOMAIN_CHECKPOINT,
)


def pass_over(connection: Any, references: References, faults: Faults) -> list[DomainSnapshots]:
    """The snapshots of each domain; `references` learns what each names.

    Raise libvirt.libvirtError. A domain that goes meanwhile is left out. So is one that cannot
    be read: `faults` learns it, and `references` is left incomplete.
    """
    found = []
    for domain in connection.listAllDomains():
        with faults.costing(connection, domain.name(), _GONE):
            _refer(references, domain)
            found.append(
                DomainSnapshots(
                    domain.name(),
                    _made(references, domain, "listAllSnapshots"),
                    _made(references, domain, "listAllCheckpoints"),
                )
            )
    references.complete = references.complete and not faults
    return found


def _refer(references: References, domain: Any) -> None:
    references.add(tree_of(domain.XMLDesc()))
    if domain.isActive() and domain.isPersistent():
        references.add(tree_of(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)))


def _made(references: References, domain: Any, listing: str) -> tuple[float, ...] | None:
    """When each was made, in order. None where the driver knows no such thing."""
    try:
        listed = getattr(domain, listing)()
    except libvirt.libvirtError as error:
        if unsupported(error):
            return None
        raise
    instants = []
    for one in listed:
        try:
            root = tree_of(one.getXMLDesc())
        except libvirt.libvirtError as error:
            if error.get_error_code() not in _GONE:
                raise
            continue
        references.add(root)
        instants.append(float(integer(root, "creationTime") or 0))
    return tuple(sorted(instants))
