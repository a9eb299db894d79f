"""Stolen accounts: what the thief sends, by variant."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .mails import Action, Inbound, Login, Mail
from .people import ABROAD, PROVIDERS, TOWNS


@dataclass(frozen=True)
class Variant:
    """How fast (messages a second), recipients a message, from how many networks, how long."""

    rate: float
    size: int
    networks: int
    """0: the victim's own computer."""
    messages: int
    unknown: float = 0.25
    guessed: bool = False
    abroad: float = 0.7
    """Share of recipients at domains nobody here writes to."""
    noqueue: float = 0.0
    """Messages of which a recipient was refused before it had a queue id."""

    @property
    def drip(self) -> bool:
        """Slow; to be found within two hours."""
        return self.rate < 0.2


_BURSTS = {
    "many networks": Variant(15, 10, 25, 150),
    "one network": Variant(10, 8, 1, 150),
    "one network, valid addresses": Variant(8, 10, 1, 150, 0.02, abroad=0.1),
    "own network": Variant(10, 10, 0, 150),
    "own network, valid addresses": Variant(8, 10, 0, 150, 0.02, abroad=0.1),
    "one recipient a message": Variant(60, 1, 6, 600),
    "one recipient, one network, valid addresses": Variant(25, 1, 1, 600, 0.02, abroad=0.1),
    "fifty recipients a message": Variant(6, 50, 3, 40),
    "guessed password": Variant(12, 10, 2, 150, guessed=True),
}
_DRIPS = {
    "one network": Variant(20 / 3600, 10, 1, 100),
    "many networks": Variant(20 / 3600, 10, 40, 100),
    "one recipient a message": Variant(200 / 3600, 1, 1, 1000),
    "valid addresses": Variant(20 / 3600, 10, 3, 100, 0.02, abroad=0.2),
    "one recipient, many networks, valid addresses": Variant(
        120 / 3600, 1, 200, 150, 0.02, abroad=0.2
    ),
    "own network": Variant(20 / 3600, 10, 0, 100),
    "refused recipients": Variant(20 / 3600, 5, 1, 100, 0.02, abroad=0.2, noqueue=0.8),
    "guessed password": Variant(15 / 3600, 10, 2, 100, guessed=True),
}
VARIANTS: Mapping[str, Variant] = MappingProxyType(
    {f"burst, {name}": variant for name, variant in _BURSTS.items()}
    | {f"slow drip, {name}": variant for name, variant in _DRIPS.items()}
)

FLOODS: Mapping[str, Variant] = MappingProxyType(
    {
        "one recipient a message": Variant(20, 1, 0, 600, 0.02, abroad=0.1),
        "fifty recipients a message": Variant(1.5, 50, 0, 40, 0.02, abroad=0.1),
    }
)
"""From the victim's own computer to addresses that exist, where its habits are known."""


def attack(
    seed: int,
    variant: Variant,
    start: int,
    account: str,
    own: str = "10.0.0.9",
    botnet: int | None = None,
) -> Iterator[Action]:
    """What the thief does from `start` on; `own` is the victim's computer."""
    rng = random.Random(seed)
    of_botnet = random.Random(seed if botnet is None else f"botnet {botnet}")
    places = [
        f"{of_botnet.randrange(100, 220)}.{of_botnet.randrange(256)}.{of_botnet.randrange(256)}.8"
        for _ in range(variant.networks)
    ] or [own]
    if variant.guessed:
        for number in range(8):
            yield Login(start - 60 + number, account, places[0], success=False)
        yield Login(start - 10, account, places[0])
    for number in range(variant.messages):
        names = [_victim_address(rng, variant) for _ in range(variant.size)]
        time = start + int(number / variant.rate)
        rejected = int(rng.random() < variant.noqueue) * 2
        client = rng.choice(places)
        yield Mail(time, account, client, names, variant.unknown, 0.1, rejected)


def _victim_address(rng: random.Random, variant: Variant) -> str:
    name = rng.choice(ABROAD if rng.random() < variant.abroad else PROVIDERS)
    return f"v{rng.randrange(10**6)}@{name}"


def backscatter(seed: int, start: int, count: int = 4000) -> Iterator[Inbound]:
    """Spam in somebody's name to addresses that are not here: our notices go to strangers."""
    rng = random.Random(seed)
    for number in range(count):
        client = f"{rng.randrange(100, 220)}.{rng.randrange(256)}.1.8"
        forged = f"v{rng.randrange(10**6)}@{rng.choice(ABROAD)}"
        yield Inbound(start + number // 2, client, [forged], notice=True)


def inbound(seed: int, start: int, seconds: int, pace: float = 2.0) -> Iterator[Inbound]:
    """Mail from elsewhere to everybody."""
    rng = random.Random(seed)
    for number in range(int(seconds * pace)):
        client = f"{rng.randrange(2, 90)}.{rng.randrange(256)}.1.8"
        town = rng.randrange(8)
        name = f"agent{rng.randrange(6000) // 8 * 8 + town}@ville-{TOWNS[town]}.test"
        yield Inbound(start + int(number / pace), client, [name])
