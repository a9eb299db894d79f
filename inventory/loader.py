"""The inventory file, read and checked as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from inventory.config.errors import Fault
from inventory.config.errors import Path as Keys
from inventory.config.validation import load_config
from inventory.config.yamlfile import Document
from inventory.model import Inventory, Member, Syndicate

Owner = Syndicate | Member
Named = Callable[[Owner], list[tuple[Keys, str]]]


def _owners(inventory: Inventory) -> Iterator[tuple[Keys, Owner]]:
    yield ("syndicate",), inventory.syndicate
    for position, member in enumerate(inventory.members):
        yield ("members", position), member


def _twice(inventory: Inventory, document: Document, what: str, named: Named) -> Iterator[Fault]:
    seen: dict[str, Keys] = {}
    for base, owner in _owners(inventory):
        for path, name in named(owner):
            here = (*base, *path)
            if name in seen:
                yield document.fault(
                    here,
                    f"{what} « {name} » déjà déclaré ligne {document.line(seen[name])}",
                    "un seul propriétaire",
                )
            else:
                seen[name] = here


def cross_check(inventory: Inventory, document: Document) -> Iterator[Fault]:
    """Faults that only show when the whole inventory is read: doubles and dangling names."""
    services: set[str] = set()
    for position, service in enumerate(inventory.services):
        if service.id in services:
            yield document.fault(
                ("services", position, "id"), f"service « {service.id} » en double", "un id unique"
            )
        services.add(service.id)
    known = "un service déclaré : " + ", ".join(sorted(services))
    for position, member in enumerate(inventory.members):
        for place, name in enumerate(member.services):
            if name not in services:
                path: Keys = ("members", position, "services", place)
                yield document.fault(path, f"service « {name} » inconnu", known)
    for base, owner in _owners(inventory):
        for place, machine in enumerate(owner.virtual_machines):
            if machine.service is not None and machine.service not in services:
                path = (*base, "virtual_machines", place, "service")
                yield document.fault(path, f"service « {machine.service} » inconnu", known)
    yield from _twice(inventory, document, "identifiant", lambda o: [(("id",), o.id)])
    yield from _twice(
        inventory,
        document,
        "domaine de messagerie",
        lambda o: [(("mail_domains", i), d) for i, d in enumerate(o.mail_domains)],
    )
    yield from _twice(
        inventory,
        document,
        "machine",
        lambda o: [
            (("virtual_machines", i, "name"), v.name) for i, v in enumerate(o.virtual_machines)
        ],
    )
    yield from _twice(
        inventory,
        document,
        "sauvegarde",
        lambda o: [(("backup_jobs", i, "id"), j.id) for i, j in enumerate(o.backup_jobs)],
    )


def load_inventory(path: Path) -> Inventory:
    """The inventory at `path`. Raise ConfigurationError with every fault found."""
    return load_config(path, Inventory, cross_check)
