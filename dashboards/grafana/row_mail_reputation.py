"""Mail: does it arrive as for a user, and what do others think of us?"""

from __future__ import annotations

from dashboards.grafana.limits import CANARY_SLOW_SECONDS
from dashboards.grafana.owners import or_none
from dashboards.grafana.panels import (
    GREEN,
    GREY,
    ORANGE,
    RED,
    Column,
    Panel,
    Query,
    Word,
    curves,
    figures,
    listing,
)

TITLE = "Messages témoins et listes noires"
_LISTED = {"1": Word("inscrite", RED), "0": Word("–", GREY)}
_ANSWERS = {"1": Word("répond", GREEN), "0": Word("muette", ORANGE)}
_THEIRS = '{instance=~"$instance",member=~"$member"}'


def _canary() -> list[Panel]:
    seconds = "mailqueue_canary_latency_seconds"
    return [
        figures(
            "Messages témoins",
            "Le dernier message envoyé à une boîte de chaque membre, comme par un usager, est-il"
            " arrivé ? Fiche : MailCanaryLost.",
            "none",
            Query(
                f"min by (member) (mailqueue_canary_success{_THEIRS})"
                ' or on () label_replace(vector(-1), "member", "aucun témoin", "", "")',
                "{{member}}",
            ),
            words={"-1": Word("Non mesuré", GREY), "0": Word("Perdu", RED),
                   "1": Word("Arrivé", GREEN)},
            limits=[(0, RED), (1, GREEN)],
            base=GREY,
            width=8,
        ),
        curves(
            "De l’envoi à la lecture",
            "Temps moyen d’un message témoin, sur 30 minutes. D’ordinaire quelques secondes ; plus"
            " d’une minute : MailCanarySlow.",
            "s",
            Query(
                or_none(
                    f"sum by (member) (rate({seconds}_sum{_THEIRS}[30m]))"
                    f" / (sum by (member) (rate({seconds}_count{_THEIRS}[30m])) > 0)",
                    "member",
                    "aucun témoin",
                ),
                "{{member}}",
            ),
            limits=[(CANARY_SLOW_SECONDS, ORANGE)],
        ),
        curves(
            "Messages témoins manqués, par étape",
            "Par heure, et où : connexion, TLS, authentification, refus, remise, lecture. L’étape"
            " dit où chercher.",
            "short",
            Query(
                or_none(
                    "3600 * sum by (stage) (rate(mailqueue_canary_failures_total"
                    f"{_THEIRS}[$__rate_interval]))",
                    "stage",
                    "aucun témoin",
                ),
                "{{stage}}",
            ),
        ),
    ]  # fmt: skip


def panels() -> list[Panel]:
    """Canaries, block lists."""
    return [
        *_canary(),
        listing(
            "Listes noires où nous sommes",
            "Nos adresses d’envoi qui figurent sur une liste noire. Arrêter la cause avant de"
            " demander le retrait. Fiche : MailListed.",
            [Column("address", "Adresse"), Column("list", "Liste"),
             Column("Value", "Inscrites", words=_LISTED)],
            Query(
                or_none(
                    "max by (address, list)"
                    ' (mailqueue_blocklist_listed{instance=~"$instance"} == 1)',
                    "address",
                    "aucune",
                )
            ),
        ),
        listing(
            "Listes noires interrogées",
            "Chaque liste répond-elle ? Une erreur (quota, résolveur refusé) n’est pas une"
            " inscription, mais ne prouve rien non plus. Fiche : MailBlocklistUnchecked.",
            [Column("list", "Liste interrogée"),
             Column("Value", "Réponse", words=_ANSWERS)],
            Query(
                or_none(
                    'min by (list) (mailqueue_blocklist_check_success{instance=~"$instance"})',
                    "list",
                    "aucune liste",
                )
            ),
        ),
    ]  # fmt: skip
