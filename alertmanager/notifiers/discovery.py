"""The installed notifiers, found by entry point: built-ins and third parties alike."""

from __future__ import annotations

from importlib.metadata import entry_points

from alertmanager.notifiers.contract import CONTRACT_VERSION, AnyPlugin, NotifierPlugin

GROUP = "vigie.notifiers"


class PluginError(Exception):
    """An installed notifier cannot be used. The message is French."""


def installed() -> list[str]:
    """Names of the installed notifiers, sorted."""
    return sorted({entry.name for entry in entry_points(group=GROUP)})


def load_plugin(name: str) -> AnyPlugin:
    """The plugin `name`. Raise PluginError if it is absent, broken or of another contract."""
    found = [entry for entry in entry_points(group=GROUP) if entry.name == name]
    if not found:
        raise PluginError(
            f"moyen « {name} » inconnu ; attendu : l'un des moyens installés : "
            + (", ".join(installed()) or "aucun")
        )
    try:
        plugin = found[0].load()
    except Exception as error:  # a third party's import may raise anything
        raise PluginError(
            f"moyen « {name} » inutilisable ({type(error).__name__} : {error})"
        ) from error
    if not isinstance(plugin, NotifierPlugin) or plugin.name != name:
        raise PluginError(f"moyen « {name} » inutilisable : {found[0].value} n'est pas son PLUGIN")
    if plugin.contract != CONTRACT_VERSION:
        raise PluginError(
            f"moyen « {name} » écrit pour le contrat {plugin.contract} ;"
            f" attendu : le contrat {CONTRACT_VERSION}"
        )
    return plugin
