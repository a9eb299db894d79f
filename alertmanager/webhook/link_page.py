"""The page behind a link, from what it shows to HTML. Pure: no request, no store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal
from zoneinfo import ZoneInfo

from alertmanager.delivery.sms_text import clock
from alertmanager.webhook.link_view import LinkView
from alertmanager.webhook.pages import NBSP, environment

_WORDS = {
    "open": "pas encore transmis",
    "paging": "attend quelqu’un",
    "acknowledged": "pris en charge",
    "snoozed": "en veille",
    "suppressed": "suspendu par une maintenance",
    "resolved": "terminé",
    "closed": "clos",
}
_SEVERITIES = {
    "critical": "Critique",
    "warning": "Avertissement",
    "info": "Information",
    "none": "Information",
}


@dataclass(frozen=True)
class Notice:
    """What the reader must know first."""

    text: str
    more: str = ""
    tone: Literal["good", "warm"] = "good"


class LinkPages:
    """The pages of one site, whose times are written in `zone`."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._environment = environment(zone)
        self._environment.globals.update(words=_WORDS, severities=_SEVERITIES)

    def incidents(
        self, view: LinkView, now: datetime, notice: Notice | None, *, offer: bool
    ) -> str:
        """The page of a message; `offer`: with the button."""
        heading = _heading(view)
        return self._render(view, now, heading, f"{heading} – Vigie", notice, offer=offer)

    def gone(self, now: datetime) -> str:
        """The page of a link that was ours and has expired."""
        notice = Notice(
            "Une page de réponse s’éteint 24 heures après son message.",
            "Répondez au message par son code, ou demandez l’état à un collègue d’astreinte.",
            "warm",
        )
        return self._render(None, now, "Ce lien a expiré", "Lien expiré – Vigie", notice)

    def missing(self, now: datetime) -> str:
        """The page of a link that was never ours; it says nothing about what exists."""
        return self._render(None, now, "Cette page n’existe pas", "Page inconnue – Vigie", None)

    def _render(
        self,
        view: LinkView | None,
        now: datetime,
        heading: str,
        title: str,
        notice: Notice | None,
        *,
        offer: bool = False,
    ) -> str:
        template = self._environment.get_template("link.html.j2")
        return template.render(
            view=view,
            heading=heading,
            title=title,
            notice=notice,
            offer=offer,
            # The date is said when it is not today's.
            time_of=partial(clock, now=now, zone=self._zone),
        )


def _heading(view: LinkView) -> str:
    if view.incident_count == 1 and view.incidents:
        only = view.incidents[0]
        where = f", {only.place}" if only.place else ""
        return f"{only.service or only.title}{where}"
    if view.waiting:
        return f"{view.waiting}{NBSP}incident{'s' if view.waiting > 1 else ''} à prendre en charge"
    return f"{view.incident_count}{NBSP}incidents"
