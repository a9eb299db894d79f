"""Whom a step of the policy names, at an instant, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alertmanager.incidents.desk import Desk, PersonOnDuty
from alertmanager.incidents.policy import Policy, Step

LAST_RESORT_WHY = "liste de dernier recours : personne n'a répondu avant"
EVERYONE_WHY = "toute l'équipe : ni l'astreinte ni le dernier recours n'ont répondu"


@dataclass(frozen=True)
class Target:
    """Who is paged (perhaps nobody), and why, in French. `name` as pages keep it."""

    name: str
    people: Sequence[PersonOnDuty]
    why: str
    roster: str | None = None


def target_of(desk: Desk, step: Step, now: datetime) -> Target:
    """Whom the step names; nobody when it was edited out of the rosters since."""
    rosters, wanted = desk.rosters, step.target
    if step.kind == "roster" and wanted in rosters.roster_ids:
        duty = rosters.on_duty(wanted, now)
        return Target(step.name, duty.people, duty.why, wanted)
    if step.kind == "duty_phone" and wanted in rosters.roster_ids:
        phone = rosters.duty_phone(wanted, now)
        if phone is not None:
            return Target(step.name, (phone,), f"{phone.name} du tour « {wanted} »", wanted)
        return Target(step.name, (), f"le tour « {wanted} » n'a plus de téléphone d'astreinte")
    if step.kind == "team" and wanted in rosters.team_ids:
        return Target(step.name, rosters.team(wanted), f"équipe « {wanted} », tous à la fois")
    if step.kind == "person":
        person = desk.person(wanted)
        if person is not None:
            return Target(step.name, (person,), "nommément désigné par la règle d'escalade")
    what = {
        "roster": f"le tour d'astreinte « {wanted} » n'existe plus",
        "duty_phone": f"le tour d'astreinte « {wanted} » n'existe plus",
        "team": f"l'équipe « {wanted} » n'existe plus",
        "person": f"« {wanted} » n'est plus dans les tours d'astreinte",
    }
    return Target(step.name, (), what[step.kind])


def last_resort(desk: Desk, policy: Policy) -> list[Target]:
    """Each person of the list, and nobody for those who left the rosters."""
    found = []
    for identifier in policy.last_resort:
        person = desk.person(identifier)
        gone = f"« {identifier} » n'est plus dans les tours d'astreinte"
        people = () if person is None else (person,)
        found.append(Target("last_resort", people, LAST_RESORT_WHY if people else gone))
    return found


def everyone(desk: Desk) -> Target:
    """Everybody of the rosters' file."""
    return Target("everyone", desk.rosters.persons, EVERYONE_WHY)
