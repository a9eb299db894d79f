"""Guests one by one: their states over time, what ails them, what is to be put in order."""

from __future__ import annotations

from dashboards.grafana.limits import (
    GUEST_DISK_SECONDS,
    GUEST_FILESYSTEM_RATIO,
    GUEST_STEAL_RATIO,
    SNAPSHOT_DAYS,
)
from dashboards.grafana.owners import OWNED, or_none
from dashboards.grafana.panels import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    RED,
    Column,
    Panel,
    Query,
    Word,
    bands,
    curves,
    listing,
)

TITLE = "Machines virtuelles"

_STATES = {
    "1": Word("En marche", GREEN),
    "2": Word("En migration", BLUE),
    "3": Word("En pause", ORANGE),
    "4": Word("Éteinte", GREY),
    "5": Word("Erreur de disque", RED),
    "6": Word("Plantée", RED),
}


def _ranked() -> str:
    kinds = (
        'state=~"running|blocked"',
        'state="paused",reason=~"migration|postcopy"',
        'state=~"paused|pmsuspended|shutdown",reason!~"migration|postcopy|ioerror"',
        'state=~"shutoff|nostate"',
        'state="paused",reason="ioerror"',
        'state="crashed"',
    )
    parts = [
        f'{rank} * hypervisor_domain_state{{instance=~"$instance",{kind}}}'
        for rank, kind in enumerate(kinds, 1)
    ]
    return "max by (hypervisor, domain) (\n    " + "\n  or\n    ".join(parts) + f"\n) {OWNED}"


def _union(found: dict[str, str]) -> str:
    """Each expression with its name in the label `trouble`."""
    parts = [
        f'label_replace(max by (hypervisor, domain) ({expr}), "trouble", "{name}", "", "")'
        for name, expr in found.items()
    ]
    return "(\n    " + "\n  or\n    ".join(parts) + f"\n) {OWNED}"


_MINE = '{instance=~"$instance"}'
_AILING = {
    "figée": f"hypervisor_domain_monitor_responsive{_MINE} == 0",
    "en pause, erreur de disque":
        'hypervisor_domain_state{instance=~"$instance",state="paused",reason="ioerror"}',
    "plantée": 'hypervisor_domain_state{instance=~"$instance",state="crashed"}',
    "disque en erreur": f"hypervisor_domain_block_error{_MINE}",
}  # fmt: skip
_UNTIDY = {
    "doit tourner, sans démarrage automatique":
        f"hypervisor_domain_autostart{_MINE} < hypervisor_domain_should_run{_MINE}",
    "hors service, démarrage automatique":
        f"hypervisor_domain_autostart{_MINE} > hypervisor_domain_should_run{_MINE}",
    "configuration différente": f"hypervisor_domain_config_drift{_MINE} == 1",
    "ancien QEMU": f"hypervisor_domain_qemu_outdated{_MINE} == 1",
    "état enregistré (managedsave)": f"hypervisor_domain_managed_save{_MINE} == 1",
    "non enregistrée (provisoire)": f"hypervisor_domain_persistent{_MINE} == 0",
    "métadonnées refusées": f"hypervisor_domain_metadata_rejected{_MINE} > 0",
}  # fmt: skip
_WHOSE = [
    Column("domain", "Machine"),
    Column("member", "Membre"),
    Column("hypervisor", "Hyperviseur"),
]


