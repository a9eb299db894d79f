"""The block ``notifiers`` of a configuration file: each entry by its plugin, checked by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from pydantic import BaseModel

from alertmanager.notifiers.contract import AnyPlugin, Kind
from alertmanager.notifiers.discovery import PluginError, load_plugin
from inventory.config import ConfigurationError, Document, Gathering, validate_block
from inventory.config.errors import Path as Keys


@dataclass(frozen=True)
class ConfiguredNotifier:
    """A notifier that will be built, with its settings validated."""

    plugin: AnyPlugin
    settings: BaseModel

    @property
    def reaches(self) -> Kind:
        """The kind of address it sends to."""
        return self.plugin.kind(self.settings)


def configured_notifiers(
    document: Document, collected: Gathering
) -> Mapping[str, ConfiguredNotifier]:
    """The sound entries, in the order of the file; the faults of the others are `collected`."""
    notifiers: dict[str, ConfiguredNotifier] = {}
    for name in document.keys(("notifiers",)):
        found = collected.attempt(partial(_notifier, document, name))
        if found is not None:
            notifiers[name] = found
    return notifiers


def _notifier(document: Document, name: str) -> ConfiguredNotifier:
    here: Keys = ("notifiers", name)
    try:
        # Two gateways of one kind: ``kannel`` and ``kannel.secours``.
        plugin = load_plugin(name.partition(".")[0])
    except PluginError as error:
        raise ConfigurationError([document.fault_of(here, error)]) from None
    return ConfiguredNotifier(plugin, validate_block(document, here, plugin.settings))
