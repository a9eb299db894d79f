"""Whose a domain is: what the inventory declares, else what its metadata says. Pure.

Whoever may edit a guest may write its metadata, so that nothing written there is believed
before the inventory has it, and nothing written there ever becomes a label's value: the
labels are the inventory's own identifiers (``docs/adr/0006``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from exporters.hypervisor.model import Identity
from inventory import Inventory

KEYS = ("member", "service")
LONGEST = 64
_CHARACTERS = re.compile(r"[a-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whose a domain is, and why what its metadata says is not used (in order, each once).

    Reasons: ``malformed`` (a key we do not have, one written twice, an empty or nested value),
    ``too_long``, ``characters``, ``unknown_member``, ``unknown_service`` (not in the inventory),
    ``conflict`` (the inventory declares the machine and says otherwise).
    """

    identity: Identity
    rejected: tuple[str, ...] = ()


class Register:
    """The inventory's machines, members and services, ready to be asked for many domains."""

    def __init__(self, inventory: Inventory) -> None:
        self.members = {owner.id: owner.id for owner in inventory.owners}
        self.services = {service.id: service.id for service in inventory.services}
        self.machines = {
            machine.name: Identity(owner.id, machine.service or "", machine.should_run)
            for owner in inventory.owners
            for machine in owner.virtual_machines
        }

    def judge(self, name: str, written: Mapping[str, str], starts_itself: bool | None) -> Judgement:
        """Whose the domain `name` is, `written` being its metadata and `starts_itself` its
        autostart flag (None: not known)."""
        rejected = dict.fromkeys(_malformed(written))
        accepted = {}
        for key, known in (("member", self.members), ("service", self.services)):
            value = written.get(key)
            if value is None:
                continue
            if reason := _fault(key, value, known):
                rejected[reason] = None
            else:
                accepted[key] = known[value]
        declared = self.machines.get(name)
        if declared is None:
            member, service = accepted.get("member", ""), accepted.get("service", "")
            return Judgement(Identity(member, service, starts_itself), tuple(rejected))
        if any(getattr(declared, key) != value for key, value in accepted.items()):
            rejected["conflict"] = None
        return Judgement(declared, tuple(rejected))


def written_once(pairs: Iterable[tuple[str, str]], most: int) -> dict[str, str]:
    """Key -> value of at most `most` keys of what a domain's metadata says.

    A key written twice is told as ``key+``, which nobody takes for the key itself.
    """
    found: dict[str, str] = {}
    for key, text in pairs:
        if len(found) == most:
            break
        known = key in found or f"{key}+" in found
        found.pop(key, None)
        found[f"{key}+" if known else key] = text
    return found


def _malformed(written: Mapping[str, str]) -> tuple[str, ...]:
    odd = any(key not in KEYS for key in written)
    return ("malformed",) if odd else ()


def _fault(key: str, value: str, known: Mapping[str, str]) -> str:
    if not value or value == "<>":
        return "malformed"
    if len(value) > LONGEST:
        return "too_long"
    if not _CHARACTERS.fullmatch(value):
        return "characters"
    return "" if value in known else f"unknown_{key}"
