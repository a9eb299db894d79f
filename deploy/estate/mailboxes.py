"""The mailboxes of the estate: a few of the site's 6,000, in every member town."""

from __future__ import annotations

from collections.abc import Iterator

from inventory import Inventory

LOCAL_PARTS = ("accueil", "mairie", "compta", "m.lefevre", "j.moreau", "s.petit")

SLOW_DOMAINS = ("loterie.test", "banque-lointaine.test", "courriel-mondial.test")
"""Domains far away whose servers take each message slowly, as those of a spam run's victims do."""


def mailboxes(inventory: Inventory) -> Iterator[str]:
    """The address of each mailbox, one of every member in turn."""
    for local in LOCAL_PARTS:
        for member in inventory.members:
            yield f"{local}@{member.mail_domains[0]}"
