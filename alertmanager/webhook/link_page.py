"""The page behind a link, from what it shows to HTML. Pure: no request, no store."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from typing import Literal
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from alertmanager.delivery.sms_text import clock
from alertmanager.rosters.explain import french_instant
from alertmanager.webhook.link_view import LinkView

NBSP = "\N{NO-BREAK SPACE}"
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
_STYLE = files("alertmanager.webhook").joinpath("templates", "link.css").read_text("utf-8").strip()
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none';"
        " form-action 'self'; frame-ancestors 'none'"
    ),
    # The address is the secret: it must be neither kept, nor passed on, nor found.
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
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
        environment = Environment(
            loader=PackageLoader("alertmanager.webhook"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(iso=_iso, jour=partial(french_instant, zone=zone))
        # Ours, without a character that HTML would read otherwise; escaped, its hash would differ.
        environment.globals.update(
            nbsp=NBSP,
            words=_WORDS,
            severities=_SEVERITIES,
            style=Markup(_STYLE),  # noqa: S704
        )
        self._environment = environment

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


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
