"""Mail: what waits, how long, whose it is, and the room that is left."""

from __future__ import annotations

from dashboards.grafana.limits import (
    ACTIVE_QUEUE_RATIO,
    INCOMING_AGE_SECONDS,
    SPOOL_LEFT_RATIO,
)
from dashboards.grafana.owners import or_none
from dashboards.grafana.panels import RED, Column, Panel, Query, curves, listing

TITLE = "Files d’attente"
_MINE = '{instance=~"$instance"}'
_THEIRS = '{instance=~"$instance",member=~"$member"}'
ACCOUNT_LINK = ("Voir ce compte", "/d/vigie-mail-account?var-account=${__value.text}")


def against_the_limit() -> list[Panel]:
    """Queues, saturation, oldest message: also on the overview."""
    return [
        curves(
            "Messages par file",
            "Messages de chaque file, et la limite de la file active. Mauvais signe :"
            " « active » colle à la limite et « incoming » monte. Fiche : MailQueueJammed.",
            "short",
            Query(f"sum by (queue) (mailqueue_messages{_MINE})", "{{queue}}"),
            Query(f"sum(mailqueue_active_limit_messages{_MINE})", "limite de active"),
        ),
        curves(
            "Remplissage de la file active",
            "Part de la limite du gestionnaire de file. L’alerte MailQueueJammed part à 90 %.",
            "percentunit",
            Query(
                'max by (instance) (mailqueue_messages{queue="active",instance=~"$instance"}'
                f" / ignoring (queue) mailqueue_active_limit_messages{_MINE})",
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
            Query(f"max by (queue) (mailqueue_oldest_age_seconds{_MINE})", "{{queue}}"),
            limits=[(INCOMING_AGE_SECONDS, RED)],
        ),
    ]


def _trend() -> list[Panel]:
    return [
        curves(
            "Croissance de « incoming »",
            "Messages par seconde dont la file d’entrée a crû (ou diminué, sous zéro) en 3 minutes."
            " Elle monte pendant que la file active est pleine : engorgement.",
            "cps",
            Query(
                or_none(
                    f"max by (instance) (mailqueue_incoming_growth_per_second{_MINE})",
                    "instance",
                    "pas encore mesurée",
                ),
                "{{instance}}",
            ),
            signed=True,
        ),
        curves(
            "Temps pour tout écouler",
            "Temps avant qu’il n’attende plus rien, au rythme des 3 dernières minutes. Rien"
            " ne s’affiche tant que l’attente ne diminue pas.",
            "s",
            Query(
                or_none(
                    f"max by (instance) (mailqueue_drain_estimate_seconds{_MINE})",
                    "instance",
                    "ne diminue pas",
                ),
                "{{instance}}",
            ),
        ),
        curves(
            "Courrier remis à plus tard, par âge",
            "Messages de la file « deferred » par temps d’attente, en minutes. Une bosse qui avance"
            " est une panne passée ; une qui grossit à gauche est une panne en cours.",
            "short",
            Query(
                or_none(
                    "sum by (age) (mailqueue_messages_by_age"
                    '{queue="deferred",instance=~"$instance"})',
                    "age",
                    "non mesuré",
                ),
                "{{age}}",
            ),
        ),
    ]


def _room() -> list[Panel]:
    return [
        curves(
            "Place de la file",
            "Part occupée du disque et des inodes où vit la file. L’alerte MailSpoolFilling part à"
            " 95 %, ou deux heures avant le plein.",
            "percentunit",
            Query(
                or_none(
                    "max by (instance) (1 - mailqueue_spool_free_bytes"
                    f"{_MINE} / mailqueue_spool_size_bytes{_MINE})",
                    "instance",
                    "non mesurée",
                ),
                "{{instance}} disque",
            ),
            Query(
                or_none(
                    "max by (instance) (1 - mailqueue_spool_free_inodes"
                    f"{_MINE} / mailqueue_spool_inodes{_MINE})",
                    "instance",
                    "sans limite",
                ),
                "{{instance}} inodes",
            ),
            limits=[(1 - SPOOL_LEFT_RATIO, RED)],
            ratio=True,
        ),
        listing(
            "Comptes qui occupent la file",
            "Messages de chaque compte dans toutes les files. « unauthenticated » : reçus de"
            " l’extérieur. Un compte qui domine engorge tout le monde.",
            [
                Column("account", "Compte en file", link=ACCOUNT_LINK),
                Column("member", "Membre"),
                Column("Value #A", "Messages", "short"),
                Column("Value #B", "Part", "percentunit"),
                Column("Value #C", "Destinataires", "short"),
            ],
            *(
                Query(
                    or_none(
                        "topk(10, sum by (account, member)"
                        f" (mailqueue_account_queued_{what}{_THEIRS}))",
                        "account",
                        "aucun",
                    )
                )
                for what in ("messages", "ratio", "recipients")
            ),
            width=8,
            sort=("Messages", True),
        ),
        listing(
            "Courrier retenu",
            "Messages mis de côté (« hold ») par compte, et depuis quand. À libérer ou à supprimer"
            " une fois l’affaire close : vigie mail contain --undo, ou --purge.",
            [
                Column("account", "Compte retenu", link=ACCOUNT_LINK),
                Column("member", "Membre"),
                Column("Value #A", "Messages", "short"),
                Column("Value #B", "Depuis", "dtdurations"),
            ],
            Query(
                or_none(
                    f"sum by (account, member) (mailqueue_account_held_messages{_THEIRS})",
                    "account",
                    "aucun",
                )
            ),
            Query(
                or_none(
                    "max by (account, member)"
                    f" (time() - mailqueue_account_held_since_timestamp_seconds{_THEIRS})",
                    "account",
                    "aucun",
                )
            ),
            width=8,
        ),
    ]


def panels() -> list[Panel]:
    """Queues, where they are going, room, accounts."""
    return [*against_the_limit(), *_trend(), *_room()]
