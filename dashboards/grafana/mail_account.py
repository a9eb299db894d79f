"""The dashboard « Compte de messagerie » as code."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard

from dashboards.grafana import row_account
from dashboards.grafana.board import build, choice

UID = "vigie-mail-account"
_ACCOUNTS = (
    "query_result(count by (account) (mailqueue_account_recent_messages"
    " or mailqueue_account_queued_messages or mailqueue_account_held_messages"
    ' or label_replace(vector(0), "account", "aucun compte", "", "")))'
)


def board() -> dashboard.Dashboard:
    """One account: does it send as its owner does, and what to type if not?"""
    return build(
        UID,
        "Vigie – compte de messagerie",
        "Un compte : envoie-t-il comme son titulaire ? Sinon, ce qu’il faut taper.",
        (row_account,),
        choice("account", "Compte", _ACCOUNTS, several=False).regex('/account="([^"]+)"/'),
    )
