"""Which collectors are installed, from the entry points of the group ``vigie.collectors``.

Listing reads package metadata and imports nothing. A plugin is imported only by
`load`, when somebody wants it.

PluginError    a plugin that cannot be used; says why and what would be right (French)
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from pydantic import BaseModel

from exporters.toolkit.collector import CONTRACT_VERSION, AnyPlugin, CollectorPlugin

GROUP = "vigie.collectors"
HOUSE = "vigie"
"""The distribution whose collectors are the built-in ones."""

DEFAULTS = frozenset({"host"})
"""The built-in collectors that may be on by default. Not asked of the plugins themselves: to
import them all took 9 MB on a host that runs one of them. A test compares."""

_NAME = re.compile(r"[a-z][a-z0-9_-]*")


class PluginError(Exception):
    """A plugin that cannot be used. `absent`: only because an optional package is not there."""

    def __init__(self, problem: str, expected: str = "", *, absent: bool = False) -> None:
        super().__init__(f"{problem} ; attendu : {expected}" if expected else problem)
        self.problem = problem
        self.expected = expected
        self.absent = absent


@dataclass(frozen=True)
class Candidate:
    """An installed plugin, not imported yet. `distributions`: who ships that name."""

    entry_point: EntryPoint
    distributions: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.entry_point.name

    @property
    def built_in(self) -> bool:
        """Whether it is ours; a third party can neither be on by default nor take our names."""
        return self.distributions == (HOUSE,)


@dataclass(frozen=True)
class Catalogue:
    """Every usable name, and a sentence (French) for each entry point that was set aside."""

    candidates: Mapping[str, Candidate]
    set_aside: tuple[str, ...] = ()
    defaults: frozenset[str] = DEFAULTS
    """Built-in names to be imported, to learn whether they are on, when nobody asked for them."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.candidates))


def _shipped_by(entry: EntryPoint) -> str:
    distribution = entry.dist
    name = distribution.name if distribution is not None else "?"
    return re.sub(r"[-_.]+", "-", name).lower()


def discover(
    entries: Iterable[EntryPoint] | None = None, defaults: frozenset[str] = DEFAULTS
) -> Catalogue:
    """The installed collectors, without importing any."""
    found = entry_points(group=GROUP) if entries is None else entries
    by_name: dict[str, dict[str, EntryPoint]] = defaultdict(dict)
    set_aside = []
    for entry in found:
        owner = _shipped_by(entry)
        if not _NAME.fullmatch(entry.name):
            set_aside.append(f"collecteur « {entry.name} » de {owner} écarté : nom mal formé")
            continue
        by_name[entry.name][owner] = entry
    candidates = {}
    for name, owners in by_name.items():
        if HOUSE in owners:
            candidates[name] = Candidate(owners[HOUSE], (HOUSE,))
            set_aside += [
                f"collecteur « {name} » de {owner} écarté : nom d'un collecteur de Vigie"
                for owner in sorted(owners)
                if owner != HOUSE
            ]
        else:
            candidates[name] = Candidate(next(iter(owners.values())), tuple(sorted(owners)))
    return Catalogue(candidates, tuple(set_aside), defaults)


def missing_module(candidate: Candidate, error: ModuleNotFoundError) -> PluginError:
    """What to install when `error` stopped a plugin from being imported or built."""
    problem = f"module Python « {error.name} » absent"
    if (error.name or "").partition(".")[0] == candidate.entry_point.module.partition(".")[0]:
        # Its own code is not there: no package to add would mend that.
        owner = candidate.distributions[0]
        return PluginError(problem, f"réinstaller la distribution {owner}, incomplète")
    distribution = candidate.entry_point.dist
    extras = distribution.metadata.get_all("Provides-Extra") or [] if distribution else []
    extra = next((part for part in candidate.entry_point.module.split(".") if part in extras), "")
    if candidate.built_in and extra:
        return PluginError(problem, f"pip install 'vigie[{extra}]'", absent=True)
    return PluginError(problem, f"l'installer, {candidate.distributions[0]} en a besoin")


def _fault_of(plugin: object, name: str) -> str:
    if not isinstance(plugin, CollectorPlugin):
        return f"l'entrée ne désigne pas un CollectorPlugin mais un {type(plugin).__name__}"
    if plugin.contract != CONTRACT_VERSION:
        return f"écrit pour le contrat {plugin.contract}, ce programme parle le {CONTRACT_VERSION}"
    if plugin.name != name:
        return f"le greffon se nomme « {plugin.name} » et son entrée « {name} »"
    # What a third party wrote, whatever the types say.
    settings, build = cast("tuple[object, object]", (plugin.settings, plugin.build))
    if not (isinstance(settings, type) and issubclass(settings, BaseModel)):
        return "ses réglages ne sont pas un modèle pydantic"
    if not callable(build):
        return "sa fonction build ne peut être appelée"
    return ""


def load(candidate: Candidate) -> AnyPlugin:
    """Import a plugin and check that it keeps the contract. Raise PluginError."""
    if len(candidate.distributions) > 1:
        owners = ", ".join(candidate.distributions)
        raise PluginError(f"nom revendiqué par plusieurs distributions : {owners}", "une seule")
    try:
        plugin = candidate.entry_point.load()
    except ModuleNotFoundError as error:
        raise missing_module(candidate, error) from error
    except Exception as error:  # importing foreign code may raise anything
        raise PluginError(f"import impossible ({type(error).__name__} : {error})") from error
    fault = _fault_of(plugin, candidate.name)
    if fault:
        owner = candidate.distributions[0]
        raise PluginError(fault, f"une version de {owner} faite pour cette version de Vigie")
    checked: AnyPlugin = plugin
    return checked
