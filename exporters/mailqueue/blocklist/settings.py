"""The block ``collectors.mailblocklist``: which addresses, on which lists, asked of whom."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from exporters.mailqueue.blocklist.names import Address
from exporters.toolkit.collector import SettingFault
from inventory import Inventory
from inventory.config import DomainName, Duration, Identifier, ListenAddress, SecretFile, within
from inventory.config.address import parse_address

_SERIES = 200
"""Pairs of address and list, at most: each has two series and costs a query a round."""

_NEVER_OUTSIDE = [
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "224.0.0.0/3", "::/96", "::ffff:0:0/96", "fc00::/7", "fe80::/10"),
        "ff00::/8",
    )
]


def _outgoing(value: Any) -> Address:
    try:
        address = ipaddress.ip_address(str(value))
    except ValueError:
        raise ValueError(
            f"« {value} » n'est pas une adresse IP ; attendu : celle d'où part le courrier,"
            " par exemple 192.0.2.25"
        ) from None
    if any(address in network for network in _NEVER_OUTSIDE):
        raise ValueError(
            f"{address} n'est pas une adresse publique ; attendu : celle que voient les autres"
            " serveurs de messagerie"
        )
    return address


def _network(value: Any) -> ipaddress.IPv4Network:
    try:
        network = ipaddress.IPv4Network(str(value))
    except ValueError:
        network = ipaddress.IPv4Network("0.0.0.0/0")
    if not network.subnet_of(ipaddress.IPv4Network("127.0.0.0/8")):
        raise ValueError(
            f"« {value} » n'est pas une réponse de liste ; attendu : une adresse ou un réseau de"
            " 127.0.0.0/8, par exemple 127.0.0.1 ou 127.0.1.0/24"
        )
    return network


def _resolver(value: Any) -> ListenAddress:
    if isinstance(value, ListenAddress):
        return value
    try:
        found = parse_address(str(value))
        ipaddress.ip_address(found.host)
    except ValueError:
        found = ListenAddress("", 0)
    if not found.port:
        raise ValueError(
            f"« {value} » n'est pas un résolveur ; attendu : adresse:port, par exemple 127.0.0.1:53"
            " ou [::1]:53"
        )
    return found


OutgoingAddress = Annotated[Address, BeforeValidator(_outgoing)]
ErrorAnswer = Annotated[ipaddress.IPv4Network, BeforeValidator(_network)]
Resolver = Annotated[ListenAddress, BeforeValidator(_resolver)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ListEntry(_Entry):
    """One list. `key_file` holds what its keeper has us put in front of `zone`, if anything.

    `error_answers`: answers that mean a refusal, beside 127.255.255.0/24. 127.0.0.1 is one by
    default, for some lists refuse with it.
    """

    name: Identifier = Field(description="nom donné à la liste,", examples=["spamhaus-zen"])
    zone: DomainName = Field(description="la zone DNS de la liste,", examples=["zen.spamhaus.org"])
    key_file: SecretFile | None = None
    ipv4: bool = True
    ipv6: bool = False
    self_test: bool = True
    error_answers: tuple[ErrorAnswer, ...] = (ipaddress.IPv4Network("127.0.0.1/32"),)

    def takes(self, address: Address) -> bool:
        """Whether this list is asked about the address."""
        return self.ipv4 if address.version == 4 else self.ipv6


class BlocklistSettings(_Entry):
    """The whole block. `timeout`: for one query, all resolvers and repeats included."""

    addresses: tuple[OutgoingAddress, ...] = Field(
        description="les adresses IP d'où part le courrier,", min_length=1, max_length=64
    )
    lists: tuple[ListEntry, ...] = Field(
        description="les listes interrogées,", min_length=1, max_length=50
    )
    interval: Annotated[Duration, within(600, 86400, "de 10m à 24h")] = timedelta(hours=1)
    timeout: Annotated[Duration, within(1, 20, "de 1s à 20s")] = timedelta(seconds=5)
    resolvers: tuple[Resolver, ...] = ()


def _repeated(values: Iterable[object]) -> Iterator[tuple[int, object]]:
    seen: set[object] = set()
    for index, value in enumerate(values):
        if value in seen:
            yield index, value
        seen.add(value)


def faults(settings: BlocklistSettings, _inventory: Inventory) -> Iterator[SettingFault]:
    """What does not fit together."""
    for index, value in _repeated(settings.addresses):
        yield ("addresses", index), f"adresse {value} déjà citée", "chaque adresse une fois"
    for index, value in _repeated(one.name for one in settings.lists):
        yield ("lists", index, "name"), f"nom « {value} » déjà pris", "un nom par liste"
    for index, one in enumerate(settings.lists):
        if not any(one.takes(address) for address in settings.addresses):
            problem = f"la liste {one.name} ne concerne aucune des adresses"
            yield ("lists", index), problem, "ipv4 ou ipv6 à true, selon les adresses"
    for index, address in enumerate(settings.addresses):
        if not any(one.takes(address) for one in settings.lists):
            problem = f"aucune liste n'est interrogée sur {address}"
            yield ("addresses", index), problem, f"une liste avec ipv{address.version}: true"
    pairs = sum(one.takes(address) for one in settings.lists for address in settings.addresses)
    if pairs > _SERIES:
        problem = f"{pairs} couples adresse-liste"
        yield (), problem, f"{_SERIES} au plus : moins d'adresses ou moins de listes"
