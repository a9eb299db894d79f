"""Mail: the queue, its age, and who fills it."""

from __future__ import annotations

from dashboards.grafana.limits import (
    ACTIVE_QUEUE_RATIO,
    CLIENT_ADDRESSES,
    FEW_RECIPIENTS,
    INCOMING_AGE_SECONDS,
    MANY_RECIPIENTS,
)
from dashboards.grafana.panels import ORANGE, RED, Column, Panel, Query, curves, listing

TITLE = "Messagerie"

_NOBODY = (
    "\nor on () label_replace(vector(0), "
    '"account", "aucun compte au-dessus du plancher d’observation", "", "")'
)


def _accounts(metric: str, window: str) -> str:
    return (
        f"topk(10, max by (account, member) ({metric}"
        f'{{window="{window}",instance=~"$instance",member=~"$member"}})){_NOBODY}'
    )


def panels() -> list[Panel]:
    """Queues against their limit, ages, accounts, volume by member."""
    mine = '{instance=~"$instance"}'
    return [
        curves(
            "Messages par file",
            "Messages de chaque file de Postfix, et la limite de la file active. Mauvais signe :"
            " « active » colle à la limite et « incoming » monte. Fiche : MailQueueJammed.",
            "short",
            Query(f"sum by (queue) (mailqueue_messages{mine})", "{{queue}}"),
            Query(f"sum(mailqueue_active_limit_messages{mine})", "limite de active"),
        ),
        curves(
            "Remplissage de la file active",
            "Part de la limite du gestionnaire de file. L’alerte MailQueueJammed part à 90 %.",
            "percentunit",
            Query(
                'max by (instance) (mailqueue_messages{queue="active",instance=~"$instance"}'
                f" / ignoring (queue) mailqueue_active_limit_messages{mine})",
                "{{instance}}",
            ),
            limits=[(ACTIVE_QUEUE_RATIO, RED)],
            ratio=True,
        ),
        curves(
            "Plus ancien message par file",
            "Âge du plus ancien message. Dans « incoming », plus de 5 minutes est mauvais signe ;"
            " dans « deferred », un message peut attendre des jours chez un destinataire muet.",
            "s",
            Query(f"max by (queue) (mailqueue_oldest_age_seconds{mine})", "{{queue}}"),
            limits=[(INCOMING_AGE_SECONDS, RED)],
        ),
        listing(
            "Comptes qui envoient le plus",
            "Comptes authentifiés au-dessus du plancher d’observation. Mauvais signe : au moins"
            " 150 destinataires ou messages en 2 min depuis 4 adresses, ou 600 d’où que ce soit."
            " Fiche : MailAccountFlooding.",
            [
                Column("account", "Compte"),
                Column("member", "Membre"),
                Column("Value #A", "Destinataires, 2 min", "short",
                       [(FEW_RECIPIENTS, ORANGE), (MANY_RECIPIENTS, RED)]),
                Column("Value #B", "Messages, 2 min", "short",
                       [(FEW_RECIPIENTS, ORANGE), (MANY_RECIPIENTS, RED)]),
                Column("Value #C", "Adresses IP, 2 min", "short", [(CLIENT_ADDRESSES, ORANGE)]),
                Column("Value #D", "Destinataires, 1 h", "short"),
            ],
            Query(_accounts("mailqueue_account_recent_recipients", "2m")),
            Query(_accounts("mailqueue_account_recent_messages", "2m")),
            Query(_accounts("mailqueue_account_recent_client_addresses", "2m")),
            Query(_accounts("mailqueue_account_recent_recipients", "1h")),
            sort=("Destinataires, 2 min", True),
        ),
        curves(
            "Destinataires par membre",
            "Destinataires des messages soumis par les comptes de chaque membre, par minute."
            " Une courbe qui quitte ses habitudes désigne le membre d’où vient la vague.",
            "cpm",
            Query(
                "60 * sum by (member) (rate(mailqueue_submitted_recipients_total"
                '{instance=~"$instance",member=~"$member"}[$__rate_interval]))',
                "{{member}}",
            ),
            width=12,
        ),
    ]  # fmt: skip
