"""The exporter's configuration file: read, checked with every collector's block, and resolved.

Every fault is reported at once: the file's own, each collector's settings, the inventory's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from exporters.toolkit.collector import AnyPlugin
from exporters.toolkit.discovery import Candidate, Catalogue, PluginError, discover, load
from exporters.toolkit.limits import DEFAULT_SERIES, Limits
from inventory import Inventory, load_inventory
from inventory.config import (
    ConfigPath,
    ConfigurationError,
    Document,
    Fault,
    Gathering,
    ListenAddress,
    read_yaml,
    validate,
    validate_block,
)
from inventory.config.address import parse_address

COMMAND_LINE = "ligne de commande"
DEFAULT_LISTEN_ADDRESS = ListenAddress("127.0.0.1", 17420)


def _addresses(value: Any) -> Any:
    written = [value] if isinstance(value, str) else value
    if not isinstance(written, list) or not written:
        raise ValueError(
            f"ce n'est pas une adresse d'écoute ; attendu : {DEFAULT_LISTEN_ADDRESS}, ou une liste"
        )
    return tuple(parse_address(str(item)) for item in written)


class WebSettings(BaseModel):
    """Where the exporter listens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen_address: Annotated[tuple[ListenAddress, ...], BeforeValidator(_addresses)] = (
        DEFAULT_LISTEN_ADDRESS,
    )


class LimitSettings(BaseModel):
    """The most series each collector may put on a page, and another figure for some."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # Strict: `true` would otherwise be a limit of one.
    series: int = Field(DEFAULT_SERIES, gt=0, strict=True)
    collectors: dict[str, Annotated[int, Field(gt=0, strict=True)]] = {}


class ExporterFile(BaseModel):
    """``exporter.yml`` as written; the blocks of the collectors are checked by their plugins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    inventory: ConfigPath = Field(
        description="chemin de l'inventaire,", examples=["/etc/vigie/inventory.yml"]
    )
    web: WebSettings = WebSettings()
    state_directory: ConfigPath | None = Field(None, examples=["/var/lib/vigie/exporter"])
    limits: LimitSettings = LimitSettings()
    collectors: dict[str, Any] = {}


@dataclass(frozen=True)
class Choice:
    """What the flags say: collectors switched on, switched off, and whether defaults count.

    `compat`: other exporters whose metric names are to be served as well.
    """

    on: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    disable_defaults: bool = False
    compat: frozenset[str] = frozenset()


NO_FLAGS = Choice()


@dataclass(frozen=True)
class Enabled:
    """A collector that will run, with its settings validated and its targets for ``/probe``."""

    candidate: Candidate
    plugin: AnyPlugin
    settings: BaseModel
    targets: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExporterConfig:
    """Everything the process needs. `broken`: collector -> why it cannot run, though it should."""

    file: Path
    inventory: Inventory
    listen_addresses: tuple[ListenAddress, ...]
    state_directory: Path | None
    collectors: tuple[Enabled, ...]
    broken: dict[str, str]
    compat: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)


def _enabled(document: Document, candidate: Candidate, plugin: AnyPlugin) -> Enabled:
    """A plugin with its validated settings. Raise ConfigurationError."""
    try:
        settings: BaseModel = validate_block(document, ("collectors", plugin.name), plugin.settings)
        targets = plugin.targets(settings) if plugin.targets is not None else ()
        return Enabled(candidate, plugin, settings, tuple(dict.fromkeys(map(str, targets))))
    except ConfigurationError:
        raise
    except Exception as error:  # a third party's validator may raise anything
        problem = f"ses réglages n'ont pu être contrôlés ({type(error).__name__} : {error})"
        raise ConfigurationError([document.fault(("collectors", plugin.name), problem)]) from error


