"""The inventory file, read and checked as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inventory.config.document import Document
from inventory.config.errors import Fault
from inventory.config.errors import Path as Keys
from inventory.config.validation import load_config
from inventory.model import Inventory

# What may exist once only in the whole file: words, list key of an owner, key of its name.
_UNIQUE = (
    ("domaine de messagerie", "mail_domains", None),
    ("machine", "virtual_machines", "name"),
    ("sauvegarde", "backup_jobs", "id"),
    ("machine à sauvegarder", "backup_hosts", "name"),
)

_UNIQUE_AT_TOP = (
    ("dépôt de sauvegarde", "backup_repositories", "id"),
    ("exemption de sauvegarde", "backup_exemptions", "host"),
)


def _entries(parent: Any, key: str, base: Keys) -> Iterator[tuple[Keys, Any]]:
    """(path, item) of the list at `key`; nothing when it is not a list (the model says so)."""
    items = parent.get(key) if isinstance(parent, dict) else None
    for position, item in enumerate(items if isinstance(items, list) else ()):
        yield (*base, key, position), item


def _owners(data: Any) -> Iterator[tuple[Keys, Any]]:
    if isinstance(data, dict):
        yield ("syndicate",), data.get("syndicate")
        yield from _entries(data, "members", ())


def _named(entries: Iterator[tuple[Keys, Any]], key: str | None) -> Iterator[tuple[Keys, str]]:
    for path, item in entries:
        name = item if key is None else item.get(key) if isinstance(item, dict) else None
        if isinstance(name, str):
            yield (path if key is None else (*path, key)), name


def _unknown_services(document: Document, known: set[str]) -> Iterator[Fault]:
    used: list[tuple[Keys, str]] = []
    for base, owner in _owners(document.data):
        used += _named(_entries(owner, "services", base), None)
        for key in ("virtual_machines", "backup_jobs", "backup_hosts"):
            used += _named(_entries(owner, key, base), "service")
    for path, name in used:
        if name not in known:
            expected = "un service déclaré : " + ", ".join(sorted(known))
            yield document.fault(path, f"service « {name} » inconnu", expected)


def cross_check(document: Document) -> Iterator[Fault]:
    """Faults that only show when the whole file is read: doubles and dangling names."""
    services = list(_named(_entries(document.data, "services", ()), "id"))
    yield from document.doubles("service", services)
    yield from _unknown_services(document, {name for _, name in services})
    for what, key, name in _UNIQUE_AT_TOP:
        yield from document.doubles(what, _named(_entries(document.data, key, ()), name))
    owners = list(_owners(document.data))
    yield from document.doubles("identifiant", _named(iter(owners), "id"))
    for what, key, name_key in _UNIQUE:
        entries = (entry for base, owner in owners for entry in _entries(owner, key, base))
        yield from document.doubles(what, _named(entries, name_key))


def load_inventory(path: Path) -> Inventory:
    """The inventory at `path`. Raise ConfigurationError with every fault found."""
    return load_config(path, Inventory, raw_check=cross_check)
