"""``webhook.yml`` read and checked with all it names: inventory, rosters, notifiers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alertmanager.notifiers.configured import ConfiguredNotifier, configured_notifiers
from alertmanager.rosters import RosterBook, load_rosters, rosters_of
from alertmanager.webhook.file import CanarySettings, WebhookFile
from inventory import Inventory, load_inventory
from inventory.config import (
    ConfigurationError,
    Document,
    Fault,
    Gathering,
    read_yaml,
    validate,
)
from inventory.config.errors import Path as Keys


@dataclass(frozen=True)
class WebhookConfig:
    """Everything the process needs. `notifiers` keep the order of the file: preferred first."""

    file: WebhookFile
    document: Document
    inventory: Inventory
    rosters: RosterBook
    notifiers: Mapping[str, ConfiguredNotifier]

    def through(self) -> list[tuple[str, tuple[str, ...]]]:
        """(channel, its notifiers), in order; without a block `channels` each notifier is one."""
        return _through(self.file, self.notifiers)

    def rosters_again(self) -> RosterBook:
        """The rosters as their file says now. Raise ConfigurationError with every fault."""
        return self.rosters_in(read_yaml(self.document.file_named("rosters")))

    def rosters_in(self, written: Document) -> RosterBook:
        """The rosters that `written` is, with all that the configuration in use names.

        Raise ConfigurationError with every fault.
        """
        rosters = rosters_of(written, self.inventory)
        faults = list(_unknown_names(rosters, self.document))
        if faults:
            raise ConfigurationError(faults)
        return rosters

    def sms_channels(self) -> dict[str, tuple[str, ...]]:
        """Those of them that reach telephones."""
        return dict(_of_phones(self.through(), self.notifiers))


def load_webhook_config(path: Path) -> WebhookConfig:
    """The configuration at `path`, and what it names.

    Raise ConfigurationError with every fault of the file, of its notifiers'
    blocks, of the inventory and of the rosters.
    """
    document = read_yaml(path)
    collected = Gathering()
    file = collected.attempt(lambda: validate(document, WebhookFile))
    inventory = collected.attempt(lambda: load_inventory(document.file_named("inventory")))
    # A faulty inventory only hides the site's zone: the rosters can be checked all the same.
    rosters = collected.attempt(lambda: load_rosters(document.file_named("rosters"), inventory))
    notifiers = configured_notifiers(document, collected)
    collected.faults += document.doubles("intégration", _named_integrations(document))
    collected.faults += _channels(document, notifiers)
    if file is not None and file.canary is not None:
        sms = dict(_of_phones(_through(file, notifiers), notifiers))
        collected.faults += _canary(sms, file.canary, document)
    if rosters is not None:
        collected.faults += _unknown_names(rosters, document)
    if collected.faults or file is None or inventory is None or rosters is None:
        raise ConfigurationError(collected.faults)
    return WebhookConfig(file, document, inventory, rosters, notifiers)


def _through(file: WebhookFile, names: Iterable[str]) -> list[tuple[str, tuple[str, ...]]]:
    if file.channels:
        return [(channel.id, channel.through) for channel in file.channels]
    return [(name, (name,)) for name in names]


def _of_phones(
    channels: Iterable[tuple[str, tuple[str, ...]]], notifiers: Mapping[str, ConfiguredNotifier]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for identifier, names in channels:
        first = notifiers.get(names[0])
        if first is not None and first.reaches == "phone":
            yield identifier, names


def _channels(document: Document, notifiers: Mapping[str, ConfiguredNotifier]) -> Iterator[Fault]:
    """Faults of the block `channels`: unknown or repeated notifiers, and of different kinds."""
    seen: set[str] = set()
    for place, channel in enumerate(document.items(("channels",))):
        through = channel.get("through") if isinstance(channel, dict) else None
        names = [name for name in through or () if isinstance(name, str)]
        kinds = set()
        for at, name in enumerate(names):
            path: Keys = ("channels", place, "through", at)
            if name not in document.keys(("notifiers",)):
                known = "l'un de : " + ", ".join(document.keys(("notifiers",)))
                yield document.fault(path, f"moyen « {name} » inconnu", known)
            elif name in seen:
                yield document.fault(path, f"moyen « {name} » déjà pris", "un moyen, un canal")
            elif name in notifiers:
                kinds.add(notifiers[name].reaches)
            seen.add(name)
        if len(kinds) > 1:
            yield document.fault(
                ("channels", place, "through"),
                "ces moyens n'écrivent pas au même genre d'adresse",
                "des SMS avec des SMS, des courriels avec des courriels",
            )


def _canary(
    channels: Mapping[str, tuple[str, ...]], canary: CanarySettings, document: Document
) -> Iterator[Fault]:
    """Faults of the block `canary`, given the channels of SMS: one that is not there."""
    name = canary.channel or next(iter(channels), "")
    if name not in channels:
        expected = "l'un de : " + ", ".join(channels) if channels else "un canal de SMS"
        yield document.fault(("canary", "channel"), f"canal de SMS « {name} » inconnu", expected)
    elif canary.provider is not None and canary.provider not in channels[name]:
        expected = "l'un de : " + ", ".join(channels[name])
        problem = f"moyen « {canary.provider} » inconnu de ce canal"
        yield document.fault(("canary", "provider"), problem, expected)


def _named_integrations(document: Document) -> Iterator[tuple[Keys, str]]:
    for place, integration in enumerate(document.items(("integrations",))):
        name = integration.get("id") if isinstance(integration, dict) else None
        if isinstance(name, str):
            yield ("integrations", place, "id"), name


def _unknown_names(rosters: RosterBook, document: Document) -> Iterator[Fault]:
    yield from _unknown_targets(rosters, document, ("escalation",))
    policies = list(enumerate(document.items(("policies",))))
    for place, _ in policies:
        yield from _unknown_targets(rosters, document, ("policies", place))
    ids = (
        (("policies", place, "id"), policy["id"])
        for place, policy in policies
        if isinstance(policy, dict) and isinstance(policy.get("id"), str)
    )
    yield from document.doubles("règle d'escalade", ids)
    canary = document.data.get("canary") if isinstance(document.data, dict) else None
    name = canary.get("person") if isinstance(canary, dict) else None
    people = sorted(person.id for person in rosters.persons)
    if isinstance(name, str) and name not in people:
        known = "l'une de : " + ", ".join(people)
        yield document.fault(("canary", "person"), f"personne « {name} » inconnue", known)


def _unknown_targets(rosters: RosterBook, document: Document, base: Keys) -> Iterator[Fault]:
    people = sorted(person.id for person in rosters.persons)
    known: dict[str, tuple[str, Sequence[str]]] = {
        "roster": ("tour d'astreinte « {} » inconnu", rosters.roster_ids),
        "duty_phone": ("tour « {} » sans téléphone d'astreinte", rosters.rosters_with_a_phone),
        "team": ("équipe « {} » inconnue", rosters.team_ids),
        "person": ("personne « {} » inconnue", people),
    }
    for place, step in enumerate(document.items((*base, "steps"))):
        for kind, (sentence, names) in known.items():
            name = step.get(kind) if isinstance(step, dict) else None
            if isinstance(name, str) and name not in names:
                wanted = "l'un de : " + (", ".join(names) or "aucun n'est déclaré")
                yield document.fault((*base, "steps", place, kind), sentence.format(name), wanted)
    for place, name in enumerate(document.items((*base, "last_resort"))):
        if isinstance(name, str) and name not in people:
            yield document.fault(
                (*base, "last_resort", place),
                f"personne « {name} » inconnue",
                "l'une de : " + ", ".join(people),
            )
