"""A person's own page, from what it shows to HTML. Pure: no request, no store."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from alertmanager.webhook.link_page import Notice
from alertmanager.webhook.pages import environment
from alertmanager.webhook.personal_view import PersonView


class PersonPages:
    """The pages of one site, whose times are written in `zone`."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._environment = environment(zone)

    def shown(
        self, view: PersonView, base: str, *, keepers: bool, notice: Notice | None = None
    ) -> str:
        """The page at address `base`; `keepers`: somebody decides about swaps."""
        if view.turn is not None:
            heading = "Proposer un tour"
        elif view.swap is not None:
            heading = "Prendre un tour"
        else:
            heading = "Mes tours d’astreinte"
        return self._render(view, heading, notice, base=base, keepers=keepers)

    def missing(self) -> str:
        """The page of an address that is nobody's; it says nothing about what exists."""
        return self._render(None, "Cette page n’existe pas", None, base="", keepers=False)

    def _render(
        self,
        view: PersonView | None,
        heading: str,
        notice: Notice | None,
        *,
        base: str,
        keepers: bool,
    ) -> str:
        template = self._environment.get_template("person.html.j2")
        return template.render(
            view=view,
            heading=heading,
            title=f"{heading} – Vigie",
            notice=notice,
            base=base,
            keepers=keepers,
            rosters=view.rosters if view is not None else (),
            names=dict(view.rosters) if view is not None else {},
        )
