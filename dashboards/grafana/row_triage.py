"""First row: what is wrong, and whose is it?"""

from __future__ import annotations

from dashboards.grafana.panels import (
    GREEN,
    GREY,
    ORANGE,
    RED,
    Column,
    Panel,
    Query,
    Word,
    figures,
    listing,
)

TITLE = "Qu’est-ce qui ne va pas ?"

_FIRING = 'ALERTS{alertstate="firing",severity=~"critical|warning"'

# A service whose measures are missing must not look well: -1 unless its `up` says otherwise.
_MEASURED = {
    "messagerie": "min(mailqueue_up)",
    "hebergement": "min(hypervisor_up)",
    "sauvegarde": "min(backup_repository_up)",
    "supervision": 'min(up{job="vigie-exporter"})',
}


def _state_by_service() -> str:
    measured = [
        f'label_replace({up} - 1, "service", "{name}", "", "")' for name, up in _MEASURED.items()
    ]
    absent = [f'label_replace(vector(-1), "service", "{name}", "", "")' for name in _MEASURED]
    parts = [
        '2 * ALERTS{alertstate="firing",severity="critical"}',
        'ALERTS{alertstate="firing",severity="warning"} + 0',
        *measured,
        *absent,
    ]
    return "max by (service) (\n    " + "\n  or\n    ".join(parts) + "\n)"


STATE_WORDS = {
    "-1": Word("Non mesuré", GREY),
    "0": Word("Rien à signaler", GREEN),
    "1": Word("À voir", ORANGE),
    "2": Word("Urgent", RED),
}


def panels() -> list[Panel]:
    """State of each service, and the alerts that fire."""
    return [
        figures(
            "État par service",
            "Alerte la plus grave de chaque service. « Non mesuré » : ses mesures manquent,"
            " l’absence d’alerte ne prouve rien. Voir alors la rangée Vigie.",
            "none",
            Query(_state_by_service(), "{{service}}"),
            words=STATE_WORDS,
            limits=[(1, ORANGE), (2, RED)],
            width=9,
        ),
        listing(
            "Alertes en cours",
            "Alertes actives, la plus récente en premier. La fiche de chacune est dans"
            " docs/runbooks/.",
            [
                Column("alertname", "Alerte"),
                Column("severity", "Gravité", words={
                    "critical": Word("critique", RED), "warning": Word("à voir", ORANGE),
                }),
                Column("service", "Service"),
                Column("member", "Membre"),
                Column("instance", "Hôte"),
                Column("domain", "Machine"),
                Column("account", "Compte"),
                Column("backup_job", "Sauvegarde"),
                Column("Value", "Depuis", unit="dtdurations"),
            ],
            Query(
                f'(time() - ALERTS_FOR_STATE{{member=~"$member"}})'
                f' and ignoring (alertstate) {_FIRING},member=~"$member"}}\n'
                'or on () label_replace(vector(0), "alertname", "Aucune alerte en cours", "", "")'
            ),
            width=15,
            sort=("Depuis", False),
        ),
    ]  # fmt: skip
