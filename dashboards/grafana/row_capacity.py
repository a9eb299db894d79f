"""What hypervisors promised against what they have, whether one may fail, and who uses it."""

from __future__ import annotations

from dashboards.grafana.owners import HERE, or_none
from dashboards.grafana.panels import RED, Column, Panel, Query, Word, curves, listing

TITLE = "Capacité"

_SCOPES = {"running": Word("en marche", "text"), "autostart": Word("tout démarré", "text")}


def _by_member(record: str) -> str:
    expr = f'sum by (member) ({record}{{member=~"$member"}} {HERE})'
    return or_none(expr, "member", "non mesuré")


def panels() -> list[Panel]:
    """Overcommit, N+1, shares of the members."""
    return [
        curves(
            "Mémoire promise",
            "Mémoire à laquelle ont droit les machines, sur celle de l’hôte sa réserve ôtée :"
            " « running », celles en marche ; « autostart », si toutes celles qui démarrent avec"
            " l’hôte tournaient aussi. Plus de 100 % : HypervisorMemoryOvercommitted.",
            "percentunit",
            Query(
                or_none(f"host:memory_assigned:ratio {HERE}", "hypervisor", "non mesurée"),
                "{{hypervisor}} {{scope}}",
            ),
            limits=[(1, RED)],
            width=6,
        ),
        curves(
            "Processeurs promis",
            "Processeurs virtuels par processeur réel. Au-delà de 4, surveiller l’attente de"
            " processeur des machines.",
            "short",
            Query(
                or_none(f"host:vcpus_assigned:ratio {HERE}", "hypervisor", "non mesurés"),
                "{{hypervisor}} {{scope}}",
            ),
            width=6,
        ),
        listing(
            "Perte d’un hôte",
            "Mémoire qui resterait sur les autres hôtes de la grappe s’ils reprenaient les machines"
            " de celui-ci. Négative : elles ne tiendraient pas. Fiche : HypervisorNPlusOneLost.",
            [
                Column("hypervisor", "Hôte perdu"),
                Column("cluster", "Grappe"),
                Column("scope", "Machines", words=_SCOPES),
                Column("Value", "Marge", "bytes", [(-1e18, RED), (0, "green")]),
            ],
            Query(
                or_none(
                    f"host:n_plus_1_memory_left:bytes {HERE}", "hypervisor", "Aucune grappe"
                )
            ),
            width=6,
            sort=("Marge", False),
        ),
        curves(
            "Mémoire des machines par membre",
            "Mémoire à laquelle ont droit les machines en marche de chaque membre. Sert à en parler"
            " avec lui, chiffres en main.",
            "bytes",
            Query(_by_member("member:memory_assigned:bytes"), "{{member}}"),
            width=6,
        ),
        curves(
            "Processeurs virtuels par membre",
            "Processeurs virtuels des machines en marche de chaque membre, à comparer à ceux des"
            " hôtes.",
            "short",
            Query(_by_member("member:vcpus_assigned:sum"), "{{member}}"),
        ),
        curves(
            "Espace promis par membre",
            "Taille des disques de toutes les machines de chaque membre, comme elles les voient.",
            "bytes",
            Query(_by_member("member:disks_provisioned:bytes"), "{{member}}"),
        ),
        curves(
            "Espace réel par membre",
            "Place que ces disques occupent vraiment sur les stockages. Une courbe qui monte vite"
            " remplira le sien.",
            "bytes",
            Query(_by_member("member:disks_physical:bytes"), "{{member}}"),
        ),
    ]  # fmt: skip
