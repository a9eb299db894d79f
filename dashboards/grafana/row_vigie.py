"""Vigie itself: who watches the watch."""

from __future__ import annotations

from dashboards.grafana.panels import RED, Panel, Query, curves, verdicts

TITLE = "Vigie elle-même"


def panels() -> list[Panel]:
    """Processes, collectors, log lag."""
    return [
        verdicts(
            "Processus",
            "Ce que Prometheus interroge. Un exporteur muet : son hôte n’est plus surveillé."
            " Fiche : ExporterDown.",
            Query("min by (job, instance) (up)", "{{job}} {{instance}}"),
            bad="Muet",
            width=6,
        ),
        verdicts(
            "Collecteurs",
            "Dernière lecture de chaque source. Fiche : CollectorFailing.",
            Query(
                'min by (collector) (vigie_scrape_collector_success{instance=~"$instance"})',
                "{{collector}}",
            ),
            bad="Échec",
            good="Réussi",
            width=6,
        ),
        curves(
            "Durée des collecteurs",
            "Temps de lecture de chaque source. Mauvais signe : s’approcher du délai de Prometheus"
            " (10 s).",
            "s",
            Query(
                "max by (collector) "
                '(vigie_scrape_collector_duration_seconds{instance=~"$instance"})',
                "{{collector}}",
            ),
            width=6,
        ),
        curves(
            "Retard de lecture du journal de messagerie",
            "Âge de la dernière ligne lue tant qu’il en reste ; 0 quand tout est lu. Un retard"
            " retarde d’autant la détection d’un compte volé.",
            "s",
            Query(
                'max by (instance) (mailqueue_log_lag_seconds{instance=~"$instance"})',
                "{{instance}}",
            ),
            width=6,
        ),
        curves(
            "Plus ancien message à remettre",
            "Âge du plus ancien message à une personne que la passerelle n’a pas encore pris."
            " Plus d’une minute : la passerelle SMS ne prend plus rien, l’astreinte n’est pas"
            " prévenue.",
            "s",
            Query(
                "max by (instance) (vigie_webhook_oldest_pending_message_age_seconds)",
                "{{instance}}",
            ),
            limits=[(60, RED)],
        ),
        curves(
            "Incidents du webhook",
            "Incidents en base, par état. Un incident ouvert que personne ne prend est un mauvais"
            " signe.",
            "short",
            Query("sum by (state) (vigie_webhook_incidents)", "{{state}}"),
        ),
        curves(
            "Âge du dernier battement d’Alertmanager",
            "L’alerte Watchdog doit arriver au webhook sans cesse. Un âge qui monte : la chaîne"
            " d’alerte est coupée entre Prometheus et le webhook.",
            "s",
            Query(
                "time() - max by (integration) (vigie_webhook_heartbeat_timestamp_seconds)",
                "{{integration}}",
            ),
        ),
    ]  # fmt: skip
