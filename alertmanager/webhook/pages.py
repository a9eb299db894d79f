"""What our HTML pages have in common: one style, no script, an address that stays secret."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from alertmanager.rosters.explain import french_instant

NBSP = "\N{NO-BREAK SPACE}"
_UNBROKEN = re.compile(r" (?=[:;!?%»]|h \d)|(?<=\d h) (?=\d)|(?<=«) ")
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


def environment(zone: ZoneInfo) -> Environment:
    """Templates whose times are written in `zone`."""
    made = Environment(
        loader=PackageLoader("alertmanager.webhook"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(iso=_iso, jour=partial(_day, zone=zone), insecable=unbroken)
    # Ours, without a character that HTML would read otherwise; escaped, its hash would differ.
    made.globals.update(nbsp=NBSP, style=Markup(_STYLE))  # noqa: S704
    return made


def unbroken(text: str) -> str:
    """The text with no-break spaces where French typography wants them."""
    return _UNBROKEN.sub(NBSP, text)


def _day(instant: datetime, zone: ZoneInfo) -> str:
    return unbroken(french_instant(instant, zone))


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
