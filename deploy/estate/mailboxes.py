"""The mailboxes of the estate: a few of the site's 6,000, in every member town."""

from __future__ import annotations

from collections.abc import Iterator

from inventory import Inventory

_PEOPLE = ("accueil", "mairie", "compta", "m.lefevre", "j.moreau", "s.petit", "lettre")
LOCAL_PARTS = (*_PEOPLE, *(f"agent{number:02d}" for number in range(33)))

NEWSLETTERS = "lettre"
"""Local part of the mailbox of each town that may send newsletters."""

SLOW_DOMAINS = ("loterie.test", "banque-lointaine.test", "courriel-mondial.test")
"""Domains far away whose servers take each message slowly, as those of a spam run's victims do."""

BOUNCING_DOMAIN = "rebond.test"
"""A domain that returns every message to its sender."""


def mailboxes(inventory: Inventory) -> Iterator[str]:
    """The address of each mailbox, one of every member in turn."""
    for local in LOCAL_PARTS:
        for member in inventory.members:
            yield f"{local}@{member.mail_domains[0]}"
