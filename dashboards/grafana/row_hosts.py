"""Hosts: processor, memory, disks, network of the machines that carry everything."""

from __future__ import annotations

from dashboards.grafana.panels import ORANGE, RED, Panel, Query, curves

TITLE = "Hôtes"

_MINE = '{instance=~"$instance"}'


def panels() -> list[Panel]:
    """Utilisation of each resource, by host."""
    return [
        curves(
            "Processeur",
            "Part du temps de processeur qui n’est ni oisive ni en attente de disque, tous"
            " processeurs réunis. Plus de 90 % en continu : l’hôte sature.",
            "percentunit",
            Query(
                "1 - sum by (instance) (rate(vigie_host_cpu_seconds_total"
                '{instance=~"$instance",mode=~"idle|iowait"}[$__rate_interval]))'
                " / sum by (instance) (rate(vigie_host_cpu_seconds_total"
                '{instance=~"$instance"}[$__rate_interval]))',
                "{{instance}}",
            ),
            limits=[(0.9, ORANGE)],
            ratio=True,
            width=6,
        ),
        curves(
            "Mémoire",
            "Part de la mémoire qui n’est plus disponible sans recourir au disque. Plus de 90 % :"
            " les machines virtuelles risquent de ralentir.",
            "percentunit",
            Query(
                f"1 - vigie_host_memory_available_bytes{_MINE}"
                f" / vigie_host_memory_size_bytes{_MINE}",
                "{{instance}}",
            ),
            limits=[(0.9, ORANGE)],
            ratio=True,
            width=6,
        ),
        curves(
            "Disques (10 plus pleins)",
            "Part occupée de chaque système de fichiers, réserve de root comprise. Un disque plein"
            " arrête la messagerie et les sauvegardes.",
            "percentunit",
            Query(
                "topk(10, max by (instance, mountpoint) ("
                f"1 - vigie_host_filesystem_available_bytes{_MINE}"
                f" / vigie_host_filesystem_size_bytes{_MINE}))",
                "{{instance}} {{mountpoint}}",
            ),
            limits=[(0.8, ORANGE), (0.9, RED)],
            ratio=True,
            width=6,
        ),
        curves(
            "Réseau",
            "Octets reçus et émis par seconde, toutes interfaces de l’hôte.",
            "Bps",
            Query(
                "sum by (instance) (rate(vigie_host_network_receive_bytes_total"
                '{instance=~"$instance"}[$__rate_interval]))',
                "{{instance}} reçus",
            ),
            Query(
                "sum by (instance) (rate(vigie_host_network_transmit_bytes_total"
                '{instance=~"$instance"}[$__rate_interval]))',
                "{{instance}} émis",
            ),
            width=6,
        ),
    ]
