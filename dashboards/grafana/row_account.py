"""One account: its score and why, what it sends and from where, its mail queued, what to type."""

from __future__ import annotations

from dashboards.grafana.limits import ACCOUNT_PAGE, ACCOUNT_WATCH
from dashboards.grafana.owners import or_none
from dashboards.grafana.panels import GREY, ORANGE, RED, Panel, Query, Word, curves, figures, words

TITLE = "Le compte"
_LABELS = 'account=~"$account",instance=~"$instance",member=~"$member"'
_IT = f"{{{_LABELS}}}"
_COMMANDS = """\
Sur le serveur de messagerie, dans cet ordre :

```sh
sudo vigie mail who ${account}                       # que fait-il, d'où, vers qui, depuis quand
sudo vigie mail contain ${account}                   # ce qui serait fait ; ne touche à rien
sudo vigie mail contain --apply ${account}           # refuse, ferme, retient
sudo vigie mail contained ${account}                 # est-ce fini ?
sudo vigie mail contain --undo --apply ${account}    # plus tard : rendre le compte, relâcher
```

Fiche : `docs/runbooks/MailAccountCompromised.md`. Un doute ? Arrêtez :
un courrier retenu se libère, un courrier parti ne revient pas.
"""


def _one(expr: str, word: str) -> str:
    return or_none(expr, "account", word)


def _present() -> list[Panel]:
    since = f"time() - mailqueue_account_compromised_since_timestamp_seconds{_IT}"
    return [
        figures(
            "Note",
            f"De 0 à 100. Dès {ACCOUNT_WATCH} le compte sort de ses habitudes ; à {ACCOUNT_PAGE}"
            " il est tenu pour volé et quelqu’un est réveillé.",
            "short",
            Query(_one(f"max by (account) (mailqueue_account_score{_IT})", "calme"), "{{account}}"),
            limits=[(ACCOUNT_WATCH, ORANGE), (ACCOUNT_PAGE, RED)],
            width=5,
        ),
        figures(
            "Tenu pour volé depuis",
            "Temps depuis que le détecteur le tient pour volé ; tant qu’il envoie encore.",
            "dtdurations",
            Query(_one(f"max by (account) ({since})", "non"), "{{account}}"),
            words={"0": Word("non", GREY)},
            limits=[(0.001, RED)],
            width=5,
        ),
        figures(
            "Réseaux en 1 h",
            "Réseaux distincts (/24, ou /48 en IPv6) d’où il a envoyé en une heure. Une personne en"
            " a deux ou trois.",
            "short",
            Query(
                _one(f"max by (account) (mailqueue_account_networks{_IT})", "aucun"), "{{account}}"
            ),
            limits=[(4, ORANGE), (12, RED)],
            width=5,
        ),
        figures(
            "Part de la file",
            "Part de toute la file qui est de lui. Un compte qui domine la file retarde tout le"
            " monde.",
            "percentunit",
            Query(
                _one(f"max by (account) (mailqueue_account_queued_ratio{_IT})", "rien en file"),
                "{{account}}",
            ),
            limits=[(0.2, ORANGE), (0.6, RED)],
            width=4,
        ),
        figures(
            "Messages retenus",
            "Ses messages mis de côté, à libérer ou à supprimer une fois l’affaire close.",
            "short",
            Query(
                _one(f"sum by (account) (mailqueue_account_held_messages{_IT})", "aucun"),
                "{{account}}",
            ),
            limits=[(1, ORANGE)],
            width=5,
        ),
    ]


def _past() -> list[Panel]:
    recent = "mailqueue_account_recent"
    return [
        curves(
            "Note au fil du temps",
            "La note du compte. Une marche brusque est un vol ; une pente, un goutte-à-goutte.",
            "short",
            Query(_one(f"max by (account) (mailqueue_account_score{_IT})", "calme"), "{{account}}"),
            limits=[(ACCOUNT_WATCH, ORANGE), (ACCOUNT_PAGE, RED)],
            width=12,
        ),
        curves(
            "Raisons de la note",
            "Ce que chaque raison apporte à elle seule, de 0 à 100. Leur sens est dans"
            " docs/reference/collectors/mail-detector.md.",
            "short",
            Query(
                or_none(
                    f"max by (reason) (mailqueue_account_score_reason{_IT})", "reason", "aucune"
                ),
                "{{reason}}",
            ),
            width=12,
        ),
        curves(
            "Destinataires par fenêtre",
            "Destinataires de ses messages dans les 2 dernières minutes et dans la dernière heure.",
            "short",
            Query(
                or_none(
                    f"max by (window) ({recent}_recipients{_IT})", "window", "sous le plancher"
                ),
                "{{window}}",
            ),
        ),
        curves(
            "Adresses IP par fenêtre",
            "Adresses distinctes d’où il envoie. Des dizaines sont un réseau de machines.",
            "short",
            Query(
                or_none(
                    f"max by (window) ({recent}_client_addresses{_IT})",
                    "window",
                    "sous le plancher",
                ),
                "{{window}}",
            ),
        ),
        curves(
            "Messages en file et retenus",
            "Ses messages dans toutes les files, et ceux qui sont mis de côté. Une fois confiné,"
            " les deux courbes se rejoignent.",
            "short",
            Query(_one(f"sum(mailqueue_account_queued_messages{_IT})", "aucun"), "en file"),
            Query(_one(f"sum(mailqueue_account_held_messages{_IT})", "aucun"), "retenus"),
        ),
    ]


def panels() -> list[Panel]:
    """Now, what to type, and how it came to this."""
    return [*_present(), words("Que taper", _COMMANDS, height=9), *_past()]
