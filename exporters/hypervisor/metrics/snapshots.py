"""Snapshots and checkpoints of domains -> families."""

from __future__ import annotations

from collections.abc import Iterable

from exporters.hypervisor.holdings import DomainSnapshots
from exporters.hypervisor.metrics.build import Families
from exporters.toolkit.text_family import TextFamily


def snapshot_families(
    hypervisor: str, domains: Iterable[DomainSnapshots]
) -> tuple[TextFamily, ...]:
    """``hypervisor_domain_snapshots`` and its like. Counts are 0 where there are none."""
    families = Families(hypervisor)
    for domain in domains:
        here = {"domain": domain.domain}
        if domain.snapshots is not None:
            families.gauge(
                "domain_snapshots",
                "Snapshots a domain has (virDomainListAllSnapshots).",
                len(domain.snapshots),
                here,
            )
            families.gauge(
                "domain_snapshot_oldest_timestamp_seconds",
                "When the oldest snapshot of a domain was made (creationTime).",
                min(domain.snapshots, default=None),
                here,
            )
            families.gauge(
                "domain_snapshot_newest_timestamp_seconds",
                "When the newest snapshot of a domain was made (creationTime).",
                max(domain.snapshots, default=None),
                here,
            )
        if domain.checkpoints is not None:
            families.gauge(
                "domain_checkpoints",
                "Checkpoints a domain has, from which incremental backups start"
                " (virDomainListAllCheckpoints).",
                len(domain.checkpoints),
                here,
            )
            families.gauge(
                "domain_checkpoint_newest_timestamp_seconds",
                "When the newest checkpoint of a domain was made (creationTime).",
                max(domain.checkpoints, default=None),
                here,
            )
    return families.rendered()
