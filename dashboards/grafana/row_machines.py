"""Hypervisors: guests by state, those that should run and do not, and who uses the processors."""

from __future__ import annotations

from dashboards.grafana.panels import (
    RED,
    Column,
    Panel,
    Query,
    curves,
    listing,
    verdicts,
)

TITLE = "Hyperviseur"

_HERE = '{instance=~"$instance"}'

_OWNED = (
    "* on (instance, hypervisor, domain) group_left (member)"
    ' hypervisor_domain_info{member=~"$member"}'
)
# As HypervisorDomainDown: known and not running, or declared and known nowhere.
_MISSING = f"""\
(
    hypervisor_domain_should_run{{instance=~"$instance"}} == 1
  unless on (domain)
    (
        hypervisor_domain_state{{state=~"running|blocked"}} == 1
      or
        hypervisor_domain_state{{state="paused",reason=~"migration|postcopy"}} == 1
    )
) {_OWNED}
or (
    hypervisor_inventory_domain_info{{instance=~"$instance",member=~"$member"}}
  unless on (domain)
    hypervisor_domain_info
)"""


def panels() -> list[Panel]:
    """Guests by state, missing guests, processor time, reachability."""
    return [
        verdicts(
            "Hyperviseurs",
            "Réponse de libvirt. « Muet » : les machines tournent peut-être, mais nul ne le voit."
            " Fiche : HypervisorUnreachable.",
            Query('hypervisor_up{instance=~"$instance"}', "{{hypervisor}}"),
            bad="Muet",
            width=4,
        ),
        curves(
            "Machines par état",
            "Nombre de machines virtuelles dans chaque état.",
            "short",
            Query(
                'count by (state) (hypervisor_domain_state{instance=~"$instance"}'
                f" {_OWNED})",
                "{{state}}",
            ),
            width=6,
        ),
        listing(
            "Machines arrêtées qui doivent tourner",
            "Déclarées en service dans l’inventaire, et en marche sur aucun hyperviseur."
            " Fiche : HypervisorDomainDown.",
            [
                Column("domain", "Machine"),
                Column("member", "Membre"),
                Column("hypervisor", "Hyperviseur"),
            ],
            Query(
                f"{_MISSING}\n"
                'or on () label_replace(vector(0), "domain", "Aucune", "", "")'
            ),
            width=6,
        ),
        curves(
            "Processeur par machine (10 premières)",
            "Processeurs occupés par chaque machine : 1 = un processeur virtuel plein.",
            "short",
            Query(
                "topk(10, sum by (domain) (rate(hypervisor_domain_cpu_seconds_total"
                f'{{instance=~"$instance"}}[$__rate_interval]) {_OWNED}))',
                "{{domain}}",
            ),
        ),
        verdicts(
            "Voies de l’exporteur",
            "Ce que l’exporteur lit en tâche de fond : définitions et événements (inventory),"
            " stockages et réseaux (slow), agents (agent). Fiche : HypervisorLaneFailing.",
            Query(
                f"min by (hypervisor, lane) (hypervisor_lane_up{_HERE})\n"
                "or label_replace(min by (hypervisor) (hypervisor_events_connected"
                f'{_HERE}), "lane", "événements", "", "")',
                "{{hypervisor}} {{lane}}",
            ),
            bad="Échec",
            good="Réussie",
            width=12,
        ),
        curves(
            "Appels à libvirt en cours",
            "Appels qui ne sont pas revenus. Plus de deux en continu : une machine figée, ou"
            " libvirt lui-même, retient les réponses.",
            "short",
            Query(
                f"max by (hypervisor) (hypervisor_calls_outstanding{_HERE})", "{{hypervisor}}"
            ),
            width=6,
        ),
        curves(
            "Mesures incomplètes",
            "1 tant qu’une mesure n’a pas tout lu dans son délai : ce qui manque n’est pas"
            " surveillé.",
            "short",
            Query(f"max by (hypervisor) (hypervisor_scrape_partial{_HERE})", "{{hypervisor}}"),
            limits=[(1, RED)],
            width=6,
        ),
    ]  # fmt: skip
