"""``webhook.yml`` read and checked with all it names: inventory, rosters, notifiers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from alertmanager.notifiers.contract import AnyPlugin
from alertmanager.notifiers.discovery import PluginError, load_plugin
from alertmanager.rosters import RosterBook, load_rosters
from alertmanager.webhook.file import WebhookFile
from inventory import Inventory, load_inventory
from inventory.config import ConfigurationError, Document, Fault, read_yaml
from inventory.config.errors import Path as Keys
from inventory.config.errors import show_path
from inventory.config.validation import validate

T = TypeVar("T")


@dataclass(frozen=True)
class ConfiguredNotifier:
    """A notifier that will be built, with its settings validated."""

    plugin: AnyPlugin
    settings: BaseModel


@dataclass(frozen=True)
class WebhookConfig:
    """Everything the process needs. `notifiers` keep the order of the file: preferred first."""

    file: WebhookFile
    inventory: Inventory
    rosters: RosterBook
    notifiers: Mapping[str, ConfiguredNotifier]


def load_webhook_config(path: Path) -> WebhookConfig:
    """The configuration at `path`, and what it names.

    Raise ConfigurationError with every fault of the file, of its notifiers'
    blocks, of the inventory and of the rosters.
    """
    document = read_yaml(path)
    collected = _Collected(document)
    file = collected.attempt(lambda: validate(document, WebhookFile))
    inventory = collected.attempt(lambda: load_inventory(collected.named("inventory")))
    # A faulty inventory only hides the site's zone: the rosters can be checked all the same.
    rosters = collected.attempt(lambda: load_rosters(collected.named("rosters"), inventory))
    notifiers: dict[str, ConfiguredNotifier] = {}
    for name in collected.blocks("notifiers"):
        found = collected.attempt(partial(_notifier, document, name))
        if found is not None:
            notifiers[name] = found
    collected.faults += _doubles(document)
    if rosters is not None:
        collected.faults += _unknown_names(rosters, document)
    if collected.faults or file is None or inventory is None or rosters is None:
        raise ConfigurationError(collected.faults)
    return WebhookConfig(file, inventory, rosters, notifiers)


class _Collected:
    """Faults gathered on the way, so that one does not hide the others."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.faults: list[Fault] = []

    def attempt(self, load: Callable[[], T]) -> T | None:
        """What `load` gives, or None with its faults kept."""
        try:
            return load()
        except ConfigurationError as error:
            self.faults += error.faults
            return None

    def named(self, key: str) -> Path:
        """The path written under `key`, even when the file has other faults."""
        data = self.document.data
        written = data.get(key) if isinstance(data, dict) else None
        if not isinstance(written, str):
            raise ConfigurationError([])  # the file's own fault says it
        return Path(self.document.file).resolve().parent / written

    def blocks(self, key: str) -> list[str]:
        """The names of the blocks under `key`."""
        data = self.document.data
        written = data.get(key) if isinstance(data, dict) else None
        return list(written) if isinstance(written, dict) else []


def _notifier(document: Document, name: str) -> ConfiguredNotifier:
    here: Keys = ("notifiers", name)
    try:
        plugin = load_plugin(name)
    except PluginError as error:
        problem, _, expected = str(error).partition(" ; attendu : ")
        raise ConfigurationError([document.fault(here, problem, expected)]) from None
    lines = {path[2:]: line for path, line in document.lines.items() if path[:2] == here}
    block = Document(document.file, document.data["notifiers"][name] or {}, lines)
    try:
        return ConfiguredNotifier(plugin, validate(block, plugin.settings))
    except ConfigurationError as error:
        raise ConfigurationError(_under(here, fault) for fault in error.faults) from None


def _under(prefix: Keys, fault: Fault) -> Fault:
    """A fault of a block, with its path from the top of the file."""
    start = show_path(prefix)
    if fault.path == show_path(()):
        return replace(fault, path=start)
    return replace(fault, path=f"{start}{'' if fault.path[0] == '[' else '.'}{fault.path}")


def _written_list(document: Document, *keys: str) -> list[Any]:
    """The list under `keys` as written, even when the file has other faults; else empty."""
    data = document.data
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, list) else []


def _doubles(document: Document) -> Iterator[Fault]:
    seen: set[str] = set()
    for place, integration in enumerate(_written_list(document, "integrations")):
        name = integration.get("id") if isinstance(integration, dict) else None
        if not isinstance(name, str):
            continue
        if name in seen:
            path: Keys = ("integrations", place, "id")
            yield document.fault(path, f"intégration « {name} » en double", "un id unique")
        seen.add(name)


def _unknown_names(rosters: RosterBook, document: Document) -> Iterator[Fault]:
    known = "l'un de : " + ", ".join(rosters.roster_ids)
    for place, step in enumerate(_written_list(document, "escalation", "steps")):
        name = step.get("roster") if isinstance(step, dict) else None
        if isinstance(name, str) and name not in rosters.roster_ids:
            path: Keys = ("escalation", "steps", place, "roster")
            yield document.fault(path, f"tour d'astreinte « {name} » inconnu", known)
    people = {person.id for person in rosters.persons}
    for place, name in enumerate(_written_list(document, "escalation", "last_resort")):
        if isinstance(name, str) and name not in people:
            yield document.fault(
                ("escalation", "last_resort", place),
                f"personne « {name} » inconnue",
                "l'une de : " + ", ".join(sorted(people)),
            )