def panels() -> list[Panel]:
    """States, troubles, waiting times, snapshots, what is to be put in order."""
    return [
        bands(
            "État de chaque machine",
            "Une bande par machine. Rouge : plantée, ou en pause sur une erreur de disque ;"
            " orange : en pause. Choisir un membre pour n’avoir que les siennes.",
            Query(_ranked(), "{{domain}} ({{member}})"),
            words=_STATES,
        ),
        listing(
            "Machines en difficulté",
            "Figées (QEMU ne répond plus), plantées, ou dont un disque refuse d’écrire. Fiches :"
            " HypervisorDomainStuck, HypervisorDomainIoError.",
            [*_WHOSE, Column("trouble", "Difficulté")],
            Query(or_none(_union(_AILING), "domain", "Aucune")),
            width=8,
        ),
        curves(
            "Attente de processeur (10 premières)",
            "Part du temps où les processeurs virtuels sont prêts et attendent un processeur réel."
            " Plus de 10 % : la machine est ralentie. Fiche : HypervisorCpuSteal.",
            "percentunit",
            Query(
                or_none(f"topk(10, guest:steal:ratio_rate5m {OWNED})", "domain", "non mesurée"),
                "{{domain}}",
            ),
            limits=[(GUEST_STEAL_RATIO, ORANGE)],
        ),
        curves(
            "Latence des disques (10 premiers)",
            "Durée moyenne d’une lecture, écriture ou synchronisation. Plus de 100 ms : les"
            " applications s’en ressentent. Fiche : HypervisorDiskSlow.",
            "s",
            Query(
                or_none(
                    f"topk(10, guest_disk:latency:seconds_rate5m {OWNED})", "domain", "non mesurée"
                ),
                "{{domain}} {{device}}",
            ),
            limits=[(GUEST_DISK_SECONDS, ORANGE)],
        ),
        listing(
            "À régulariser",
            "Ce qui ne se verra qu’au prochain démarrage : démarrage automatique qui contredit"
            " l’inventaire, configuration différente, ancien QEMU, machine que rien n’enregistre.",
            [*_WHOSE, Column("trouble", "Constat")],
            Query(or_none(_union(_UNTIDY), "domain", "Aucune")),
            width=8,
        ),
        listing(
            "Machines sans propriétaire",
            "Ni l’inventaire ni leurs métadonnées ne nomment leur commune : personne n’est prévenu"
            " de leur arrêt. Fiche : HypervisorDomainWithoutMember.",
            [Column("domain", "Machine"), Column("hypervisor", "Hyperviseur")],
            Query(
                or_none(
                    'hypervisor_domain_info{instance=~"$instance",member=""}', "domain", "Aucune"
                )
            ),
            width=4,
        ),
        listing(
            "Plus vieux instantanés",
            "Âge du plus ancien instantané de chaque machine. Plus de 7 jours : il ralentit le"
            " disque et remplit le stockage. Fiche : HypervisorSnapshotTooOld.",
            [
                *_WHOSE[:2],
                Column("Value", "Jours", "short", [(SNAPSHOT_DAYS, ORANGE)]),
            ],
            Query(
                or_none(
                    "(time() - max by (hypervisor, domain)"
                    f" (hypervisor_domain_snapshot_oldest_timestamp_seconds{_MINE})) / 86400"
                    f" {OWNED}",
                    "domain",
                    "Aucun instantané",
                )
            ),
            width=6,
            sort=("Jours", True),
        ),
        curves(
            "Systèmes de fichiers des machines (10 plus pleins)",
            "D’après l’agent des machines qui en ont un. Plus de 95 % :"
            " HypervisorGuestFilesystemFull.",
            "percentunit",
            Query(
                or_none(
                    "topk(10, max by (hypervisor, domain, mountpoint) ("
                    f"hypervisor_domain_filesystem_used_bytes{_MINE}"
                    f" / (hypervisor_domain_filesystem_size_bytes{_MINE} > 0)) {OWNED})",
                    "domain",
                    "sans agent",
                ),
                "{{domain}} {{mountpoint}}",
            ),
            limits=[(GUEST_FILESYSTEM_RATIO, ORANGE)],
            ratio=True,
            width=6,
        ),
        curves(
            "Incidents des machines, par heure",
            "Plantages, paniques du noyau, chiens de garde et erreurs de disque, comptés d’après"
            " les événements de libvirt. Une courbe qui quitte zéro est un mauvais signe.",
            "short",
            Query(
                or_none(
                    "3600 * sum by (event) (rate(hypervisor_domain_events_total"
                    '{instance=~"$instance",event=~"crashed|panicked|watchdog|io_error"}'
                    "[$__rate_interval]))",
                    "event",
                    "non mesurés",
                ),
                "{{event}}",
            ),
            width=24,
        ),
    ]  # fmt: skip
