"""HTML pages from a view, with the templates beside this file. Pure: same view, same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from dashboards.status.french_time import (
    NBSP,
    clock_time,
    full_date,
    full_instant,
    iso,
    span,
)
from dashboards.status.model import View
from dashboards.status.words import STATE_WORDS


@dataclass(frozen=True)
class Contact:
    """How a member reaches the syndicate; any part may be empty."""

    text: str = ""
    email: str = ""
    phone: str = ""


def _dialled(phone: str) -> str:
    return "".join(character for character in phone if character in "+0123456789")


class Pages:
    """The HTML pages of one site, for any view. `zone` is the zone that times are written in."""

    def __init__(self, zone: ZoneInfo, contact: Contact) -> None:
        self._contact = contact
        self._environment = Environment(
            loader=PackageLoader("dashboards.status"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            iso=iso,
            span=span,
            clock_time=partial(clock_time, zone=zone),
            full_date=partial(full_date, zone=zone),
            full_instant=partial(full_instant, zone=zone),
            dialled=_dialled,
        )
        self._environment.globals.update(nbsp=NBSP, words=STATE_WORDS)

    def _render(self, template: str, **values: object) -> bytes:
        page = self._environment.get_template(template)
        return page.render(contact=self._contact, **values).encode()

    def status(self, view: View, *, live: bool = False) -> bytes:
        """The page of an audience; `live` reloads itself each minute, because the reader asked."""
        return self._render("status.html.j2", view=view, live=live)

    def accessibility(self, view: View) -> bytes:
        """The accessibility declaration that French law asks for (loi 2005-102, article 47)."""
        return self._render("accessibility.html.j2", view=view)

    def missing(self) -> bytes:
        """The page of an address that does not exist; it says nothing about what exists."""
        return self._render("missing.html.j2")


def asset(name: str) -> bytes:
    """A file served as it is: the style sheet, the icon."""
    return files("dashboards.status").joinpath("templates", name).read_bytes()