class _Resolver:
    """Decides which collectors are on and gathers what is wrong with them."""

    def __init__(self, document: Document, choice: Choice, catalogue: Catalogue) -> None:
        self.document = document
        self.choice = choice
        self.catalogue = catalogue
        self.faults: list[Fault] = []
        self.enabled: list[Enabled] = []
        self.broken: dict[str, str] = {}
        self.blocks = document.keys(("collectors",))
        self.asked = ({*self.blocks} | choice.on) - choice.off

    def _fault(self, name: str, problem: str, expected: str) -> Fault:
        if name in self.blocks:
            return self.document.fault(("collectors", name), problem, expected)
        return Fault(COMMAND_LINE, 1, f"--collector.{name}", problem, expected)

    @property
    def known(self) -> str:
        """What would be right where an unknown collector is named."""
        return f"l'un des collecteurs installés : {', '.join(self.catalogue.names) or 'aucun'}"

    def unknown(self) -> Iterator[Fault]:
        """A fault for each name that no installed package declares."""
        for name in sorted(self.asked - set(self.catalogue.candidates)):
            yield self._fault(name, f"collecteur « {name} » inconnu", self.known)
        for name in sorted(self.choice.off - set(self.catalogue.candidates)):
            flag, problem = f"--no-collector.{name}", f"collecteur « {name} » inconnu"
            yield Fault(COMMAND_LINE, 1, flag, problem, self.known)

    def wanted(self, candidate: Candidate) -> None:
        """Switch on a collector the operator asked for; whatever is wrong is a fault."""
        try:
            plugin = load(candidate)
            self.enabled.append(_enabled(self.document, candidate, plugin))
        except PluginError as error:
            problem = f"collecteur « {candidate.name} » inutilisable : {error.problem}"
            self.faults.append(self._fault(candidate.name, problem, error.expected))
        except ConfigurationError as error:
            self.faults += error.faults

    def default(self, candidate: Candidate) -> None:
        """Switch on a built-in that is on by default; whatever is wrong only makes it broken."""
        try:
            plugin = load(candidate)
            if plugin.enabled:
                self.enabled.append(_enabled(self.document, candidate, plugin))
        except PluginError as error:
            # An extra nobody installed is a choice, not a breakage.
            if not error.absent:
                self.broken[candidate.name] = str(error)
        except ConfigurationError as error:
            self.broken[candidate.name] = str(error)

    def strangers(self) -> Iterator[Fault]:
        """A fault for each name of ``--compat`` that no enabled collector can serve."""
        known = sorted({name for one in self.enabled for name in one.plugin.compat})
        for name in sorted(self.choice.compat.difference(known)):
            problem = f"exportateur « {name} » inconnu des collecteurs en marche"
            expected = f"l'un de : {', '.join(known)}" if known else "aucun n'en imite un autre"
            yield Fault(COMMAND_LINE, 1, f"--compat={name}", problem, expected)

    def resolve(self) -> None:
        """Decide for each installed collector."""
        self.faults += self.unknown()
        for name in self.catalogue.names:
            candidate = self.catalogue.candidates[name]
            if name in self.asked:
                self.wanted(candidate)
            elif (
                candidate.built_in
                and name in self.catalogue.defaults
                and name not in self.choice.off
                and not self.choice.disable_defaults
            ):
                self.default(candidate)
        self.faults += self.strangers()


def _misfits(
    document: Document, enabled: Iterable[Enabled], inventory: Inventory
) -> Iterator[Fault]:
    """What in the collectors' settings does not fit the inventory, as they say themselves."""
    for one in enabled:
        if one.plugin.check is not None:
            try:
                found = list(one.plugin.check(one.settings, inventory))
            except ConfigurationError as error:  # in a file the settings name
                yield from error.faults
                continue
            except Exception as error:  # noqa: BLE001 - a third party's check may raise anything
                problem = f"ses réglages n'ont pu être contrôlés ({type(error).__name__} : {error})"
                found = [((), problem, "")]
            for path, problem, expected in found:
                yield document.fault(("collectors", one.plugin.name, *path), problem, expected)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:  # behind a folder that is closed to us: making it will tell
        return False


def load_exporter_config(
    path: Path, choice: Choice = NO_FLAGS, catalogue: Catalogue | None = None
) -> ExporterConfig:
    """The configuration at `path`, with what the flags say.

    Raise ConfigurationError with every fault of the file, of each enabled
    collector's block and of the inventory.
    """
    document = read_yaml(path)
    resolver = _Resolver(document, choice, discover() if catalogue is None else catalogue)
    resolver.resolve()
    gathering = Gathering()
    written = gathering.attempt(lambda: validate(document, ExporterFile))
    inventory = gathering.attempt(lambda: load_inventory(document.file_named("inventory")))
    faults = [*resolver.faults, *gathering.faults]
    if inventory is not None:
        faults += _misfits(document, resolver.enabled, inventory)
    if written is not None:
        for name in sorted(written.limits.collectors.keys() - resolver.catalogue.candidates.keys()):
            problem = f"collecteur « {name} » inconnu"
            faults.append(document.fault(("limits", "collectors", name), problem, resolver.known))
    if written is not None and written.state_directory is not None:
        folder = written.state_directory
        nearest = next(place for place in (folder, *folder.parents) if _is_there(place))
        if not nearest.is_dir():
            problem, expected = f"{nearest} n'est pas un dossier", "un dossier à soi"
            faults.append(document.fault(("state_directory",), problem, expected))
    if faults or written is None or inventory is None:
        raise ConfigurationError(faults)
    return ExporterConfig(
        file=path,
        inventory=inventory,
        listen_addresses=written.web.listen_address,
        state_directory=written.state_directory,
        collectors=tuple(
            sorted(resolver.enabled, key=lambda e: (not e.candidate.built_in, e.plugin.name))
        ),
        broken=resolver.broken,
        compat=choice.compat,
        limits=Limits(written.limits.series, written.limits.collectors),
    )
