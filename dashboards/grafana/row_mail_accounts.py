"""Mail: which accounts stand out, volume and refused log-ins by member."""

from __future__ import annotations

from dashboards.grafana.limits import ACCOUNT_PAGE, ACCOUNT_WATCH
from dashboards.grafana.panels import ORANGE, RED, Column, Panel, Query, curves, listing
from dashboards.grafana.row_mail_queues import ACCOUNT_LINK

TITLE = "Comptes"
_NOBODY = (
    "\nor on () label_replace(vector(0), "
    '"account", "aucun compte au-dessus du plancher d’observation", "", "")'
)


def _accounts(metric: str, *labels: str) -> str:
    chosen = ",".join((*labels, 'instance=~"$instance"', 'member=~"$member"'))
    return f"topk(10, max by (account, member) ({metric}{{{chosen}}})){_NOBODY}"


def standing_out() -> list[Panel]:
    """The accounts that send most, with their scores; volume by member: also on the overview."""
    recipients = "mailqueue_account_recent_recipients"
    return [
        listing(
            "Comptes qui envoient le plus",
            "Comptes authentifiés au-dessus du plancher d’observation. La note va de 0 à 100 ; dès"
            f" {ACCOUNT_WATCH} le compte sort de ses habitudes, à {ACCOUNT_PAGE} il est tenu pour"
            " volé. Fiche : MailAccountCompromised.",
            [
                Column("account", "Compte", link=ACCOUNT_LINK),
                Column("member", "Membre"),
                Column("Value #A", "Note", "short", [(ACCOUNT_WATCH, ORANGE), (ACCOUNT_PAGE, RED)]),
                Column("Value #B", "Destinataires, 2 min", "short"),
                Column("Value #C", "Messages, 2 min", "short"),
                Column("Value #D", "Adresses IP, 2 min", "short"),
                Column("Value #E", "Destinataires, 1 h", "short"),
            ],
            Query(_accounts("mailqueue_account_score")),
            Query(_accounts(recipients, 'window="2m"')),
            Query(_accounts("mailqueue_account_recent_messages", 'window="2m"')),
            Query(_accounts("mailqueue_account_recent_client_addresses", 'window="2m"')),
            Query(_accounts(recipients, 'window="1h"')),
            sort=("Note", True),
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
    ]


def panels() -> list[Panel]:
    """Accounts, volume, refused log-ins."""
    refused = (
        "(rate(mailqueue_authentication_failures_total"
        '{instance=~"$instance",member=~"$member"}[$__rate_interval]))'
    )
    return [
        *standing_out(),
        curves(
            "Connexions refusées par membre",
            "Échecs d’authentification par minute, selon le domaine du nom essayé ; sans nom : un"
            " domaine qui n’est pas à nous. Fiche : MailAuthenticationAttack.",
            "cpm",
            Query(f"60 * sum by (member) {refused}", "{{member}}"),
            width=12,
        ),
        curves(
            "Connexions refusées par protocole",
            "Les mêmes, par protocole. Un seul qui s’envole : une attaque, ou un appareil mal"
            " réglé qui réessaie.",
            "cpm",
            Query(f"60 * sum by (service) {refused}", "{{service}}"),
            width=12,
        ),
    ]
