"""Pools, networks and certificates of the hypervisors."""

from __future__ import annotations

from dashboards.grafana.limits import CERTIFICATE_DAYS, POOL_LEFT_FEW, POOL_LEFT_LITTLE
from dashboards.grafana.owners import HERE, or_none
from dashboards.grafana.panels import GREEN, ORANGE, RED, Column, Panel, Query, curves, listing

TITLE = "Stockages, réseaux, certificats"

_MINE = '{instance=~"$instance"}'


def _pool(expr: str) -> Query:
    return Query(or_none(f"max by (hypervisor, pool) ({expr})", "pool", "Aucun"))


def panels() -> list[Panel]:
    """Fill of the pools, what they promised, what is stopped, what expires."""
    return [
        curves(
            "Remplissage des stockages",
            "Part occupée de chaque stockage. Mauvais signe s’il a promis plus qu’il n’a : plus de"
            " 80 %, HypervisorPoolOvercommitted ; plus de 95 %, HypervisorPoolFilling.",
            "percentunit",
            Query(
                or_none(f"1 - pool:available:ratio {HERE}", "pool", "aucun stockage"),
                "{{hypervisor}} {{pool}}",
            ),
            limits=[(1 - POOL_LEFT_FEW, ORANGE), (1 - POOL_LEFT_LITTLE, RED)],
            ratio=True,
        ),
        listing(
            "Stockages",
            "Taille, place libre, part promise aux machines (au-delà de 100 %, il peut se remplir)"
            " et place des volumes que plus rien n’utilise, à sa dernière actualisation.",
            [
                Column("pool", "Stockage"),
                Column("hypervisor", "Hyperviseur"),
                Column("Value #A", "Taille", "bytes"),
                Column("Value #B", "Libre", "bytes"),
                Column("Value #C", "Promis", "percentunit", [(1.0001, ORANGE)]),
                Column("Value #D", "Orphelins", "bytes"),
            ],
            _pool(f"hypervisor_pool_capacity_bytes{_MINE}"),
            _pool(f"hypervisor_pool_available_bytes{_MINE}"),
            _pool(f"pool:provisioned:ratio {HERE}"),
            _pool(f"hypervisor_pool_orphan_bytes{_MINE}"),
            width=16,
        ),
        listing(
            "Stockages et réseaux arrêtés",
            "Démarrent avec l’hôte et ne sont pas actifs. Fiches : HypervisorPoolInactive,"
            " HypervisorNetworkInactive.",
            [
                Column("pool", "Stockage"),
                Column("network", "Réseau"),
                Column("hypervisor", "Hyperviseur"),
                Column("state", "État"),
            ],
            Query(
                or_none(
                    "(hypervisor_pool_state"
                    '{instance=~"$instance",state!~"running|building"}'
                    f" and on (hypervisor, pool) hypervisor_pool_autostart{_MINE} == 1)"
                    f"\nor (hypervisor_network_active{_MINE} == 0"
                    f" and on (hypervisor, network) hypervisor_network_autostart{_MINE} == 1)",
                    "pool",
                    "Aucun",
                )
            ),
            width=12,
        ),
        listing(
            "Certificats",
            "Jours avant la fin de chaque certificat de libvirt et de QEMU. Moins de 21 :"
            " HypervisorCertificateExpiring.",
            [
                Column("certificate", "Certificat"),
                Column("hypervisor", "Hyperviseur"),
                Column("Value", "Jours", "short", [(-1e9, RED), (0, ORANGE),
                                                    (CERTIFICATE_DAYS, GREEN)]),
            ],
            Query(
                or_none(
                    f"(hypervisor_certificate_not_after_timestamp_seconds{_MINE} - time()) / 86400",
                    "certificate",
                    "Aucun",
                )
            ),
            width=12,
            sort=("Jours", False),
        ),
    ]  # fmt: skip
