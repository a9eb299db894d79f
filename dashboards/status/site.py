"""The whole site as files: (knowledge, time) -> path -> bytes, for every audience. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dashboards.status.atom import feed
from dashboards.status.compose import compose
from dashboards.status.links import audience_salt, member_path, member_tokens
from dashboards.status.model import Audience, Knowledge
from dashboards.status.render_html import Contact, Pages, asset
from dashboards.status.statuspage_v2 import Api
from inventory import Inventory

Files = Mapping[str, bytes]
"""Bytes by path relative to the audience's own; ``""`` is its page."""

PUBLIC = ""


@dataclass(frozen=True)
class Rendered:
    """Files by audience: a member id, or PUBLIC; and those that every audience shares."""

    audiences: Mapping[str, Files]
    shared: Files
    missing: bytes


class Site:
    """What does not change between two renderings. `base` ends with a slash."""

    def __init__(
        self,
        inventory: Inventory,
        key: bytes,
        *,
        base: str,
        contact: Contact | None = None,
        versions: Mapping[str, int] | None = None,
        patience: timedelta = timedelta(seconds=60),
    ) -> None:
        self.inventory = inventory
        self.base = base
        self.patience = patience
        self.zone = ZoneInfo(inventory.syndicate.timezone)
        self.tokens = member_tokens(key, inventory.members, versions or {})
        self._pages = Pages(self.zone, contact or Contact())
        public = Audience("/", audience_salt(key, PUBLIC))
        self.audiences = {PUBLIC: public} | {
            m.id: Audience(member_path(self.tokens[m.id]), audience_salt(key, m.id), m)
            for m in inventory.members
        }
        self._shared = {name: asset(name) for name in ("style.css", "icon.svg")}

    def files(self, knowledge: Knowledge, now: datetime, audience: Audience) -> Files:
        """Every file of one audience at `now`."""
        view = compose(knowledge, now, self.inventory, audience, self.patience)
        return {
            "": self._pages.status(view),
            "suivi": self._pages.status(view, live=True),
            "accessibilite": self._pages.accessibility(view),
            "feed.atom": feed(view, self.base, self.zone),
            **Api(view, self.base, self.zone.key).documents(),
        }

    def render(self, knowledge: Knowledge, now: datetime) -> Rendered:
        """The files of every audience at `now`."""
        return Rendered(
            audiences={
                name: self.files(knowledge, now, audience)
                for name, audience in self.audiences.items()
            },
            shared=self._shared,
            missing=self._pages.missing(),
        )
