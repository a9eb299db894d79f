"""Storage pools -> families."""

from __future__ import annotations

from collections.abc import Iterable

from exporters.hypervisor.holdings import Pool
from exporters.hypervisor.metrics.build import Families
from exporters.toolkit.text_family import TextFamily

STATES = ("inactive", "building", "running", "degraded", "inaccessible")
"""libvirt's virStoragePoolState, in the order of its numbers."""

_VALUES = (
    ("capacity_bytes", "Size of a pool", "capacity"),
    ("allocation_bytes", "Space used in a pool", "allocation"),
    ("available_bytes", "Space left in a pool", "available"),
    (
        "provisioned_bytes",
        "Space the volumes of a pool would take if guests filled them all",
        "provisioned",
    ),
    ("autostart", "Whether a pool starts with its host", "autostart"),
    ("reachable", "Whether the folder of a pool answers", "reachable"),
    ("volumes", "Volumes in a pool", "volumes"),
    ("media_volumes", "Installation images (ISO 9660) in a pool", "media"),
    ("orphan_volumes", "Volumes of a pool that no domain and no snapshot refers to", "orphans"),
    ("orphan_bytes", "Space that orphan volumes take in a pool", "orphan_bytes"),
    ("volumes_skipped", "Volumes of a pool that were not looked at", "skipped"),
)


def pool_families(hypervisor: str, pools: Iterable[Pool]) -> tuple[TextFamily, ...]:
    """``hypervisor_pool_*``. The label ``source`` says who told a pool's sizes."""
    families = Families(hypervisor)
    for pool in pools:
        here = {"pool": pool.name}
        families.gauge(
            "pool_info",
            "A storage pool, its kind and who told its sizes; always 1.",
            1,
            {**here, "kind": pool.kind, "source": pool.source},
        )
        families.gauge(
            "pool_state",
            "The present state of a storage pool; always 1.",
            1,
            {**here, "state": pool.state},
        )
        for name, text, attribute in _VALUES:
            families.gauge(f"pool_{name}", f"{text}.", getattr(pool, attribute), here)
    return families.rendered()
