"""Ordinary mail alone, for a while: nobody may be paged."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from deploy.drill.background import Background
from deploy.drill.homes import homes
from deploy.estate.estate import Estate
from deploy.estate.readings import Readings


class Calm:
    """The background traffic of the drill without its attack, on a started estate."""

    def __init__(self, estate: Estate, progress: Callable[[str], None]) -> None:
        self._estate, self._progress = estate, progress
        self._readings = Readings(estate.ports, estate.settings.secret("operator.token"))

    def run(self, seconds: float) -> tuple[dict[str, Any], str]:
        """(report, French text). ``ok`` when mail flowed and nobody was paged."""
        background = Background(
            self._estate.ports, self._estate.accounts, homes(self._estate.accounts)
        )
        self._progress(f"courrier ordinaire seul pendant {seconds / 60:.1f} min")
        background.start()
        time.sleep(seconds)
        background.stop()
        incidents = self._readings.incidents()
        pages = sum(len(incident.get("pages", [])) for incident in incidents)
        sms = len(self._estate.handset.messages())
        sent = len(background.honest.sent)
        report = {
            "drill": "calme",
            "ok": pages == 0 and sms == 0 and sent > seconds,
            "seconds": seconds,
            "sent": sent,
            "refused": len(background.honest.refused),
            "pages": pages,
            "sms": sms,
            "incidents": [incident.get("title", "") for incident in incidents],
        }
        text = (
            f"Exercice « calme » : {sent} courriers en {seconds / 60:.1f} min, {pages} appel(s),"
            f" {sms} SMS. {'Réussi.' if report['ok'] else 'Échec.'}"
        )
        return report, text
