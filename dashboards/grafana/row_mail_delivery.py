"""Mail: how much comes and goes, how long each stage takes, and why it fails."""

from __future__ import annotations

from dashboards.grafana.limits import DEFERRED_RATIO
from dashboards.grafana.owners import or_none
from dashboards.grafana.panels import RED, Panel, Query, curves

TITLE = "Débit et remises"
_MINE = '{instance=~"$instance"}'


def _rate(counter: str, *labels: str) -> str:
    chosen = ",".join((*labels, 'instance=~"$instance"'))
    return f"rate({counter}{{{chosen}}}[$__rate_interval])"


def _stage(quantile: float) -> str:
    """The quantile of each stage; nothing, rather than NaN, where nothing was delivered."""
    buckets = _rate("mailqueue_delivery_stage_seconds_bucket")
    expr = f"histogram_quantile({quantile}, sum by (stage, le) ({buckets})) >= 0"
    return or_none(expr, "stage", "aucune remise")


def panels() -> list[Panel]:
    """Throughput, outcomes, stages, failures, refusals."""
    return [
        curves(
            "Débit",
            "Messages par minute : reçus de l’extérieur, soumis par nos comptes, sortis de la file."
            " Tant que « sortis » suit les deux autres, rien ne s’accumule.",
            "cpm",
            Query(f"60 * sum({_rate('mailqueue_received_messages_total')})", "reçus"),
            Query(f"60 * sum({_rate('mailqueue_submitted_messages_total')})", "soumis"),
            Query(f"60 * sum({_rate('mailqueue_removed_messages_total')})", "sortis"),
        ),
        curves(
            "Remises par issue",
            "Essais de remise par minute et par issue, un par destinataire. « deferred » : remis à"
            " plus tard ; « bounced » : rendu à l’expéditeur ; « expired » : abandonné.",
            "cpm",
            Query(
                f"60 * sum by (status) ({_rate('mailqueue_delivery_attempts_total')})", "{{status}}"
            ),
        ),
        curves(
            "Part remise à plus tard, par membre",
            "Part des essais des 30 dernières minutes vers les boîtes de chaque membre. Plus de la"
            " moitié : leur serveur va mal. Fiche : MailDeliveryFailing.",
            "percentunit",
            Query(
                or_none(
                    "sum by (member) (mail:delivery_attempts:increase30m"
                    '{status="deferred",instance=~"$instance",member=~"$member"})'
                    " / (sum by (member) (mail:delivery_attempts:increase30m"
                    '{instance=~"$instance",member=~"$member"}) > 0)',
                    "member",
                    "aucune remise",
                ),
                "{{member}}",
            ),
            limits=[(DEFERRED_RATIO, RED)],
            ratio=True,
        ),
        curves(
            "Durée de chaque étape d’une remise, médiane",
            "La moitié des remises font mieux. Avant la file : filtres ; dans la file :"
            " encombrement ; connexion et transmission : l’autre serveur.",
            "s",
            Query(_stage(0.5), "{{stage}}"),
            width=12,
        ),
        curves(
            "Durée de chaque étape d’une remise, 95 %",
            "19 remises sur 20 font mieux. Si seule cette courbe monte, quelques destinataires sont"
            " lents ; si la médiane monte aussi, c’est chez nous.",
            "s",
            Query(_stage(0.95), "{{stage}}"),
            width=12,
        ),
        curves(
            "Échecs de remise par motif",
            "Essais manqués par minute, selon ce que l’autre serveur a répondu. « blocklisted » et"
            " « rate_limited » : notre réputation ; « connection » et « dns » : le réseau.",
            "cpm",
            Query(
                f"60 * sum by (reason) ({_rate('mailqueue_delivery_failures_total')})", "{{reason}}"
            ),
        ),
        curves(
            "Refus à l’entrée par motif",
            "Destinataires refusés aux clients, par minute. Beaucoup de « unknown_user » :"
            " quelqu’un essaie des adresses au hasard. Mieux vaut refuser que répondre.",
            "cpm",
            Query(
                f"60 * sum by (reason) ({_rate('mailqueue_rejected_recipients_total')})",
                "{{reason}}",
            ),
        ),
        curves(
            "Avis aux expéditeurs",
            "Avis de non-remise et de retard par minute. Une vague de « non_delivery » sans lettre"
            " d’information en cours est de la rétrodiffusion. Fiche : MailBackscatter.",
            "cpm",
            Query(f"60 * sum by (kind) ({_rate('mailqueue_notifications_total')})", "{{kind}}"),
        ),
    ]
