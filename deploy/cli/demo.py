"""`vigie demo`: the estate with its ordinary mail, until Ctrl-C."""

from __future__ import annotations

import argparse
import threading

from deploy.cli._estate import add_estate_options, guarded, say
from deploy.drill.background import Background
from deploy.drill.homes import homes
from deploy.estate.estate import Estate
from deploy.estate.ports import Ports

SUMMARY = "Monter le datacenter de démonstration sur cette machine, jusqu'à Ctrl-C."
configure = add_estate_options


def addresses(estate: Estate) -> str:
    """Where to look, for a person."""
    ports, settings = estate.ports, estate.settings
    member = estate.inventory.members[0]
    link = settings.member_path(member.id)
    places = {
        "Page d'état publique": f"{ports.url('status')}/",
        f"Page d'état de {member.name}": f"{ports.url('status')}{link}/",
        "Métriques": f"{ports.url('exporter')}/metrics",
        "Prometheus": f"{ports.url('prometheus')}/alerts",
        "Alertmanager": f"{ports.url('alertmanager')}/",
        "API du webhook": f"{ports.url('webhook')}/api/v1/openapi.json",
        "Jeton d'opérateur": settings.path("operator.token"),
        "SMS reçus": estate.folder / "sms" / "handset.log",
        "SMS de la sentinelle": estate.folder / "sentinel-sms" / "handset.log",
        "Configuration": settings.folder,
        "Journaux": estate.folder / "logs",
    }
    width = max(len(name) for name in places)
    return "\n".join(
        [
            "\nLa démonstration tourne ; tout est sur cette machine.\n",
            *(f"  {name:<{width}}  {place}" for name, place in places.items()),
            "\nCtrl-C arrête tout. L'attaque du 1er mai : ./deploy/demo --drill\n",
        ]
    )


def run(arguments: argparse.Namespace) -> int:
    """Start all, send ordinary mail, wait for Ctrl-C, stop all. Exit status 0, or 1 on failure."""

    def demo() -> int:
        estate = Estate(arguments.folder, Ports(arguments.port_base))
        estate.start(say)
        background = Background(estate.ports, estate.accounts, homes(estate.accounts), rate=0.5)
        try:
            background.start()
            print(addresses(estate), flush=True)
            threading.Event().wait()
        except KeyboardInterrupt:
            say("arrêt")
        finally:
            background.stop()
            estate.stop()
        say("tout est arrêté")
        return 0

    return guarded(demo)
