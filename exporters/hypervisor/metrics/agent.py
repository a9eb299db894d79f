"""What guest agents say -> families."""

from __future__ import annotations

from collections.abc import Iterable

from exporters.hypervisor.holdings import AgentAnswer
from exporters.hypervisor.metrics.build import Families
from exporters.toolkit.text_family import TextFamily


def agent_families(hypervisor: str, answers: Iterable[AgentAnswer]) -> tuple[TextFamily, ...]:
    """``hypervisor_domain_agent_responsive`` and the file systems inside the guests."""
    families = Families(hypervisor)
    for answer in answers:
        here = {"domain": answer.domain}
        families.gauge(
            "domain_agent_responsive",
            "Whether the guest agent of a domain answers; only where its channel is connected.",
            answer.responsive,
            here,
        )
        for found in answer.file_systems:
            where = {**here, "mountpoint": found.mountpoint, "filesystem_type": found.type}
            families.gauge(
                "domain_filesystem_size_bytes",
                "Size of a file system inside a guest (guest-get-fsinfo).",
                found.size,
                where,
            )
            families.gauge(
                "domain_filesystem_used_bytes",
                "Space used in a file system inside a guest (guest-get-fsinfo).",
                found.used,
                where,
            )
        families.gauge(
            "domain_filesystems_dropped",
            "File systems of a guest left out: too many, or a name unfit for a label.",
            answer.dropped or None,
            here,
        )
    return families.rendered()
