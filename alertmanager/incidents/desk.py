"""What every decision needs: who is on duty, names to show, how people are reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from alertmanager.delivery.channels import Channel
from alertmanager.delivery.sms_text import Subject
from alertmanager.incidents.policy import Policy
from alertmanager.store.tables import Incident
from inventory import Inventory


class PersonOnDuty(Protocol):
    """A person of the rosters; `addresses` by kind: ``phone`` (E.164), ``email``, ``url``."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def addresses(self) -> Mapping[str, str]: ...


class DutyAnswer(Protocol):
    """Who answers, and why in one French sentence."""

    @property
    def people(self) -> Sequence[PersonOnDuty]: ...
    @property
    def why(self) -> str: ...


class Rosters(Protocol):
    """The part of `alertmanager.rosters.RosterBook` that paging needs."""

    @property
    def roster_ids(self) -> Sequence[str]: ...
    @property
    def persons(self) -> Sequence[PersonOnDuty]: ...
    def on_duty(self, roster: str, instant: datetime) -> DutyAnswer: ...
    def day_kind(self, instant: datetime) -> str: ...
    def duty_phone(self, roster: str, instant: datetime) -> PersonOnDuty | None: ...
    @property
    def team_ids(self) -> Sequence[str]: ...
    def team(self, identifier: str) -> Sequence[PersonOnDuty]: ...
    def support_hours_open(self, instant: datetime) -> bool: ...
    def next_support_opening(self, instant: datetime) -> datetime | None: ...


@dataclass(frozen=True)
class Desk:
    """The settings of the decisions. `channels`: the preferred one first.

    `policies`: those for some incidents, in order; `policy` is for all others. Whoever
    acknowledges has the incident for `acknowledge_for`; then it pages again if it still fires.
    """

    rosters: Rosters
    inventory: Inventory
    policy: Policy
    channels: Sequence[Channel]
    grouping: Sequence[str]
    reopen_within: timedelta
    policies: Sequence[Policy] = ()
    acknowledge_for: timedelta = timedelta(minutes=60)

    @property
    def zone(self) -> ZoneInfo:
        """The site's zone."""
        return ZoneInfo(self.inventory.syndicate.timezone)

    def subject(self, incident: Incident) -> Subject:
        """The incident as its SMS name it."""
        service = self.inventory.service(incident.service)
        name = service.name if service else incident.service.capitalize()
        place = self.inventory.name_of(incident.member) if incident.member else ""
        return Subject(incident.code, name or incident.title, place)

    def person(self, identifier: str) -> PersonOnDuty | None:
        """Someone of the rosters by id, or None."""
        return next((p for p in self.rosters.persons if p.id == identifier), None)
