"""Mail: is the log read, and understood?"""

from __future__ import annotations

from dashboards.grafana.limits import (
    LOG_LAG_SECONDS,
    LOG_SILENCE_SECONDS,
    UNPARSED_RATIO,
)
from dashboards.grafana.owners import or_none
from dashboards.grafana.panels import ORANGE, RED, Panel, Query, curves

TITLE = "Lecture du journal"
_MINE = '{instance=~"$instance"}'
_LINES = 'rate(mailqueue_log_lines_total{instance=~"$instance"}[$__rate_interval])'
_UNPARSED = 'rate(mailqueue_log_unparsed_lines_total{instance=~"$instance"}[$__rate_interval])'


def panels() -> list[Panel]:
    """Lines, lag, silence, what is not understood."""
    return [
        curves(
            "Lignes lues",
            "Lignes du journal par seconde. Zéro en pleine journée : le journal est muet, et Vigie"
            " aveugle aux comptes volés.",
            "cps",
            Query(f"sum by (instance) ({_LINES})", "{{instance}}"),
            width=6,
        ),
        curves(
            "Retard de lecture",
            "Âge de la dernière ligne lue alors que d’autres attendent. Plus de 2 minutes :"
            " MailLogLate.",
            "s",
            Query(f"max by (instance) (mailqueue_log_lag_seconds{_MINE})", "{{instance}}"),
            limits=[(LOG_LAG_SECONDS, ORANGE)],
            width=6,
        ),
        curves(
            "Silence du journal",
            "Temps depuis la dernière ligne. Plus d’un quart d’heure en pleine journée :"
            " MailLogSilent.",
            "s",
            Query(
                or_none(
                    "max by (instance)"
                    f" (time() - mailqueue_log_last_line_timestamp_seconds{_MINE})",
                    "instance",
                    "aucune ligne encore",
                ),
                "{{instance}}",
            ),
            limits=[(LOG_SILENCE_SECONDS, RED)],
            width=6,
        ),
        curves(
            "Lignes non comprises",
            "Part des lignes lues. Plus de 5 % : une mise à jour a changé leur forme, et ce"
            " qu’elles disent n’est pas compté. Fiche : MailLogUnparsed.",
            "percentunit",
            Query(
                or_none(
                    f"sum by (instance) ({_UNPARSED}) / (sum by (instance) ({_LINES}) > 0)",
                    "instance",
                    "aucune ligne",
                ),
                "{{instance}}",
            ),
            limits=[(UNPARSED_RATIO, ORANGE)],
            ratio=True,
            width=6,
        ),
    ]
